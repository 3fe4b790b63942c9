"""Queries on the directory: who and what there is, and the API keys.

Sites, rooms, devices and keys belong to a site; people, channels and policies belong to one, or all sites share them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from companion.channels.base import MessageKind
from companion.directory.model import (
    ApiKey,
    ChannelRow,
    Device,
    DirectoryPolicy,
    Installation,
    Person,
    Room,
    Site,
)
from companion.directory.roles import Role
from companion.escalation.plan import everybody
from companion.escalation.policy import ChannelTarget, PersonTarget, Policy
from companion.escalation.routing import Candidates, choose
from companion.ids import new_id, new_token, token_hash
from companion.store import tables
from companion.store.scope import ALL_SITES, Scope, require_owned
from companion.store.secrets import Secrets
from companion.store.statements import Statement
from companion.wording.own_texts import OwnText

type Query = sa.Select[Any]


def _row(conn: Connection, query: Query) -> RowMapping | None:
    return conn.execute(query).mappings().one_or_none()


def _rows(conn: Connection, query: Query) -> list[RowMapping]:
    return list(conn.execute(query).mappings())


# --- the installation -----------------------------------------------------------------------------------


def installation(scope: Scope, conn: Connection) -> Installation:
    """Return what holds for every site; without the section in the directory, and to one site, nothing."""
    row = _row(conn, sa.select(tables.installation)) if scope == ALL_SITES else None
    if row is None:
        return Installation(last_resort_id=None, operators=(), country=None)
    return Installation(
        last_resort_id=row["last_resort_id"], operators=tuple(row["operators"]), country=row["country"]
    )


# --- sites, rooms, people -------------------------------------------------------------------------------


def sites(scope: Scope, conn: Connection) -> list[Site]:
    """Return every site of the scope, by name."""
    query = scope.own(sa.select(tables.site), tables.site.c.id)
    return [Site(**row) for row in _rows(conn, query.order_by(tables.site.c.name))]


def site_by_id(scope: Scope, conn: Connection, site_id: str) -> Site | None:
    """Return the site, or None."""
    query = sa.select(tables.site).where(tables.site.c.id == site_id)
    row = _row(conn, scope.own(query, tables.site.c.id))
    return None if row is None else Site(**row)


def only_site(scope: Scope, conn: Connection) -> Site | None:
    """Return the only site there is in the scope, or None: there are several, or none."""
    known = sites(scope, conn)
    return known[0] if len(known) == 1 else None


def rooms(scope: Scope, conn: Connection) -> list[Room]:
    """Return every room, by name."""
    query = scope.own(sa.select(tables.room), tables.room.c.site_id)
    return [Room(**row) for row in _rows(conn, query.order_by(tables.room.c.name))]


def people(scope: Scope, conn: Connection) -> list[Person]:
    """Return everybody who can be told, by name."""
    query = scope.own_or_shared(sa.select(tables.person), tables.person.c.site_id)
    return [Person(**row) for row in _rows(conn, query.order_by(tables.person.c.name))]


def person_by_id(scope: Scope, conn: Connection, person_id: str) -> Person | None:
    """Return the person, or None."""
    query = sa.select(tables.person).where(tables.person.c.id == person_id)
    row = _row(conn, scope.own_or_shared(query, tables.person.c.site_id))
    return None if row is None else Person(**row)


def people_at(scope: Scope, conn: Connection, channel_id: str, address: str) -> list[Person]:
    """Return whose contact point an address on a channel is, by name: several may share one."""
    point = tables.contact_point
    query = (
        sa.select(tables.person)
        .join_from(tables.person, point)
        .where(point.c.channel_id == channel_id, point.c.address == address)
        .order_by(tables.person.c.name)
        .distinct()
    )
    return [Person(**row) for row in _rows(conn, scope.own_or_shared(query, tables.person.c.site_id))]


def contact_points(scope: Scope, conn: Connection) -> dict[str, list[tuple[str, str]]]:
    """Return channel and address of each person's contact points, in order.

    To one site those of its own people only: how somebody is reached whom all sites share, is not each site's business.
    """
    point, found = tables.contact_point, dict[str, list[tuple[str, str]]]()
    query = sa.select(point.c.person_id, point.c.channel_id, point.c.address).join_from(point, tables.person)
    query = scope.own(query, tables.person.c.site_id).order_by(point.c.position, point.c.id)
    for person_id, channel_id, address in conn.execute(query).tuples():
        found.setdefault(person_id, []).append((channel_id, address))
    return found


@lru_cache
def _usable_points(scope: Scope, people: int) -> Statement:
    point, channel, person = tables.contact_point, tables.channel, tables.person
    query = (
        sa.select(
            channel.c.id,
            channel.c.kind,
            point.c.address,
            person.c.name,
            person.c.language,
            person.c.id,
            point.c.position,
        )
        .join_from(point, person)
        .join(channel, channel.c.id == point.c.channel_id)
        .where(
            point.c.person_id.in_([sa.bindparam(f"person{number}") for number in range(people)]),
            channel.c.enabled,
        )
        .order_by(person.c.id, point.c.position)
    )
    return Statement(scope.own_or_shared(query, person.c.site_id))


def usable_contact_points(scope: Scope, conn: Connection, people: Iterable[str]) -> list[tuple[Any, ...]]:
    """Return the contact points of these people whose channel is switched on, each person's in order.

    Channel, its kind, address, the person's name and language, the person, the place among the person's own.
    """
    if not people:
        return []
    values = {f"person{number}": person for number, person in enumerate(dict.fromkeys(people))}
    return _usable_points(scope, len(values)).rows(conn, values)


def counts(scope: Scope, conn: Connection) -> dict[str, int]:
    """Return how many there are of what it takes to tell somebody, and of the devices."""

    def count(table: sa.Table) -> sa.Select[tuple[int]]:
        return sa.select(sa.func.count()).select_from(table)

    channel = tables.channel
    queries = {
        "people": scope.own_or_shared(count(tables.person), tables.person.c.site_id),
        "channels": scope.own_or_shared(count(channel).where(channel.c.enabled), channel.c.site_id),
        "policies": scope.own_or_shared(count(tables.policy), tables.policy.c.site_id),
        "devices": scope.own(count(tables.device), tables.device.c.site_id),
    }
    return {name: conn.execute(query).scalar_one() for name, query in queries.items()}


def lacking(scope: Scope, conn: Connection) -> list[str]:
    """Return what there is none of, but must be to tell somebody: `channel` (switched on), `contact`, `policy`."""
    channel, policy, point = tables.channel, tables.policy, tables.contact_point
    contacts = sa.select(point.c.id).join_from(point, tables.person)
    queries = {
        "channel": scope.own_or_shared(sa.select(channel.c.id).where(channel.c.enabled), channel.c.site_id),
        "contact": scope.own_or_shared(contacts, tables.person.c.site_id),
        "policy": scope.own_or_shared(sa.select(policy.c.id), policy.c.site_id),
    }
    return [name for name, query in queries.items() if conn.execute(query.limit(1)).first() is None]


# --- policies -------------------------------------------------------------------------------------------


def policies(scope: Scope, conn: Connection) -> list[DirectoryPolicy]:
    """Return every policy, by name; to one site, those that tell people of another are not there."""
    table = tables.policy
    query = scope.own_or_shared(sa.select(table.c.body, table.c.site_id), table.c.site_id)
    rows = conn.execute(query.order_by(table.c.name))
    found = [DirectoryPolicy.model_validate({**body, "site": site_id}) for body, site_id in rows]
    return [policy for policy in found if _tells_nobody_elsewhere(scope, conn, policy)]


def policy_by_id(scope: Scope, conn: Connection, policy_id: str) -> Policy | None:
    """Return the policy, or None; to one site, one that tells people of another is not there."""
    query = sa.select(tables.policy.c.body).where(tables.policy.c.id == policy_id)
    body = conn.execute(scope.own_or_shared(query, tables.policy.c.site_id)).scalar_one_or_none()
    policy = None if body is None else Policy.model_validate(body)
    return policy if policy is not None and _tells_nobody_elsewhere(scope, conn, policy) else None


def _tells_nobody_elsewhere(scope: Scope, conn: Connection, policy: Policy) -> bool:
    if scope == ALL_SITES:
        return True
    told = everybody(policy)
    people = {target.person for target in told if isinstance(target, PersonTarget)}
    channels = {target.channel for target in told if isinstance(target, ChannelTarget)}
    homes = sa.union_all(
        sa.select(tables.person.c.site_id).where(tables.person.c.id.in_(sorted(people))),
        sa.select(tables.channel.c.site_id).where(tables.channel.c.id.in_(sorted(channels))),
    )
    return all(scope.sees(site_id) for site_id in conn.execute(homes).scalars())


def policy_for(scope: Scope, conn: Connection, site: Site, *, vacation: bool = False) -> Policy | None:
    """Return the site's policy, or None; on `vacation` the one for that, if the site has one."""
    vacation_policy = site.vacation_policy_id if vacation else None
    policy_id = choose(Candidates(vacation=vacation_policy, site=site.policy_id))
    return None if policy_id is None else policy_to_follow(scope, conn, site, policy_id)


