"""The login: one token for many calls, renewed in time, and neither it nor the password shown to anybody."""

import asyncio
import logging
from base64 import urlsafe_b64encode

import pytest
from aiohttp import ClientSession, CookieJar

from custom_components.alarm_broker.verification.frigate import FrigateClient, FrigateRefused, FrigateUnusable
from tests.fakes.clock import Seconds
from tests.fakes.frigate import Access, FakeFrigate
from tests.fakes.misbehaviour import Behaviour
from tests.integration.frigate.asking import GUARDED, PASSWORD, Call, T, each, events


def logins_asked(frigate: FakeFrigate) -> int:
    return len(frigate.requests("POST", "/api/login"))


@each(GUARDED)
async def test_everything_works_behind_a_login(
    frigate: FakeFrigate, guarded: FrigateClient, call: Call
) -> None:
    frigate.add_review(start_time=T + 1)

    assert await call(guarded)


async def test_one_login_serves_many_calls(frigate: FakeFrigate, guarded: FrigateClient) -> None:
    await guarded.async_cameras()
    await events(guarded)
    await guarded.async_latest("garden")

    (login,) = frigate.requests("POST", "/api/login")
    assert login.body == {"user": "alarm", "password": PASSWORD}


async def test_calls_at_once_log_in_once(frigate: FakeFrigate, guarded: FrigateClient) -> None:
    await asyncio.gather(*(guarded.async_latest("garden") for _ in range(8)))

    assert logins_asked(frigate) == 1


async def test_calls_at_once_that_lose_their_token_log_in_again_once(
    frigate: FakeFrigate, guarded: FrigateClient
) -> None:
    await guarded.async_latest("garden")
    frigate.revoke_tokens()

    await asyncio.gather(*(guarded.async_latest("garden") for _ in range(8)))

    assert frigate.logins == 2


async def test_calls_at_once_with_a_wrong_password_try_it_once(
    frigate: FakeFrigate, session: ClientSession
) -> None:
    frigate.access = Access.AUTHENTICATED
    client = FrigateClient(session, frigate.url, username="alarm", password="wrong")

    answers = await asyncio.gather(*(client.async_latest("garden") for _ in range(8)), return_exceptions=True)

    assert {type(answer) for answer in answers} == {FrigateRefused}
    assert logins_asked(frigate) == 1


async def test_a_password_that_is_right_after_all_is_tried_by_the_next_call(
    frigate: FakeFrigate, guarded: FrigateClient
) -> None:
    frigate.password = "another"
    with pytest.raises(FrigateRefused, match="password"):
        await guarded.async_cameras()
    frigate.password = PASSWORD

    assert await guarded.async_cameras()


@pytest.mark.parametrize("says_issued", [True, False], ids=["with iat", "without iat"])
async def test_a_new_token_is_fetched_at_nine_tenths_of_its_life(
    frigate: FakeFrigate, guarded: FrigateClient, monotonic: Seconds, *, says_issued: bool
) -> None:
    frigate.session_s, frigate.says_issued = 10_000, says_issued
    await guarded.async_cameras()
    monotonic.now += 8990
    await guarded.async_cameras()
    before = frigate.logins
    monotonic.now += 20

    await guarded.async_cameras()

    assert (before, frigate.logins) == (1, 2)


async def test_a_token_over_by_our_clock_is_used_until_the_server_refuses_it(
    frigate: FakeFrigate, guarded: FrigateClient
) -> None:
    frigate.session_s, frigate.says_issued = -50_000, False
    await guarded.async_cameras()
    await guarded.async_cameras()

    assert frigate.logins == 1


@pytest.mark.parametrize(
    "token",
    [
        "opaque",
        "a.b.c",
        "a._.c",
        f"a.{urlsafe_b64encode(b'[]').decode().rstrip('=')}.c",
        f"a.{urlsafe_b64encode(b'{}').decode().rstrip('=')}.c",
        f"a.{urlsafe_b64encode(b'{"exp": NaN}').decode().rstrip('=')}.c",
        f"a.{urlsafe_b64encode(b'{"exp": "soon", "iat": null}').decode().rstrip('=')}.c",
    ],
)
async def test_a_token_that_does_not_say_how_long_it_holds_is_used_until_refused(
    frigate: FakeFrigate,
    guarded: FrigateClient,
    monkeypatch: pytest.MonkeyPatch,
    monotonic: Seconds,
    token: str,
) -> None:
    monkeypatch.setattr(frigate, "_new_token", lambda: token)
    await guarded.async_cameras()
    monotonic.now += 10**9
    await guarded.async_cameras()

    assert frigate.logins == 1


