"""A key of one site and what belongs to another: not told, not changed, and answered like what is not there."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.journal import append
from companion.alarms.model import Change
from companion.directory.roles import Role
from companion.directory.store import create_api_key
from companion.store import tables
from companion.store.scope import OneSite, OutOfScope
from tests.companion.conftest import Directory
from tests.companion.web.harness import Api

SMOKE = {"kind": "fire", "title": "Smoke"}


async def raise_over(api: Api, key: str, **body: Any) -> dict[str, Any]:
    """Return the alarm that the key has raised, with its record."""
    reply = await api.call("POST", "/v1/alarms", key, json={**SMOKE, **body})
    assert reply.status == 201, reply.text
    detail: dict[str, Any] = (await api.call("GET", f"/v1/alarms/{reply.json['id']}", key)).json
    return detail


@pytest.mark.parametrize("what", ["site", "policy"])
async def test_who_names_a_site_or_policy_of_another_site_hears_that_there_is_none(
    api: Api, directory: Directory, what: str
) -> None:
    theirs = await api.call("POST", "/v1/alarms", "other", json={**SMOKE, what: getattr(directory, what)})
    made_up = await api.call("POST", "/v1/alarms", "other", json={**SMOKE, what: "made-up"})

    assert (theirs.status, made_up.status) == (422, 422)
    assert theirs.text.replace(getattr(directory, what), "made-up") == made_up.text
    assert (await api.call("GET", "/v1/alarms")).json["alarms"] == []


@pytest.mark.parametrize(("what", "name"), [("room", "Reception"), ("person", "Porter")])
async def test_who_names_a_room_or_person_of_another_site_does_not_learn_how_it_is_called(
    api: Api, directory: Directory, what: str, name: str
) -> None:
    named = getattr(directory, "porter" if what == "person" else what)

    theirs = await raise_over(api, "other", **{what: named})
    own = await raise_over(api, "office", **{what: named})

    assert (theirs[what], own[what]) == (named, name)


async def test_a_policy_that_tells_people_whom_all_sites_share_is_for_every_site(
    api: Api, directory: Directory
) -> None:
    shared = sa.update(tables.person).values(site_id=None)
    await api.context.db.write(lambda conn: conn.execute(shared))

    alarm = await raise_over(api, "other", policy=directory.policy)

    assert {told["recipient"] for told in alarm["deliveries"]} == {"Porter", "Zammad"}


async def test_the_policy_that_the_directory_gives_a_site_may_tell_people_of_another(
    api: Api, directory: Directory
) -> None:
    given = sa.update(tables.site).where(tables.site.c.id == "warehouse").values(policy_id=directory.policy)
    await api.context.db.write(lambda conn: conn.execute(given))

    by_default = await raise_over(api, "other")
    named = await raise_over(api, "other", policy=directory.policy)

    assert by_default["policy_id"] == named["policy_id"] == directory.policy


async def test_what_belongs_to_another_site_cannot_be_written(api: Api, directory: Directory) -> None:
    alarm_id = await api.raised(site=directory.site)
    elsewhere, now = OneSite("warehouse"), api.context.clock()

    def note(conn: Connection) -> None:
        append(elsewhere, conn, alarm_id, now, Change.NOTED, actor=None, via="api", detail={})

    def key(conn: Connection) -> None:
        create_api_key(elsewhere, conn, name="Mine", role=Role.ADMIN, site_id=directory.site, now=now)

    with pytest.raises(OutOfScope):
        await api.context.db.write(note)
    with pytest.raises(OutOfScope):
        await api.context.db.write(key)
