"""Opens and clears troubles in the caller's transaction, and tells the operators and every Home Assistant."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.channels.base import MessageKind
from companion.dispatch.delivery import Delivery
from companion.dispatch.outbox import NewDelivery, enqueue
from companion.ids import new_id
from companion.store.sql import perhaps_lost_race
from companion.store.tables import delivery as delivery_table
from companion.troubles import store
from companion.troubles.model import (
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


class Reporter(Protocol):
    """The transaction that a trouble is reported in (an `alarms.commands.Unit`)."""

    conn: Connection
    now: datetime

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
        known = store.trouble_by_key(unit.conn, key)
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
            _LOGGER.error("Trouble: %s (%s): %s", kind.value, subject, trouble.facts)
            unit.trouble_changed(trouble)
        store.put_trouble(
            unit.conn, trouble
        )  # first: who is told past a channel that refuses, is seen from it
        if must_be_told(trouble, unit.now):
            _tell_now(unit, trouble)

    _carefully(unit, key, work)


def clear(unit: Reporter, kind: TroubleKind, subject_id: str) -> None:
    """Say that it is well again; nothing happens if it was."""
    key = trouble_key(kind, subject_id)

    def work() -> None:
        known = store.trouble_by_key(unit.conn, key)
        if known is None or not known.is_open:
            return
        over = replace(known, last_at=unit.now, cleared_at=unit.now)
        _LOGGER.info("Trouble is over: %s (%s)", known.kind, known.subject)
        store.put_trouble(unit.conn, over)
        unit.trouble_changed(over)
        if known.is_told:  # whoever never heard of it needs not hear that it is over
            _tell(unit, over, MessageKind.TROUBLE_OVER)

    _carefully(unit, key, work)


def open_of_kind(unit: Reporter, kind: TroubleKind) -> list[Trouble]:
    """Return the open troubles of this kind."""
    return [trouble for trouble in store.open_troubles(unit.conn) if trouble.kind == kind.value]


def tell_due(unit: Reporter) -> None:
    """Tell the operators of troubles that came back so soon that they were not told, and have stayed."""
    for trouble in store.open_troubles(unit.conn):
        if must_be_told(trouble, unit.now) and store.claim_key(unit.conn, trouble.key):
            _tell_now(unit, trouble)


def undelivered(unit: Reporter, failed: Delivery) -> None:
    """Tell the operator over the next contact point when one has given up."""
    if failed.person_id is None:
        return
    tried = set(
        unit.conn.execute(
            sa.select(delivery_table.c.channel_id, delivery_table.c.address).where(
                delivery_table.c.alarm_id.is_(None),
                delivery_table.c.kind == failed.kind.value,
                delivery_table.c.occurrence == failed.occurrence,
                delivery_table.c.person_id == failed.person_id,
            )
        ).tuples()
    )
    contacts = store.operator_contacts(unit.conn, [failed.person_id]).get(failed.person_id, [])
    left = [one for one in contacts if (one.channel_id, one.address) not in tried]
    if left:
        again = _delivery(left[0], failed.kind, failed.occurrence, failed.message)
        enqueue(unit.conn, None, [again], unit.now, None)


def _carefully(unit: Reporter, key: str, work: Callable[[], None]) -> None:
    try:
        with unit.conn.begin_nested():
            if store.claim_key(unit.conn, key):
                work()
    except Exception as err:
        if perhaps_lost_race(err):
            raise
        # What was found wrong must not undo what it was found in: an alarm, a delivery's result.
        _LOGGER.exception("The trouble %s could not be written down", key)


def _tell_now(unit: Reporter, trouble: Trouble) -> None:
    _tell(unit, trouble, MessageKind.TROUBLE)
    store.put_trouble(unit.conn, replace(trouble, told_at=unit.now))


def _tell(unit: Reporter, trouble: Trouble, kind: MessageKind) -> None:
    people = store.operator_ids(unit.conn)
    contacts = store.operator_contacts(unit.conn, people)
    occurrence = new_id()  # of this telling: what a contact point refuses is told over the person's next one
    site, timezone = store.site_name_and_zone(unit.conn, trouble.site_id)
    new = [
        _delivery(
            contacts[person_id][0],
            kind,
            occurrence,
            {
                "title": trouble.subject,
                "trouble": trouble.kind,
                "severity": "high" if trouble.severity is TroubleSeverity.ERROR else "normal",
                "source": SOURCE,
                "site": site,
                "raised_at": trouble.since.isoformat(),
                "timezone": timezone,
                "details": {name: str(value) for name, value in trouble.facts.items()},
            },
        )
        for person_id in people
        if contacts.get(person_id)
    ]
    if not new:
        _LOGGER.error(
            "No operator can be told of the trouble %s: add `operators` to `installation`", trouble.key
        )
    enqueue(unit.conn, None, new, unit.now, None)


def _delivery(
    contact: OperatorContact, kind: MessageKind, occurrence: str, facts: Mapping[str, Any]
) -> NewDelivery:
    return NewDelivery(
        kind=kind,
        occurrence=occurrence,
        channel_id=contact.channel_id,
        person_id=contact.person_id,
        position=contact.position,
        address=contact.address,
        recipient=contact.name,
        message={**facts, "language": contact.language},
    )
