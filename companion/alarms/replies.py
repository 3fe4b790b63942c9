"""What people answer over the channels they were told on: who it is, which alarm they mean, and what becomes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from companion.alarms.ack_links import ack_link
from companion.alarms.errors import MoveRefused
from companion.alarms.flood import told_together
from companion.alarms.model import Actor, Alarm, Change, Status
from companion.alarms.reply_words import WORDS_LIMIT, Meaning, meaning
from companion.alarms.store import Told, alarm_by_id, alarms_told_to
from companion.alarms.transaction import AlarmTransaction
from companion.channels.base import Answer, Response, Understood, alarm_code
from companion.directory.model import Person
from companion.directory.store import people_at
from companion.dispatch.store import hear, is_told_at, language_told_in, messages_named, people_told
from companion.texts.filling import filled
from companion.texts.labels import alarm_title
from companion.texts.language import FALLBACK, texts_for
from companion.texts.model import Texts
from companion.texts.one_line import one_line

LATELY: Final = timedelta(minutes=10)
"""How long after its end an alarm may still be what somebody means by a mere yes."""
CLOCKS_DIFFER: Final = timedelta(seconds=5)
"""By how much a provider's clock may be behind ours."""
NAMED: Final = 5
"""Alarms in one question back."""
TITLE_LIMIT: Final = 100
VIA: Final = "reply"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of an answer, and the other alarms that it is for: those its alarm was told together with."""

    response: Response
    actor: Actor
    alarm_id: str | None = None
    recipient: str | None = None
    together: Sequence[str] = ()


@dataclass(frozen=True)
class _Meant:
    """The alarm that an answer is for, and whose page about it it is."""

    alarm: Alarm
    recipient: str


class MessageNotKnown(Exception):
    """What it answers is no message that is known: it is somebody else's, or not yet written down as sent."""


def take(unit: AlarmTransaction, channel_id: str, answer: Answer) -> Taken | None:
    """Let somebody answer; None: the provider has said so before.

    The link's secret, the message that it answers, and a code that it names say which alarm is meant; a mere yes is for
    the only one that it can be for. Nothing is acknowledged by guessing. Raises MessageNotKnown.
    """
    if not hear(unit.conn, channel_id, answer.event_id, unit.now):
        return None
    return _Answering(unit, channel_id, answer).result()


