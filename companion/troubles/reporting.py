"""Opens and clears troubles in the caller's transaction, and tells the operators and every Home Assistant."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy.engine import Connection

from companion.channels.base import MessageKind
from companion.directory import store as directory
from companion.dispatch import readers
from companion.dispatch.delivery import FINAL, Delivery, Reader, State
from companion.dispatch.outbox import NewDelivery, enqueue
from companion.dispatch.readers import BETWEEN
from companion.dispatch.store import delivery_by_id
from companion.ids import new_id
from companion.store.locks import try_lock
from companion.store.scope import ALL_SITES
from companion.store.sql import is_row_held, perhaps_lost_race
from companion.texts.reasons import as_json
from companion.troubles import store
from companion.troubles.model import (
    MORE,
    STORM,
    Fact,
    Trouble,
    TroubleKind,
    TroubleSeverity,
    must_be_told,
    trouble_key,
)
from companion.troubles.store import OperatorContact

_LOGGER = logging.getLogger(__name__)

SOURCE: Final = "companion"
TROUBLE_KINDS: Final = frozenset({MessageKind.TROUBLE, MessageKind.TROUBLE_OVER})
TRY_AGAIN_AFTER: Final = timedelta(seconds=10)
"""When a next contact point that could not be told is tried again."""


class Reporter(Protocol):
    """The transaction that a trouble is reported in (an `alarms.transaction.AlarmTransaction`)."""

    conn: Connection
    now: datetime

    @property
    def failover_after(self) -> timedelta:
        """Return how long a message may go without being accepted until it is told another way."""
        ...

    def trouble_changed(self, trouble: Trouble) -> None:
        """A trouble has begun, or is over: every Home Assistant that it concerns must hear of it."""
        ...


def report(
    unit: Reporter,
    kind: TroubleKind,
    subject_id: str,
    *,
    subject: str,
    site_id: str | None = None,
    severity: TroubleSeverity = TroubleSeverity.ERROR,
    facts: Mapping[str, Fact] | None = None,
    hidden: bool = False,
) -> None:
    """Say that something is wrong; said again while it is open it is the same trouble, with newer facts.

    `subject_id` tells it from others of its kind, `subject` is its name for people; `hidden` keeps it from panels. Never raises but for a lost race:
    what could not be written down is logged, and the transaction that it was found in goes on.
    """
    key = trouble_key(kind, subject_id)

    def work() -> None:
        known = store.trouble_by_key(ALL_SITES, unit.conn, key)
        is_new = known is None or not known.is_open
        trouble = Trouble(
            key=key,
            kind=kind.value,
            subject=subject,
            site_id=site_id,
            hidden=hidden,
            facts=dict(facts or {}),
            severity=severity,
            since=unit.now if known is None or is_new else known.since,
            last_at=unit.now,
            told_at=None if known is None else known.told_at,
            cleared_at=None,
        )
        if is_new:
            _LOGGER.error("Trouble: %s (%s): %s", kind.value, subject, _shown(facts or {}))
            unit.trouble_changed(trouble)
        store.put_trouble(
            ALL_SITES, unit.conn, trouble
        )  # first: who is told past a channel that refuses, is seen from it
        # Those beyond a few of a kind wait for the auditor's next look (`tell_due`), which tells them together.
        if (
            must_be_told(trouble, unit.now)
            and store.told_about(ALL_SITES, unit.conn, kind.value, unit.now) < STORM
        ):
            _tell_now(unit, [trouble])

    _carefully(unit, key, work)


def clear(unit: Reporter, kind: TroubleKind, subject_id: str) -> None:
    """Say that it is well again; nothing happens if it was."""
    key = trouble_key(kind, subject_id)

    def work() -> None:
        known = store.trouble_by_key(ALL_SITES, unit.conn, key)
        if known is None or not known.is_open:
            return
        over = replace(known, last_at=unit.now, cleared_at=unit.now)
        _LOGGER.info("Trouble is over: %s (%s)", known.kind, known.subject)
        store.put_trouble(ALL_SITES, unit.conn, over)
        unit.trouble_changed(over)
        # Whoever never heard of it needs not hear that it is over; of many, the last few say so.
        if (
            known.told_at is not None
            and known.is_told
            and store.told_about(ALL_SITES, unit.conn, known.kind, known.told_at) < STORM
        ):
            _tell(unit, over, MessageKind.TROUBLE_OVER)

    _carefully(unit, key, work)


def reported(unit: Reporter, kind: TroubleKind, subject_id: str) -> Trouble | None:
    """Return the trouble as it was reported last, open or over, or None."""
    return store.trouble_by_key(ALL_SITES, unit.conn, trouble_key(kind, subject_id))


def open_of_kind(unit: Reporter, kind: TroubleKind) -> list[Trouble]:
    """Return the open troubles of this kind."""
    return [trouble for trouble in store.open_troubles(ALL_SITES, unit.conn) if trouble.kind == kind.value]


def tell_due(unit: Reporter) -> None:
    """Tell the operators of troubles that wait to be told, those of one kind in one message.

    They are too many of their kind, or came back so soon that they were not told, and have stayed.
    """
    due: dict[str, list[Trouble]] = {}
    for trouble in store.open_troubles(ALL_SITES, unit.conn):
        if must_be_told(trouble, unit.now) and try_lock(unit.conn, trouble.key):
            due.setdefault(trouble.kind, []).append(trouble)
    for together in due.values():
        _tell_now(unit, together)


def settled(unit: Reporter, delivery: Delivery, *, accepted: bool) -> None:
    """Note what a provider said of a message to operators: unless it took it, they are told another way at once."""
    waiting = readers.forget(unit.conn, delivery.id)
    if not accepted:
        _tell_instead(unit, delivery, waiting)


def run_due(unit: Reporter) -> None:
    """Tell operators another way whose message was not accepted in time."""
    try:
        with unit.conn.begin_nested():
            for delivery_id, person_id in readers.take_due(unit.conn, None, unit.now):
                delivery = delivery_by_id(ALL_SITES, unit.conn, delivery_id)
                if delivery is not None and delivery.state not in {State.SENT, State.DELIVERED}:
                    _tell_instead(unit, delivery, [person_id])
    except Exception as err:
        if perhaps_lost_race(err) and not is_row_held(err):
            raise
        _LOGGER.exception("The operators' next contact points could not be told; trying again")
        readers.postpone(unit.conn, None, unit.now, unit.now + TRY_AGAIN_AFTER)


def _tell_instead(unit: Reporter, delivery: Delivery, people: Sequence[str]) -> None:
    contacts = store.operator_contacts(ALL_SITES, unit.conn, people)
    told = readers.told_with(unit.conn, delivery)
    new: list[OperatorContact] = []
    for person_id in people:
        # In their order of now: a channel that has begun to refuse comes last.
        theirs = [replace(one, position=place) for place, one in enumerate(contacts.get(person_id, ()))]
        way = readers.next_way(theirs, told, Reader(person_id, 0))
        for there, point in way.joins:
            readers.join(unit.conn, there.delivery_id, Reader(person_id, point.position))
            if point is way.point and there.state not in FINAL:
                _wait_for(unit, {there.delivery_id: [Reader(person_id, point.position)]})
        if way.point is not None and way.is_new:
            new.append(way.point)
    _write(unit, new, delivery.kind, delivery.occurrence, delivery.message)


def _shown(facts: Mapping[str, Fact]) -> dict[str, str]:
    return {name: str(fact) for name, fact in facts.items()}


def _carefully(unit: Reporter, key: str, work: Callable[[], None]) -> None:
    try:
        with unit.conn.begin_nested():
            # Not waited for: a replica that reports the same at this moment says it for us, and what reports a trouble has
            # something more important to commit.
            if try_lock(unit.conn, key):
                work()
    except Exception as err:
        if perhaps_lost_race(err):
            raise
        # What was found wrong must not undo what it was found in: an alarm, a delivery's result.
        _LOGGER.exception("The trouble %s could not be written down", key)


def _tell_now(unit: Reporter, together: Sequence[Trouble]) -> None:
    first, *others = together
    shown = replace(first, facts={**first.facts, MORE: len(others)}) if others else first
    _tell(unit, shown, MessageKind.TROUBLE)
    for trouble in together:
        store.put_trouble(ALL_SITES, unit.conn, replace(trouble, told_at=unit.now))


def _tell(unit: Reporter, trouble: Trouble, kind: MessageKind) -> None:
    people = directory.installation(ALL_SITES, unit.conn).operators
    contacts = store.operator_contacts(ALL_SITES, unit.conn, people)
    occurrence = new_id()  # of this telling: what a contact point refuses is told over the person's next one
    site = None if trouble.site_id is None else directory.site_by_id(ALL_SITES, unit.conn, trouble.site_id)
    # What is about all of a house's only site happens there too: its people look at its clock.
    clock = site or directory.only_site(ALL_SITES, unit.conn)
    first = [contacts[person_id][0] for person_id in people if contacts.get(person_id)]
    if not first:
        _LOGGER.error(
            "No operator can be told of the trouble %s: add `operators` to `installation`", trouble.key
        )
    facts = {
        "title": trouble.subject,
        "trouble": trouble.kind,
        "severity": "high" if trouble.severity is TroubleSeverity.ERROR else "normal",
        "source": SOURCE,
        "site": None if site is None else site.name,
        "raised_at": trouble.since.isoformat(),
        "timezone": "UTC" if clock is None else clock.timezone,
        "details": {name: as_json(value) for name, value in trouble.facts.items()},
    }
    _write(unit, first, kind, occurrence, facts)


def _write(
    unit: Reporter,
    contacts: Sequence[OperatorContact],
    kind: MessageKind,
    occurrence: str,
    facts: Mapping[str, Any],
) -> None:
    """Write one message to each address, for everybody whose it is."""
    by_address: dict[tuple[str, str], list[OperatorContact]] = {}
    for contact in contacts:
        by_address.setdefault((contact.channel_id, contact.address), []).append(contact)
    people = {
        place: [Reader(one.person_id, one.position) for one in sharing]
        for place, sharing in by_address.items()
    }
    new = [
        NewDelivery(
            kind=kind,
            occurrence=occurrence,
            channel_id=place[0],
            person_id=sharing[0].person_id,
            position=sharing[0].position,
            address=place[1],
            recipient=BETWEEN.join(dict.fromkeys(one.name for one in sharing)),
            message={**facts, "language": sharing[0].language},
            others=people[place][1:],
        )
        for place, sharing in by_address.items()
    ]
    made = enqueue(unit.conn, None, new, unit.now, None)
    _wait_for(unit, {item.id: people[item.channel_id, item.address] for item in made})


def _wait_for(unit: Reporter, messages: Mapping[str, Sequence[Reader]]) -> None:
    readers.expect(unit.conn, messages, None, unit.now + unit.failover_after)
