"""What sounds or is about to: which zones, since when. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from ..core.panel.config import AlarmKind
from ..core.panel.state import Alarm, AreaState, Pending

URGENCY = list(AlarmKind)


@dataclass(frozen=True, slots=True)
class Tripped:
    """The zones of a running entry delay or of what sounds, in the order in which they tripped."""

    zone_ids: tuple[str, ...] = ()
    since: datetime | None = None
    kind: AlarmKind | None = None
    """The most urgent one; None while only an entry delay runs."""
    uids: tuple[str, ...] = ()
    """Of the alarms that sound."""


NOTHING = Tripped()


def tripped(areas: Iterable[AreaState]) -> Tripped:
    """Return what has tripped in these areas and is not over."""
    sounding: list[Alarm] = []
    coming: list[Pending] = []
    for area in areas:
        if area.siren is not None:
            sounding.extend(area.siren.alarms)
        elif isinstance(area.guard, Pending):
            coming.append(area.guard)
    if not sounding and not coming:
        return NOTHING
    begun = [one.raised_at for one in sounding] + [one.until.due_at - one.until.delay for one in coming]
    zones = [one.zones for one in sounding] + [one.zones for one in coming]
    return Tripped(
        zone_ids=tuple(dict.fromkeys(chain.from_iterable(zones))),
        since=min(begun),
        kind=min([one.kind for one in sounding], key=URGENCY.index, default=None),
        uids=tuple(one.uid for one in sounding),
    )