async def test_a_revoked_token_is_replaced_and_the_call_repeated_once(
    frigate: FakeFrigate, guarded: FrigateClient
) -> None:
    await guarded.async_cameras()
    frigate.revoke_tokens()

    assert await guarded.async_cameras()

    assert frigate.logins == 2
    assert [one.status for one in frigate.requests("GET", "/api/config")] == [200, 401, 200]


async def test_a_server_that_refuses_its_own_tokens_is_asked_no_third_time(
    frigate: FakeFrigate, guarded: FrigateClient
) -> None:
    frigate.takes_tokens = False

    with pytest.raises(FrigateRefused):
        await guarded.async_cameras()

    assert len(frigate.requests("GET", "/api/config")) == 2
    assert logins_asked(frigate) == 2


async def test_without_authentication_the_login_is_left_out(
    frigate: FakeFrigate, guarded: FrigateClient
) -> None:
    frigate.access = Access.DISABLED

    assert await guarded.async_cameras()
    assert await guarded.async_latest("garden")

    assert logins_asked(frigate) == 1


async def test_authentication_switched_on_later_is_noticed(
    frigate: FakeFrigate, guarded: FrigateClient
) -> None:
    frigate.access = Access.DISABLED
    await guarded.async_cameras()
    frigate.access = Access.AUTHENTICATED

    assert await guarded.async_cameras()


@each(GUARDED)
async def test_without_a_user_the_authenticated_port_refuses(
    frigate: FakeFrigate, client: FrigateClient, call: Call
) -> None:
    frigate.access = Access.AUTHENTICATED

    with pytest.raises(FrigateRefused, match="user name and a password"):
        await call(client)

    assert len(frigate.received) == 1


async def test_too_many_logins_are_a_refusal(frigate: FakeFrigate, guarded: FrigateClient) -> None:
    frigate.login_limited = True

    with pytest.raises(FrigateRefused, match="wait"):
        await guarded.async_cameras()


async def test_a_role_that_may_not_see_a_camera_is_a_refusal(
    frigate: FakeFrigate, client: FrigateClient
) -> None:
    frigate.behave(Behaviour.STATUS_403)

    with pytest.raises(FrigateRefused, match="role"):
        await client.async_latest("garden")


@pytest.mark.parametrize("token", ["", "two words", "curly{}", "x" * 4097])
async def test_a_login_without_a_usable_token_is_unusable(
    frigate: FakeFrigate, guarded: FrigateClient, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setattr(frigate, "_new_token", lambda: token)

    with pytest.raises(FrigateUnusable, match="no token"):
        await guarded.async_cameras()


async def test_the_token_is_sent_whatever_the_session_does_with_cookies(
    frigate: FakeFrigate, socket_enabled: None
) -> None:
    frigate.access = Access.AUTHENTICATED
    async with ClientSession(cookie_jar=CookieJar()) as session:
        client = FrigateClient(session, frigate.url, username="alarm", password=PASSWORD)

        assert await client.async_cameras()


async def test_neither_repr_nor_log_nor_error_shows_password_or_token(
    frigate: FakeFrigate,
    guarded: FrigateClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(frigate, "_new_token", lambda: "token-of-alarm")
    caplog.set_level(logging.DEBUG)
    await guarded.async_cameras()
    frigate.takes_tokens = False
    with pytest.raises(FrigateRefused) as refused:
        await guarded.async_cameras()

    of_ours = [held for held in vars(guarded).values() if type(held).__module__ == FrigateClient.__module__]
    assert of_ours
    shown = f"{guarded!r} {of_ours!r} {refused.value!r} {refused.value.__cause__!r}"

    assert "token-of-alarm" not in shown
    assert PASSWORD not in shown
    assert frigate.url in shown
    assert [record for record in caplog.records if record.name.startswith("custom_components")] == []


async def test_a_redirect_is_not_followed(frigate: FakeFrigate, guarded: FrigateClient) -> None:
    await guarded.async_cameras()
    frigate.behave(Behaviour.REDIRECT)

    with pytest.raises(FrigateUnusable, match="another address"):
        await guarded.async_cameras()


async def test_a_login_is_not_sent_on_to_another_address(
    frigate: FakeFrigate, guarded: FrigateClient
) -> None:
    frigate.behave(Behaviour.REDIRECT)

    with pytest.raises(FrigateUnusable, match="another address"):
        await guarded.async_cameras()

    assert len(frigate.received) == 1
