"""Our events for Home Assistant: written in the transaction of what they tell, numbered, kept until confirmed."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from companion.alarms.dedup import panel_key
from companion.alarms.model import OPEN, Alarm, Change, Status, hidden_at_panel
from companion.alarms.panel import site_of_panel
from companion.alarms.store import alarm_by_id, dedup_keys_of, list_alarms
from companion.alarms.transaction import AlarmTransaction
from companion.directory import store as directory
from companion.dispatch.delivery import Delivery
from companion.ids import new_id
from companion.link import outbox, store as link
from companion.link.outbox import Turn
from companion.link.protocol import Hello
from companion.link.store import Body, Peer
from companion.store.scope import ALL_SITES
from companion.texts.labels import title_parts
from companion.texts.reasons import Reason, as_json
from companion.troubles.model import Trouble
from companion.troubles.store import open_troubles

KEPT_LIMIT = 500
"""Unconfirmed events for one peer before only the newest snapshot of each alarm is kept."""
LOOK_EVERY = 100
CLOSED_KEPT = 200
TROUBLES_KEPT = 20
OPEN_LIMIT = 10_000
FORGET_PEERS_AFTER = timedelta(days=90)

_CHANGE_TO = {
    Status.TRIGGERED: Change.RAISED,
    Status.ACKNOWLEDGED: Change.ACKNOWLEDGED,
    Status.RESOLVED: Change.RESOLVED,
    Status.CANCELLED: Change.CANCELLED,
}


class SiteUnknown(Exception):
    """The API key is for every site and there are several: nobody could say whose policy an alarm follows."""


class InstanceTaken(SiteUnknown):
    """The instance belongs to another site, whose keys still hold."""


# --- telling --------------------------------------------------------------------------------------------


def publish(unit: AlarmTransaction, alarm: Alarm, change: Change) -> None:
    """Queue the alarm's snapshot for every Home Assistant of its site. Costs one statement when there is none."""
    turns = outbox.take_turns(unit.conn, alarm.site_id, _allowed(unit.conn, alarm, unit.now))
    if turns:
        _keep(unit.conn, turns, snapshot(alarm, change, unit.now), unit.now)


def publish_trouble(unit: AlarmTransaction, delivery: Delivery, reason: Reason) -> None:
    """Queue for every Home Assistant of the alarm's site that somebody was not told."""
    alarm = None if delivery.alarm_id is None else alarm_by_id(unit.scope, unit.conn, delivery.alarm_id)
    if alarm is None:
        return
    turns = outbox.take_turns(unit.conn, alarm.site_id, _allowed(unit.conn, alarm, unit.now))
    if not turns:
        return
    channel = directory.channel_by_id(unit.scope, unit.conn, delivery.channel_id)
    body = {
        "kind": "delivery_trouble",
        "at": unit.now.isoformat(),
        "alarm_id": alarm.id,
        "channel": delivery.channel_id if channel is None else channel.name,
        "recipient": delivery.recipient,
        "reason": reason.as_json(),
    }
    _keep(unit.conn, turns, body, unit.now)


def publish_service_trouble(unit: AlarmTransaction, trouble: Trouble) -> None:
    """Queue a trouble of the service for every Home Assistant of its site, or for all when it is about what all share."""
    if trouble.hidden:
        return
    turns = (
        outbox.take_turns_of_all(unit.conn)
        if trouble.is_shared
        else outbox.take_turns(unit.conn, trouble.site_id)
    )
    if turns:
        _keep(unit.conn, turns, trouble_body(trouble, unit.now), unit.now)


def trouble_body(trouble: Trouble, at: datetime) -> dict[str, Any]:
    """Return what is kept for Home Assistant of a trouble."""
    return {
        "kind": "trouble",
        "at": at.isoformat(),
        "key": trouble.key,
        "trouble": trouble.kind,
        "subject": trouble.subject,
        "severity": trouble.severity.value,
        "since": trouble.since.isoformat(),
        "open": trouble.is_open,
        "facts": {name: as_json(value) for name, value in trouble.facts.items()},
        "subject_parts": _parts(trouble.subject, str(trouble.facts.get("source", ""))),
    }


