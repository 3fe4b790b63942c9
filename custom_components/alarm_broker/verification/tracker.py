"""Verifies alarms: looks for pictures while an alarm is young, keeps the best, and says how sure the alarm is.

The alarm never waits for any of this: it has been told before, and what is found follows as news of the same alarm.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..core.panel.config import AlarmKind
from ..core.panel.effects import (
    Effect,
    Ending,
    RaiseAlarm,
    ReportDisarmed,
    ReportPending,
    ReportPendingCleared,
    ReportZoneTripped,
)
from ..core.panel.state import Pending
from ..core.stored import UNREADABLE
from ..core.verification import Level, Occasion, Sighting, looking_at, ranked
from ..link.events import HomeAssistantEvent
from ..system.activity import Activity, ActivityKind, named
from ..system.issues import EVIDENCE, async_clear_unreadable, async_report_unreadable
from ..system.subscribers import Subscribers
from ..system.system import AlarmSystem
from .config import CameraSetup, tripped_zone
from .format import evidence_event, evidence_record, small_enough
from .model import Evidence, Snapshot, assessed, evidence_from, kept_form
from .sources import CameraSource, Picture, async_look, async_shown, async_shown_now
from .store import EvidenceStore
from .urls import signed_picture_path

LOOK_AGAIN_S: Sequence[float] = (2.0, 3.0, 5.0, 10.0)
"""Seconds between looks; the last one again and again while the alarm is young. Frigate has a picture after 1 to 3 s."""
PICTURES_TRIED = 3
"""In one look: where the best has no picture yet, the next best may."""
SURER = 0.1
"""By so much a score must have risen for the picture of the same sighting to be fetched again."""
KEPT = 20
"""Alarms whose evidence is in memory; the others are on disk."""


@dataclass(slots=True, kw_only=True)
class _Watch:
    """The looking after one alarm."""

    evidence: Evidence
    untold: bytes | None = None
    """A picture that the companion has not been told of."""
    again: asyncio.Event = field(default_factory=asyncio.Event)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """News go out one after the other: the last must be the newest."""
    task: asyncio.Task[None] | None = None


type Emit = Callable[[HomeAssistantEvent], Awaitable[None]]


class Verification:
    """Follows the panel's alarms and gathers their evidence."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        setup: CameraSetup,
        *,
        store: EvidenceStore,
        system: AlarmSystem,
        emit: Emit,
    ) -> None:
        """`emit` keeps one link event, behind all that the panel has said so far."""
        self._hass = hass
        self._entry = entry
        self._store = store
        self._cameras = setup.cameras
        self._sources = setup.sources
        self._before = setup.before
        self._after = setup.after
        self._system = system
        self._wording = system.wording
        self._emit = emit
        self._watches: dict[str, _Watch] = {}
        self.changes = Subscribers[Evidence]()
        """Told the evidence of an alarm that people may see, whenever it has changed."""

    @property
    def latest(self) -> Evidence | None:
        """Return the evidence of the alarm that people may see and that began last."""
        seen = [
            one.evidence
            for one in self._watches.values()
            if one.evidence.raised_at is not None and not one.evidence.hidden
        ]
        return seen[-1] if seen else None

    def of(self, uid: str) -> Evidence | None:
        """Return the evidence of an alarm that people may see, while it is in memory."""
        watch = self._watches.get(uid)
        return None if watch is None or watch.evidence.hidden else watch.evidence

    def record(self, evidence: Evidence) -> dict[str, Any]:
        """Return evidence as it is shown and answered: JSON values only."""
        return evidence_record(evidence, self._wording, self._camera_name)

    async def async_load(self) -> None:
        """Read the evidence of the last alarms: a restart in the middle of one goes on with it."""
        records = await self._store.async_records()
        if self._store.unreadable:
            async_report_unreadable(self._hass, self._entry, EVIDENCE, self._store.unreadable[0])
        else:
            async_clear_unreadable(self._hass, self._entry, EVIDENCE)
        for record in reversed(records[:KEPT]):
            try:
                evidence = evidence_from(record["kept"])
            except UNREADABLE as err:
                LOGGER.warning("The evidence of an earlier alarm cannot be read: %r", err)
            else:
                self._watches[evidence.uid] = _Watch(evidence=evidence)

    @callback
    def async_start(self) -> None:
        """Follow the panel, and go on looking after what is young, an entry delay too."""
        self._entry.async_on_unload(self._system.subscriptions.effects.subscribe(self._took_effect))
        for area_id, area in self._system.decided.areas.items():
            if isinstance(area.guard, Pending) and area.guard.uid not in self._watches:
                new = self._new(area.guard.uid, AlarmKind.BURGLARY, area_id, hidden=False)
                begun = area.guard.until.due_at - area.guard.until.delay
                evidence = self._grown(new, area.guard.zones, at=min(begun, dt_util.utcnow()))
                self._watches[area.guard.uid] = _Watch(evidence=self._assessed(evidence))
        for watch in self._watches.values():
            if not self._is_over(watch.evidence):
                self._look(watch)

    async def async_verify(self, area_id: str, zone_ids: Sequence[str]) -> tuple[Evidence, Picture | None]:
        """Look once, now, as if the zones had just tripped; nothing is kept and nobody is told."""
        watch = _Watch(evidence=self._new("", AlarmKind.BURGLARY, area_id, hidden=False))
        watch.evidence = self._grown(watch.evidence, tuple(zone_ids))
        async with aclosing(self._async_seen(watch)) as answers:
            async for sightings in answers:
                watch.evidence = self._assessed(replace(watch.evidence, sightings=sightings))
        found = await self._async_best_picture(watch.evidence) or await self._async_any_frame(watch.evidence)
        if found is None:
            return watch.evidence, None
        picture, camera_id, sighting = found
        return replace(watch.evidence, shot=self._shot("", picture, camera_id, sighting)), picture

    async def async_keep_look(self, picture: Picture) -> str | None:
        """Keep the picture of a look that belongs to no alarm; return its address for a day, signed."""
        look = str(uuid4())
        if not (name := await self._async_kept(look, picture)):
            return None
        return signed_picture_path(self._hass, self._entry.entry_id, look, name)

    async def async_validate(self, uid: str, level: Level, *, by: str | None, note: str | None) -> bool:
        """Take a human's word about an alarm; return whether the alarm is known."""
        watch = self._watches.get(uid)
        if watch is None or watch.evidence.hidden:
            return False
        occasion = replace(watch.evidence.occasion, word=level)
        evidence = replace(watch.evidence, occasion=occasion)
        await self._async_changed(watch, self._assessed(evidence, by=by, note=note))
        return True

    # The panel's news

    @callback
    def _took_effect(self, effect: Effect) -> None:
        match effect:
            case ReportPending(uid=uid, area_id=area_id, zone_id=zone_id):
                self._follow(uid, AlarmKind.BURGLARY, area_id, (zone_id,))
            case RaiseAlarm(uid=uid, area_id=area_id, kind=kind, zones=zones, silent=silent):
                self._follow(uid, kind, area_id, zones, raised=True, hidden=silent)
            case ReportZoneTripped(uid=uid, zone_id=zone_id) if uid in self._watches:
                evidence = self._watches[uid].evidence
                self._follow(uid, evidence.occasion.kind, evidence.occasion.area_id, (zone_id,))
            case ReportPendingCleared(uid=uid):
                # Somebody came home as they do every day: no picture of that is kept.
                self._forget(uid)
                self._do(self._store.async_forget(uid), uid)
            case ReportDisarmed(uid=uid, by=by, ending=ending) if uid in self._watches:
                watch = self._watches[uid]
                self._stop(watch)
                if ending is not Ending.RESOLVED and watch.evidence.occasion.word is None:
                    occasion = replace(watch.evidence.occasion, cancelled=True)
                    evidence = replace(watch.evidence, occasion=occasion)
                    self._do(self._async_changed(watch, self._assessed(evidence, by=by)), uid)

    def _follow(
        self,
        uid: str,
        kind: AlarmKind,
        area_id: str,
        zone_ids: tuple[str, ...],
        *,
        raised: bool = False,
        hidden: bool = False,
    ) -> None:
        """Take what is new about an alarm, tell what it changes, and look at once."""
        watch = self._watches.get(uid)
        if watch is None:
            watch = self._watches[uid] = _Watch(evidence=self._new(uid, kind, area_id, hidden=hidden))
            for old in list(self._watches)[:-KEPT]:
                self._forget(old)
        evidence = self._grown(watch.evidence, zone_ids)
        if raised:
            evidence = replace(evidence, raised_at=dt_util.utcnow())
        self._do(self._async_changed(watch, self._assessed(evidence)), uid)
        self._look(watch)

    def _look(self, watch: _Watch) -> None:
        if not self._asked(watch.evidence):
            return
        watch.again.set()
        if watch.task is None or watch.task.done():
            watch.task = self._do(self._async_watch(watch), watch.evidence.uid)

    def _do(self, work: Coroutine[Any, Any, None], uid: str) -> asyncio.Task[None]:
        return self._entry.async_create_background_task(self._hass, work, f"alarm_broker verify {uid}")

    def _forget(self, uid: str) -> None:
        if (watch := self._watches.pop(uid, None)) is not None:
            self._stop(watch)

    @staticmethod
    def _stop(watch: _Watch) -> None:
        if watch.task is not None:
            watch.task.cancel()
            watch.task = None

    def _new(self, uid: str, kind: AlarmKind, area_id: str, *, hidden: bool) -> Evidence:
        occasion = Occasion(
            kind=kind, area_id=area_id, tripped=(), moments=(), before=self._before, after=self._after
        )
        return Evidence(uid=uid, occasion=occasion, hidden=hidden)

    def _grown(
        self, evidence: Evidence, zone_ids: tuple[str, ...], *, at: datetime | None = None
    ) -> Evidence:
        """Return the evidence of an alarm to which something has happened now, with those of the zones that are new."""
        occasion = evidence.occasion
        known = {one.zone_id for one in occasion.tripped}
        new = tuple(
            tripped_zone(self._hass, self._system.config, zone_id)
            for zone_id in zone_ids
            if zone_id not in known
        )
        occasion = replace(
            occasion, tripped=occasion.tripped + new, moments=(*occasion.moments, at or dt_util.utcnow())
        )
        looked_at = looking_at(
            self._cameras.values(), occasion.area_id, [one.zone_id for one in occasion.tripped]
        )
        return replace(evidence, occasion=occasion, cameras=tuple(one.camera_id for one in looked_at))

    def _assessed(self, evidence: Evidence, *, by: str | None = None, note: str | None = None) -> Evidence:
        return assessed(evidence, self._cameras, now=dt_util.utcnow(), by=by, note=note)

    def _is_over(self, evidence: Evidence) -> bool:
        occasion, now = evidence.occasion, dt_util.utcnow()
        # Long before it began: the clock was set back, and what cameras show now is not of this alarm.
        return occasion.cancelled or not occasion.begin - occasion.after <= now <= occasion.end

    # Looking

    async def _async_watch(self, watch: _Watch) -> None:
        """Look again and again while the alarm is young."""
        pauses = LOOK_AGAIN_S
        while True:
            watch.again.clear()
            try:
                await self._async_look(watch)
            except Exception:  # noqa: BLE001 - what is wrong with one look may be over with the next; logged in full
                if not watch.evidence.hidden:
                    LOGGER.exception("Looking through the cameras failed")
            if not self._asked(watch.evidence) or self._is_over(watch.evidence):
                return
            with suppress(TimeoutError):
                pause, pauses = pauses[0], pauses[1:] or pauses
                async with asyncio.timeout(pause):
                    await watch.again.wait()
                pauses = LOOK_AGAIN_S

    async def _async_look(self, watch: _Watch) -> None:
        async with aclosing(self._async_seen(watch)) as answers:
            async for sightings in answers:
                # Zones may have tripped and a human may have spoken while the cameras were asked.
                await self._async_changed(watch, self._assessed(replace(watch.evidence, sightings=sightings)))
                if (found := await self._async_best_picture(watch.evidence)) is not None:
                    await self._async_keep(watch, *found)
        if watch.evidence.shot is None and (frame := await self._async_any_frame(watch.evidence)) is not None:
            await self._async_keep(watch, *frame)

    async def _async_seen(self, watch: _Watch) -> AsyncGenerator[tuple[Sighting, ...]]:
        """Yield all sightings there are, again with each camera that has answered."""
        evidence = watch.evidence
        looking = async_look(
            self._asked(evidence), evidence.occasion.begin, dt_util.utcnow(), quiet=evidence.hidden
        )
        async with aclosing(looking) as answers:
            async for found in answers:
                known = {(one.camera_id, one.event_id): one for one in watch.evidence.sightings}
                yield tuple((known | {(one.camera_id, one.event_id): one for one in found}).values())

    def _asked(self, evidence: Evidence) -> dict[str, CameraSource]:
        return {one: self._sources[one] for one in evidence.cameras if one in self._sources}

    async def _async_best_picture(self, evidence: Evidence) -> tuple[Picture, str, Sighting | None] | None:
        """Return the picture that tells most, of those that can be had, when it tells more than the one there is."""
        shown = None if evidence.shot is None else evidence.shot.sighting
        sources = self._asked(evidence)
        for sighting in ranked(evidence.sightings, self._cameras, evidence.occasion)[:PICTURES_TRIED]:
            if shown is not None and _same(shown, sighting):
                return None
            if (source := sources.get(sighting.camera_id)) is None:
                continue
            if (picture := await async_shown(source, sighting, quiet=evidence.hidden)) is not None:
                return picture, sighting.camera_id, sighting
        return None

    async def _async_any_frame(self, evidence: Evidence) -> tuple[Picture, str, Sighting | None] | None:
        """Return what the first camera that shows anything shows now."""
        async with aclosing(async_shown_now(self._asked(evidence), quiet=evidence.hidden)) as answers:
            async for camera_id, picture in answers:
                return picture, camera_id, None
        return None

    # What was found

    async def _async_keep(
        self, watch: _Watch, picture: Picture, camera_id: str, sighting: Sighting | None
    ) -> None:
        name = "" if watch.evidence.hidden else await self._async_kept(watch.evidence.uid, picture)
        watch.untold = picture.content
        shot = self._shot(name, picture, camera_id, sighting)
        await self._async_changed(watch, replace(watch.evidence, shot=shot))

    async def _async_kept(self, alarm: str, picture: Picture) -> str:
        try:
            return await self._store.async_add(alarm, picture.content, picture.media_type)
        except OSError as err:
            LOGGER.error("A picture could not be kept: %s", err)
            return ""

    def _shot(self, name: str, picture: Picture, camera_id: str, sighting: Sighting | None) -> Snapshot:
        return Snapshot(
            file=name,
            media_type=picture.media_type,
            camera_id=camera_id,
            camera=self._camera_name(camera_id),
            taken_at=picture.taken_at,
            sighting=sighting,
        )

    def _camera_name(self, camera_id: str) -> str:
        # A camera may have left the configuration since.
        return self._cameras[camera_id].name if camera_id in self._cameras else camera_id

    async def _async_changed(self, watch: _Watch, evidence: Evidence) -> None:
        """Keep and tell what is new; what was found during an entry delay is told once it is an alarm."""
        before, watch.evidence = watch.evidence, evidence
        if evidence.raised_at is None or evidence == before:
            return
        async with watch.turn:
            if not evidence.hidden:
                await self._async_show(watch.evidence)
                self._tell_of_level(evidence, Level.SIGNAL if before.raised_at is None else before.level)
            if _is_news(evidence, before):
                await self._async_tell_companion(watch, evidence)

    async def _async_show(self, evidence: Evidence) -> None:
        """Put it on disk and before the people of the house."""
        try:
            await self._store.async_keep(evidence.uid, {**self.record(evidence), "kept": kept_form(evidence)})
        except OSError as err:
            LOGGER.error("The evidence of an alarm could not be kept: %s", err)
        self.changes.tell(evidence)

    def _tell_of_level(self, evidence: Evidence, before: Level) -> None:
        if evidence.level <= max(before, Level.SIGNAL):
            return
        area_id, shot = evidence.occasion.area_id, evidence.shot
        self._system.async_announce(
            Activity(
                kind=ActivityKind.VERIFIED,
                at=dt_util.utcnow(),
                areas=named((area_id,), self._wording),
                by=evidence.judgements[-1].by,
                zones=self._wording.zone_names(tuple(one.zone_id for one in evidence.occasion.tripped)),
                data={
                    "alarm_id": evidence.uid,
                    "level": int(evidence.level),
                    "evidence": list(evidence.findings),
                    "camera": None if shot is None else shot.camera,
                },
            )
        )

    async def _async_tell_companion(self, watch: _Watch, evidence: Evidence) -> None:
        content, small = watch.untold, None
        if content is not None:
            small = await self._hass.async_add_executor_job(small_enough, content)
        await self._emit(evidence_event(evidence, small))
        if watch.untold is content:
            watch.untold = None


def _is_news(evidence: Evidence, before: Evidence) -> bool:
    """Return whether the companion does not know this yet: of an alarm as such, and of its end, it hears without us."""
    told = before.raised_at is not None
    if evidence.shot is None and evidence.occasion.word is None and evidence.level <= Level.SIGNAL:
        return told and before.level > Level.SIGNAL
    return not told or (evidence.judgements, evidence.shot) != (before.judgements, before.shot)


def _same(shown: Sighting, other: Sighting) -> bool:
    """Return whether two are the same sighting, and the other no surer by much: its picture need not be fetched again."""
    same = (shown.camera_id, shown.event_id) == (other.camera_id, other.event_id)
    return same and other.score < shown.score + SURER
