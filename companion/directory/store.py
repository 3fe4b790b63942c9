"""Queries on the directory: who and what there is, and the API keys."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from companion.directory.model import ApiKey, ChannelRow, Device, Installation, Person, Role, Room, Site
from companion.escalation.policy import Policy
from companion.escalation.routing import Candidates, choose
from companion.ids import new_id, new_token, token_hash
from companion.store import tables
from companion.store.secrets import Secrets

type Query = sa.Select[Any]


def _row(conn: Connection, query: Query) -> RowMapping | None:
    return conn.execute(query).mappings().one_or_none()


def _rows(conn: Connection, query: Query) -> list[RowMapping]:
    return list(conn.execute(query).mappings())


# --- the installation -----------------------------------------------------------------------------------


def installation(conn: Connection) -> Installation:
    """Return what holds for every site; without the section in the directory, nothing."""
    row = _row(conn, sa.select(tables.installation))
    if row is None:
        return Installation(last_resort_id=None, operators=(), country=None)
    return Installation(
        last_resort_id=row["last_resort_id"], operators=tuple(row["operators"]), country=row["country"]
    )


# --- sites, rooms, people -------------------------------------------------------------------------------


def sites(conn: Connection) -> list[Site]:
    """Return every site, by name."""
    return [Site(**row) for row in _rows(conn, sa.select(tables.site).order_by(tables.site.c.name))]


def site_by_id(conn: Connection, site_id: str) -> Site | None:
    """Return the site, or None."""
    row = _row(conn, sa.select(tables.site).where(tables.site.c.id == site_id))
    return None if row is None else Site(**row)


def room_by_id(conn: Connection, room_id: str) -> Room | None:
    """Return the room, or None."""
    row = _row(conn, sa.select(tables.room).where(tables.room.c.id == room_id))
    return None if row is None else Room(**row)


def people(conn: Connection) -> list[Person]:
    """Return everybody who can be told, by name."""
    return [Person(**row) for row in _rows(conn, sa.select(tables.person).order_by(tables.person.c.name))]


def person_by_id(conn: Connection, person_id: str) -> Person | None:
    """Return the person, or None."""
    row = _row(conn, sa.select(tables.person).where(tables.person.c.id == person_id))
    return None if row is None else Person(**row)


def counts(conn: Connection) -> dict[str, int]:
    """Return how many there are of what it takes to tell somebody, and of the devices."""
    enabled = tables.channel.c.enabled
    queries = {
        "people": sa.select(sa.func.count()).select_from(tables.person),
        "channels": sa.select(sa.func.count()).select_from(tables.channel).where(enabled),
        "policies": sa.select(sa.func.count()).select_from(tables.policy),
        "devices": sa.select(sa.func.count()).select_from(tables.device),
    }
    return {name: conn.execute(query).scalar_one() for name, query in queries.items()}


# --- policies -------------------------------------------------------------------------------------------


def policies(conn: Connection) -> list[Policy]:
    """Return every policy, by name."""
    rows = conn.execute(sa.select(tables.policy.c.body).order_by(tables.policy.c.name))
    return [Policy.model_validate(body) for body in rows.scalars()]


def policy_by_id(conn: Connection, policy_id: str) -> Policy | None:
    """Return the policy, or None."""
    body = conn.execute(
        sa.select(tables.policy.c.body).where(tables.policy.c.id == policy_id)
    ).scalar_one_or_none()
    return None if body is None else Policy.model_validate(body)


def policy_for(conn: Connection, site: Site, *, vacation: bool = False) -> Policy | None:
    """Return the site's policy, or None; on `vacation` the one for that, if the site has one."""
    vacation_policy = site.vacation_policy_id if vacation else None
    policy_id = choose(Candidates(vacation=vacation_policy, site=site.policy_id))
    return None if policy_id is None else policy_by_id(conn, policy_id)


def last_resort(conn: Connection) -> Policy | None:
    """Return the policy of alarms that have no other, or None: they tell nobody."""
    named = tables.installation.c.last_resort_id
    body = conn.execute(
        sa.select(tables.policy.c.body).join(tables.installation, named == tables.policy.c.id)
    ).scalar_one_or_none()
    return None if body is None else Policy.model_validate(body)


# --- channels -------------------------------------------------------------------------------------------


def _channel(row: RowMapping, secrets: Secrets | None) -> ChannelRow:
    sealed = row["secrets"]
    opened = {} if secrets is None or sealed is None else secrets.open(row["id"], sealed)
    return ChannelRow(**{**row, "secrets": opened})


def channels(conn: Connection, secrets: Secrets | None = None) -> list[ChannelRow]:
    """Return every channel, by id; with its secrets if `secrets` can open them.

    Raises WrongSecretKey.
    """
    query = sa.select(tables.channel).order_by(tables.channel.c.id)
    return [_channel(row, secrets) for row in _rows(conn, query)]


def channel_by_id(conn: Connection, channel_id: str, secrets: Secrets | None = None) -> ChannelRow | None:
    """Return the channel, or None; with its secrets if `secrets` can open them.

    Raises WrongSecretKey.
    """
    row = _row(conn, sa.select(tables.channel).where(tables.channel.c.id == channel_id))
    return None if row is None else _channel(row, secrets)


# --- devices --------------------------------------------------------------------------------------------

_DEVICE = sa.select(*(column for column in tables.device.c if column.name != "token_hash"))


def devices(conn: Connection) -> list[Device]:
    """Return every device, by name."""
    return [Device(**row) for row in _rows(conn, _DEVICE.order_by(tables.device.c.name))]


def device_by_id(conn: Connection, device_id: str) -> Device | None:
    """Return the device, or None."""
    row = _row(conn, _DEVICE.where(tables.device.c.id == device_id))
    return None if row is None else Device(**row)


# Built once, as it is part of every press.
_TOUCH_DEVICE = sa.update(tables.device).where(tables.device.c.id == sa.bindparam("device_id"))


def touch_device(
    conn: Connection,
    device_id: str,
    *,
    now: datetime,
    context: Mapping[str, Any],
    minute_started_at: datetime | None,
    minute_count: int,
) -> None:
    """Keep when the device was last heard of, what it said, and how often within this minute."""
    conn.execute(
        _TOUCH_DEVICE,
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


def api_keys(conn: Connection) -> list[ApiKey]:
    """Return every key, revoked ones too, oldest first."""
    return [_api_key(row) for row in _rows(conn, _API_KEY.order_by(tables.api_key.c.id))]


def api_key_by_hash(conn: Connection, hashed: str) -> ApiKey | None:
    """Return the key with this hash, also a revoked one (the caller looks at `revoked_at`), or None."""
    row = _row(conn, _API_KEY.where(tables.api_key.c.key_hash == hashed))
    return None if row is None else _api_key(row)


def create_api_key(
    conn: Connection, *, name: str, role: Role, site_id: str | None, now: datetime
) -> tuple[ApiKey, str]:
    """Return a new key and, this once, its clear text."""
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


def revoke_api_key(conn: Connection, key_id: str, now: datetime) -> bool:
    """Make the key useless from now on; return whether there was one to revoke."""
    table = tables.api_key
    revoked = conn.execute(
        sa.update(table).where(table.c.id == key_id, table.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    return revoked.rowcount == 1


def touch_api_key(conn: Connection, key_id: str, now: datetime) -> None:
    """Keep when the key was last used."""
    conn.execute(sa.update(tables.api_key).where(tables.api_key.c.id == key_id).values(last_used_at=now))
