"""One WebSocket: who may speak, what is answered, and how it ends."""

from functools import partial
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from companion.alarms.service import AlarmService
from companion.alarms.store import list_alarms
from companion.directory.roles import Role
from companion.directory.store import api_keys, create_api_key, revoke_api_key
from companion.dispatch.wake import Wake
from companion.store import tables
from companion.store.database import Database, StoreUnavailable
from companion.store.scope import ALL_SITES
from tests.companion.conftest import Directory
from tests.companion.link.conftest import (
    COMPANION,
    INSTANCE,
    RunningLink,
    StartLink,
    press,
)
from tests.companion.link.exchange import alarm_raised
from tests.companion.link.home_assistant import HomeAssistant, up_to_date
from tests.fakes.clock import FrozenClock
from tests.golden_frames import golden

# --- who may speak --------------------------------------------------------------------------------------


async def test_the_welcome_says_who_the_companion_is(link: RunningLink, home: HomeAssistant) -> None:
    await home.connect(link.url)

    assert {**home.welcome, "stream": "any"} == {
        "type": "welcome",
        "version": 1,
        "stream": "any",
        "instance": COMPANION,
        "name": "companion",
        "received": 0,
        "heartbeat_s": 15.0,
    }


@pytest.mark.parametrize(("role", "status"), [(None, 401), (Role.READ, 403)])
async def test_a_key_that_may_not_is_refused_before_the_upgrade(
    role: Role | None,
    status: int,
    db: Database,
    clock: FrozenClock,
    link: RunningLink,
    home: HomeAssistant,
    directory: Directory,
) -> None:
    home.token = "unknown"
    if role is not None:
        _, home.token = await db.write(
            lambda conn: create_api_key(ALL_SITES, conn, name="x", role=role, site_id=None, now=clock())
        )

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await home.open(link.url)

    assert refused.value.status == status


async def test_a_key_that_is_revoked_ends_its_link_soon(
    db: Database,
    clock: FrozenClock,
    commands: AlarmService,
    wake: Wake,
    start_link: StartLink,
    home: HomeAssistant,
) -> None:
    link = await start_link(commands, wake, heartbeat_s=0.05)
    await home.connect(link.url)
    [key] = await db.read(partial(api_keys, ALL_SITES))

    await db.write(lambda conn: revoke_api_key(ALL_SITES, conn, key.id, clock()))
    with pytest.raises(AssertionError, match="1008"):
        await home.until(lambda _: False)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"type": "hello", "version": 2}, "version_unsupported"),
        ({"type": "hello", "instance": "not an id"}, "bad_frame"),
        ({"type": "ping"}, "bad_frame"),
    ],
)
async def test_an_introduction_that_cannot_be_taken_is_answered_with_the_reason(
    first: dict[str, Any], code: str, link: RunningLink, home: HomeAssistant
) -> None:
    await home.open(link.url)

    await home.say(home.book.hello() | first if first["type"] == "hello" else first)
    [error], close_code = await home.hear_the_end()

    assert error["type"] == "error"
    assert error["code"] == code
    assert error["detail"]
    assert close_code == 1002


async def test_a_key_for_every_site_is_told_to_get_one_for_its_site(
    db: Database, clock: FrozenClock, link: RunningLink, home: HomeAssistant, directory: Directory
) -> None:
    row = {"id": "home", "name": "Home", "timezone": "UTC", "policy_id": None}
    await db.write(lambda conn: conn.execute(sa.insert(tables.site), row))
    _, home.token = await db.write(
        lambda conn: create_api_key(ALL_SITES, conn, name="all", role=Role.ADMIN, site_id=None, now=clock())
    )
    await home.open(link.url)

    await home.say(home.book.hello())
    [error], close_code = await home.hear_the_end()

    assert error["code"] == "site_unknown"
    assert "site" in error["detail"]
    assert close_code == 1008


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        '{"type":"event","seq":7,"event":{"kind":"moon_phase"}}',
        '{"type":"event","seq":1,"event":{"kind":"zone_tripped"}}',
        '{"type":"hello","version":1,"stream":"a","instance":"b","name":"c","received":0}',
    ],
)
async def test_a_bad_frame_ends_the_link_with_the_reason_and_loses_nothing(
    text: str, db: Database, link: RunningLink, home: HomeAssistant
) -> None:
    await home.connect(link.url)
    assert home.ws is not None

    await home.ws.send_str(text)
    [error], close_code = await home.hear_the_end()
    await home.connect(link.url)
    await home.emit(alarm_raised("b1"))
    await home.until(lambda book: up_to_date(book, news=1))

    assert (error["code"], close_code) == ("bad_frame", 1002)
    assert len(await db.read(partial(list_alarms, ALL_SITES))) == 1


