"""Tells phones about alarms: one notification an alarm on each, kept in step with what becomes of it.

From entry delay to alarm, picture, answer and end the same tag replaces what is shown; buttons that are pressed are
`push_answers`' business, whether notifications arrive is `push_receipts`'.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..core.panel.effects import Effect, ReportPending, ReportPendingCleared, ReportZoneTripped
from ..core.panel.state import Alarm as PanelAlarm, AreaStatus, Pending
from ..household.tracker import Household
from ..link.alarm import Alarm, AlarmChange
from ..link.client import LinkClient
from ..link.protocol import Status
from ..link.registry import AlarmRegistry
from ..system.activity import Activity, ActivityKind
from ..system.reasons import async_reason
from ..system.storage import EntryStorage
from ..system.system import AlarmSystem
from ..verification.model import Evidence
from ..verification.tracker import Verification
from ..verification.urls import signed_picture_path
from .actions import ARMING_ACTIONS, Button, Buttons, RefusedPress
from .answers import PushAnswers
from .buttons import PhoneButtons
from .delivery import PushDelivery
from .inbox import ACTION_EVENT, PRESS_INBOX
from .messages import (
    ARMING_TAG,
    NOTICE_BUTTONS,
    PushMessage,
    Shown,
    clear_message,
    failed_message,
    notice_message,
    pending_message,
    push_message,
    refused_message,
    silent_message,
)
from .pace import Pace
from .receipts import PushReceipts
from .recipients import Recipient, users_of
from .troubles import TroubleNotices

RETRY_UNTOLD_AFTER_S = 30
SILENT_TRIES = 120
"""An hour: there is no status that would tell when to stop."""

type Told = Sequence[tuple[Recipient, Sequence[PushMessage]]]


@dataclass(slots=True)
class _Thread:
    """What the targets are told of one alarm."""

    status: Status | None
    shown: Shown | None = None
    zones: tuple[str, ...] = ()
    """All that have tripped, by name."""
    confirmed: bool = False
    exhausted: bool = False
    kept_for: str | None = None
    """Who has answered while the companion is away."""
    turn: int = 0
    """Counts what is told; whoever sends an older turn stops."""
    took: set[str] = field(default_factory=set)
    """Targets that know this much: to them more of the same comes without a sound."""
    failed: set[str] = field(default_factory=set)


class AlarmPush:
    """Keeps the phones' notifications in step with the alarms."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        storage: EntryStorage,
        buttons: Buttons,
        alarms: AlarmRegistry,
        link: LinkClient | None,
        system: AlarmSystem,
        household: Household,
        verification: Verification,
        recipients: Sequence[Recipient],
        duress_targets: Sequence[str],
        confirm_after: timedelta,
        call_number: str | None,
    ) -> None:
        """Prepare; nothing is sent before `async_start`. Of silent alarms only `duress_targets` are told.

        `confirm_after` is how long the phones have to say that an alarm has arrived; zero does not wait for that.
        """
        self._hass = hass
        self._entry = entry
        self._alarms = alarms
        self._system = system
        self._verification = verification
        self._recipients = recipients
        self._duress_targets = duress_targets
        self._issued = buttons
        self._buttons = PhoneButtons(hass, self._issued, call_number=call_number, escalates=link is not None)
        self._delivery = PushDelivery(hass)
        self._receipts = PushReceipts(hass, recipients, wait=confirm_after, on_unconfirmed=self._unconfirmed)
        self._threads: dict[str, _Thread] = {}
        self._asked_to_arm = False
        self._troubles = TroubleNotices(hass, system, self._notice)
        self._pace = Pace(hass, lambda alarm_id: self._keep_told(alarm_id, zones_too=True))
        self._answers = PushAnswers(
            hass,
            buttons=self._issued,
            alarms=alarms,
            system=system,
            household=household,
            tells=self,
            linked=lambda: None if link is None else link.connected,
            may=lambda user_id, action: any(
                self._buttons.may(one, action) for one in self._phones_of(user_id)
            ),
            not_ours=self._not_ours,
        )
        storage.add_section("buttons", self._issued.as_dict)

    @callback
    def async_start(self) -> None:
        """Follow the alarms and the panel, and catch up once every notify service is there."""
        unload, subscriptions = self._entry.async_on_unload, self._system.subscriptions
        unload(self._alarms.changes.subscribe(self._alarm_changed))
        unload(self._alarms.silent_changes.subscribe(self._silent_alarm))
        unload(subscriptions.activity.subscribe(self._happened))
        unload(subscriptions.effects.subscribe(self._took_effect))
        unload(self._verification.changes.subscribe(self._evidence_changed))
        unload(self._receipts.async_start())
        unload(self._troubles.async_stop)
        unload(self._pace.async_stop)
        unload(async_at_started(self._hass, self._catch_up))

    @callback
    def async_take_presses(self) -> None:
        """Take the buttons that are pressed, and those that were while nobody listened; the panel must run."""
        unload = self._entry.async_on_unload
        unload(self._hass.bus.async_listen(ACTION_EVENT, self._answers.async_pressed))
        missed, stop = self._hass.data[PRESS_INBOX].async_listens(self._entry.entry_id, self._issued)
        unload(stop)
        for event in missed:
            self._do(self._answers.async_pressed(event), "a press")

    # What happens

    @callback
    def _catch_up(self, _hass: HomeAssistant) -> None:
        for alarm in self._alarms.visible:
            self._keep_told(alarm.id)

    @callback
    def _alarm_changed(self, change: AlarmChange) -> None:
        alarm = change.alarm
        if alarm.status is not Status.TRIGGERED:
            self._receipts.forget(alarm.id)
        if not alarm.is_open and not self._sounds(alarm):
            self._issued.withdraw(alarm.id)
        self._keep_told(alarm.id, exhausted=change.change == "exhausted")

    @callback
    def _silent_alarm(self, change: AlarmChange) -> None:
        if change.change == "raised":
            message = silent_message(change.alarm, language=self._hass.config.language)
            targets = [Recipient(target=target, name=target) for target in self._duress_targets]
            # The log is read in the house too: it must not say what kind of alarm could not be told.
            for one in targets:
                self._do(self._async_tell_silently(one, change.alarm.id, message), change.alarm.id)

    async def _async_tell_silently(self, recipient: Recipient, alarm_id: str, message: PushMessage) -> None:
        for _ in range(SILENT_TRIES):
            if await self._delivery.async_send(recipient, alarm_id, [message]):
                return
            await asyncio.sleep(RETRY_UNTOLD_AFTER_S)

    @callback
    def _evidence_changed(self, evidence: Evidence) -> None:
        self._keep_told(evidence.uid)

    @callback
    def _took_effect(self, effect: Effect) -> None:
        match effect:
            case ReportPending():
                self._tell_of_entry_delay(effect)
            case ReportPendingCleared(uid=uid):
                self._clear(uid)
            case ReportZoneTripped(uid=uid, confirmed=confirmed):
                self._pace.async_news(uid, at_once=confirmed)

    @callback
    def _happened(self, activity: Activity) -> None:
        kind = activity.kind
        if kind in (ActivityKind.AUTO_ARM_DROPPED, ActivityKind.FIRST_ARRIVED):
            # Also on a phone that misses the clearing: nobody is to be armed in.
            self._issued.withdraw_actions(ARMING_ACTIONS)
        if self._settles_arming(kind):
            self._asked_to_arm = False
            self._clear(ARMING_TAG)
            return
        if kind in (ActivityKind.TROUBLE, ActivityKind.TROUBLE_CLEARED):
            self._troubles.async_happened(activity)
            return
        self._asked_to_arm |= kind in NOTICE_BUTTONS
        self._notice(activity)

    def _settles_arming(self, kind: ActivityKind) -> bool:
        """Return whether a question about arming is over: dropped, somebody has come, or everything is armed."""
        if kind is ActivityKind.AUTO_ARM_DROPPED or not self._asked_to_arm:
            return kind is ActivityKind.AUTO_ARM_DROPPED
        areas = self._system.state.areas.values()
        armed = all(area.status is not AreaStatus.DISARMED for area in areas)
        return kind is ActivityKind.FIRST_ARRIVED or (
            kind in (ActivityKind.ARMING, ActivityKind.ARMED) and armed
        )

    @callback
    def _notice(self, activity: Activity, *, less: bool = False) -> None:
        """Tell of something; `less` when phones show it already, with more: nobody else needs to hear that."""
        self._do(self._async_notice(activity, less=less), activity.kind.value)

    async def _async_notice(self, activity: Activity, *, less: bool) -> None:
        told, error = [], activity.error
        for one in self._phones() if less else self._recipients:
            language = self._buttons.language(one)
            message = notice_message(
                activity,
                title=self._entry.title,
                language=language,
                buttons=self._buttons.of_notice(activity, one),
                reason="" if error is None else await async_reason(self._hass, error, language),
                update=less,
            )
            if message is None:
                return
            told.append((one, [message]))
        await self._async_send(activity.kind.value, told)

    # The entry delay

    @callback
    def _tell_of_entry_delay(self, effect: ReportPending) -> None:
        guard = self._system.state.areas[effect.area_id].guard
        if not isinstance(guard, Pending) or guard.uid != effect.uid:
            return
        wording = self._system.wording
        told = [
            (
                one,
                [
                    pending_message(
                        effect.uid,
                        where=wording.area_name(effect.area_id),
                        zone=wording.zone_name(effect.zone_id),
                        until=dt_util.as_local(effect.until).strftime("%H:%M:%S"),
                        language=self._buttons.language(one),
                        buttons=self._buttons.of_entry_delay(effect.uid, one),
                    )
                ],
            )
            for one in self._phones()
        ]
        self._send("an entry delay", told)

    @callback
    def _clear(self, tag: str) -> None:
        self._issued.withdraw(tag)
        self._send("an end", [(one, [clear_message(tag)]) for one in self._phones()])

    # The thread of an alarm

    @callback
    def _keep_told(
        self,
        alarm_id: str,
        *,
        exhausted: bool = False,
        kept_for: str | None = None,
        zones_too: bool = False,
    ) -> None:
        """Tell whatever the targets do not know yet: status, that nobody answers, picture, level.

        `zones_too`: and which zones have joined, of which there may be many in a short time.
        """
        alarm = self._alarms.find(alarm_id)
        if alarm is None:
            self._drop(alarm_id)
            return
        known = self._threads.get(alarm_id) or self._remembered(alarm)
        if not self._recipients or (known.status is None and not alarm.is_open):
            return  # over before anybody was told: there is nothing to take back
        moved = alarm.status is not known.status
        shown = self._evidence_of(alarm)
        zones, confirmed = self._tripped(alarm) if moved or zones_too else (known.zones, known.confirmed)
        more, confirms = zones != known.zones, confirmed and not known.confirmed
        # What was answered as false may prove not to be, as long as the panel sounds.
        goes_on = alarm.is_open or self._sounds(alarm)
        if goes_on:
            self._threads[alarm_id] = known
        evident = alarm.is_open and shown != known.shown
        if not (moved or exhausted or kept_for or evident or (goes_on and more)):
            return
        if moved or exhausted or kept_for or confirms:
            known.took.clear()
        known.failed.clear()
        known.turn += 1
        known.exhausted = exhausted or (known.exhausted and not moved)
        known.kept_for = kept_for or (None if moved else known.kept_for)
        level_before = known.shown.level if known.shown else None
        known.status, known.shown, known.zones, known.confirmed = alarm.status, shown, zones, confirmed
        self._threads[alarm_id] = known
        new_level = shown is not None and shown.level != level_before
        told = self._messages(alarm, known, for_everybody=more or new_level)
        self._do(self._async_tell(alarm, known, known.turn, told), alarm_id)

    @callback
    def _drop(self, alarm_id: str) -> None:
        """Take back what was told of an alarm that the companion does not know any more."""
        if (thread := self._threads.pop(alarm_id, None)) is not None:
            thread.turn += 1
            self._receipts.forget(alarm_id)
            self._clear(alarm_id)

    def _remembered(self, alarm: Alarm) -> _Thread:
        """Return what the targets were told of an alarm before a restart, and forget those that nobody knows any more."""
        self._threads = {uid: one for uid, one in self._threads.items() if self._alarms.find(uid) is not None}
        if alarm.told is None:
            return _Thread(None)
        zones, confirmed = self._tripped(alarm)
        took = {one.target for one in self._recipients}
        return _Thread(alarm.told, zones=zones, confirmed=confirmed, took=took)

    def _messages(self, alarm: Alarm, thread: _Thread, *, for_everybody: bool) -> Told:
        signed = self._signed(alarm, thread.shown)
        sounding = self._sounds(alarm)
        told: list[tuple[Recipient, list[PushMessage]]] = []
        for one in self._recipients:
            update = one.target in thread.took
            if update and not one.is_phone and not for_everybody:
                continue  # it cannot replace what it shows, and has said nearly the same
            buttons = [] if thread.kept_for else self._buttons.of_alarm(alarm, one, sounding=sounding)
            message = push_message(
                alarm,
                language=self._buttons.language(one),
                buttons=buttons,
                exhausted=thread.exhausted,
                kept_for=thread.kept_for,
                shown=signed,
                zones=thread.zones,
                confirmed=thread.confirmed,
                update=update,
            )
            answered = alarm.status is not Status.TRIGGERED or thread.kept_for is not None
            # The loud one goes from every phone, then comes what became of it.
            loud_gone = [clear_message(alarm.id)] if answered and not update and one.is_phone else []
            told.append((one, [*loud_gone, message]))
        return told

    async def _async_tell(self, alarm: Alarm, thread: _Thread, turn: int, told: Told) -> None:
        # A button that is on a phone is on disk.
        await self._alarms.async_save()
        if thread.turn != turn:
            return
        if alarm.status is Status.TRIGGERED and thread.kept_for is None:
            self._receipts.expect(alarm.id)
        await asyncio.gather(
            *(self._async_tell_one(alarm, thread, turn, one, messages) for one, messages in told)
        )
        if thread.turn == turn and not alarm.is_open and not self._sounds(alarm):
            self._threads.pop(alarm.id, None)

    async def _async_tell_one(
        self, alarm: Alarm, thread: _Thread, turn: int, recipient: Recipient, messages: Sequence[PushMessage]
    ) -> None:
        """Tell one target, again and again while the alarm is as it was."""
        while thread.turn == turn:
            if await self._delivery.async_send(recipient, f"alarm {alarm.id}", messages):
                if thread.turn == turn:
                    thread.took.add(recipient.target)
                    await self._remember_told(alarm)
                return
            if thread.turn != turn or not alarm.is_open:
                return
            thread.failed.add(recipient.target)
            if alarm.status is Status.TRIGGERED and len(thread.failed) == len(self._recipients):
                self._receipts.unreachable(alarm.id)
            await asyncio.sleep(RETRY_UNTOLD_AFTER_S)

    async def _remember_told(self, alarm: Alarm) -> None:
        # At least once: after a crash before this the same notification replaces itself by its tag.
        known = self._alarms.find(alarm.id)
        if known is not None and known.told is not alarm.status:
            await self._alarms.async_told(alarm.id, alarm.status)

    def _evidence_of(self, alarm: Alarm) -> Shown | None:
        """Return what a notification shows of the evidence; None as long as that is nothing to speak of."""
        evidence = self._verification.of(alarm.id)
        if evidence is None or (evidence.shot is None and evidence.level == 1):
            return None
        shot = evidence.shot
        sighting = None if shot is None else shot.sighting
        return Shown(
            level=int(evidence.level),
            picture=None if shot is None or not shot.file else shot.file,
            camera=None if shot is None else shot.camera,
            label=None if sighting is None else sighting.label,
            score=None if sighting is None else sighting.score,
        )

    def _signed(self, alarm: Alarm, shown: Shown | None) -> Shown | None:
        if shown is None or shown.picture is None:
            return shown
        path = signed_picture_path(self._hass, self._entry.entry_id, alarm.id, shown.picture)
        return replace(shown, picture=path)

    def _tripped(self, alarm: Alarm) -> tuple[tuple[str, ...], bool]:
        """Return the names of the zones that an alarm has by now, and whether they confirm each other."""
        for area in self._system.state.areas.values():
            sounding: tuple[PanelAlarm, ...] = () if area.siren is None else area.siren.alarms
            for one in (*sounding, *area.memory):
                if one.uid == alarm.id:
                    return self._system.wording.zone_names(one.zones), one.confirmed
        return (), False

    def _sounds(self, alarm: Alarm) -> bool:
        sirens = [area.siren for area in self._system.state.areas.values() if area.siren is not None]
        return any(one.uid == alarm.id for siren in sirens for one in siren.alarms)

    @callback
    def _unconfirmed(self, alarm_id: str, waited: timedelta | None) -> None:
        """Say that nobody's phone is known to have an alarm: the companion must not wait for the household."""
        alarm = self._alarms.find(alarm_id)
        if alarm is None or not alarm.local:
            return
        LOGGER.warning("Alarm %s: no phone has said that its notification arrived", alarm_id)
        now = dt_util.utcnow()
        names = sorted({recipient.name for recipient in self._recipients})
        self._system.async_announce(
            Activity(kind=ActivityKind.PUSH_UNCONFIRMED, at=now, data={"people": names})
        )
        after_s = None if waited is None else waited.total_seconds()
        body = {
            "kind": "push_unconfirmed",
            "at": now.isoformat(),
            "uid": alarm_id,
            "people": names,
            "after_s": after_s,
        }
        self._do(self._alarms.async_emit(body), alarm_id)

    # What whoever pressed a button is told

    @callback
    def refused(self, user_id: str, reason: RefusedPress) -> None:
        """Tell whoever pressed a button that does nothing."""
        title = self._entry.title
        told = [
            (one, [refused_message(reason, title=title, language=self._buttons.language(one))])
            for one in self._phones_of(user_id)
        ]
        self._send("a refused button", told)

    def _not_ours(self, word: str) -> bool:
        """Return whether another entry answers for a word."""
        return self._hass.data[PRESS_INBOX].answers_for(word) != self._entry.entry_id

    async def async_failed(self, user_id: str, button: Button, err: HomeAssistantError) -> None:
        """Tell whoever pressed a button why it could not be done."""
        told = []
        for one in self._phones_of(user_id):
            reason = await async_reason(self._hass, err, self._buttons.language(one))
            buttons = self._buttons.again(button.subject, button.action, one)
            told.append((one, [failed_message(reason, title=self._entry.title, buttons=buttons)]))
        self._send("a button that failed", told)

    @callback
    def kept(self, alarm: Alarm, by: str) -> None:
        """Tell everybody that the answer waits for the companion."""
        self._keep_told(alarm.id, kept_for=by)

    # Sending

    def _phones(self) -> Iterable[Recipient]:
        return (one for one in self._recipients if one.is_phone)

    def _phones_of(self, user_id: str) -> Iterable[Recipient]:
        return (one for one in self._phones() if user_id in users_of(self._hass, one))

    def _send(self, what: str, told: Told) -> None:
        if told:
            self._do(self._async_send(what, told), what)

    async def _async_send(self, what: str, told: Told) -> None:
        if any("actions" in message.data for _, messages in told for message in messages):
            await self._alarms.async_save()
        await asyncio.gather(*(self._delivery.async_send(one, what, messages) for one, messages in told))

    def _do(self, work: Coroutine[Any, Any, None], what: str) -> None:
        self._entry.async_create_background_task(self._hass, work, f"alarm_broker push {what}")
