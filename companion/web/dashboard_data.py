"""What the dashboard shows, read in one go a page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy.engine import Connection

from companion.alarms.journal import journal_of
from companion.alarms.model import OPEN, Alarm, JournalEntry, Source, Status
from companion.alarms.store import (
    OpenCounts,
    alarm_by_id,
    list_alarms,
    open_alarms,
    open_counts,
)
from companion.directory import store as directory
from companion.directory.apply import stored_state
from companion.directory.model import ChannelRow, Device, Person
from companion.dispatch.delivery import Attempt, Delivery
from companion.dispatch.health import DispatchHealth, dispatch_health
from companion.dispatch.store import deliveries_of, last_attempt_by_channel, unsent_by_channel
from companion.escalation.policy import PersonTarget, Policy, Target
from companion.link import store as link
from companion.link.store import DatedArea
from companion.store.scope import ALL_SITES, Scope
from companion.texts.model import Texts
from companion.texts.reasons import Reason
from companion.troubles.channel_health import ChannelHealth
from companion.troubles.model import TroubleKind
from companion.troubles.reach_audit import who_reaches_nobody
from companion.troubles.store import health_of_channels
from companion.web.health_checks import HealthCheck, HealthStatus, alerting_checks, channel_check

OPEN_SHOWN = 50
RECENT_SHOWN = 20
PAGE_SHOWN = 50


class Which(StrEnum):
    """Which alarms a list is of, by what became of them."""

    ANY = ""
    OPEN = "open"
    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


class Sort(StrEnum):
    """Whether they are emergencies."""

    ANY = ""
    REAL = "real"
    TEST = "test"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which page of which alarms."""

    which: Which = Which.ANY
    sort: Sort = Sort.ANY
    source: Source | None = None
    site_id: str | None = None
    after: str | None = None
    """Where the page before ended; None: the first one."""
    limit: int = PAGE_SHOWN


@dataclass(frozen=True, kw_only=True)
class AlarmPage:
    """One page of a list of alarms."""

    alarms: list[Alarm]
    next: str | None
    """Where the next page begins, for `Wanted.after`; None: this is the last one."""


type ChannelLine = tuple[ChannelRow, HealthCheck, Attempt | None, int, Reason | None]
"""A channel, how it does, its last attempt, how many deliveries it has yet to send, and what is used up of its quota."""


@dataclass(frozen=True, kw_only=True)
class PeerShown:
    """A Home Assistant on the link."""

    name: str
    last_seen_at: datetime | None
    areas: list[DatedArea]


