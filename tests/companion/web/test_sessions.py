"""Session cookies and the tokens that tie a form to its session."""

from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from companion.directory import store
from companion.store.scope import ALL_SITES
from companion.web.problems import FormExpired
from companion.web.sessions import (
    Session,
    Sessions,
    session_caller,
)
from tests.companion.web.harness import SECRET_KEY, Api, settings_in
from tests.fakes.clock import FrozenClock


def sessions(folder: Path, *, key: bytes = SECRET_KEY, url: str = "http://alarm.example") -> Sessions:
    return Sessions(key, settings_in(folder).model_copy(update={"public_url": url}))


def cookie_of(response: web.StreamResponse, one: Sessions) -> str:
    return response.cookies[one.cookie_name].value


def request_with(one: Sessions, value: str) -> web.Request:
    cookie: SimpleCookie = SimpleCookie()
    cookie[one.cookie_name] = value
    return make_mocked_request("GET", "/admin", headers={"Cookie": cookie.output(header="").strip()})


def begun(one: Sessions, clock: FrozenClock, key_id: str = "key-1") -> tuple[Session, str]:
    response = web.Response()
    session = one.begin(response, key_id, clock())
    return session, cookie_of(response, one)


def test_a_session_that_began_is_read_back(tmp_path: Path, clock: FrozenClock) -> None:
    one = sessions(tmp_path)

    session, value = begun(one, clock)

    found = one.read(request_with(one, value), clock())
    assert found == session
    assert session.key_id == "key-1"


def test_a_session_ends_after_its_hours(tmp_path: Path, clock: FrozenClock) -> None:
    one = sessions(tmp_path)
    _session, value = begun(one, clock)

    clock.advance(12 * 3600)

    assert one.read(request_with(one, value), clock()) is None


def test_a_session_that_began_in_the_future_is_none_when_the_clock_is_right(
    tmp_path: Path, clock: FrozenClock
) -> None:
    one = sessions(tmp_path)
    _session, value = begun(one, clock)

    clock.advance(-3 * 365 * 86400)

    assert one.read(request_with(one, value), clock()) is None


@pytest.mark.parametrize("change", ["body", "signature", "empty", "nonsense", "no dot"])
def test_a_cookie_that_was_changed_is_no_session(tmp_path: Path, clock: FrozenClock, change: str) -> None:
    one = sessions(tmp_path)
    _session, value = begun(one, clock)
    body, _, signature = value.partition(".")
    changed = {
        "body": f"{'X' if body[0] != 'X' else 'Y'}{body[1:]}.{signature}",
        "signature": f"{body}.{'X' if signature[0] != 'X' else 'Y'}{signature[1:]}",
        "empty": "",
        "nonsense": "!!!.???",
        "no dot": body,
    }[change]

    assert one.read(request_with(one, changed), clock()) is None


def test_a_cookie_of_another_secret_key_is_no_session(tmp_path: Path, clock: FrozenClock) -> None:
    one, other = sessions(tmp_path), sessions(tmp_path, key=b"another secret key, as long as the first")
    _session, value = begun(other, clock)

    assert one.read(request_with(one, value), clock()) is None


@pytest.mark.parametrize(
    ("url", "name", "secure"),
    [("https://alarm.example", "__Host-alarm_broker", True), ("http://alarm.example", "alarm_broker", False)],
)
def test_scripts_and_other_sites_never_get_the_cookie(
    tmp_path: Path, clock: FrozenClock, url: str, name: str, *, secure: bool
) -> None:
    response = web.Response()

    sessions(tmp_path, url=url).begin(response, "key-1", clock())

    cookie: Any = response.cookies[name]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    assert bool(cookie["secure"]) is secure


def test_a_form_is_good_only_in_its_own_session(tmp_path: Path, clock: FrozenClock) -> None:
    one = sessions(tmp_path)
    mine, _ = begun(one, clock)
    theirs, _ = begun(one, clock)

    one.check_form(mine, one.form_token(mine))

    with pytest.raises(FormExpired):
        one.check_form(theirs, one.form_token(mine))


async def test_revoking_a_key_ends_its_sessions(api: Api, tmp_path: Path, clock: FrozenClock) -> None:
    one = sessions(tmp_path)
    keys = await api.context.db.read(partial(store.api_keys, ALL_SITES))
    admin = next(key for key in keys if key.name == "admin key")
    _session, value = begun(one, clock, admin.id)
    request = request_with(one, value)

    before = await session_caller(request, api.context, one)
    await api.context.db.write(lambda conn: store.revoke_api_key(ALL_SITES, conn, admin.id, clock()))
    after = await session_caller(request, api.context, one)

    assert before is not None and before[1].name == "admin key"
    assert after is None
