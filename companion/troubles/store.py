"""Queries on troubles, and on the operators who are told of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from companion.store.sql import insert
from companion.store.tables import channel, contact_point, installation, person, site, trouble
from companion.troubles.model import STORM_LASTS, Trouble, TroubleKind, TroubleSeverity, trouble_key

_IS_OPEN = sa.text("trouble.cleared_at IS NULL")
"""Written out, not bound: only so do the databases see that the partial index applies."""


@dataclass(frozen=True)
class OperatorContact:
    """An address of somebody who runs the installation."""

    person_id: str
    name: str
    language: str
    channel_id: str
    address: str
    position: int


def _to_trouble(row: Row[Any]) -> Trouble:
    values = dict(row._mapping)
    return Trouble(**values | {"severity": TroubleSeverity(values["severity"])})


def claim_key(conn: Connection, key: str) -> bool:
    """Return whether the trouble is this transaction's until its commit.

    Not waited for: a replica that reports the same at this moment says it for us, and what reports a trouble has
    something more important to commit.
    """
    if conn.dialect.name != "postgresql":
        return True
    lock = sa.select(sa.func.pg_try_advisory_xact_lock(sa.func.hashtextextended(key, 0)))
    return bool(conn.execute(lock).scalar_one())


def trouble_by_key(conn: Connection, key: str) -> Trouble | None:
    """Return the trouble, open or over, or None if it never was."""
    row = conn.execute(sa.select(trouble).where(trouble.c.key == key)).first()
    return None if row is None else _to_trouble(row)


def put_trouble(conn: Connection, changed: Trouble) -> None:
    """Write the trouble as it is now."""
    values = vars(changed) | {"facts": dict(changed.facts), "severity": changed.severity.value}
    conn.execute(
        insert(conn, trouble)
        .values(**values)
        .on_conflict_do_update(index_elements=[trouble.c.key], set_=values)
    )


def open_troubles(conn: Connection, site_id: str | None = None) -> list[Trouble]:
    """Return what is wrong now, errors first, oldest first; of a site: also what is about the whole installation."""
    query = sa.select(trouble).where(_IS_OPEN)
    if site_id is not None:
        query = query.where(trouble.c.site_id.is_(None) | (trouble.c.site_id == site_id))
    by_severity = sa.case((trouble.c.severity == TroubleSeverity.ERROR.value, 0), else_=1)
    rows = conn.execute(query.order_by(by_severity, trouble.c.since, trouble.c.key))
    return [_to_trouble(row) for row in rows]


def told_about(conn: Connection, kind: str, at: datetime) -> int:
    """Return how many open troubles of the kind the operators were told of at about that time."""
    near = trouble.c.told_at.between(at - STORM_LASTS, at + STORM_LASTS)
    query = sa.select(sa.func.count()).where(_IS_OPEN, trouble.c.kind == kind, near)
    return conn.execute(query.select_from(trouble)).scalar_one()


def forget_troubles(conn: Connection, over_since: datetime) -> None:
    """Delete what has been over for long."""
    conn.execute(sa.delete(trouble).where(trouble.c.cleared_at < over_since))


def site_name_and_zone(conn: Connection, site_id: str | None) -> tuple[str | None, str]:
    """Return the site's name and time zone; (None, "UTC") for the whole installation."""
    if site_id is None:
        return None, "UTC"
    row = conn.execute(sa.select(site.c.name, site.c.timezone).where(site.c.id == site_id)).first()
    return (None, "UTC") if row is None else (row.name, row.timezone)


def operator_ids(conn: Connection) -> list[str]:
    """Return the ids of the people who run the installation."""
    named = conn.execute(sa.select(installation.c.operators)).scalar()
    return list(named or ())


def operator_contacts(conn: Connection, people: Sequence[str]) -> dict[str, list[OperatorContact]]:
    """Return the usable addresses of each person: in the person's order, but channels that refuse come last."""
    query = (
        sa.select(
            person.c.id,
            person.c.name,
            person.c.language,
            channel.c.id,
            contact_point.c.address,
            contact_point.c.position,
        )
        .join_from(contact_point, person)
        .join(channel, channel.c.id == contact_point.c.channel_id)
        .where(person.c.id.in_(list(people)), channel.c.enabled)
        .order_by(person.c.id, contact_point.c.position)
    )
    refusing = set(
        conn.execute(
            sa.select(trouble.c.key).where(_IS_OPEN, trouble.c.kind == TroubleKind.CHANNEL_REFUSES.value)
        ).scalars()
    )
    found: dict[str, list[OperatorContact]] = {}
    for row in conn.execute(query):
        contact = OperatorContact(*row)
        found.setdefault(contact.person_id, []).append(contact)
    for contacts in found.values():
        contacts.sort(key=lambda one: trouble_key(TroubleKind.CHANNEL_REFUSES, one.channel_id) in refusing)
    return found
