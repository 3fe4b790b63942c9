"""The registry of alarms: what the companion and the panel say, stored, then told to entities and push.

Store first, tell second: a sequence and its effect are in one write, and only after it does anybody hear of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..core.panel.effects import Ending
from ..core.stored import listed, mapping, text, whole
from ..system.storage import EntryStorage, Written
from ..system.subscribers import Subscribers
from .alarm import Alarm, AlarmChange, bounded, find, merge_snapshot, moved, raised_here
from .companion_events import (
    AlarmSnapshot,
    CompanionEvent,
    DeliveryTrouble,
    Errand,
    ServiceTrouble,
    Status,
    parse_event,
)
from .events import AlarmDisarmed, AlarmRaised, Decided, Decision, HomeAssistantEvent, body
from .outbox import Outbox
from .troubles import ServiceTroubles
from .wire import BadFrame

_DECIDED: Mapping[Decision, Status] = {
    Decision.ACKNOWLEDGE: Status.ACKNOWLEDGED,
    Decision.RESOLVE: Status.RESOLVED,
    Decision.CANCEL: Status.CANCELLED,
}
"""What holds at once for an alarm that only this side knows."""


class AlarmRegistry:
    """Every alarm that Home Assistant knows, from both sides, and where in the companion's stream we are."""

    def __init__(
        self,
        storage: EntryStorage,
        saved: Mapping[str, Any] | None,
        outbox: Outbox | None,
        troubles: ServiceTroubles,
    ) -> None:
        """Go on from what was stored; `outbox` is None for a panel without a companion. Raises one of UNREADABLE."""
        kept = mapping(saved or {"peer_stream": None, "received": 0, "alarms": []})
        self.outbox = outbox
        self.troubles = troubles
        self.peer_stream: str | None = None if kept["peer_stream"] is None else text(kept["peer_stream"])
        self.received: int = whole(kept["received"])
        stored = [Alarm.from_dict(one) for one in listed(kept["alarms"])]
        self._alarms = {alarm.id: alarm for alarm in stored}
        self._show(self._alarms)
        self._storage = storage
        self._stored: dict[str, tuple[Alarm, dict[str, Any]]] = {}
        """Each alarm as the disk has it: from one write to the next few of them change."""
        self.changes = Subscribers[AlarmChange]()
        """Told each stored change of a visible alarm."""
        self.silent_changes = Subscribers[AlarmChange]()
        """Told each change of a silent alarm: for those who may know, and nobody else."""
        self.errands = Subscribers[Errand]()
        """Told what the companion asks to be done, once."""
        self.outgoing = Subscribers[()]()
        """Told when there may be something new for the companion."""
        storage.add_section("alarms", self._as_dict, self._begin_write)
        if outbox is not None:
            storage.add_section("outbox", outbox.as_dict, outbox.begin_write)

    @property
    def visible(self) -> Sequence[Alarm]:
        """Return what people may see, newest first."""
        return self._visible

    @property
    def open_alarms(self) -> list[Alarm]:
        """Return the visible alarms that somebody still has to see to, newest first."""
        return [alarm for alarm in self._visible if alarm.is_open]

    def find(self, alarm_id: str) -> Alarm | None:
        """Return the visible alarm that the panel or the companion calls `alarm_id`."""
        alarm = find(self._shown, alarm_id)
        return None if alarm is None or alarm.hidden else alarm

    def hides(self, alarm_id: str) -> bool:
        """Return whether the alarm is a silent one, which nobody in the house may learn of."""
        alarm = find(self._shown, alarm_id)
        return alarm is not None and alarm.hidden

    @callback
    def async_take(self, event: HomeAssistantEvent) -> AlarmChange | None:
        """Take an event of the panel: into the outbox, and into the registry if it is about an alarm.

        Whoever calls stores it, and then tells of the change that is returned.
        """
        self._tell_companion(event)
        change = None
        match event:
            case AlarmRaised(uid=uid, zones=zones, facts=facts) if known := self._alarms.get(uid):
                # The companion raised it for us while we were gone, or the panel says it again after a crash.
                ours = replace(known, local=True, zones=zones, facts=facts)
                change = AlarmChange(alarm=ours, change=None)
            case AlarmRaised():
                change = AlarmChange(alarm=raised_here(event), change="raised")
            case AlarmDisarmed(uid=uid, by=by, ending=ending, at=at) if alarm := self._alarms.get(uid):
                alarm = replace(alarm, aborted=ending is Ending.ABORTED)
                status = Status.RESOLVED if ending is Ending.RESOLVED else Status.CANCELLED
                change = moved(alarm, status, by=by, at=at)
        if change is not None:
            self._put(change.alarm)
        return change

    @callback
    def async_tell(self, change: AlarmChange | None) -> None:
        """Tell of what has been taken and stored: the companion, and whoever listens to a change of an alarm."""
        self.outgoing.tell()
        self._tell(change)

    async def async_emit(self, event: HomeAssistantEvent) -> None:
        """Take an event that belongs to no decision of the panel; return when it is on disk and told."""
        change = self.async_take(event)
        await self._async_keep_and_tell(change)

    async def async_answer(
        self,
        alarm: Alarm,
        decision: Decision,
        *,
        by: str,
        via: Literal["service", "push"],
        note: str | None = None,
    ) -> bool:
        """Keep what somebody decided about an alarm, to escalate it too; return whether it holds already.

        Once the companion has spoken about an alarm its word is the truth and is waited for. An alarm that only
        this side knows moves at once.
        """
        now = dt_util.utcnow()
        own = self.outbox is None or alarm.version == 0
        change = moved(alarm, _DECIDED[decision], by=by, at=now) if own and decision in _DECIDED else None
        decided = Decided(
            at=now, decision=decision, alarm_id=alarm.alarm_id, uid=alarm.id, by=by, via=via, note=note
        )
        if change is not None:
            self._put(change.alarm)
        self._tell_companion(decided)
        await self._async_keep_and_tell(change)
        return own

    async def async_receive(self, seq: int, said: Mapping[str, Any]) -> bool:
        """Take event `seq` of the companion; return whether it is on disk and may be confirmed."""
        event = _read(seq, said)
        change = self._change_from(event)
        if change is not None:
            self._put(change.alarm)
        self.received = seq
        kept = await self._storage.async_save()
        if not kept:
            # The companion says it again; merged by version it changes nothing twice.
            self.received = seq - 1
        self._tell(change)
        self.troubles.async_tell()
        if kept and isinstance(event, Errand):
            self.errands.tell(event)
        return kept

    async def async_follow(self, peer_stream: str) -> bool:
        """Take the stream that the companion speaks of; return False when our hello spoke of another one.

        In a new stream its counting starts again, and so do the alarms' versions. Alarms of the lost stream are
        stale: the companion says again which ones are open.
        """
        if self.peer_stream == peer_stream:
            return True
        spoke_of_another = self.received > 0
        self.peer_stream = peer_stream
        self.received = 0
        self._alarms = {
            key: replace(alarm, version=0, stale=not alarm.local) for key, alarm in self._alarms.items()
        }
        self.troubles.async_doubt()
        await self._storage.async_save()
        return not spoke_of_another

    async def async_restart(self) -> None:
        """Begin a new stream: one side has lost what the other had confirmed."""
        if self.outbox is not None:
            self.outbox.restart()
        self.received = 0
        await self._storage.async_save()

    async def async_drop_stale(self) -> None:
        """Forget alarms of a lost stream that the companion did not say again."""
        stale = [alarm for alarm in self._alarms.values() if alarm.stale]
        self._alarms = {key: alarm for key, alarm in self._alarms.items() if not alarm.stale}
        if self.troubles.async_drop_stale() or stale:
            await self._storage.async_save()
        self.troubles.async_tell()
        for alarm in stale:
            self._tell(AlarmChange(alarm=alarm, change=None))

    async def async_told(self, alarm_id: str, status: Status) -> None:
        """Remember that the notify targets know this status of an alarm."""
        if alarm := self._alarms.get(alarm_id):
            self._put(replace(alarm, told=status))
            await self._storage.async_save()

    async def async_save(self) -> bool:
        """Store the registry as it is; return whether it is on disk."""
        return await self._storage.async_save()

    async def async_close(self) -> None:
        """Wait for what is being written; nothing more is."""
        await self._storage.async_close()

    def _tell_companion(self, event: HomeAssistantEvent) -> None:
        if self.outbox is not None:
            self.outbox.append(body(event))

    async def _async_keep_and_tell(self, change: AlarmChange | None) -> None:
        if change is not None or self.outbox is not None:
            await self._storage.async_save()
        self.async_tell(change)

    def _change_from(self, said: CompanionEvent | None) -> AlarmChange | None:
        match said:
            case AlarmSnapshot():
                known = find(self._alarms, said.uid or said.alarm_id) or find(self._alarms, said.alarm_id)
                return merge_snapshot(known, said)
            case DeliveryTrouble():
                LOGGER.warning(
                    "Alarm %s: the companion could not deliver through %s", said.alarm_id, said.channel
                )
                if (alarm := find(self._alarms, said.alarm_id)) is None:
                    return None
                trouble = f"{said.channel}, {said.recipient}: {said.reason}"
                return AlarmChange(alarm=replace(alarm, trouble=trouble), change=None)
            case ServiceTrouble():
                LOGGER.warning(
                    "The companion says: %s (%s)%s",
                    said.trouble,
                    said.subject,
                    "" if said.is_open else " is over",
                )
                self.troubles.async_take(said)
                return None
            case Errand() | None:
                return None

    def _begin_write(self) -> Written:
        written = self._alarms

        def ended(*, taken: bool) -> None:
            # Also what the disk refused: as with the panel, nobody is kept from seeing it.
            del taken
            self._show(written)

        return ended

    def _show(self, written: Mapping[str, Alarm]) -> None:
        """Let people see what has been written."""
        self._shown = written
        seen = [alarm for alarm in written.values() if not alarm.hidden]
        self._visible = tuple(sorted(seen, key=lambda alarm: alarm.raised_at, reverse=True))

    def _put(self, alarm: Alarm) -> None:
        self._alarms = bounded(self._alarms | {alarm.id: alarm})

    def _tell(self, change: AlarmChange | None) -> None:
        if change is not None:
            (self.silent_changes if change.alarm.hidden else self.changes).tell(change)

    def _as_dict(self) -> dict[str, Any]:
        known = self._stored
        self._stored = {
            key: known[key] if key in known and known[key][0] is alarm else (alarm, alarm.as_dict())
            for key, alarm in self._alarms.items()
        }
        return {
            "peer_stream": self.peer_stream,
            "received": self.received,
            "alarms": [stored for _, stored in self._stored.values()],
        }


def _read(seq: int, said: Mapping[str, Any]) -> CompanionEvent | None:
    """Return what the companion says, or None for what is not understood."""
    try:
        return parse_event(said)
    except BadFrame as err:
        # Refusing it would bring it back for ever, and with it hold up every alarm behind it.
        LOGGER.error("Event %s of the companion is left out: %s", seq, err)
        return None
