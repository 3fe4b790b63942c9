"""Pages of two replicas on one database: an answer is one answer, a session one session, wherever a browser comes out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import sqlalchemy as sa

from companion.alarms.model import Actor, Status
from companion.directory import store
from companion.store import database, tables
from companion.store.database import PostgresDatabase
from companion.store.scope import ALL_SITES
from tests.builders import until
from tests.companion.web.harness import Api
from tests.companion.web.people_pages import (
    alarm_of,
    hidden_token,
    journal,
    log_in,
    press,
    press_button,
    text_of,
    token_for,
)

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])
ANNA = Actor(name="Anna", via="api")


async def logged_in(api: Api, replica: Api) -> None:
    """Log in at one, and come out at either from then on."""
    await log_in(api)
    replica.client.session.cookie_jar.update_cookies(
        {cookie.key: cookie.value for cookie in api.client.session.cookie_jar}, replica.client.make_url("/")
    )


async def events(api: Api, alarm_id: str) -> list[str]:
    return [entry.event.value for entry in await journal(api, alarm_id)]


async def test_of_many_presses_at_both_one_acknowledges_and_all_are_in_the_journal(
    api: Api, replica: Api
) -> None:
    alarm_id = await api.raised(room="reception", person="porter")
    token = token_for(alarm_id)

    replies = await asyncio.gather(
        *(press(one, token, name="Anna") for _ in range(5) for one in (api, replica))
    )

    assert {reply.status for reply in replies} == {303}
    assert (await events(api, alarm_id))[-10:] == ["acknowledged", *["answered_again"] * 9]


async def test_a_phone_and_a_desk_that_answer_at_once_are_one_answer_and_a_note(
    api: Api, replica: Api
) -> None:
    alarm_id = await api.raised(room="reception", person="porter")
    await logged_in(api, replica)

    phone, desk = await asyncio.gather(
        press(api, token_for(alarm_id), name="Anna", note="from the phone"),
        press_button(replica, alarm_id, "acknowledge", note="from the desk"),
    )

    said = [str(entry.detail["note"]) for entry in await journal(api, alarm_id) if "note" in entry.detail]
    assert (phone.status, desk.status) == (303, 303)
    assert (await events(api, alarm_id)).count("acknowledged") == 1
    assert sorted(said) == ["from the desk", "from the phone"]


async def test_an_alarm_that_is_resolved_and_cancelled_at_once_ends_once(api: Api, replica: Api) -> None:
    alarm_id = await api.raised()
    await api.context.commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm_id, ANNA))
    await logged_in(api, replica)

    replies = await asyncio.gather(
        press_button(api, alarm_id, "resolve"), press_button(replica, alarm_id, "cancel")
    )

    ends = [one for one in await events(api, alarm_id) if one in {"resolved", "cancelled"}]
    assert [reply.status for reply in replies] == [303, 303]
    assert ends == [(await alarm_of(replica, alarm_id)).status]


@asynccontextmanager
async def held(replica: Api, alarm_id: str) -> AsyncIterator[None]:
    """Hold the alarm's row, as a replica does that is in the middle of something."""
    assert isinstance(replica.context.db, PostgresDatabase)
    async with replica.context.db.engine.begin() as connection:
        row = sa.select(tables.alarm.c.id).where(tables.alarm.c.id == alarm_id).with_for_update()
        await connection.execute(row)
        yield


async def test_an_answer_waits_while_the_other_replica_holds_the_alarm(
    api: Api, replica: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "LOCK_LIMIT_S", 0.1)
    alarm_id = await api.raised(room="reception", person="porter")

    async with held(replica, alarm_id):
        answer = asyncio.create_task(press(api, token_for(alarm_id), name="Anna"))
        await until(lambda: "lets go of its row" in caplog.text)

    assert (await answer).status == 303
    assert (await alarm_of(api, alarm_id)).acknowledged_by == "Anna"


async def test_an_answer_to_an_alarm_that_is_held_for_good_is_said_to_have_failed(
    api: Api, replica: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_LIMIT_S", 0.05)
    alarm_id = await api.raised(room="reception", person="porter")
    await logged_in(api, replica)

    async with held(replica, alarm_id):
        phone = await press(api, token_for(alarm_id), name="Anna")
        desk = await press_button(api, alarm_id, "acknowledge")

    assert (phone.status, desk.status) == (503, 503)
    assert (await alarm_of(api, alarm_id)).status is Status.TRIGGERED


async def test_a_page_shows_at_its_next_look_what_the_other_replica_has_done(api: Api, replica: Api) -> None:
    alarm_id = await api.raised(title="Panic key")
    await logged_in(api, replica)
    before = text_of(await replica.call("GET", f"/admin/alarms/{alarm_id}", None))

    await api.call("POST", f"/v1/alarms/{alarm_id}/ack", json={"by": "Anna"})

    after = text_of(await replica.call("GET", f"/admin/alarms/{alarm_id}", None))
    assert ("Anna" in before, "Anna" in after) == (False, True)
    assert (await alarm_of(replica, alarm_id)).status is Status.ACKNOWLEDGED


async def test_a_session_is_good_at_both_and_its_end_is_the_end_at_both(api: Api, replica: Api) -> None:
    await logged_in(api, replica)
    before = await replica.call("GET", "/admin", None)

    token = await hidden_token(api, "/admin")
    await api.call("POST", "/admin/logout", None, data={"form_token": token})

    after = await replica.call("GET", "/admin", None)
    assert (before.status, after.status) == (200, 303)


async def test_a_key_revoked_at_one_opens_nothing_at_the_other(api: Api, replica: Api) -> None:
    await logged_in(api, replica)
    before = await replica.call("GET", "/admin", None)
    admin = next(
        key
        for key in await api.context.db.read(partial(store.api_keys, ALL_SITES))
        if key.name == "admin key"
    )

    await api.context.db.write(
        lambda conn: store.revoke_api_key(ALL_SITES, conn, admin.id, api.context.clock())
    )

    after = await replica.call("GET", "/admin", None)
    by_key = await replica.call("GET", "/v1/alarms")
    assert (before.status, after.status, by_key.status) == (200, 303, 401)
