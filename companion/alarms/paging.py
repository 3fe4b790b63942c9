"""Whom a step reaches: targets of a policy become deliveries."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from companion.alarms.ack_links import AckTokens
from companion.alarms.model import Alarm, Severity
from companion.alarms.store import put_links
from companion.channels.base import MessageKind
from companion.channels.kind import ChannelKind
from companion.directory import store as directory
from companion.dispatch.delivery import Delivery, Reader, State, Urgency
from companion.dispatch.folding import Flow, folded_until
from companion.dispatch.outbox import Claim, NewDelivery, enqueue
from companion.dispatch.readers import BETWEEN, Way, expect, next_way, readers_of, told_with
from companion.dispatch.store import pages_of, states_of_step, told_over
from companion.escalation.policy import ChannelTarget, PersonTarget, Target
from companion.store.scope import ALL_SITES


@dataclass(frozen=True, kw_only=True)
class PagingConfig:
    """What turns targets into deliveries."""

    kind_of: Callable[[str], ChannelKind]
    """Returns what a kind of channel can do, also of one that is not available."""
    tokens: AckTokens
    claim: Claim | None
    failover_after: timedelta
    """How long a page may go without being accepted until the person's next contact point is told."""
    reaction: timedelta
    """How long whoever answered may take to react to another press until others are paged."""


@dataclass(frozen=True)
class ResolvedTarget:
    """An address that a target leads to."""

    channel_id: str
    channel_kind: str
    address: str
    recipient: str
    language: str
    person_id: str | None
    position: int


@dataclass(frozen=True)
class Shared:
    """An address and everybody whom a message to it is for."""

    point: ResolvedTarget
    """Whose language it is in: the first person's, if it leads to one."""
    others: tuple[Reader, ...]
    recipient: str
    key: str
    """Whose link it carries: what one of several people answers with it is not taken for another one's word."""

    @property
    def readers(self) -> list[Reader]:
        """Return the people; nobody for a group or a ticket system."""
        point = self.point
        return [] if point.person_id is None else [Reader(point.person_id, point.position), *self.others]


RUNNING_EVERY = timedelta(seconds=30)
"""How often the running message about a source that floods comes at most …"""
RUNNING_EVERY_URGENT = timedelta(seconds=10)
"""… and where a life may depend on it."""
_FOR_RECORDS = frozenset({MessageKind.NOTE, MessageKind.PRESSED_AGAIN})
"""News that is for records only; of another press, `remind` tells whom it concerns."""


def _contact_points(conn: Connection, people: Iterable[str]) -> dict[str, list[ResolvedTarget]]:
    """Return the usable contact points of each person, in the person's order."""
    found: dict[str, list[ResolvedTarget]] = {}
    for row in directory.usable_contact_points(ALL_SITES, conn, people):
        reached = ResolvedTarget(*row)
        found.setdefault(reached.person_id or "", []).append(reached)
    return found


def resolve(conn: Connection, targets: Sequence[Target]) -> list[ResolvedTarget]:
    """Return the addresses that the targets lead to now; people and channels that are gone lead nowhere."""
    people = [target.person for target in targets if isinstance(target, PersonTarget)]
    channels = [target.channel for target in targets if isinstance(target, ChannelTarget)]
    points = _contact_points(conn, people) if people else {}
    kinds = directory.usable_channels(ALL_SITES, conn, channels) if channels else {}
    return list(_reached(targets, points, kinds))


def _reached(
    targets: Sequence[Target],
    points: Mapping[str, list[ResolvedTarget]],
    kinds: Mapping[str, tuple[str, str]],
) -> Iterator[ResolvedTarget]:
    for target in targets:
        match target:
            case PersonTarget(person=person, via=None):
                yield from points.get(person, [])[:1]
            case PersonTarget(person=person, via="all"):
                yield from points.get(person, [])
            case PersonTarget(person=person, via=via):
                yield from [point for point in points.get(person, []) if point.channel_id == via][:1]
            case ChannelTarget(channel=channel, address=address, name=name) if channel in kinds:
                kind, channel_name = kinds[channel]
                yield ResolvedTarget(channel, kind, address, name or address or channel_name, "en", None, 0)