def snapshot(alarm: Alarm, change: Change, at: datetime) -> dict[str, Any]:
    """Return all that Home Assistant may know of the alarm."""
    # A duress code shown on a screen is a danger to whoever was forced to enter it.
    title = (alarm.room or alarm.site or "Alarm") if hidden_at_panel(alarm) else alarm.title
    return {
        "kind": "alarm",
        "at": at.isoformat(),
        "alarm_id": alarm.id,
        "uid": alarm.uid,
        "version": alarm.version,
        "change": change.value,
        "status": alarm.status.value,
        "source": alarm.source.value,
        "alarm_kind": alarm.kind.value,
        "severity": alarm.severity.value,
        "title": title,
        "title_parts": _parts(title, alarm.source.value),
        "site": alarm.site,
        "room": alarm.room,
        "person": alarm.person,
        "test": alarm.test,
        "raised_at": alarm.raised_at.isoformat(),
        "acknowledged_at": _iso(alarm.acknowledged_at),
        "acknowledged_by": alarm.acknowledged_by,
        "closed_at": _iso(alarm.closed_at),
        "closed_by": alarm.closed_by,
        "step": alarm.steps_run,
    }


def _parts(title: str, source: str) -> dict[str, Any] | None:
    """Return what Home Assistant makes the title of, in its own language."""
    parts = title_parts(title, source)
    return None if parts is None else asdict(parts)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _allowed(conn: Connection, alarm: Alarm, now: datetime) -> list[str] | None:
    """Return which Home Assistants may hear of the alarm; None: every one of its site.

    Of a hidden alarm only the one that raised it, which knows that it must not show it; and of a held one, as
    another would tell its people.
    """
    if not hidden_at_panel(alarm) and not alarm.is_held(now):
        return None
    if alarm.uid is None:
        return []
    keys = {panel_key(instance, alarm.uid): instance for instance in link.instances(ALL_SITES, conn)}
    return [keys[key] for key in dedup_keys_of(ALL_SITES, conn, alarm.id, keys)]


def _keep(conn: Connection, turns: list[Turn], body: Body, now: datetime) -> None:
    outbox.keep_event(conn, turns, body)
    for turn in turns:
        if turn.seq is None or turn.seq % LOOK_EVERY:
            continue
        if outbox.count_kept(conn, turn.instance) > KEPT_LIMIT:
            _begin_stream(conn, turn.instance, now)


# --- meeting --------------------------------------------------------------------------------------------


def meet(conn: Connection, hello: Hello, key_id: str, site_id: str | None, now: datetime) -> Peer:
    """Return the peer that says hello, with both streams lined up; `key_id` is its API key, `site_id` that key's site.

    An instance belongs to the site whose key brought it first: another key of that site may follow, a key of another
    site may not, or it would take an office's link over by an id that is no secret. A house moves once the key it came
    with and those of its old site are revoked. Raises SiteUnknown or InstanceTaken.
    """
    known = link.peer_by_instance(ALL_SITES, conn, hello.instance)
    is_elsewhere = known is not None and site_id is not None and known.site_id not in {None, site_id}
    if known is not None and is_elsewhere and _is_held(known, conn):
        raise InstanceTaken(
            "This Home Assistant belongs to another site. Use a key of that site, or first revoke that site's keys and "
            "the one it came with."
        )
    if site_id is None:
        site_id = _site_it_stays_with(conn, hello.instance)
    link.forget_peers(ALL_SITES, conn, now - FORGET_PEERS_AFTER)
    added = link.add_peer(
        ALL_SITES,
        conn,
        instance=hello.instance,
        name=hello.name,
        site_id=site_id,
        their_stream=hello.stream,
        now=now,
    )
    outbox.number_waiting(conn, hello.instance)
    before = _locked(conn, hello.instance)
    new_stream = before.their_stream != hello.stream
    moved = before.site_id != site_id
    link.update_peer(
        ALL_SITES,
        conn,
        hello.instance,
        name=hello.name,
        site_id=site_id,
        key_id=key_id,
        connection_id=new_id(),
        can=list(hello.can),
        their_stream=hello.stream,
        received=0 if new_stream else before.received,
        last_seen_at=now,
    )
    if moved:
        outbox.confirm(
            conn, hello.instance, before.our_stream, before.next_seq
        )  # of another site: not for it
    if added or new_stream or moved or hello.received >= before.next_seq:
        # The last: it has kept more than we remember to have said, so it is we who came back from a backup.
        _begin_stream(conn, hello.instance, now)
    elif _knows_stream(conn, before):
        outbox.confirm(conn, hello.instance, before.our_stream, hello.received)
    return _locked(conn, hello.instance)


