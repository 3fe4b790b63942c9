"""What is known about one alarm, and how news about it is merged. Pure.

Rules of the file: an alarm only moves forward (triggered, acknowledged, closed), whoever says so, but for an answer that
the companion says has lapsed; of the companion's snapshots the newest version wins; what the panel raised here and the companion's word about it are one alarm.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self

from ..core.panel.config import AlarmKind
from ..core.stored import made
from .companion_events import AlarmSnapshot, Status, TitleParts
from .events import AlarmFacts, AlarmRaised

CLOSED_KEPT = 20
PANEL_SOURCE = "panel"
"""What raised an alarm, in the link's words: a panel, here or at another site."""

_RANK = {Status.TRIGGERED: 0, Status.ACKNOWLEDGED: 1, Status.RESOLVED: 2, Status.CANCELLED: 2}
_CHANGE = {
    Status.TRIGGERED: "raised",
    Status.ACKNOWLEDGED: "acknowledged",
    Status.RESOLVED: "resolved",
    Status.CANCELLED: "cancelled",
}
_REOPENED = "reopened"
_PASSED_ON = ("escalated", "exhausted")
"""Changes that do not move the status and are told all the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """One alarm as Home Assistant knows it."""

    id: str
    """The same from the first word to the last: the panel's uid, else the companion's id."""

    alarm_id: str | None = None
    """The companion's id; None until it has answered for this alarm."""

    version: int = 0
    """The companion's version that was merged last; 0 while only this side knows the alarm."""

    local: bool = False
    """Raised by the panel of this Home Assistant."""

    hidden: bool = False
    """Silent (a duress code): nobody in this house may see it."""

    aborted: bool = False
    """Disarmed within the abort window: nobody outside was told."""

    stale: bool = False
    """Known from a stream that the companion has lost; dropped unless it says it again."""

    told: Status | None = None
    """The status that the notify targets have been told."""

    status: Status = Status.TRIGGERED
    source: str
    alarm_kind: str
    severity: str = "critical"
    title: str
    title_parts: TitleParts | None = None
    """What the companion has made the title of; None: it is made of names, or somebody's own words."""
    zones: tuple[str, ...] = ()
    """Names of the zones with which the panel of this Home Assistant raised it."""
    facts: AlarmFacts | None = None
    """What that panel adds for a responder; None: another one raised it."""

    site: str | None = None
    room: str | None = None
    person: str | None = None
    test: bool = False
    raised_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    step: int = 0
    trouble: str | None = None
    """The last delivery that the companion gave up: somebody was not told."""

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to see to it."""
        return _RANK[self.status] < 2

    @property
    def where(self) -> str | None:
        """Return site and room as a person says them."""
        return ", ".join(part for part in (self.site, self.room) if part) or None

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        values = asdict(self)
        for name in _TIMES:
            values[name] = None if values[name] is None else values[name].isoformat()
        return values

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the alarm that `as_dict` stored, by this version or another. Raises one of UNREADABLE."""
        return made(cls, data)


_TIMES = ("raised_at", "acknowledged_at", "closed_at")


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmChange:
    """An alarm after news about it; `change` is what an automation should hear, None for mere details."""

    alarm: Alarm
    change: str | None


def find(alarms: Mapping[str, Alarm], alarm_id: str) -> Alarm | None:
    """Return the alarm that either side calls `alarm_id`."""
    return alarms.get(alarm_id) or next(
        (alarm for alarm in alarms.values() if alarm.alarm_id == alarm_id), None
    )


def merge_snapshot(known: Alarm | None, snapshot: AlarmSnapshot) -> AlarmChange | None:
    """Return the alarm after the companion's word, or None when that word is old."""
    if known is not None and snapshot.version <= known.version:
        return None
    told_by_companion = Alarm(
        id=known.id if known else snapshot.uid or snapshot.alarm_id,
        alarm_id=snapshot.alarm_id,
        version=snapshot.version,
        local=known.local if known else False,
        hidden=(known.hidden if known else False) or snapshot.alarm_kind == "duress",
        told=known.told if known else None,
        trouble=known.trouble if known else None,
        zones=known.zones if known else (),
        facts=known.facts if known else None,
        aborted=known.aborted if known else False,
        status=snapshot.status,
        source=snapshot.source,
        alarm_kind=snapshot.alarm_kind,
        severity=snapshot.severity,
        title=snapshot.title,
        title_parts=snapshot.title_parts,
        site=snapshot.site,
        room=snapshot.room,
        person=snapshot.person,
        test=snapshot.test,
        raised_at=snapshot.raised_at,
        acknowledged_at=snapshot.acknowledged_at,
        acknowledged_by=snapshot.acknowledged_by,
        closed_at=snapshot.closed_at,
        closed_by=snapshot.closed_by,
        step=snapshot.step,
    )
    if known is None:
        return AlarmChange(alarm=told_by_companion, change=_CHANGE[snapshot.status])
    if snapshot.change == _REOPENED and known.status is Status.ACKNOWLEDGED:
        # Triggered again after the answer, and nobody has reacted: others are called now.
        return AlarmChange(alarm=told_by_companion, change="escalated")
    if _RANK[snapshot.status] < _RANK[known.status]:
        # Disarmed here while the companion's older word was still on its way: closed stays closed.
        kept = replace(
            told_by_companion,
            status=known.status,
            acknowledged_at=known.acknowledged_at,
            acknowledged_by=known.acknowledged_by,
            closed_at=known.closed_at,
            closed_by=known.closed_by,
        )
        return AlarmChange(alarm=kept, change=None)
    if _RANK[snapshot.status] > _RANK[known.status]:
        return AlarmChange(alarm=told_by_companion, change=_CHANGE[snapshot.status])
    return AlarmChange(
        alarm=told_by_companion, change=snapshot.change if snapshot.change in _PASSED_ON else None
    )


def raised_here(event: AlarmRaised) -> Alarm:
    """Return the alarm that the panel has raised."""
    zones = ", ".join(event.zones)
    return Alarm(
        id=event.uid,
        local=True,
        hidden=event.silent or event.alarm_kind is AlarmKind.DURESS,
        source=PANEL_SOURCE,
        alarm_kind=event.alarm_kind.value,
        title=f"{event.name}: {zones}" if zones else event.name,
        zones=event.zones,
        facts=event.facts,
        site=event.name,
        room=event.zones[0] if event.zones else None,
        test=event.test,
        raised_at=event.at,
    )


def moved(alarm: Alarm, status: Status, *, by: str | None, at: datetime) -> AlarmChange | None:
    """Return the alarm after a decision made on this side, or None when it had gone that far already."""
    if _RANK[status] <= _RANK[alarm.status]:
        return None
    if status is Status.ACKNOWLEDGED:
        return AlarmChange(
            alarm=replace(alarm, status=status, acknowledged_at=at, acknowledged_by=by), change="acknowledged"
        )
    return AlarmChange(
        alarm=replace(alarm, status=status, closed_at=at, closed_by=by), change=_CHANGE[status]
    )


def bounded(alarms: Mapping[str, Alarm]) -> dict[str, Alarm]:
    """Return the alarms, oldest first, with every open one and the newest closed ones."""
    by_age = sorted(alarms.values(), key=lambda alarm: alarm.raised_at)
    closed = [alarm.id for alarm in by_age if not alarm.is_open]
    forgotten = set(closed[:-CLOSED_KEPT])
    return {alarm.id: alarm for alarm in by_age if alarm.id not in forgotten}