def shared(reached: Iterable[ResolvedTarget]) -> list[Shared]:
    """Return each address once, with everybody it leads to: one number is called once, whoever shares it."""
    by_address: dict[tuple[str, str], list[ResolvedTarget]] = {}
    for item in reached:
        by_address.setdefault((item.channel_id, item.address), []).append(item)
    return [_shared(items) for items in by_address.values()]


def _shared(items: Sequence[ResolvedTarget]) -> Shared:
    people: dict[str, ResolvedTarget] = {}
    for item in items:
        if item.person_id is not None:
            people.setdefault(item.person_id, item)
    point, *others = list(people.values()) or items[:1]
    return Shared(
        point,
        tuple(Reader(person_id, item.position) for person_id, item in people.items())[1:],
        BETWEEN.join(dict.fromkeys(item.recipient for item in (point, *others))),
        "+".join(item.person_id or f"{item.channel_id}:{item.address}" for item in (point, *others)),
    )


def next_page(conn: Connection, delivery: Delivery, reader: Reader) -> Way[ResolvedTarget]:
    """Return where to page one reader of a page that was not accepted."""
    points = _contact_points(conn, [reader.person_id]).get(reader.person_id, [])
    return next_way(points, told_with(conn, delivery), reader)


def is_hopeless(conn: Connection, delivery: Delivery) -> bool:
    """Return whether every page of the same step was given up.

    Tickets page nobody: they count for a step that has nothing else.
    """
    told = states_of_step(ALL_SITES, conn, delivery)
    pages = [state for state, record in told if not record] or [state for state, _ in told]
    return all(state is State.ERROR for state in pages)


def page(
    conn: Connection,
    alarm: Alarm,
    reached: Sequence[ResolvedTarget],
    *,
    kind: MessageKind,
    occurrence: str,
    first: bool,
    paging: PagingConfig,
    now: datetime,
    at: datetime | None = None,
    more: int = 0,
) -> list[Delivery]:
    """Write pages to every address, each with its recipient's own link, and return them.

    `at`: when they are sent, if not now. `more`: how many other alarms of the same source they stand for.
    """
    told = shared(reached)
    records = {item.point.channel_kind: paging.kind_of(item.point.channel_kind).records for item in told}
    links = {
        paging.tokens.hash(alarm.id, key): recipient
        for key, recipient in {item.key: item.recipient for item in told}.items()
    }
    # The first links of an alarm cannot be there yet; later steps page the same people again.
    put_links(ALL_SITES, conn, alarm.id, links, now, first=first)
    new = [
        NewDelivery(
            kind=kind,
            # One ticket an alarm, however often its policy comes round while the first one cannot be made yet.
            occurrence="record" if records[item.point.channel_kind] else occurrence,
            channel_id=item.point.channel_id,
            person_id=item.point.person_id,
            position=item.point.position,
            address=item.point.address,
            recipient=item.recipient,
            message=facts(alarm, item.point.language, more=more) | {"recipient_key": item.key},
            urgency=_urgency(alarm),
            first_page=first,
            record=records[item.point.channel_kind],
            others=item.others,
            due_at=at,
            # A ticket is one an alarm.
            **({} if records[item.point.channel_kind] else _folding(conn, alarm, item.point, now)),
        )
        for item in told
    ]
    made = enqueue(conn, alarm.id, new, now, paging.claim if first else None)
    readers = {(item.point.channel_id, item.point.address): item.readers for item in told}
    waited_for = {
        item.id: readers[item.channel_id, item.address] for item in made if item.state is not State.FOLDED
    }
    expect(conn, waited_for, alarm.id, (at or now) + paging.failover_after)
    return made


def _folding(conn: Connection, alarm: Alarm, point: ResolvedTarget, now: datetime) -> dict[str, Any]:
    """Return whether a page is told by itself, or with others of a source that floods."""
    flow = Flow(alarm.source_key, point.channel_id, point.address)
    every = RUNNING_EVERY_URGENT if alarm.is_urgent else RUNNING_EVERY
    return {
        "source_key": flow.source_key,
        "folded_until": folded_until(conn, flow, alarm.id, now, every),
    }


