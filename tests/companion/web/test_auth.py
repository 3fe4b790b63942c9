"""Who may do what: every route of the table, with no key, with too little of one, with one for another site."""

import pytest

from companion.directory.roles import Role
from companion.web.http.route import Route
from companion.web.routes import ROUTES
from tests.companion.conftest import Directory
from tests.companion.web.harness import Api, Reply
from tests.fakes.clock import FrozenClock

KEYED = [route for route in ROUTES if route.role is not None]
WEAKER = {Role.OPERATE: "read", Role.ADMIN: "operate"}
ABOVE_READ = [route for route in KEYED if route.role in WEAKER]
ALL_SITES = [route for route in KEYED if route.all_sites]
ON_ONE_ALARM = [route for route in KEYED if "{alarm_id}" in route.path]


def operation(route: Route) -> str:
    return f"{route.method} {route.path}"


async def ask(api: Api, route: Route, key: str | None, alarm_id: str = "some-alarm") -> Reply:
    path = route.path.replace("{alarm_id}", alarm_id)
    for name in ("delivery_id", "device_id", "policy_id", "channel_id", "key_id"):
        path = path.replace(f"{{{name}}}", "some-id")
    body = {"text": "a note"} if path.endswith("/notes") else {}
    return await api.call(route.method, path, key, json=body if route.body else None)


@pytest.mark.parametrize("route", KEYED, ids=operation)
async def test_without_a_key_nothing_is_answered(api: Api, route: Route) -> None:
    reply = await ask(api, route, None)

    assert (reply.status, reply.problem) == (401, "no-valid-key")
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="alarm-broker"'


@pytest.mark.parametrize("route", ABOVE_READ, ids=operation)
async def test_a_key_of_a_lower_role_is_refused(api: Api, route: Route) -> None:
    assert route.role is not None

    reply = await ask(api, route, WEAKER[route.role])

    assert (reply.status, reply.problem) == (403, "role-too-low")


@pytest.mark.parametrize("route", ALL_SITES, ids=operation)
async def test_a_key_for_one_site_cannot_do_what_is_about_all_of_them(api: Api, route: Route) -> None:
    reply = await ask(api, route, "office")

    assert (reply.status, reply.problem) == (403, "one-site-only")


@pytest.mark.parametrize("route", ON_ONE_ALARM, ids=operation)
async def test_an_alarm_of_another_site_is_not_there(api: Api, route: Route) -> None:
    alarm_id = await api.raised()

    reply = await ask(api, route, "other", alarm_id)

    unchanged = (await api.call("GET", f"/v1/alarms/{alarm_id}")).json
    assert (reply.status, reply.problem) == (404, "unknown-alarm")
    assert (unchanged["status"], len(unchanged["journal"])) == ("triggered", 2)


@pytest.mark.parametrize("key", ["ab_admin_made-up", "", "Basic"], ids=["unknown", "empty", "nonsense"])
async def test_a_key_that_is_not_known_is_refused(api: Api, key: str) -> None:
    reply = await api.call("GET", "/v1/alarms", None, headers={"Authorization": f"Bearer {key}"})

    assert (reply.status, reply.problem) == (401, "no-valid-key")


async def test_a_revoked_key_is_refused(api: Api) -> None:
    keys = (await api.call("GET", "/v1/admin/keys")).json["keys"]
    read_key = next(key for key in keys if key["role"] == "read")

    revoked = await api.call("DELETE", f"/v1/admin/keys/{read_key['id']}")

    assert revoked.status == 204
    assert (await api.call("GET", "/v1/alarms", "read")).status == 401


async def test_whoever_guesses_keys_is_made_to_wait_and_a_right_key_is_not(api: Api) -> None:
    replies = [await api.call("GET", "/v1/alarms", f"guess {number}") for number in range(31)]

    assert [reply.status for reply in replies] == [401] * 30 + [429]
    assert int(replies[-1].headers["Retry-After"]) >= 1
    assert (await api.call("GET", "/v1/alarms", "read")).status == 200


async def test_the_time_of_last_use_is_kept_to_the_minute(api: Api, clock: FrozenClock) -> None:
    async def last_used() -> str:
        keys = (await api.call("GET", "/v1/admin/keys")).json["keys"]
        return str(next(key["last_used_at"] for key in keys if key["role"] == "read"))

    await api.call("GET", "/v1/alarms", "read")
    first = await last_used()
    clock.advance(30)
    await api.call("GET", "/v1/alarms", "read")
    after_half_a_minute = await last_used()
    clock.advance(31)
    await api.call("GET", "/v1/alarms", "read")

    assert first == after_half_a_minute
    assert await last_used() > first


async def test_a_key_for_one_site_sees_and_raises_alarms_of_that_site_only(api: Api) -> None:
    office_alarm = await api.raised()

    other = await api.call("POST", "/v1/alarms", "other", json={"kind": "fire", "title": "Smoke"})
    elsewhere = await api.call(
        "POST", "/v1/alarms", "other", json={"kind": "fire", "title": "Smoke", "site": "office"}
    )

    assert (other.status, other.json["site"]) == (201, "Warehouse")
    assert (elsewhere.status, elsewhere.problem) == (422, "invalid-request")
    seen = (await api.call("GET", "/v1/alarms", "other")).json["alarms"]
    assert [alarm["id"] for alarm in seen] == [other.json["id"]]
    asked = (await api.call("GET", "/v1/alarms", "other", params={"site": "office"})).json["alarms"]
    assert asked == []
    counted = (await api.call("GET", "/v1/statistics", "office")).json["alarms"]["triggered"]
    assert (counted, office_alarm != other.json["id"]) == (1, True)


async def test_a_key_for_one_site_sees_only_the_devices_of_that_site(api: Api, directory: Directory) -> None:
    own = (await api.call("GET", "/v1/admin/devices", "office")).json["devices"]
    others = (await api.call("GET", "/v1/admin/devices", "other")).json["devices"]
    rotated = await api.call("POST", f"/v1/admin/devices/{directory.phone}/token", "other")

    assert ([device["id"] for device in own], others) == (["cellar-phone", "desk-phone"], [])
    assert (rotated.status, rotated.problem) == (404, "unknown-device")
    assert (await api.press(directory.phone_token)).status == 200
