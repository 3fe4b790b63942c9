"""What Home Assistant says, put into effect: the effect and its sequence are one transaction."""

import logging
from datetime import datetime, timedelta
from typing import Any

from companion.alarms.dedup import panel_key
from companion.alarms.errors import MoveRefused
from companion.alarms.model import CONFIRMED_BY, SO, Actor, Alarm, Change, Evidence, Status
from companion.alarms.panel import panel_trigger
from companion.alarms.store import alarm_by_id, alarm_id_of
from companion.alarms.transaction import AlarmTransaction
from companion.link import lost_panels, store as link
from companion.link.events import (
    AlarmDisarmed,
    AlarmEvidence,
    AlarmFacts,
    AlarmPending,
    AlarmRaised,
    AreaState,
    Decided,
    Decision,
    Ending,
    HomeAssistantEvent,
    Notified,
    PendingCleared,
    PushUnconfirmed,
    Unknown,
    ZoneTripped,
)
from companion.link.fields import ZONES_LIMIT, BadFrame
from companion.link.said import event_id, new_zones
from companion.link.store import Peer

_LOGGER = logging.getLogger(__name__)

GRACE = timedelta(seconds=5)
"""After the end of an entry delay, for the word that ends it to arrive."""
LONGEST_DELAY = timedelta(hours=1)
DISARMED_IN_TIME = "in_time"
"""An ending of an alarm beside those of disarming: the entry delay was still running, and the word of it came late."""

_PANEL = Actor(name=None, via="panel")


class StreamOver(Exception):
    """The peer has begun another stream on another connection: this one has nothing more to say."""


class Overtaken(Exception):
    """Another connection of the peer has just stored the same event; nothing was changed here."""


def apply(unit: AlarmTransaction, peer: Peer, seq: int, event: HomeAssistantEvent) -> None:
    """Store the effect of event `seq` and that it is stored; one that is stored already changes nothing.

    Raises BadFrame for a hole in the sequence, StreamOver, Overtaken.
    """
    known = link.peer_by_instance(unit.scope, unit.conn, peer.instance)
    if known is None or known.their_stream != peer.their_stream:
        raise StreamOver
    if seq <= known.received:
        return
    if seq > known.received + 1:
        raise BadFrame(f"event {seq} came after {known.received}")
    # As the directory has it now: a panel may have been given its site since it said hello.
    _take(unit, known, event)
    # Last, because it locks the peer: alarms are locked before peers, everywhere.
    if not link.advance(unit.scope, unit.conn, peer, seq, unit.now):
        raise Overtaken


def _take(unit: AlarmTransaction, peer: Peer, event: HomeAssistantEvent) -> None:
    match event:
        case AreaState():
            lost_panels.remember(unit, peer, event)
        case AlarmPending():
            _delay_runs(unit, peer, event)
        case PendingCleared():
            _delay_cleared(unit, peer, event)
        case AlarmRaised():
            _raised(unit, peer, event)
        case ZoneTripped(uid=uid, zone=zone, at=at, confirmed=confirmed):
            if (alarm := _find(unit, peer, uid=uid)) is not None:
                _zone_tripped(unit, alarm, zone, at, confirmed=confirmed)
        case AlarmEvidence(uid=uid):
            if (alarm := _find(unit, peer, uid=uid)) is not None:
                _seen(unit, alarm, event)
        case PushUnconfirmed(uid=uid):
            if (alarm := _find(unit, peer, uid=uid)) is not None:
                _push_unconfirmed(unit, alarm, event)
        case AlarmDisarmed(uid=uid, by=by, ending=ending):
            link.clear_pending(unit.scope, unit.conn, peer.instance, uid)
            if (alarm := _find(unit, peer, uid=uid)) is not None:
                _disarmed(unit, alarm, by, ending)
        case Decided():
            if (alarm := _find(unit, peer, alarm_id=event.alarm_id, uid=event.uid)) is not None:
                _decided(unit, alarm, event)
        case Notified() | Unknown():
            pass  # the first is said to its channel, by whoever calls


def _delay_runs(unit: AlarmTransaction, peer: Peer, event: AlarmPending) -> None:
    if _find(unit, peer, uid=event.uid) is not None:
        return
    # How long it runs is true also when Home Assistant's clock is wrong. An event that comes late, after a cut, has
    # what ended the delay right behind it: that must have its time too, or each cut ends in a false alarm.
    remaining = min(max(event.until - event.at, timedelta()), LONGEST_DELAY)
    before = link.pending_body(unit.scope, unit.conn, peer.instance, event.uid)
    zones = dict.fromkeys([*(() if before is None else before["zones"]), event.zone])
    link.put_pending(
        unit.scope,
        unit.conn,
        peer.instance,
        uid=event.uid,
        body={"name": event.name, "zones": list(zones)[:ZONES_LIMIT]},
        due_at=unit.now + remaining + GRACE,
    )


def _delay_cleared(unit: AlarmTransaction, peer: Peer, event: PendingCleared) -> None:
    link.clear_pending(unit.scope, unit.conn, peer.instance, event.uid)
    alarm = _find(unit, peer, uid=event.uid)
    if alarm is not None and "raised_by" in alarm.details:
        _move(unit, alarm, Decision.CANCEL, Actor(name=event.by, via="panel"), ending=DISARMED_IN_TIME)