def _is_held(peer: Peer, conn: Connection) -> bool:
    """Return whether a key of the peer's site holds, or the one it came with: that may be one for every site."""
    return any(
        key.revoked_at is None
        and (key.site_id == peer.site_id or (key.site_id is None and peer.key_id in {None, key.id}))
        for key in directory.api_keys(ALL_SITES, conn)
    )


def _site_it_stays_with(conn: Connection, instance: str) -> str | None:
    """Return the site of a peer whose key is for every site: the one it was given while that was the only one."""
    known = link.peer_by_instance(ALL_SITES, conn, instance)
    if (
        known is not None
        and known.site_id is not None
        and directory.site_by_id(ALL_SITES, conn, known.site_id)
    ):
        return known.site_id
    if site_of_panel(ALL_SITES, conn) is None and directory.sites(ALL_SITES, conn):
        raise SiteUnknown("This API key is for every site. Make one for the site of this Home Assistant.")
    return None


def _knows_stream(conn: Connection, peer: Peer) -> bool:
    """Return whether the peer has ever confirmed something of our stream.

    Until then what it says to have received may be of the stream before: the welcome with the new one was lost.
    """
    return (outbox.first_kept(conn, peer.instance) or peer.next_seq) > 1


def _begin_stream(conn: Connection, instance: str, now: datetime) -> None:
    """Begin a new stream with the newest of what was kept, and a snapshot of each open alarm."""
    peer = _locked(conn, instance)
    newest: dict[str, Body] = {}
    troubles: list[Body] = []
    for _, body in outbox.kept_events(conn, instance, after=0, limit=peer.next_seq):
        if body["kind"] == "alarm":
            newest.pop(body["alarm_id"], None)
            newest[body["alarm_id"]] = body
        elif body["kind"] != "trouble":  # those that are open are said again below
            troubles.append(body)
    for alarm in reversed(list_alarms(peer.scope, conn, statuses=OPEN, limit=OPEN_LIMIT)):
        allowed = _allowed(conn, alarm, now)
        if allowed is None or instance in allowed:
            newest.setdefault(alarm.id, snapshot(alarm, _CHANGE_TO[alarm.status], now))
    closed = [alarm_id for alarm_id, body in newest.items() if Status(body["status"]) not in OPEN]
    for alarm_id in closed[:-CLOSED_KEPT]:
        del newest[alarm_id]
    service = [
        trouble_body(trouble, now) for trouble in open_troubles(peer.scope, conn) if not trouble.hidden
    ]
    outbox.begin_stream(conn, instance, [*newest.values(), *troubles[-TROUBLES_KEPT:], *service])


def _locked(conn: Connection, instance: str) -> Peer:
    peer = link.peer_by_instance(ALL_SITES, conn, instance, lock=True)
    assert peer is not None, "a peer is added before it is looked at"  # noqa: S101 # by meet and take_turns
    return peer
