"""What the dashboard shows, read in one go a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.model import OPEN, Alarm, JournalEntry, Status
from companion.directory.model import ChannelRow, Device, Person
from companion.dispatch.delivery import Attempt, Delivery, State
from companion.dispatch.health import DispatchHealth, dispatch_health
from companion.escalation.policy import PersonTarget, Policy, Target
from companion.store import directory, tables
from companion.store.alarms import alarm_by_id, list_alarms
from companion.store.deliveries import counts_by_channel_and_state, deliveries_of, last_attempt_by_channel
from companion.store.journal import journal_of
from companion.troubles.channel_watch import health_of_channels
from companion.web.health import Light, Part, alerting_parts, channel_part

OPEN_SHOWN = 100
RECENT_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class ChannelShown:
    """A channel and how it does."""

    row: ChannelRow
    part: Part
    last: Attempt | None
    counts: dict[str, int]
    """Deliveries by state; states without one are left out."""


@dataclass(frozen=True, kw_only=True)
class AreaShown:
    """An area of a Home Assistant's panel."""

    name: str
    state: str
    mode: str | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PeerShown:
    """A Home Assistant on the link."""

    name: str
    last_seen_at: datetime | None
    areas: list[AreaShown]


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The first page."""

    open: list[Alarm]
    recent: list[Alarm]
    health: DispatchHealth
    channels: list[ChannelShown]
    peers: list[PeerShown]
    attention: list[Part]
    """What keeps people from being told, or may: worst first."""

    @property
    def waiting(self) -> int:
        """Return how many alarms nobody has answered."""
        return sum(alarm.status is Status.TRIGGERED for alarm in self.open)

    @property
    def silent_channels(self) -> int:
        """Return how many channels need a look."""
        return sum(channel.part.light != "green" for channel in self.channels)


@dataclass(frozen=True, kw_only=True)
class Story:
    """One alarm's page."""

    alarm: Alarm
    journal: list[JournalEntry]
    deliveries: list[tuple[Delivery, list[Attempt]]]
    steps: list[tuple[float, list[str]]]
    """Seconds after the step before, and whom it tells."""
    last_resort: list[str]


@dataclass(frozen=True, kw_only=True)
class DeviceShown:
    """A device with the names of what it belongs to."""

    device: Device
    site: str | None
    timezone: str
    room: str | None
    person: str | None


def overview(conn: Connection, now: datetime) -> Overview:
    """Return the first page's content."""
    open_alarms = list_alarms(conn, statuses=OPEN, limit=OPEN_SHOWN)
    return Overview(
        # Those that wait for an answer stand above those that have one.
        open=sorted(open_alarms, key=lambda alarm: alarm.status is not Status.TRIGGERED),
        recent=list_alarms(conn, statuses=set(Status) - OPEN, limit=RECENT_SHOWN),
        health=dispatch_health(conn, now),
        channels=channels(conn),
        peers=_peers(conn),
        attention=attention(conn, now),
    )


def attention(conn: Connection, now: datetime) -> list[Part]:
    """Return every part between an alarm and a person that is not green, worst first."""
    found = [part for part in alerting_parts(conn, now) if part.light is not Light.GREEN]
    return sorted(found, key=lambda part: part.light is not Light.RED)


def channels(conn: Connection) -> list[ChannelShown]:
    """Return every channel and how it does."""
    last, health = last_attempt_by_channel(conn), health_of_channels(conn)
    counts: dict[str, dict[str, int]] = {}
    for channel_id, state, count in counts_by_channel_and_state(conn):
        counts.setdefault(channel_id, {})[state.value] = count
    return [
        ChannelShown(
            row=row,
            part=channel_part(row, health.get(row.id)),
            last=last.get(row.id),
            counts={
                state.value: counts[row.id][state.value]
                for state in State
                if state.value in counts.get(row.id, {})
            },
        )
        for row in directory.channels(conn)
    ]


def _peers(conn: Connection) -> list[PeerShown]:
    area, peer = tables.link_area, tables.link_peer
    areas: dict[str, list[AreaShown]] = {}
    for row in conn.execute(sa.select(area).order_by(area.c.name)):
        shown = AreaShown(name=row.name, state=row.state, mode=row.mode, at=row.at)
        areas.setdefault(row.instance, []).append(shown)
    return [
        PeerShown(name=row.name, last_seen_at=row.last_seen_at, areas=areas.get(row.instance, []))
        for row in conn.execute(sa.select(peer).order_by(peer.c.name))
    ]


def alarm_story(conn: Connection, alarm_id: str) -> Story | None:
    """Return everything about an alarm, or None."""
    alarm = alarm_by_id(conn, alarm_id)
    if alarm is None:
        return None
    names = {person.id: person.name for person in directory.people(conn)}
    names |= {channel.id: channel.name for channel in directory.channels(conn)}
    policy: Policy | None = alarm.policy
    return Story(
        alarm=alarm,
        journal=journal_of(conn, alarm_id),
        deliveries=deliveries_of(conn, alarm_id),
        steps=[]
        if policy is None
        else [(step.after, _targets(step.targets, names)) for step in policy.steps],
        last_resort=[] if policy is None else _targets(policy.last_resort, names),
    )


def _targets(targets: Sequence[Target], names: dict[str, str]) -> list[str]:
    """Return whom the targets name, in words."""
    return [_target(target, names) for target in targets]


def _target(target: Target, names: dict[str, str]) -> str:
    if not isinstance(target, PersonTarget):
        channel = names.get(target.channel, target.channel)
        address = target.name or target.address
        return f"{channel} ({address})" if address else channel
    name = names.get(target.person, target.person)
    match target.via:
        case None:
            return name
        case "all":
            return f"{name} over everything"
        case via:
            return f"{name} over {names.get(via, via)}"


def devices(conn: Connection) -> list[DeviceShown]:
    """Return every device."""
    sites = {site.id: site for site in directory.sites(conn)}
    rooms = dict(conn.execute(sa.select(tables.room.c.id, tables.room.c.name)).tuples().all())
    names = {person.id: person.name for person in directory.people(conn)}
    return [
        DeviceShown(
            device=device,
            site=sites[device.site_id].name if device.site_id in sites else None,
            timezone=sites[device.site_id].timezone if device.site_id in sites else "UTC",
            room=rooms.get(device.room_id or ""),
            person=names.get(device.person_id or ""),
        )
        for device in directory.devices(conn)
    ]


def people(conn: Connection) -> list[tuple[Person, list[tuple[str, str]]]]:
    """Return everybody who can be told, each with channel and address of their contact points in order."""
    table = tables.contact_point
    points: dict[str, list[tuple[str, str]]] = {}
    query = sa.select(table.c.person_id, table.c.channel_id, table.c.address)
    for person_id, channel_id, address in conn.execute(query.order_by(table.c.position, table.c.id)):
        points.setdefault(person_id, []).append((channel_id, address))
    return [(person, points.get(person.id, [])) for person in directory.people(conn)]
