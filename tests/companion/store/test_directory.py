"""What the directory answers, on both databases."""

from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from companion.directory import store as query
from companion.directory.roles import Role
from companion.ids import token_hash
from companion.store import tables
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets
from tests.companion.conftest import POLICY, Directory


async def test_a_phone_without_person_and_room_says_what_is_missing(
    db: Database, directory: Directory
) -> None:
    device = await db.read(lambda conn: query.device_by_id(ALL_SITES, conn, directory.incomplete_phone))

    assert device is not None
    assert device.missing == ("person", "room")


async def test_a_site_has_the_policy_it_names(db: Database, directory: Directory) -> None:
    site = await db.read(lambda conn: query.site_by_id(ALL_SITES, conn, directory.site))
    assert site is not None

    assert await db.read(lambda conn: query.policy_for(ALL_SITES, conn, site)) == POLICY


async def test_a_site_without_a_policy_has_none(db: Database, directory: Directory) -> None:
    await db.write(lambda conn: conn.execute(sa.update(tables.site).values(policy_id=None)))
    site = await db.read(lambda conn: query.site_by_id(ALL_SITES, conn, directory.site))
    assert site is not None

    assert await db.read(lambda conn: query.policy_for(ALL_SITES, conn, site)) is None


async def test_the_last_press_of_a_device_is_kept(db: Database, directory: Directory, now: datetime) -> None:
    await db.write(
        lambda conn: query.touch_device(
            ALL_SITES,
            conn,
            directory.phone,
            now=now,
            context={"model": "T54W"},
            minute_started_at=now,
            minute_count=3,
        )
    )

    device = await db.read(lambda conn: query.device_by_id(ALL_SITES, conn, directory.phone))
    assert device is not None
    assert (device.last_seen_at, device.last_context, device.minute_count) == (now, {"model": "T54W"}, 3)
    assert device.minute_started_at == now


async def test_secrets_of_channels_are_given_only_to_who_can_open_them(
    db: Database, directory: Directory
) -> None:
    secrets = Secrets(b"k" * 32)
    sealed = secrets.seal("zammad", {"token": "hunter22"})
    await db.write(
        lambda conn: conn.execute(
            sa.update(tables.channel)
            .where(tables.channel.c.id == "zammad")
            .values(config={"group": "Users"}, secrets=sealed)
        )
    )

    closed = await db.read(lambda conn: query.channel_by_id(ALL_SITES, conn, "zammad"))
    opened = await db.read(lambda conn: query.channel_by_id(ALL_SITES, conn, "zammad", secrets))

    assert closed is not None
    assert opened is not None
    assert closed.full_config == {"group": "Users"}
    assert opened.full_config == {"group": "Users", "token": "hunter22"}
    assert "hunter22" not in repr(opened)


async def test_an_api_key_is_shown_once_and_found_by_its_hash(db: Database, now: datetime) -> None:
    key, clear = await db.write(
        lambda conn: query.create_api_key(
            ALL_SITES, conn, name="dashboard", role=Role.READ, site_id=None, now=now
        )
    )

    found = await db.read(lambda conn: query.api_key_by_hash(ALL_SITES, conn, token_hash(clear)))
    stored = await db.read(lambda conn: str(conn.execute(sa.select(tables.api_key)).mappings().one()))
    assert found == key
    assert clear.startswith("ab_read_")
    assert len(clear.removeprefix("ab_read_")) == 43
    assert clear not in stored


async def test_a_key_is_revoked_once(db: Database, now: datetime) -> None:
    key, clear = await db.write(
        lambda conn: query.create_api_key(ALL_SITES, conn, name="old", role=Role.ADMIN, site_id=None, now=now)
    )

    first = await db.write(lambda conn: query.revoke_api_key(ALL_SITES, conn, key.id, now))
    again = await db.write(
        lambda conn: query.revoke_api_key(ALL_SITES, conn, key.id, now + timedelta(hours=1))
    )

    found = await db.read(lambda conn: query.api_key_by_hash(ALL_SITES, conn, token_hash(clear)))
    assert found is not None
    assert (first, again, found.revoked_at) == (True, False, now)


async def test_the_last_use_of_a_key_is_kept(db: Database, now: datetime) -> None:
    key, _ = await db.write(
        lambda conn: query.create_api_key(
            ALL_SITES, conn, name="script", role=Role.OPERATE, site_id=None, now=now
        )
    )

    await db.write(lambda conn: query.touch_api_key(ALL_SITES, conn, key.id, now))

    (found,) = await db.read(partial(query.api_keys, ALL_SITES))
    assert found.last_used_at == now


@pytest.mark.parametrize(
    ("role", "covered"),
    [
        (Role.READ, {Role.READ}),
        (Role.OPERATE, {Role.READ, Role.OPERATE}),
        (Role.ADMIN, {Role.READ, Role.OPERATE, Role.ADMIN}),
    ],
)
def test_each_role_includes_those_before_it(role: Role, covered: set[Role]) -> None:
    assert {needed for needed in Role if role.covers(needed)} == covered
