"""A panel that has lost its file and does not know whether it is armed: the operators hear of it, and of the end.

Home Assistant shows such areas as unknown and guards in them only what is always guarded; that is no alarm, and no
reason to be quiet either.
"""

from companion.alarms.transaction import AlarmTransaction
from companion.link import store as link
from companion.link.events import AreaState
from companion.link.store import KnownArea, Peer
from companion.texts.reasons import Label, Reason
from companion.troubles import reporting
from companion.troubles.model import Fact, TroubleKind

UNKNOWN = "unknown"


def remember(unit: AlarmTransaction, peer: Peer, event: AreaState) -> None:
    """Remember the state of an area; report, or clear, what it means for the panel."""
    before = {area.area: area for area in link.areas(unit.scope, unit.conn, peer.instance)}
    now = KnownArea(area=event.area, name=event.name, state=event.state, mode=event.mode)
    link.put_area(unit.scope, unit.conn, peer.instance, now, at=event.at)
    lost = [one.name for one in (before | {event.area: now}).values() if one.state == UNKNOWN]
    if event.state == UNKNOWN:
        facts: dict[str, Fact] = {
            "areas": ", ".join(sorted(lost)),
            "last_known": _last_known(unit, peer, before.get(event.area)),
        }
        reporting.report(
            unit,
            TroubleKind.PANEL_UNKNOWN,
            peer.instance,
            subject=peer.name,
            site_id=peer.site_id,
            facts=facts,
        )
    elif not lost:
        reporting.clear(unit, TroubleKind.PANEL_UNKNOWN, peer.instance)


def _last_known(unit: AlarmTransaction, peer: Peer, area: KnownArea | None) -> Reason:
    """Return how the lost areas were when they last knew it."""
    trouble = reporting.reported(unit, TroubleKind.PANEL_UNKNOWN, peer.instance)
    before = _areas_in(trouble.facts["last_known"]) if trouble is not None and trouble.is_open else ()
    if area is not None and area.state != UNKNOWN:
        # An area that was known again meanwhile is named once, as it was last.
        others = (one for one in before if one.facts.get("area") != area.name)
        before = (*others, _as_it_was(area))
    return Reason("areas_were", areas=before)


def _areas_in(fact: Fact) -> tuple[Reason, ...]:
    """Return the areas in a stored fact; earlier versions have stored a text."""
    if not isinstance(fact, Reason):
        return (Reason.quoting(str(fact)),) if fact else ()
    areas = fact.facts["areas"]
    return tuple(one for one in areas if isinstance(one, Reason)) if isinstance(areas, tuple) else ()


def _as_it_was(area: KnownArea) -> Reason:
    state = Label(area.state)
    if area.mode is None:
        return Reason("area_was", area=area.name, state=state)
    return Reason("area_was_in", area=area.name, state=state, mode=Label(area.mode))


def clear_gone(unit: AlarmTransaction) -> None:
    """Clear the troubles of panels that were forgotten: they never say any more how their areas are."""
    for trouble in reporting.open_of_kind(unit, TroubleKind.PANEL_UNKNOWN):
        instance = trouble.key.partition(":")[2]
        if link.peer_by_instance(unit.scope, unit.conn, instance) is None:
            reporting.clear(unit, TroubleKind.PANEL_UNKNOWN, instance)