async def test_a_binary_or_an_oversized_frame_ends_the_link(link: RunningLink, home: HomeAssistant) -> None:
    await home.connect(link.url)
    assert home.ws is not None
    await home.ws.send_bytes(b"{}")
    [error], _ = await home.hear_the_end()

    await home.connect(link.url)
    await home.ws.send_str("x" * (256 * 1024 + 1))
    _, close_code = await home.hear_the_end()

    assert error["code"] == "bad_frame"
    assert close_code == 1009


@pytest.mark.parametrize(
    ("language", "heard"),
    [
        (None, "Home: armed (away)"),
        ("de-AT", "Home: scharf (abwesend)"),
        ("fr", "Home : armé (absent)"),
        ("tlh", "Home: armed (away)"),
        (7, "Home: armed (away)"),
    ],
)
async def test_reasons_are_told_in_the_language_of_who_hears_them(
    language: Any, heard: str, link: RunningLink, home: HomeAssistant
) -> None:
    home.book.language = language
    for name in ("event_area_state", "event_area_state_unknown"):
        home.book.emit(golden(name)["event"])

    await home.connect(link.url)
    await home.until(lambda book: bool(book.heard))

    assert home.book.heard[0]["facts"] == {"areas": "Home", "last_known": heard}


# --- alive or not ---------------------------------------------------------------------------------------


async def test_a_second_connection_replaces_the_first(
    commands: AlarmService, link: RunningLink, home: HomeAssistant
) -> None:
    await home.connect(link.url)
    first = home.ws
    second = HomeAssistant(INSTANCE, home.token)
    second.book = home.book

    await second.connect(link.url)
    _, close_code = await home.hear_the_end()
    alarm = await press(commands)
    await second.until(lambda book: up_to_date(book, news=1))

    assert first is not None
    assert close_code == 1008
    assert second.book.versions(alarm.id) == [1]
    await second.close()


async def test_two_home_assistants_do_not_disturb_each_other(
    commands: AlarmService, link: RunningLink, home: HomeAssistant
) -> None:
    await home.connect(link.url)
    other = HomeAssistant("another-home", home.token)
    await other.connect(link.url)

    alarm = await press(commands)
    await home.until(lambda book: up_to_date(book, news=1))
    await other.until(lambda book: up_to_date(book, news=1))

    assert home.book.versions(alarm.id) == other.book.versions(alarm.id) == [1]
    await other.close()


async def test_a_companion_that_stops_says_good_bye(link: RunningLink, home: HomeAssistant) -> None:
    await home.connect(link.url)

    await link.server.close()
    _, close_code = await home.hear_the_end()

    assert close_code == 1001


async def test_a_ping_is_answered(link: RunningLink, home: HomeAssistant) -> None:
    await home.connect(link.url)

    await home.say({"type": "ping"})

    assert await home.hear() == {"type": "pong"}


async def test_a_quiet_link_is_kept_alive_and_a_silent_one_is_closed(
    commands: AlarmService, wake: Wake, start_link: StartLink, home: HomeAssistant
) -> None:
    link = await start_link(commands, wake, heartbeat_s=0.3)
    await home.connect(link.url)

    frames, close_code = await home.hear_the_end()

    assert len(frames) >= 2
    assert all(frame == {"type": "ping"} for frame in frames)
    assert close_code == 1001


async def test_a_database_that_is_away_ends_the_link_and_confirms_nothing(
    db: Database, link: RunningLink, home: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await home.connect(link.url)

    async def away(_work: object) -> None:
        raise StoreUnavailable("the database cannot be written")

    with monkeypatch.context() as patched:
        patched.setattr(db, "write", away)
        await home.emit(alarm_raised("b1"))
        frames, close_code = await home.hear_the_end()
    await home.connect(link.url)
    await home.until(lambda book: up_to_date(book, news=1))

    assert (frames, close_code) == ([], 1013)
    assert len(await db.read(partial(list_alarms, ALL_SITES))) == 1
