"""One notification an alarm on each target, kept in step with what becomes of it.

From alarm to picture, answer and end the same tag replaces what is shown.
"""

import asyncio
from collections.abc import Sequence, Set as AbstractSet
from dataclasses import dataclass, field, replace

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..core.panel.state import Alarm as PanelAlarm
from ..link.alarm import Alarm, AlarmChange
from ..link.companion_events import Status
from ..link.registry import AlarmRegistry
from ..system.system import AlarmSystem
from ..verification.tracker import Verification
from ..verification.urls import signed_picture_path
from .actions import IssuedButtons
from .buttons import PhoneButtons
from .messages import PushMessage, Shown, clear_message, push_message
from .pace import Pace
from .receipts import PushReceipts
from .recipients import Recipient
from .targets import PushTargets, Told


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


class AlarmThreads:
    """Tells the targets whatever they do not know yet of each alarm."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        targets: PushTargets,
        *,
        receipts: PushReceipts,
        issued: IssuedButtons,
        buttons: PhoneButtons,
        alarms: AlarmRegistry,
        system: AlarmSystem,
        verification: Verification,
    ) -> None:
        """Nothing has been told yet; what was before a restart each alarm itself remembers."""
        self._hass = hass
        self._entry = entry
        self._targets = targets
        self._receipts = receipts
        self._issued = issued
        self._buttons = buttons
        self._alarms = alarms
        self._system = system
        self._verification = verification
        self._threads: dict[str, _Thread] = {}
        self._pace = Pace(hass, lambda alarm_id: self.keep_told(alarm_id, zones_too=True))

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Tell of what changes from now on, until the returned function is called."""
        unsubs = (
            self._alarms.changes.subscribe(self._alarm_changed),
            self._verification.changes.subscribe(lambda evidence: self.keep_told(evidence.uid)),
            self._receipts.async_start(),
            self._pace.async_stop,
        )

        @callback
        def stop() -> None:
            for unsub in unsubs:
                unsub()

        return stop

    @callback
    def catch_up(self) -> None:
        """Tell of every alarm what was not told before."""
        for alarm in self._alarms.visible:
            self.keep_told(alarm.id)

    @callback
    def zone_tripped(self, alarm_id: str, *, confirmed: bool) -> None:
        """Tell which zones have joined an alarm: at once if they confirm it, else not too often."""
        self._pace.async_news(alarm_id, at_once=confirmed)

    @callback
    def _alarm_changed(self, change: AlarmChange) -> None:
        alarm = change.alarm
        if alarm.status is not Status.TRIGGERED:
            self._receipts.forget(alarm.id)
        if not alarm.is_open and not self._sounds(alarm):
            self._issued.withdraw(alarm.id)
        self.keep_told(alarm.id, exhausted=change.change == "exhausted")

    @callback
    def keep_told(
        self,
        alarm_id: str,
        *,
        exhausted: bool = False,
        kept_for: str | None = None,
        zones_too: bool = False,
        again: AbstractSet[str] = frozenset(),
    ) -> None:
        """Tell whatever the targets do not know yet: status, that nobody answers, picture, level.

        `kept_for` names who has answered while the companion is away. `zones_too`: and which zones have joined, of
        which there may be many in a short time. `again`: to these targets with its sound, whatever they know.
        """
        alarm = self._alarms.find(alarm_id)
        if alarm is None:
            self._drop(alarm_id)
            return
        known = self._threads.get(alarm_id) or self._remembered(alarm)
        if not self._targets.recipients or (known.status is None and not alarm.is_open):
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
        # Who is being told already, or never was, hears it anyway.
        louder = again & known.took if alarm.status is Status.TRIGGERED else frozenset()
        if not (moved or exhausted or kept_for or evident or louder or (goes_on and more)):
            return
        known.took -= louder
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
        self._targets.do(self._async_tell(alarm, known, known.turn, told), alarm_id)

    @callback
    def _drop(self, alarm_id: str) -> None:
        """Take back what was told of an alarm that the companion does not know any more."""
        if (thread := self._threads.pop(alarm_id, None)) is not None:
            thread.turn += 1
            self._receipts.forget(alarm_id)
            self._targets.clear(alarm_id)

    def _remembered(self, alarm: Alarm) -> _Thread:
        """Return what the targets were told of an alarm before a restart, and forget those that nobody knows any more."""
        self._threads = {uid: one for uid, one in self._threads.items() if self._alarms.find(uid) is not None}
        if alarm.told is None:
            return _Thread(None)
        zones, confirmed = self._tripped(alarm)
        took = {one.target for one in self._targets.recipients}
        return _Thread(alarm.told, zones=zones, confirmed=confirmed, took=took)

    def _messages(self, alarm: Alarm, thread: _Thread, *, for_everybody: bool) -> Told:
        signed = self._signed(alarm, thread.shown)
        sounding = self._sounds(alarm)
        told: list[tuple[Recipient, list[PushMessage]]] = []
        for one in self._targets.recipients:
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
            if await self._targets.async_deliver(recipient, f"alarm {alarm.id}", messages):
                if thread.turn == turn:
                    thread.took.add(recipient.target)
                    await self._remember_told(alarm)
                return
            if thread.turn != turn or not alarm.is_open:
                return
            thread.failed.add(recipient.target)
            if alarm.status is Status.TRIGGERED and len(thread.failed) == len(self._targets.recipients):
                self._receipts.unreachable(alarm.id)
            await self._targets.async_pause()

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