class _Answering:
    """One answer in one transaction."""

    def __init__(self, unit: AlarmTransaction, channel_id: str, answer: Answer) -> None:
        self._unit = unit
        self._channel_id = channel_id
        self._answer = answer
        self._words = one_line(answer.words, WORDS_LIMIT)
        said = meaning(answer.words)
        self._said = Meaning(acknowledges=answer.acknowledges or said.acknowledges, codes=said.codes)
        self._people = people_at(unit.scope, unit.conn, channel_id, answer.sender)

    def result(self) -> Taken:
        meant = self._named()
        if meant is not None:
            self._people = self._who_may_answer(meant.alarm)
        if not self._people and not self._was_told(meant):
            return self._refused(meant)
        if meant is not None and self._said.codes <= {alarm_code(meant.alarm.id)}:
            return self._for(meant)
        return self._for_whichever()

    def _named(self) -> _Meant | None:
        """Return the alarm that the answer itself names: by the secret of a button, or as the message that it answers."""
        found: list[tuple[str, str]] = []
        if self._answer.token is not None:
            link = ack_link(self._unit.conn, self._answer.token)
            found = [] if link is None else [(link.alarm_id, link.recipient)]
        elif self._answer.thread_ref is not None:
            found = self._answered(self._answer.thread_ref)
        if len(found) != 1:
            return None
        ((alarm_id, recipient),) = found
        alarm = alarm_by_id(self._unit.scope, self._unit.conn, alarm_id)
        return None if alarm is None else _Meant(alarm, recipient)

    def _answered(self, ref: str) -> list[tuple[str, str]]:
        """Return whose messages it answers. What is about none of ours is no answer: in rooms and groups people talk with each other."""
        found = messages_named(self._unit.scope, self._unit.conn, self._channel_id, ref, self._answer.sender)
        if not found and not self._said.codes:
            raise MessageNotKnown
        return found

    def _who_may_answer(self, alarm: Alarm) -> list[Person]:
        """Return who it may be: over a channel that sites share, people of another one only of what they were told."""
        strangers = {
            person.id
            for person in self._people
            if person.site_id is not None and alarm.site_id not in {None, person.site_id}
        }
        if strangers:
            strangers -= people_told(self._unit.scope, self._unit.conn, alarm.id, strangers)
        return [person for person in self._people if person.id not in strangers]

    def _was_told(self, meant: _Meant | None) -> bool:
        """Return whether the address is no person's, but one that a step itself names: it was told of the very alarm that is named."""
        if meant is None:
            return any(alarm_code(one.alarm.id) in self._said.codes for one in self._told())
        return is_told_at(
            self._unit.scope, self._unit.conn, meant.alarm.id, self._channel_id, self._answer.sender
        )

    def _for_whichever(self) -> Taken:
        """Answer the alarm that the words name, or the only one that they can be for."""
        told = [one for one in self._told() if self._may_be_meant(one)]
        waiting = [one for one in told if one.alarm.needs_answer]
        named = [one for one in told if alarm_code(one.alarm.id) in self._said.codes]
        if len(named) == 1 and len(self._said.codes) == 1:
            return self._for_told(named[0])
        # The button of one message is for none of the others, a number that no alarm has may be a slip of the finger,
        # and a message may have the name of another one.
        names_another = self._answer.token or self._said.codes or self._answer.thread_ref
        if not names_another and self._are_one(told):
            return self._for_told(told[0])
        return self._which(waiting)

    def _for_told(self, told: Told) -> Taken:
        self._people = self._who_may_answer(told.alarm)
        return self._for(_Meant(told.alarm, told.recipient))

    def _told(self) -> list[Told]:
        """Return the alarms that the address, or the people whose it is, were told of lately, or are being told of now."""
        people = [person.id for person in self._people]
        return alarms_told_to(
            self._unit.scope,
            self._unit.conn,
            self._channel_id,
            self._answer.sender,
            people,
            self._unit.now,
            ended_since=self._unit.now - LATELY,
        )

    def _may_be_meant(self, told: Told) -> bool:
        """Return whether somebody may still speak of it: what was answered long ago only if its code says so."""
        alarm, since = told.alarm, self._unit.now - LATELY
        if alarm.needs_answer or alarm_code(alarm.id) in self._said.codes:
            return True
        ended_at = alarm.closed_at or alarm.acknowledged_at
        return ended_at is not None and ended_at >= since

    def _are_one(self, told: Sequence[Told]) -> bool:
        """Return whether all that may be meant is one alarm that they have, or was told in one message."""
        if not all(one.reached and not self._was_said_before(one.alarm) for one in told):
            return False
        if len(told) <= 1:
            return bool(told)
        together = told_together(self._unit.conn, told[0].alarm, told[0].recipient)
        return {one.alarm.id for one in told[1:]} <= set(together)

    def _was_said_before(self, alarm: Alarm) -> bool:
        """Return whether it was said before there was such an alarm: a provider may hold for hours what people write."""
        return self._answer.at is not None and self._answer.at + CLOCKS_DIFFER < alarm.raised_at

    def _for(self, meant: _Meant) -> Taken:
        """Acknowledge the alarm, or keep what was written if it is no acknowledgement."""
        alarm, actor = meant.alarm, self._actor(meant)
        detail = {"channel": self._channel_id, "words": self._words or None, "link_of": meant.recipient}
        texts = self._texts(meant)
        if not self._said.acknowledges:
            self._unit.note(alarm.id, actor, self._words, channel=self._channel_id)
            said = [filled(texts.replies.noted, {"title": _title(alarm, texts)})]
            if alarm.needs_answer:
                said.append(filled(texts.replies.how, {"code": alarm_code(alarm.id)}))
            return self._taken(Understood.NOTED, " ".join(said), meant)
        together = told_together(self._unit.conn, alarm, meant.recipient)
        try:
            self._unit.acknowledge(alarm.id, actor, **detail)
        except MoveRefused as refused:
            return self._too_late(refused.alarm, meant, texts, detail)
        facts = {"name": actor.name, "title": _title(alarm, texts), "count": len(together)}
        said = [filled(texts.replies.acknowledged, facts)]
        said += [filled(texts.replies.also_acknowledged, facts)] if together else []
        return self._taken(Understood.ACKNOWLEDGED, " ".join(said), meant, together)

    def _too_late(self, alarm: Alarm, meant: _Meant, texts: Texts, detail: dict[str, str | None]) -> Taken:
        facts = {"by": alarm.acknowledged_by or "?", "title": _title(alarm, texts)}
        if alarm.status is not Status.ACKNOWLEDGED:
            return self._taken(Understood.OVER, filled(texts.replies.over, facts), meant)
        self._unit.journal(alarm.id, Change.ANSWERED_AGAIN, self._actor(meant), **detail)
        return self._taken(Understood.ALREADY, filled(texts.replies.already, facts), meant)

    def _which(self, waiting: Sequence[Told]) -> Taken:
        texts = self._texts(None)
        if not waiting:
            return self._taken(Understood.NONE_OPEN, texts.replies.none_open, None)
        lines = [
            f"OK {alarm_code(one.alarm.id)}{texts.formats.colon}{_title(one.alarm, texts)}"
            for one in waiting[:NAMED]
        ]
        return self._taken(Understood.WHICH, "\n".join([texts.replies.which, *lines]), None)

    def _refused(self, meant: _Meant | None) -> Taken:
        if meant is not None:
            self._unit.journal(
                meant.alarm.id,
                Change.REPLY_REFUSED,
                Actor(name=None, via=VIA),
                channel=self._channel_id,
                sender=one_line(self._answer.sender, TITLE_LIMIT),
                words=self._words or None,
            )
        said = self._texts(meant).replies.unknown_sender
        return self._taken(Understood.UNKNOWN_SENDER, said, None)

    def _taken(
        self, understood: Understood, text: str, meant: _Meant | None, together: Sequence[str] = ()
    ) -> Taken:
        return Taken(
            response=Response(understood=understood, text=text),
            actor=self._actor(meant),
            alarm_id=None if meant is None else meant.alarm.id,
            recipient=None if meant is None else meant.recipient,
            together=together,
        )

    def _actor(self, meant: _Meant | None) -> Actor:
        names = ", ".join(person.name for person in self._people)
        return Actor(name=names or (None if meant is None else meant.recipient), via=VIA)

    def _texts(self, meant: _Meant | None) -> Texts:
        if self._people:
            return texts_for(self._people[0].language)
        known = (
            None
            if meant is None
            else language_told_in(self._unit.scope, self._unit.conn, meant.alarm.id, meant.recipient)
        )
        return texts_for(known or FALLBACK)


def _title(alarm: Alarm, texts: Texts) -> str:
    return one_line(alarm_title(alarm.title, alarm.source, texts), TITLE_LIMIT)
