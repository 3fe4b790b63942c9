"""A server that misbehaves: each way has its error, its time and its limit."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from custom_components.alarm_broker.verification.frigate import (
    CALL_TIMEOUT_S,
    MAX_JSON_BYTES,
    MAX_PICTURE_BYTES,
    FrigateClient,
    FrigateError,
    FrigateRefused,
    FrigateUnreachable,
    FrigateUnusable,
)
from tests.fakes.frigate import FakeFrigate, camera, own_certificate
from tests.fakes.misbehaviour import Behaviour
from tests.integration.frigate.asking import GUARDED, LISTS, MODULE, Call, each

WRONG = {
    Behaviour.GARBAGE: FrigateUnusable,
    Behaviour.NOT_HTTP: FrigateUnusable,
    Behaviour.REDIRECT: FrigateUnusable,
    Behaviour.HUGE: FrigateUnusable,
    Behaviour.BOMB: FrigateUnusable,
    Behaviour.STATUS_400: FrigateUnusable,
    Behaviour.STATUS_429: FrigateUnusable,
    Behaviour.STATUS_500: FrigateUnusable,
    Behaviour.STATUS_502: FrigateUnusable,
    Behaviour.STATUS_503: FrigateUnusable,
    Behaviour.STATUS_401: FrigateRefused,
    Behaviour.DRIPPING_401: FrigateRefused,
    Behaviour.STATUS_403: FrigateRefused,
    Behaviour.HALF: FrigateUnreachable,
    Behaviour.RESET: FrigateUnreachable,
}


@each(GUARDED)
@pytest.mark.parametrize(("behaviour", "error"), WRONG.items(), ids=[*map(str, WRONG)])
async def test_each_misbehaviour_has_its_error(
    frigate: FakeFrigate, client: FrigateClient, call: Call, behaviour: Behaviour, error: type[FrigateError]
) -> None:
    frigate.behave(behaviour)

    with pytest.raises(error) as failed:
        await call(client)

    assert str(failed.value).endswith(".")


@pytest.mark.parametrize(
    "behaviour", [Behaviour.STATUS_500, Behaviour.STATUS_429, Behaviour.RESET, Behaviour.NOT_HTTP]
)
async def test_a_login_that_fails_by_itself_is_told_apart(
    frigate: FakeFrigate, guarded: FrigateClient, behaviour: Behaviour
) -> None:
    expected = {"429": FrigateRefused, "reset": FrigateUnreachable}.get(behaviour, FrigateUnusable)
    frigate.behave(behaviour)

    with pytest.raises(expected):
        await guarded.async_cameras()

    assert len(frigate.received) >= 1


@each(LISTS)
async def test_an_address_without_frigate_is_no_unknown_event(
    frigate: FakeFrigate, session: ClientSession, call: Call
) -> None:
    client = FrigateClient(session, f"{frigate.url}/elsewhere")

    with pytest.raises(FrigateUnusable, match="not Frigate"):
        await call(client)


@each(LISTS)
@pytest.mark.parametrize(
    "body",
    [b"", b'[{"id": ', b"\xff\xff", b"[" * 100_000, b"7" * 5000, b"{}", b"null"],
    ids=["empty", "cut off", "no text", "too deep", "too long a number", "an object", "null"],
)
async def test_wrong_json_is_unusable(
    frigate: FakeFrigate, client: FrigateClient, call: Call, body: bytes
) -> None:
    frigate.body_instead = body

    with pytest.raises(FrigateUnusable):
        await call(client)


@each(GUARDED)
@pytest.mark.parametrize("behaviour", [Behaviour.HANG, Behaviour.DRIP])
async def test_every_call_ends_within_its_time(
    frigate: FakeFrigate,
    client: FrigateClient,
    monkeypatch: pytest.MonkeyPatch,
    call: Call,
    behaviour: Behaviour,
) -> None:
    monkeypatch.setattr(f"{MODULE}.CALL_TIMEOUT_S", 0.05)
    frigate.behave(behaviour)

    async with asyncio.timeout(3):
        with pytest.raises(FrigateUnreachable, match="too long"):
            await call(client)


async def test_the_login_is_part_of_the_time_and_holds_up_no_later_call(
    frigate: FakeFrigate, guarded: FrigateClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{MODULE}.CALL_TIMEOUT_S", 0.3)
    frigate.behave(Behaviour.HANG, times=1)
    with pytest.raises(FrigateUnreachable, match="too long"):
        await guarded.async_cameras()

    assert await guarded.async_cameras()


async def test_the_limits_are_five_seconds_and_four_and_eight_mebibytes() -> None:
    assert CALL_TIMEOUT_S == 5
    assert MAX_JSON_BYTES == 4 * 1024 * 1024
    assert MAX_PICTURE_BYTES == 8 * 1024 * 1024


@each(GUARDED)
async def test_a_body_that_never_ends_is_left_at_its_limit(
    frigate: FakeFrigate, client: FrigateClient, monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    monkeypatch.setattr(f"{MODULE}.MAX_JSON_BYTES", 3)
    monkeypatch.setattr(f"{MODULE}.MAX_PICTURE_BYTES", 3)
    frigate.behave(Behaviour.DRIP)

    with pytest.raises(FrigateUnusable, match="more than"):
        await call(client)


async def test_nobody_there_is_unreachable(session: ClientSession) -> None:
    async with FakeFrigate() as gone:
        url = gone.url

    with pytest.raises(FrigateUnreachable, match="No connection"):
        await FrigateClient(session, url).async_cameras()


async def test_a_certificate_of_its_own_is_refused_unless_it_is_allowed(
    session: ClientSession, tmp_path: Path
) -> None:
    async def config(_request: web.Request) -> web.Response:
        return web.json_response({"cameras": {"garden": camera()}})

    app = web.Application()
    app.add_routes([web.get("/api/config", config)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=own_certificate(tmp_path)).start()
    url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    try:
        with pytest.raises(FrigateUnreachable, match="certificate"):
            await FrigateClient(session, url).async_cameras()
        assert await FrigateClient(session, url, ssl=False).async_cameras()
    finally:
        await runner.cleanup()