@dataclass(frozen=True, kw_only=True)
class Service:
    """How everything between an alarm and a person is."""

    health: DispatchHealth
    channels: list[ChannelLine]
    peers: list[PeerShown]
    attention: list[HealthCheck]
    """What keeps people from being told, or may: worst first."""
    names: dict[str, str]
    """What `attention` is called, by kind and id."""

    @property
    def silent_channels(self) -> int:
        """Return how many channels need a look."""
        return sum(check.status is not HealthStatus.OK for _row, check, *_ in self.channels)


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The first page."""

    counts: OpenCounts
    open: AlarmPage
    recent: list[Alarm]
    service: Service | None
    """None: whoever looks sees one site only."""


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
    reaches_nobody: bool
    """A press of its key would tell nobody."""


def overview(
    scope: Scope, conn: Connection, now: datetime, *, of_host: Sequence[HealthCheck] = ()
) -> Overview:
    """Return the first page's content; of one site, its alarms and nothing of how the service is.

    `of_host`: what is known of the service beside its tables.
    """
    return Overview(
        counts=open_counts(scope, conn),
        open=alarm_page(scope, conn, Wanted(which=Which.OPEN, limit=OPEN_SHOWN)),
        recent=list_alarms(scope, conn, statuses=set(Status) - OPEN, limit=RECENT_SHOWN),
        service=service(conn, now, of_host) if scope == ALL_SITES else None,
    )


def service(conn: Connection, now: datetime, of_host: Sequence[HealthCheck]) -> Service:
    """Return how the service does."""
    return Service(
        health=dispatch_health(conn, now),
        channels=channels(conn),
        peers=_peers(ALL_SITES, conn),
        attention=attention(conn, now, of_host),
        names=names_of(conn),
    )


def alarm_page(scope: Scope, conn: Connection, wanted: Wanted) -> AlarmPage:
    """Return one page: open alarms in the order in which somebody should see to them, others newest first."""
    test = {Sort.ANY: None, Sort.REAL: False, Sort.TEST: True}[wanted.sort]
    sources = None if wanted.source is None else [wanted.source]
    if wanted.which in {Which.OPEN, Which.WAITING}:
        placed = open_alarms(
            scope,
            conn,
            waiting=wanted.which is Which.WAITING,
            sources=sources,
            site_id=wanted.site_id,
            test=test,
            after=_place(wanted.after),
            limit=wanted.limit + 1,
        )
        shown, more = placed[: wanted.limit], len(placed) > wanted.limit
        return AlarmPage(
            alarms=[alarm for alarm, _ in shown],
            next="{}.{}".format(*shown[-1][1]) if more else None,
        )
    alarms = list_alarms(
        scope,
        conn,
        statuses=None if wanted.which is Which.ANY else [Status(wanted.which.value)],
        sources=sources,
        site_id=wanted.site_id,
        test=test,
        before=wanted.after,
        limit=wanted.limit + 1,
    )
    return AlarmPage(
        alarms=alarms[: wanted.limit],
        next=alarms[wanted.limit - 1].id if len(alarms) > wanted.limit else None,
    )


def _place(after: str | None) -> tuple[int, str] | None:
    """Return the place that `AlarmPage.next` named; what is none, of another list perhaps, is the first page."""
    place, _, alarm_id = (after or "").partition(".")
    return (int(place), alarm_id) if place.isdecimal() and alarm_id else None


def attention(conn: Connection, now: datetime, of_host: Sequence[HealthCheck] = ()) -> list[HealthCheck]:
    """Return every check of the host and of what is between an alarm and a person that is not well, worst first.

    Alarms that nobody answered stand among the open ones: said twice, they would push those off the screen.
    """
    unanswered = f"trouble {TroubleKind.ALARM_UNANSWERED.value}:"
    found = [
        check
        for check in [*of_host, *alerting_checks(conn, now)]
        if check.status is not HealthStatus.OK and not check.name.startswith(unanswered)
    ]
    return sorted(found, key=lambda check: check.status is not HealthStatus.ERROR)


def channels(conn: Connection) -> list[ChannelLine]:
    """Return every channel and how it does."""
    last, health, unsent = (
        last_attempt_by_channel(ALL_SITES, conn),
        health_of_channels(ALL_SITES, conn),
        unsent_by_channel(ALL_SITES, conn),
    )
    return [
        (
            row,
            channel_check(row, _seen(health.get(row.id), last.get(row.id))),
            last.get(row.id),
            unsent.get(row.id, 0),
            health[row.id].quota_reason if row.id in health else None,
        )
        for row in directory.channels(ALL_SITES, conn)
    ]


def _seen(health: ChannelHealth | None, last: Attempt | None) -> ChannelHealth | None:
    """Return what is known of a channel with its last message: of one that works, not every message is noted there."""
    if health is None or health.sent_at is None or last is None or last.outcome != "sent":
        return health
    return replace(health, sent_at=max(health.sent_at, last.finished_at))


def names_of(conn: Connection) -> dict[str, str]:
    """Return what the parts of the service are called that have a name, by kind and id: `channel sms`."""
    found = {
        "channel": directory.channels(ALL_SITES, conn),
        "device": directory.devices(ALL_SITES, conn),
        "person": directory.people(ALL_SITES, conn),
        "site": directory.sites(ALL_SITES, conn),
    }
    names = {f"{kind} {one.id}": one.name for kind, some in found.items() for one in some}  # type: ignore[attr-defined] # each has both
    return names | {f"panel {one.instance}": one.name for one in link.peers(ALL_SITES, conn)}


def _peers(scope: Scope, conn: Connection) -> list[PeerShown]:
    areas = link.areas_by_peer(scope, conn)
    return [
        PeerShown(name=one.name, last_seen_at=one.last_seen_at, areas=areas.get(one.instance, []))
        for one in link.peers(scope, conn)
    ]


def alarm_story(scope: Scope, conn: Connection, alarm_id: str, texts: Texts) -> Story | None:
    """Return everything about an alarm, or None."""
    alarm = alarm_by_id(scope, conn, alarm_id)
    if alarm is None:
        return None
    # Also those of another site, whom only the directory can have put into a policy of this one.
    names = {person.id: person.name for person in directory.people(ALL_SITES, conn)}
    names |= {channel.id: channel.name for channel in directory.channels(ALL_SITES, conn)}
    policy: Policy | None = alarm.policy
    return Story(
        alarm=alarm,
        journal=journal_of(scope, conn, alarm_id),
        deliveries=deliveries_of(scope, conn, alarm_id),
        steps=[]
        if policy is None
        else [(step.after, _targets(step.targets, names, texts)) for step in policy.steps],
        last_resort=[] if policy is None else _targets(policy.last_resort, names, texts),
    )


def _targets(targets: Sequence[Target], names: dict[str, str], texts: Texts) -> list[str]:
    """Return whom the targets name, in words."""
    return [_target(target, names, texts) for target in targets]


def _target(target: Target, names: dict[str, str], texts: Texts) -> str:
    if not isinstance(target, PersonTarget):
        channel = names.get(target.channel, target.channel)
        address = target.name or target.address
        return f"{channel} ({address})" if address else channel
    name = names.get(target.person, target.person)
    match target.via:
        case None:
            return name
        case "all":
            return texts.desk.over_everything.format(name=name)
        case via:
            return texts.desk.over_channel.format(name=name, channel=names.get(via, via))


def devices(scope: Scope, conn: Connection) -> list[DeviceShown]:
    """Return every device."""
    sites = {site.id: site for site in directory.sites(scope, conn)}
    rooms = {room.id: room.name for room in directory.rooms(scope, conn)}
    names = {person.id: person.name for person in directory.people(scope, conn)}
    silent = {one.id for one in who_reaches_nobody(conn, stored_state(conn)) if one.kind == "device"}
    return [
        DeviceShown(
            device=device,
            reaches_nobody=device.id in silent,
            site=sites[device.site_id].name if device.site_id in sites else None,
            timezone=sites[device.site_id].timezone if device.site_id in sites else "UTC",
            room=rooms.get(device.room_id or ""),
            person=names.get(device.person_id or ""),
        )
        for device in directory.devices(scope, conn)
    ]


def people(scope: Scope, conn: Connection) -> list[tuple[Person, list[tuple[str, str]]]]:
    """Return everybody who can be told, each with channel and address of their contact points in order."""
    points = directory.contact_points(scope, conn)
    return [(person, points.get(person.id, [])) for person in directory.people(scope, conn)]
