"""What can be done with alarms, inside one transaction: status, journal, deliveries and news together."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.engine import Connection

from companion.alarms import journal, last_resort, paging
from companion.alarms.dedup import Dedup, DedupRule, ForEver, WhileOpen
from companion.alarms.errors import AlarmNotFound, DeliveryNotFound, MoveRefused, RetryRefused
from companion.alarms.lifecycle import IllegalMove, Move, moved
from companion.alarms.model import (
    CONFIRMED_BY,
    MISSING,
    OPEN,
    SURE_LEVEL,
    Actor,
    Alarm,
    Change,
    Evidence,
    Picture,
    PictureShows,
    Status,
    Trigger,
    hidden_at_panel,
)
from companion.alarms.paging import PagingConfig, ResolvedTarget
from companion.alarms.pictures import picture_of, put_picture
from companion.alarms.store import (
    add_alarm,
    alarm_by_id,
    change_alarm,
    claim_dedup,
    count_press,
    take_over_dedup,
)
from companion.channels.base import MessageKind
from companion.directory import store as directory
from companion.dispatch import outbox, readers
from companion.dispatch.delivery import PAGES, Delivery, State
from companion.dispatch.store import (
    delivery_by_id,
    has_pages,
    last_reminded_at,
    may_be_accepted,
    send_again,
)
from companion.escalation import plan
from companion.escalation.policy import PersonTarget
from companion.ids import new_id
from companion.store.locks import lock_alarm
from companion.store.scope import ALL_SITES, Scope, require_owned
from companion.texts.reasons import Reason
from companion.troubles import reporting
from companion.troubles.model import Trouble, TroubleKind

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Raised:
    """The alarm that a trigger stands for, and whether this trigger made it."""

    alarm: Alarm
    created: bool


class AlarmObserver(Protocol):
    """Tells the rest of the house, in the same transaction, what has happened."""

    def changed(self, unit: AlarmTransaction, alarm: Alarm, change: Change) -> None:
        """An alarm has changed; `alarm` is what it is now."""
        ...

    def trouble(self, unit: AlarmTransaction, delivery: Delivery, reason: Reason) -> None:
        """A delivery was given up."""
        ...

    def service_trouble(self, unit: AlarmTransaction, trouble: Trouble) -> None:
        """Something has gone wrong with the service itself, or is well again."""
        ...


_MOVES = {
    Move.ACKNOWLEDGE: (Change.ACKNOWLEDGED, MessageKind.ACKNOWLEDGED),
    Move.RESOLVE: (Change.RESOLVED, MessageKind.RESOLVED),
    Move.CANCEL: (Change.CANCELLED, MessageKind.CANCELLED),
}


class AlarmTransaction:
    """One transaction on alarms. Made by `AlarmService.run`; everything in it is committed together or not at all.

    An alarm that is not of its `scope` is not there. Whom a step tells, and who hears of a trouble, is not asked of the
    caller: that is the directory's to decide.
    """

    def __init__(
        self,
        scope: Scope,
        conn: Connection,
        now: datetime,
        paging_rules: PagingConfig,
        news: AlarmObserver,
    ) -> None:
        self.scope = scope
        self.conn = conn
        self.now = now
        self.paging = paging_rules
        self.news = news
        self.taken: list[Delivery] = []
        """Deliveries that this process's worker holds already; handed over after the commit."""
        self.changes: list[tuple[Alarm, Change]] = []
        """What happened to which alarm; logged after the commit."""

    @property
    def failover_after(self) -> timedelta:
        """Return how long a message may go without being accepted until it is told another way."""
        return self.paging.failover_after

    def trouble_changed(self, trouble: Trouble) -> None:
        """Pass on that a trouble has begun or is over (see `companion.troubles.reporting`)."""
        self.news.service_trouble(self, trouble)

    def raise_alarm(self, trigger: Trigger, actor: Actor) -> Raised:
        """Raise an alarm, or find the one that the trigger's dedup key stands for.

        Without a policy it follows the installation's last resort; without that it is exhausted at once, which is
        an error that the operators hear of. Raises OutOfScope when it is another site's.
        """
        require_owned(self.scope, trigger.site_id)
        alarm_id = new_id()
        if trigger.dedup is not None and (known := self._known(trigger.dedup, alarm_id)) is not None:
            return Raised(self._pressed_again(known, actor, trigger.dedup.rule), created=False)
        if trigger.policy is None:
            trigger = replace(trigger, policy=directory.last_resort(ALL_SITES, self.conn))
        begins_at = self.now + trigger.hold
        position = None if trigger.policy is None else plan.first(trigger.policy, begins_at)
        alarm = Alarm(
            id=alarm_id,
            version=1,
            status=Status.TRIGGERED,
            source=trigger.source,
            kind=trigger.kind,
            severity=trigger.severity,
            title=trigger.title,
            test=trigger.test,
            site_id=trigger.site_id,
            site=trigger.site,
            timezone=trigger.timezone,
            room=trigger.room,
            person=trigger.person,
            device_id=trigger.device_id,
            details=trigger.details,
            uid=trigger.uid,
            presses=1,
            policy=trigger.policy,
            round=0,
            step=0,
            steps_run=0,
            next_due_at=begins_at if position is None else position.due_at,
            raised_at=self.now,
            acknowledged_at=None,
            acknowledged_by=None,
            closed_at=None,
            closed_by=None,
            exhausted_at=None,
            held_until=begins_at if trigger.hold else None,
            evidence=None,
        )
        run = (
            None
            if position is None or trigger.policy is None
            else plan.due(trigger.policy, position, self.now)
        )
        if isinstance(run, plan.Run):
            alarm = replace(
                alarm, step=run.then.step, round=run.then.round, steps_run=1, next_due_at=run.then.due_at
            )
        add_alarm(self.scope, self.conn, alarm)
        self.journal(alarm.id, Change.RAISED, actor, title=alarm.title, missing=trigger.details.get(MISSING))
        if isinstance(run, plan.Run):
            alarm = self._told(alarm, run)
        self._tell(alarm, Change.RAISED)
        return Raised(alarm, created=True)

    def _known(self, dedup: Dedup, alarm_id: str) -> str | None:
        """Return the alarm that the key means already; None: from now on it means `alarm_id`."""
        expires_at = dedup.expires_at(self.now)
        winner = claim_dedup(self.conn, dedup.key, alarm_id, self.now, expires_at)
        if winner == alarm_id:
            return None
        known = self._found(winner)
        # What is of another site cannot stand for this one: an alarm too many is better than none.
        if known is not None and dedup.means(is_open=known.status in OPEN):
            return winner
        take_over_dedup(self.conn, dedup.key, alarm_id, expires_at)
        return None

    def acknowledge(self, alarm_id: str, actor: Actor, *, note: str | None = None, **detail: Any) -> Alarm:
        """Somebody is on it: stop everything that is still to be sent, tell those who were told.

        Of an alarm that was triggered again after its answer, somebody knows that now: the answer stands.
        """
        alarm = self._locked(alarm_id)
        if not alarm.awaits_reaction:
            return self._move(alarm, Move.ACKNOWLEDGE, actor, note, detail)
        alarm = self._reacted(alarm)
        self.journal(alarm.id, Change.ANSWERED_AGAIN, actor, note=note, **detail)
        self._tell(alarm, Change.ANSWERED_AGAIN)
        return alarm

    def resolve(self, alarm_id: str, actor: Actor, *, note: str | None = None) -> Alarm:
        """It is over."""
        return self._move(self._locked(alarm_id), Move.RESOLVE, actor, note, {})

    def cancel(
        self, alarm_id: str, actor: Actor, *, note: str | None = None, ending: str | None = None
    ) -> Alarm:
        """It was false; `ending` says how disarming ended it, a code of `Texts.endings`."""
        return self._move(self._locked(alarm_id), Move.CANCEL, actor, note, {"ending": ending})

    def note(self, alarm_id: str, actor: Actor, text: str, **detail: Any) -> Alarm:
        """Write a remark; allowed in every status."""
        alarm = self._locked(alarm_id)
        alarm = self._reacted(alarm) if alarm.awaits_reaction else self._changed(alarm)
        self.journal(alarm.id, Change.NOTED, actor, note=text, **detail)
        paging.inform(
            self.conn, alarm, MessageKind.NOTE, by=actor.name, note=text, paging=self.paging, now=self.now
        )
        self._tell(alarm, Change.NOTED)
        return alarm

    def confirm(self, alarm_id: str, actor: Actor, *, zone: str, **detail: Any) -> Alarm:
        """Another zone says the same (BS 8243): later pages say so, and whoever was paged hears it."""
        alarm = self._locked(alarm_id)
        alarm = self._changed(alarm, details={**alarm.details, CONFIRMED_BY: zone})
        self.journal(alarm.id, Change.CONFIRMED, actor, zone=zone, **detail)
        if alarm.status in OPEN:
            paging.inform(
                self.conn,
                alarm,
                MessageKind.CONFIRMED,
                by=None,
                note=zone,
                paging=self.paging,
                now=self.now,
            )
        self._tell(alarm, Change.CONFIRMED)
        return alarm

    def learn(self, alarm_id: str, details: Mapping[str, Any]) -> Alarm:
        """Keep what else is known of the alarm, for pages and whoever is paged from now on; what it has stays."""
        alarm = self._locked(alarm_id)
        new = {name: value for name, value in details.items() if name not in alarm.details}
        return self._changed(alarm, details={**alarm.details, **new}) if new else alarm

    def evidence(
        self, alarm_id: str, actor: Actor, found: Evidence, picture: Picture | None, *, said_at: datetime
    ) -> Alarm:
        """Keep the newest word on how sure the alarm is; without a picture the last one stays.

        Once the level first says that somebody is there, whoever was paged hears it. What says nothing new changes
        nothing.
        """
        alarm = self._locked(alarm_id)
        before = alarm.evidence
        shows = None if before is None else before.picture
        if picture is not None:
            shows = PictureShows(camera=found.camera, taken_at=found.taken_at)
        highest = found.level if before is None else max(before.highest, before.level, found.level)
        found = found.model_copy(update={"picture": shows, "highest": highest})
        if found == before and (picture is None or picture == picture_of(self.scope, self.conn, alarm.id)):
            return alarm
        if picture is not None:
            put_picture(self.scope, self.conn, alarm.id, picture, self.now)
        alarm = self._changed(alarm, evidence=found)
        line = found.model_dump(mode="json", exclude={"picture", "highest"})
        self.journal(
            alarm.id,
            Change.EVIDENCE,
            actor,
            **line,
            said_at=said_at.isoformat(),
            picture=None if picture is None else True,
        )
        was_sure = before is not None and max(before.highest, before.level) >= SURE_LEVEL
        if found.level >= SURE_LEVEL and not was_sure and alarm.status in OPEN:
            paging.inform(
                self.conn, alarm, MessageKind.VERIFIED, by=None, note=None, paging=self.paging, now=self.now
            )
        self._tell(alarm, Change.EVIDENCE)
        return alarm

    def escalate(self, alarm_id: str, actor: Actor, *, note: str | None = None, **detail: Any) -> Alarm:
        """Whoever is told next is told now, whatever was held back; written down in every status."""
        alarm = self._hurried(self._locked(alarm_id))
        self.journal(alarm.id, Change.ESCALATION_ASKED, actor, note=note, **detail)
        return alarm

    def push_unconfirmed(self, alarm_id: str, actor: Actor, **detail: Any) -> Alarm:
        """Nobody at home knows of it: after the abort window, nobody needs to wait for them."""
        alarm = self._locked(alarm_id)
        if not alarm.is_held(self.now):
            alarm = self._hurried(alarm)
        self.journal(alarm.id, Change.PUSH_UNCONFIRMED, actor, **detail)
        return alarm

    def journal(self, alarm_id: str, change: Change, actor: Actor, **detail: Any) -> None:
        """Write one line of the record. Values of None are left out."""
        journal.append(
            self.scope,
            self.conn,
            alarm_id,
            self.now,
            change,
            actor=actor.name,
            via=actor.via,
            detail=_known(detail),
        )

    def retry_delivery(self, delivery_id: str, actor: Actor) -> Delivery:
        """Send a delivery that failed or was given up once more, now.

        Raises DeliveryNotFound, or RetryRefused when it is sent, on its way, or no longer needed.
        """
        found = delivery_by_id(self.scope, self.conn, delivery_id)
        if found is None:
            raise DeliveryNotFound(delivery_id)
        if found.alarm_id is not None:
            alarm = self._locked(found.alarm_id)
            if found.kind in PAGES and not found.record and not alarm.needs_answer:
                raise RetryRefused(f"This alarm is {alarm.status}: nobody needs to be paged any more.")
        again = send_again(self.scope, self.conn, delivery_id, self.now)
        if again is None:
            raise RetryRefused(
                f"This delivery is {found.state}: only one that failed or was given up can be tried again."
            )
        if found.alarm_id is not None:
            self.journal(
                found.alarm_id,
                Change.DELIVERY_RETRIED,
                actor,
                recipient=found.recipient,
                channel=found.channel_id,
            )
        return again

    def run_step(self, alarm: Alarm) -> None:
        """Run what is due of a locked alarm's policy: a step, or the end of it.

        What is due of an acknowledged alarm is the reaction to another press: without one, its answer has lapsed.
        """
        if alarm.awaits_reaction:
            alarm = self._lapsed(alarm)
        position = plan.Next(alarm.round, alarm.step, alarm.next_due_at or self.now)
        run = plan.Exhausted() if alarm.policy is None else plan.due(alarm.policy, position, self.now)
        match run:
            case plan.Run():
                alarm = self._changed(
                    alarm,
                    step=run.then.step,
                    round=run.then.round,
                    steps_run=alarm.steps_run + 1,
                    next_due_at=run.then.due_at,
                )
                alarm = self._told(alarm, run)
                self._tell(alarm, Change.ESCALATED)
            case plan.Exhausted():
                self._exhaust(alarm)
            case None:
                pass

    def _lapsed(self, alarm: Alarm) -> Alarm:
        """Let the alarm wait for an answer again: where its policy stood, or from its first step if all have run."""
        outbox.withdraw(self.conn, alarm.id, self.now)
        readers.forget_all(self.conn, alarm.id)
        position = plan.Next(alarm.round, alarm.step, self.now)
        position = position if alarm.policy is None else plan.again(alarm.policy, position)
        alarm = self._changed(
            alarm,
            status=Status.TRIGGERED,
            acknowledged_at=None,
            acknowledged_by=None,
            exhausted_at=None,
            round=position.round,
            step=position.step,
        )
        self.journal(alarm.id, Change.REOPENED, Actor(name=None, via="escalation"))
        self._tell(alarm, Change.REOPENED)
        return alarm

    def _reacted(self, alarm: Alarm) -> Alarm:
        """Whoever answered knows of the other press, or somebody else does: nobody needs to be paged about it."""
        outbox.withdraw(self.conn, alarm.id, self.now)
        readers.forget_all(self.conn, alarm.id)
        return self._changed(alarm, next_due_at=None)

    def _tell(self, alarm: Alarm, change: Change) -> None:
        self.changes.append((alarm, change))
        self.news.changed(self, alarm, change)

    def _told(self, alarm: Alarm, run: plan.Run) -> Alarm:
        """Page whom the step names; a step that reaches nobody does not make anybody wait for the next one."""
        reached = paging.resolve(self.conn, run.step.targets)
        made = paging.page(
            self.conn,
            alarm,
            reached,
            kind=MessageKind.PAGE,
            occurrence=run.occurrence,
            first=run.first,
            paging=self.paging,
            now=self.now,
        )
        self.taken += [item for item in made if item.state is State.PROCESSING]
        told = _names(reached, made)
        self.journal(
            alarm.id, Change.ESCALATED, Actor(name=None, via="escalation"), step=run.occurrence, told=told
        )
        wants_people = any(isinstance(target, PersonTarget) for target in run.step.targets)
        people_reached = any(not self.paging.kind_of(item.channel_kind).records for item in reached)
        if not reached or (wants_people and not people_reached):
            return self._nobody_reached(alarm, run.occurrence)
        return alarm

    def nobody_reached(self, alarm_id: str, occurrence: str) -> None:
        """Say that every page of a step was given up; the next step is due at once if it is this one that it waits for.

        Before a repeat of the whole policy its wait is kept: the same addresses would refuse in the same second, and
        all repeats would be spent before a provider is back.
        """
        alarm = self._locked(alarm_id)
        if not alarm.needs_answer:
            return
        waits = alarm.awaits_reaction or plan.follows(
            occurrence, plan.Next(alarm.round, alarm.step, self.now)
        )
        alarm = self._nobody_reached(alarm, occurrence, hurry=waits)
        if alarm.exhausted_at is not None and occurrence == plan.end(alarm.policy, alarm.round):
            self._nobody_left(alarm)

    def _nobody_reached(self, alarm: Alarm, occurrence: str, *, hurry: bool = True) -> Alarm:
        self.journal(alarm.id, Change.NOBODY_REACHED, Actor(name=None, via="escalation"), step=occurrence)
        reporting.report(
            self,
            TroubleKind.STEP_REACHED_NOBODY,
            alarm.id,
            subject=alarm.title,
            facts={"source": alarm.source.value},
            site_id=alarm.site_id,
            hidden=hidden_at_panel(alarm),
        )
        return self._due_now(alarm) if hurry and alarm.next_due_at is not None else alarm

    def _hurried(self, alarm: Alarm) -> Alarm:
        """Let the next step, if there is one, be due now, and a hold be over."""
        if not alarm.needs_answer or alarm.next_due_at is None:
            return alarm
        return self._due_now(alarm, **({"held_until": self.now} if alarm.is_held(self.now) else {}))

    def _due_now(self, alarm: Alarm, **values: Any) -> Alarm:
        return self._due(alarm, self.now, **values)

    def _due(self, alarm: Alarm, at: datetime, **values: Any) -> Alarm:
        """Let the next step be due; no new version of the alarm, as that step makes one."""
        values["next_due_at"] = at
        change_alarm(self.scope, self.conn, alarm.id, **values)
        return replace(alarm, **values)

    def _exhaust(self, alarm: Alarm) -> None:
        alarm = self._changed(alarm, next_due_at=None, exhausted_at=self.now)
        reached = last_resort.first(self.conn, alarm, self.paging)
        told = self._told_at_last(alarm, reached, plan.end(alarm.policy, alarm.round))
        self.journal(alarm.id, Change.EXHAUSTED, Actor(name=None, via="escalation"), told=told)
        if not told:
            self._nobody_left(alarm)
        self._tell(alarm, Change.EXHAUSTED)

    def last_resort_lost(self, page: Delivery) -> bool:
        """Tell the installation's last resort once that of the policy has reached nobody; return whether it is told now.

        `page` was refused, or not accepted in time; another one of the same last resort may have been, or still be.
        """
        alarm = None if page.alarm_id is None else self._locked(page.alarm_id)
        if alarm is None or page.kind is not MessageKind.EXHAUSTED or not alarm.needs_answer:
            return False
        if may_be_accepted(self.scope, self.conn, page, self.now - self.failover_after):
            return False
        told = self._told_at_last(alarm, last_resort.wider(self.conn, page), page.occurrence)
        if told:
            self.journal(alarm.id, Change.EXHAUSTED, Actor(name=None, via="escalation"), told=told)
        return bool(told)

    def _told_at_last(self, alarm: Alarm, reached: Sequence[ResolvedTarget], occurrence: str) -> list[str]:
        made = paging.page(
            self.conn,
            alarm,
            reached,
            kind=MessageKind.EXHAUSTED,
            occurrence=occurrence,
            first=False,
            paging=self.paging,
            now=self.now,
        )
        return _names(reached, made)

    def _nobody_left(self, alarm: Alarm) -> None:
        """Let the operators know of an alarm that is over for the policy and has reached nobody, or nobody more."""
        reached = has_pages(self.scope, self.conn, alarm.id)
        if reached and alarm.test:
            return  # a drill that is not answered is nobody's emergency
        kind = TroubleKind.ALARM_UNANSWERED if reached else TroubleKind.ALARM_TOLD_NOBODY
        _LOGGER.error("%s: %s", alarm.title, kind.value, extra={"alarm_id": alarm.id})
        reporting.report(
            self,
            kind,
            alarm.id,
            subject=alarm.title,
            facts={"source": alarm.source.value},
            site_id=alarm.site_id,
            hidden=hidden_at_panel(alarm),
        )

    def _pressed_again(self, alarm_id: str, actor: Actor, rule: DedupRule) -> Alarm:
        """Count the press; after an answer, let whoever gave it know. What only says the same again is no press.

        A program that repeats itself may be somebody who presses again, or a loop: where it matters they are told, once
        in the time of a reaction.
        """
        alarm = count_press(self.scope, self.conn, alarm_id)
        self.journal(alarm_id, Change.PRESSED_AGAIN, actor)
        if alarm.status is not Status.ACKNOWLEDGED or alarm.awaits_reaction:
            return alarm
        at = self._told_again_at(alarm, rule)
        if at is None:
            return alarm
        alarm = self._changed(alarm, next_due_at=at + self.paging.reaction)
        names = {alarm.acknowledged_by, self._link_of_answer(alarm.id)}
        told = paging.remind(self.conn, alarm, names, paging=self.paging, now=self.now, at=at)
        paging.inform(
            self.conn, alarm, MessageKind.PRESSED_AGAIN, by=None, note=None, paging=self.paging, now=self.now
        )
        self._tell(alarm, Change.PRESSED_AGAIN)
        return alarm if told else self._due(alarm, at)

    def _told_again_at(self, alarm: Alarm, rule: DedupRule) -> datetime | None:
        """Return when whoever answered is told of a repeat; None: nobody needs to be."""
        match rule:
            case ForEver():
                return None
            case WhileOpen():
                if not alarm.is_grave:
                    return None
                last = last_reminded_at(self.scope, self.conn, alarm.id)
                free_at = self.now if last is None else last + self.paging.reaction
                return min(max(self.now, free_at), self.now + self.paging.reaction)
            case _:
                return self.now

    def _link_of_answer(self, alarm_id: str) -> str | None:
        """Return whose link the alarm was answered with, if it was."""
        answers = [
            line
            for line in journal.journal_of(self.scope, self.conn, alarm_id)
            if line.event is Change.ACKNOWLEDGED
        ]
        return answers[-1].detail.get("link_of") if answers else None

    def _move(
        self, alarm: Alarm, move: Move, actor: Actor, note: str | None, detail: dict[str, Any]
    ) -> Alarm:
        status = moved(alarm.status, move)
        if isinstance(status, IllegalMove):
            raise MoveRefused(alarm, status)
        change, kind = _MOVES[move]
        who = actor.name or actor.via
        stamp: dict[str, Any] = (
            {"acknowledged_at": self.now, "acknowledged_by": who}
            if move is Move.ACKNOWLEDGE
            else {"closed_at": self.now, "closed_by": who}
        )
        alarm = self._changed(alarm, status=status, next_due_at=None, **stamp)
        outbox.withdraw(self.conn, alarm.id, self.now)
        readers.forget_all(self.conn, alarm.id)
        if alarm.steps_run:
            reporting.clear(self, TroubleKind.STEP_REACHED_NOBODY, alarm.id)
        if alarm.exhausted_at is not None:
            for trouble in (TroubleKind.ALARM_UNANSWERED, TroubleKind.ALARM_TOLD_NOBODY):
                reporting.clear(self, trouble, alarm.id)
        self.journal(alarm.id, change, actor, note=note, **detail)
        paging.inform(
            self.conn,
            alarm,
            kind,
            by=who,
            note=note,
            ending=detail.get("ending"),
            paging=self.paging,
            now=self.now,
        )
        self._tell(alarm, change)
        return alarm

    def _locked(self, alarm_id: str) -> Alarm:
        """Return the alarm as it is, and keep others from changing it until the commit."""
        alarm = self._found(alarm_id)
        if alarm is None:
            raise AlarmNotFound(alarm_id)
        return alarm

    def _found(self, alarm_id: str) -> Alarm | None:
        """Return the alarm as `_locked` does; None: the scope has none of this id."""
        lock_alarm(self.scope, self.conn, alarm_id)
        return alarm_by_id(self.scope, self.conn, alarm_id)

    def _changed(self, alarm: Alarm, **values: Any) -> Alarm:
        """Write new values of a locked alarm under its next version."""
        alarm = replace(alarm, version=alarm.version + 1, **values)
        columns = {
            name: value.model_dump(mode="json") if isinstance(value, Evidence) else value
            for name, value in values.items()
        }
        change_alarm(self.scope, self.conn, alarm.id, version=alarm.version, **columns)
        return alarm


def _known(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in detail.items() if value is not None}


def _names(reached: Sequence[ResolvedTarget], made: Sequence[Delivery]) -> list[str]:
    """Return everybody whom a step has told: a message to one address may be for several."""
    addresses = {(item.channel_id, item.address) for item in made}
    told = [item.recipient for item in reached if (item.channel_id, item.address) in addresses]
    return list(dict.fromkeys(told))