def _urgency(alarm: Alarm) -> Urgency:
    if alarm.is_urgent:
        return Urgency.LIFE
    if alarm.test:
        return Urgency.REST
    return Urgency.LOW if alarm.severity in {Severity.NORMAL, Severity.LOW} else Urgency.ALARM


def remind(
    conn: Connection,
    alarm: Alarm,
    names: Collection[str | None],
    *,
    paging: PagingConfig,
    now: datetime,
    at: datetime,
) -> list[Delivery]:
    """Tell whoever answered, at `at`, that it was triggered again, everywhere they were paged.

    `names` are what they are known by. If none of them was paged (somebody answered at the desk, or in Home Assistant),
    everybody hears it whom a page has reached.
    """
    paged = pages_of(ALL_SITES, conn, alarm.id)
    concerned = [item for item in paged if item.recipient in names] or [
        item for item in paged if item.state in {State.SENT, State.DELIVERED, State.PROCESSING}
    ]
    reached = [one for item in concerned for one in _reached_by(conn, item)]
    return page(
        conn,
        alarm,
        reached,
        kind=MessageKind.PRESSED_AGAIN,
        occurrence=f"v{alarm.version}",
        first=False,
        paging=paging,
        now=now,
        at=at,
    )


def _reached_by(conn: Connection, paged: Delivery) -> list[ResolvedTarget]:
    """Return everybody whom a page was for, at its address, as far as the directory still knows it."""
    people = [reader.person_id for reader in readers_of(conn, paged)]
    if not people:
        address = ChannelTarget(channel=paged.channel_id, address=paged.address, name=paged.recipient)
        return resolve(conn, [address])
    points = [point for theirs in _contact_points(conn, people).values() for point in theirs]
    return [
        point for point in points if (point.channel_id, point.address) == (paged.channel_id, paged.address)
    ]


def inform(
    conn: Connection,
    alarm: Alarm,
    kind: MessageKind,
    *,
    by: str | None,
    note: str | None,
    ending: str | None = None,
    paging: PagingConfig,
    now: datetime,
) -> list[Delivery]:
    """Write the news for everybody who was paged over a channel that wants it, and for every record."""
    new: dict[tuple[str, str], NewDelivery] = {}
    for told in told_over(ALL_SITES, conn, alarm.id):
        its_kind = paging.kind_of(told.channel_kind)
        # A page that is on its way, or has perhaps arrived, is followed by its news; one that was withdrawn is not.
        reached_somebody = told.uncertain or told.state in {State.SENT, State.DELIVERED, State.PROCESSING}
        if not (its_kind.records or (its_kind.updates and reached_somebody and kind not in _FOR_RECORDS)):
            continue
        news = NewDelivery(
            kind=kind,
            occurrence=f"v{alarm.version}",
            channel_id=told.channel_id,
            person_id=told.person_id,
            address=told.address,
            recipient=told.recipient,
            message=facts(alarm, told.message["language"], by=by, note=note, ending=ending),
            record=its_kind.records,
        )
        place = (told.channel_id, told.address)
        before = new.setdefault(place, news)
        if told.recipient not in before.recipient.split(BETWEEN):
            both = f"{before.recipient}{BETWEEN}{told.recipient}"
            new[place] = replace(before, recipient=both)
    return enqueue(conn, alarm.id, list(new.values()), now, None)


def facts(
    alarm: Alarm,
    language: str,
    *,
    by: str | None = None,
    note: str | None = None,
    ending: str | None = None,
    more: int = 0,
) -> dict[str, Any]:
    """Return what a message about the alarm says, as JSON (see `companion.channels.base.Message`)."""
    return {
        "language": language,
        "title": alarm.title,
        "severity": alarm.severity.value,
        "source": alarm.source.value,
        "alarm_kind": alarm.kind.value,
        "site": alarm.site,
        "site_id": alarm.site_id,
        "room": alarm.room,
        "person": alarm.person,
        "raised_at": alarm.raised_at.isoformat(),
        "timezone": alarm.timezone,
        "test": alarm.test,
        "details": {key: str(value) for key, value in alarm.details.items()},
        "by": by,
        "note": note,
        **({} if ending is None else {"ending": ending}),
        **({"more": more} if more else {}),
        **({} if alarm.evidence is None else alarm.evidence.model_dump(include={"level", "label", "camera"})),
    }