def policy_to_follow(scope: Scope, conn: Connection, site: Site | None, policy_id: str) -> Policy | None:
    """Return the policy for an alarm of the site, or of none; None if there is none that the scope may use.

    Whom the site's own policies tell is decided by whoever applies the directory: people of another site too.
    """
    is_the_sites = site is not None and policy_id in {site.policy_id, site.vacation_policy_id}
    is_decided = is_the_sites and site is not None and scope.owns(site.id)
    return policy_by_id(ALL_SITES if is_decided else scope, conn, policy_id)


def last_resort(scope: Scope, conn: Connection) -> Policy | None:
    """Return the policy of alarms that have no other, or None: they tell nobody."""
    named = tables.installation.c.last_resort_id
    query = sa.select(tables.policy.c.body).join(tables.installation, named == tables.policy.c.id)
    body = conn.execute(scope.own_or_shared(query, tables.policy.c.site_id)).scalar_one_or_none()
    return None if body is None else Policy.model_validate(body)


# --- channels -------------------------------------------------------------------------------------------


def _channel(row: RowMapping, secrets: Secrets | None) -> ChannelRow:
    sealed = row["secrets"]
    opened = {} if secrets is None or sealed is None else secrets.open(row["id"], sealed)
    return ChannelRow(**{**row, "secrets": opened})


