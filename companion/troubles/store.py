"""Queries on troubles, and on the operators who are told of them.

A trouble without a site is every site's business if it is about something that all share, else nobody's own.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from companion.store.scope import ALL_SITES, AllSites, OneSite, OutOfScope, Scope, require_owned
from companion.store.sql import insert
from companion.store.tables import channel, channel_health, contact_point, link_peer, person, trouble
from companion.texts.reasons import Reason, as_json
from companion.troubles.channel_health import PROBE_LIMIT, ChannelHealth
from companion.troubles.model import (
    SHARED_KINDS,
    STORM_LASTS,
    Trouble,
    TroubleKind,
    TroubleSeverity,
    trouble_key,
)

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
    facts = {name: Reason.from_json(value) or value for name, value in values["facts"].items()}
    return Trouble(**values | {"severity": TroubleSeverity(values["severity"]), "facts": facts})


def _seen[Q: (sa.Select[Any], sa.Delete)](scope: Scope, query: Q) -> Q:
    match scope:
        case AllSites():
            return query
        case OneSite(site_id):
            shared = sa.and_(trouble.c.site_id.is_(None), trouble.c.kind.in_(sorted(SHARED_KINDS)))
            return query.where(sa.or_(trouble.c.site_id == site_id, shared))


def trouble_by_key(scope: Scope, conn: Connection, key: str) -> Trouble | None:
    """Return the trouble, open or over, or None if it never was."""
    row = conn.execute(_seen(scope, sa.select(trouble).where(trouble.c.key == key))).first()
    return None if row is None else _to_trouble(row)


def put_trouble(scope: Scope, conn: Connection, changed: Trouble) -> None:
    """Write the trouble as it is now. Raises OutOfScope."""
    require_owned(scope, changed.site_id)
    facts = {name: as_json(value) for name, value in changed.facts.items()}
    values = vars(changed) | {"facts": facts, "severity": changed.severity.value}
    conn.execute(
        insert(conn.dialect.name, trouble)
        .values(**values)
        .on_conflict_do_update(index_elements=[trouble.c.key], set_=values)
    )


def open_troubles(scope: Scope, conn: Connection) -> list[Trouble]:
    """Return what is wrong now, errors first, oldest first."""
    query = _seen(scope, sa.select(trouble).where(_IS_OPEN))
    by_severity = sa.case((trouble.c.severity == TroubleSeverity.ERROR.value, 0), else_=1)
    rows = conn.execute(query.order_by(by_severity, trouble.c.since, trouble.c.key))
    return [_to_trouble(row) for row in rows]


def told_about(scope: Scope, conn: Connection, kind: str, at: datetime) -> int:
    """Return how many open troubles of the kind the operators were told of at about that time."""
    near = trouble.c.told_at.between(at - STORM_LASTS, at + STORM_LASTS)
    query = sa.select(sa.func.count()).where(_IS_OPEN, trouble.c.kind == kind, near)
    found: int = conn.execute(_seen(scope, query.select_from(trouble))).scalar_one()
    return found


def forget_troubles(scope: Scope, conn: Connection, over_since: datetime) -> None:
    """Delete what has been over for long."""
    conn.execute(scope.own(sa.delete(trouble).where(trouble.c.cleared_at < over_since), trouble.c.site_id))


def panels_without_site(scope: Scope, conn: Connection) -> list[tuple[str, str]]:
    """Return instance and name of the Home Assistants that belong to no site."""
    query = sa.select(link_peer.c.instance, link_peer.c.name).where(link_peer.c.site_id.is_(None))
    rows = conn.execute(scope.own(query, link_peer.c.site_id).order_by(link_peer.c.instance))
    return list(rows.tuples())


def operator_contacts(
    scope: Scope, conn: Connection, people: Sequence[str]
) -> dict[str, list[OperatorContact]]:
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
    for row in conn.execute(scope.own_or_shared(query, person.c.site_id)):
        contact = OperatorContact(*row)
        found.setdefault(contact.person_id, []).append(contact)
    for contacts in found.values():
        contacts.sort(key=lambda one: trouble_key(TroubleKind.CHANNEL_REFUSES, one.channel_id) in refusing)
    return found


def health_of_channels(scope: Scope, conn: Connection) -> dict[str, ChannelHealth]:
    """Return what is known of each channel that is switched on; a changed channel begins anew."""
    query = sa.select(channel.c.id, channel.c.revision.label("current"), channel_health).outerjoin(
        channel_health, channel_health.c.channel_id == channel.c.id
    )
    found: dict[str, ChannelHealth] = {}
    query = scope.own_or_shared(query.where(channel.c.enabled), channel.c.site_id)
    for row in conn.execute(query.order_by(channel.c.id)):
        values = dict(row._mapping)
        channel_id, current = values.pop("id"), values.pop("current")
        known = values["revision"] == current
        found[channel_id] = (
            ChannelHealth(**values) if known else ChannelHealth(channel_id=channel_id, revision=current)
        )
    return found


def lock_health(scope: Scope, conn: Connection, channel_ids: Collection[str]) -> None:
    """Keep other replicas from counting at the same time: what one of them noted would be lost."""
    if conn.dialect.name == "postgresql":
        rows = sa.select(channel_health.c.channel_id).where(channel_health.c.channel_id.in_(channel_ids))
        rows = _of_channels(scope, rows, channel_health.c.channel_id)
        conn.execute(rows.order_by(channel_health.c.channel_id).with_for_update())


def take_probe(scope: Scope, conn: Connection, seen: ChannelHealth, now: datetime) -> bool:
    """Return whether the probe of a channel is ours: one replica makes it, unless it has not come back with a result.

    Raises OutOfScope.
    """
    _require_channel(scope, conn, seen.channel_id)
    values = {"channel_id": seen.channel_id, "revision": seen.revision, "failed_probes": 0, "failed_sends": 0}
    row, until = channel_health.c, {"probing_until": now + PROBE_LIMIT}
    free = sa.or_(row.probing_until.is_(None), row.probing_until <= now)
    # With another result than the one we saw, somebody was faster and is done already.
    unchanged = row.probed_at.is_not_distinct_from(seen.probed_at)
    other = row.revision != seen.revision
    ours = conn.execute(
        insert(conn.dialect.name, channel_health)
        .values(**values | until)
        .on_conflict_do_update(
            index_elements=[row.channel_id], set_=until, where=sa.and_(free, sa.or_(unchanged, other))
        )
        .returning(row.channel_id)
    )
    return ours.first() is not None


def put_health(scope: Scope, conn: Connection, health: ChannelHealth) -> None:
    """Write how a channel is now. Raises OutOfScope."""
    _require_channel(scope, conn, health.channel_id)
    values = vars(health)
    conn.execute(
        insert(conn.dialect.name, channel_health)
        .values(**values)
        .on_conflict_do_update(index_elements=[channel_health.c.channel_id], set_=values)
    )


def _of_channels(scope: Scope, query: sa.Select[Any], channel_id: sa.Column[str]) -> sa.Select[Any]:
    """Return the query narrowed down to rows whose column `channel_id` names a channel of the scope's own."""
    if scope == ALL_SITES:
        return query
    return query.where(channel_id.in_(scope.own(sa.select(channel.c.id), channel.c.site_id)))


def _require_channel(scope: Scope, conn: Connection, channel_id: str) -> None:
    if scope == ALL_SITES:
        return
    own = scope.own(sa.select(channel.c.id).where(channel.c.id == channel_id), channel.c.site_id)
    if conn.execute(own).first() is None:
        raise OutOfScope(f"the channel {channel_id} is not of {scope}")