def _raised(unit: AlarmTransaction, peer: Peer, event: AlarmRaised) -> None:
    link.clear_pending(unit.scope, unit.conn, peer.instance, event.uid)
    alarm = _find(unit, peer, uid=event.uid)
    trigger = panel_trigger(
        peer.scope,
        unit.conn,
        instance=peer.instance,
        uid=event.uid,
        kind=event.alarm_kind,
        area=event.name,
        zones=event.zones,
        silent=event.silent,
        test=event.test,
        message=event.message if event.facts is None else None,
        facts={} if event.facts is None else _details(event.facts, event),
        hold=timedelta(seconds=event.hold_s),
        vacation=event.vacation,
    )
    if alarm is None:
        alarm = unit.raise_alarm(trigger, _PANEL).alarm
        new_zones(unit, alarm.id, event.zones)
        return
    # The dead-man switch raised it, and knew less.
    unit.learn(alarm.id, trigger.details)
    for zone in new_zones(unit, alarm.id, event.zones):
        _zone_tripped(unit, alarm, zone, event.at)


def _details(facts: AlarmFacts, event: AlarmRaised) -> dict[str, str]:
    """Return the facts as details of the alarm: codes, which each reader gets in their own words."""
    is_so = {
        "by_hand": facts.by is None and not event.zones and not event.test,
        "confirmed": facts.confirmed,
        "exit_error": facts.exit_error,
        "recent_closing": facts.recent_closing,
        "during_outage": facts.during_outage,
    }
    by = {} if facts.by is None else {"by": facts.by}
    return by | {name: SO for name, so in is_so.items() if so}


def _zone_tripped(
    unit: AlarmTransaction, alarm: Alarm, zone: str, at: datetime, *, confirmed: bool = False
) -> None:
    if not link.hear(unit.scope, unit.conn, alarm.id, event_id("zone", zone, at)):
        return
    detail = {"zone": zone, "tripped_at": at.isoformat()}
    if confirmed and CONFIRMED_BY not in alarm.details:
        unit.confirm(alarm.id, _PANEL, **detail)
    else:
        unit.journal(alarm.id, Change.ZONE_TRIPPED, _PANEL, **detail)


def _seen(unit: AlarmTransaction, alarm: Alarm, event: AlarmEvidence) -> None:
    if event.dropped is not None:
        _LOGGER.warning("%s: the picture of its evidence was dropped: %s", alarm.id, event.dropped)
    reasons = event.findings or event.evidence
    facts = (event.level, reasons, event.camera, event.label, event.score, event.taken_at, event.link)
    same = event_id("evidence", event.at, *facts)
    with_picture = event_id(same, "picture")
    # Home Assistant drops older pictures of what it still has to say; the rest of the word stays.
    if event.picture is None and link.has_heard(unit.scope, unit.conn, alarm.id, with_picture):
        return
    if not link.hear(unit.scope, unit.conn, alarm.id, same if event.picture is None else with_picture):
        return
    found = Evidence(
        level=event.level,
        reasons=reasons,
        camera=event.camera,
        label=event.label,
        score=event.score,
        taken_at=event.taken_at,
        link=event.link,
    )
    unit.evidence(alarm.id, _PANEL, found, event.picture, said_at=event.at)


def _push_unconfirmed(unit: AlarmTransaction, alarm: Alarm, event: PushUnconfirmed) -> None:
    detail: dict[str, Any] = {"people": list(event.people), "said_at": event.at.isoformat()}
    if event.after_s is not None:
        detail["after_s"] = event.after_s
    if link.hear(unit.scope, unit.conn, alarm.id, event_id("push_unconfirmed", detail)):
        unit.push_unconfirmed(alarm.id, _PANEL, **detail)


def _decided(unit: AlarmTransaction, alarm: Alarm, event: Decided) -> None:
    actor = Actor(name=event.by, via=event.via)
    if event.decision is not Decision.ESCALATE:
        _move(unit, alarm, event.decision, actor, note=event.note)
        return
    detail = {"said_at": event.at.isoformat()} | ({} if event.note is None else {"note": event.note})
    if link.hear(unit.scope, unit.conn, alarm.id, event_id("escalate", detail)):
        unit.escalate(alarm.id, actor, **detail)


def _disarmed(unit: AlarmTransaction, alarm: Alarm, by: str | None, ending: Ending) -> None:
    actor = Actor(name=by, via="panel")
    if ending is Ending.RESOLVED:
        _move(unit, alarm, Decision.RESOLVE, actor)
    else:
        _move(unit, alarm, Decision.CANCEL, actor, ending=ending.value)


def _find(
    unit: AlarmTransaction, peer: Peer, *, alarm_id: str | None = None, uid: str | None = None
) -> Alarm | None:
    """Return the alarm that the peer means, or None: there is none, or it is of a site that is not the peer's."""
    if alarm_id is None and uid is not None:
        alarm_id = alarm_id_of(unit.scope, unit.conn, panel_key(peer.instance, uid))
    return None if alarm_id is None else alarm_by_id(peer.scope, unit.conn, alarm_id)


def _move(
    unit: AlarmTransaction,
    alarm: Alarm,
    decision: Decision,
    actor: Actor,
    *,
    note: str | None = None,
    ending: str | None = None,
) -> None:
    """Do what was decided; if the alarm has gone that far already, only write down that it was said.

    There is nobody to refuse it to: whoever resolves an alarm that nobody has acknowledged, has seen to it.
    """
    try:
        match decision:
            case Decision.ACKNOWLEDGE:
                unit.acknowledge(alarm.id, actor, note=note)
            case Decision.RESOLVE:
                if alarm.status is Status.TRIGGERED:
                    unit.acknowledge(alarm.id, actor)
                unit.resolve(alarm.id, actor, note=note)
            case Decision.CANCEL:
                unit.cancel(alarm.id, actor, note=note, ending=ending)
    except MoveRefused:
        unit.journal(
            alarm.id, Change.ANSWERED_AGAIN, actor, decision=decision.value, note=note, ending=ending
        )