def channels(scope: Scope, conn: Connection, secrets: Secrets | None = None) -> list[ChannelRow]:
    """Return every channel, by id; with its secrets if `secrets` can open them.

    Raises WrongSecretKey.
    """
    query = scope.own_or_shared(sa.select(tables.channel), tables.channel.c.site_id)
    return [_channel(row, secrets) for row in _rows(conn, query.order_by(tables.channel.c.id))]


_USABLE_CHANNELS = sa.select(tables.channel.c.id, tables.channel.c.kind, tables.channel.c.name).where(
    tables.channel.c.id.in_(sa.bindparam("channels", expanding=True)), tables.channel.c.enabled
)


def usable_channels(scope: Scope, conn: Connection, channels: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return kind and name of those of the channels that are switched on, by id."""
    query = scope.own_or_shared(_USABLE_CHANNELS, tables.channel.c.site_id)
    rows = conn.execute(query, {"channels": list(channels)})
    return {channel_id: (kind, name) for channel_id, kind, name in rows}


def channel_revisions(scope: Scope, conn: Connection) -> dict[str, int]:
    """Return the revision of each channel that is switched on, by id."""
    query = sa.select(tables.channel.c.id, tables.channel.c.revision).where(tables.channel.c.enabled)
    rows = conn.execute(scope.own_or_shared(query, tables.channel.c.site_id))
    return {row.id: row.revision for row in rows}


def sealed_secrets(scope: Scope, conn: Connection) -> dict[str, str | None]:
    """Return the secrets of each channel as they are stored; None: it has none."""
    query = scope.own_or_shared(
        sa.select(tables.channel.c.id, tables.channel.c.secrets), tables.channel.c.site_id
    )
    return dict(conn.execute(query).tuples().all())


def channel_by_id(
    scope: Scope, conn: Connection, channel_id: str, secrets: Secrets | None = None
) -> ChannelRow | None:
    """Return the channel, or None; with its secrets if `secrets` can open them.

    Raises WrongSecretKey.
    """
    query = sa.select(tables.channel).where(tables.channel.c.id == channel_id)
    row = _row(conn, scope.own_or_shared(query, tables.channel.c.site_id))
    return None if row is None else _channel(row, secrets)


# --- texts ----------------------------------------------------------------------------------------------


def own_text(row: Mapping[str, Any]) -> OwnText:
    """Return the row as what it is."""
    return OwnText(**{**row, "kind": MessageKind(row["kind"])})


def message_texts(scope: Scope, conn: Connection) -> list[OwnText]:
    """Return what the installation has written itself, by id."""
    query = scope.own_or_shared(sa.select(tables.message_text), tables.message_text.c.site_id)
    rows = _rows(conn, query.order_by(tables.message_text.c.id))
    return [own_text(dict(row)) for row in rows if row["kind"] in MessageKind]


# --- devices --------------------------------------------------------------------------------------------

_DEVICE = sa.select(*(column for column in tables.device.c if column.name != "token_hash"))


def devices(scope: Scope, conn: Connection) -> list[Device]:
    """Return every device, by name. One without a site is nobody's own: only who sees all sites sees it."""
    query = scope.own(_DEVICE, tables.device.c.site_id)
    return [Device(**row) for row in _rows(conn, query.order_by(tables.device.c.name))]


def device_by_id(scope: Scope, conn: Connection, device_id: str) -> Device | None:
    """Return the device, or None."""
    query = _DEVICE.where(tables.device.c.id == device_id)
    row = _row(conn, scope.own(query, tables.device.c.site_id))
    return None if row is None else Device(**row)


def put_token(scope: Scope, conn: Connection, device_id: str, hashed: str) -> None:
    """Give the device a new token, of which this is the hash."""
    query = sa.update(tables.device).where(tables.device.c.id == device_id).values(token_hash=hashed)
    conn.execute(scope.own(query, tables.device.c.site_id))


@lru_cache
def _touch_device(scope: Scope) -> Statement:
    query = sa.update(tables.device).where(tables.device.c.id == sa.bindparam("device_id"))
    return Statement(scope.own(query, tables.device.c.site_id))


def touch_device(
    scope: Scope,
    conn: Connection,
    device_id: str,
    *,
    now: datetime,
    context: Mapping[str, Any],
    minute_started_at: datetime | None,
    minute_count: int,
) -> None:
    """Keep when the device was last heard of, what it said, and how often within this minute."""
    _touch_device(scope).run(
        conn,
        {
            "device_id": device_id,
            "last_seen_at": now,
            "last_context": dict(context),
            "minute_started_at": minute_started_at,
            "minute_count": minute_count,
        },
    )


# --- API keys -------------------------------------------------------------------------------------------

_API_KEY = sa.select(*(column for column in tables.api_key.c if column.name != "key_hash"))


def _api_key(row: RowMapping) -> ApiKey:
    return ApiKey(**{**row, "role": Role(row["role"])})


def api_keys(scope: Scope, conn: Connection) -> list[ApiKey]:
    """Return every key, revoked ones too, oldest first. One for every site belongs to none of them."""
    query = scope.own(_API_KEY, tables.api_key.c.site_id)
    return [_api_key(row) for row in _rows(conn, query.order_by(tables.api_key.c.id))]


def api_key_by_hash(scope: Scope, conn: Connection, hashed: str) -> ApiKey | None:
    """Return the key with this hash, also a revoked one (the caller looks at `revoked_at`), or None."""
    query = _API_KEY.where(tables.api_key.c.key_hash == hashed)
    row = _row(conn, scope.own(query, tables.api_key.c.site_id))
    return None if row is None else _api_key(row)


def key_holds(scope: Scope, conn: Connection, key_id: str) -> bool:
    """Return whether there is such a key, and it is not revoked."""
    table = tables.api_key
    query = sa.select(table.c.id).where(table.c.id == key_id, table.c.revoked_at.is_(None))
    return conn.execute(scope.own(query, table.c.site_id)).first() is not None


def create_api_key(
    scope: Scope, conn: Connection, *, name: str, role: Role, site_id: str | None, now: datetime
) -> tuple[ApiKey, str]:
    """Return a new key and, this once, its clear text. Raises OutOfScope."""
    require_owned(scope, site_id)
    clear = f"ab_{role}_{new_token()}"
    key = ApiKey(
        id=new_id(), name=name, role=role, site_id=site_id, created_at=now, last_used_at=None, revoked_at=None
    )
    conn.execute(
        sa.insert(tables.api_key).values(
            id=key.id,
            name=name,
            role=role.value,
            site_id=site_id,
            key_hash=token_hash(clear),
            created_at=now,
        )
    )
    return key, clear


def revoke_api_key(scope: Scope, conn: Connection, key_id: str, now: datetime) -> bool:
    """Make the key useless from now on; return whether there was one to revoke."""
    table = tables.api_key
    query = sa.update(table).where(table.c.id == key_id, table.c.revoked_at.is_(None)).values(revoked_at=now)
    return conn.execute(scope.own(query, table.c.site_id)).rowcount == 1


def touch_api_key(scope: Scope, conn: Connection, key_id: str, now: datetime) -> None:
    """Keep when the key was last used."""
    query = sa.update(tables.api_key).where(tables.api_key.c.id == key_id).values(last_used_at=now)
    conn.execute(scope.own(query, tables.api_key.c.site_id))
