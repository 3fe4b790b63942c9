"""The address that a phone's key calls."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import sqlalchemy as sa

from companion.store import tables
from companion.web import yealink
from tests.companion.conftest import Directory
from tests.companion.web.harness import PHONE, Api
from tests.fakes.clock import FrozenClock


async def test_a_press_raises_an_alarm_and_answers_with_its_id_and_status(
    api: Api, directory: Directory
) -> None:
    reply = await api.press(directory.phone_token, mac="001565AABBCC", model="$model", active_user="200")

    alarm = (await api.call("GET", f"/v1/alarms/{reply.json['alarm_id']}")).json
    assert (reply.status, reply.json) == (
        200,
        {"alarm_id": alarm["id"], "status": "triggered", "missing": []},
    )
    assert (alarm["source"], alarm["room"], alarm["person"]) == ("yealink", "Reception", "Porter")
    assert alarm["details"]["mac"] == "00:15:65:aa:bb:cc"
    assert "model" not in alarm["details"]
    assert {delivery["channel_id"] for delivery in alarm["deliveries"]} == {"zammad", "signal"}


@pytest.mark.parametrize("press_per_minute", [100])
async def test_fifty_presses_at_the_same_moment_are_one_alarm(api: Api, directory: Directory) -> None:
    replies = await asyncio.gather(*(api.press(directory.phone_token) for _ in range(50)))

    assert {reply.status for reply in replies} == {200}
    assert len({reply.json["alarm_id"] for reply in replies}) == 1
    listed = (await api.call("GET", "/v1/alarms")).json["alarms"]
    assert [alarm["presses"] for alarm in listed] == [50]


@pytest.mark.parametrize("way", ["query", "header", "bearer", "form", "json"])
async def test_the_token_may_come_in_any_way_that_a_device_can_manage(
    api: Api, directory: Directory, way: str
) -> None:
    token = directory.phone_token
    ways = {
        "query": ("GET", {"params": {"token": token}}),
        "header": ("GET", {"headers": {"X-Alarm-Token": token}}),
        "bearer": ("GET", {"headers": {"Authorization": f"Bearer {token}"}}),
        "form": ("POST", {"data": {"token": token, "mac": "00:15:65:aa:bb:cc"}}),
        "json": ("POST", {"json": {"token": token, "mac": "00:15:65:aa:bb:cc"}}),
    }
    method, request = ways[way]

    reply = await api.call(method, PHONE, None, **request)

    assert (reply.status, reply.json["status"]) == (200, "triggered")


async def test_a_post_without_a_body_is_a_press_too(api: Api, directory: Directory) -> None:
    reply = await api.call("POST", PHONE, None, params={"token": directory.phone_token})

    assert reply.status == 200


ODD_BODIES = {
    "text": ("text/plain", b"hello"),
    "parts": ("multipart/form-data; boundary=x", b"--x--"),
    "broken": ("application/json", b"not json"),
    "doubled": ("application/json", b'{"active_user": "1", "active_user": "2"}'),
    "surrogate": ("application/json", b'{"active_user": "\\ud800"}'),
    "list": ("application/json", b"[]"),
    "latin-1": ("application/x-www-form-urlencoded", b"active_user=M\xfcller"),
    "many values": ("application/x-www-form-urlencoded", b"a=1&" * 500),
}


@pytest.mark.parametrize(("content_type", "body"), ODD_BODIES.values(), ids=ODD_BODIES)
async def test_no_body_keeps_a_press_with_a_right_token_from_its_alarm(
    api: Api, directory: Directory, content_type: str, body: bytes
) -> None:
    reply = await api.call(
        "POST",
        PHONE,
        None,
        params={"token": directory.phone_token, "model": "T54W"},
        data=body,
        headers={"Content-Type": content_type},
    )

    alarm = (await api.call("GET", f"/v1/alarms/{reply.json['alarm_id']}")).json
    assert (reply.status, reply.json["status"]) == (200, "triggered")
    assert alarm["details"]["model"] == "T54W"


async def test_a_packed_body_that_nobody_can_unpack_keeps_no_press_either(
    api: Api, directory: Directory
) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "br"}

    reply = await api.call(
        "POST", PHONE, None, params={"token": directory.phone_token}, data=b"x", headers=headers
    )

    assert reply.status == 200


@pytest.mark.parametrize(("token", "status"), [("right", 200), ("wrong", 413)])
async def test_a_body_that_is_too_large_keeps_no_known_token_from_its_alarm(
    api: Api, directory: Directory, token: str, status: int
) -> None:
    params = {"token": directory.phone_token if token == "right" else token}

    reply = await api.call("POST", PHONE, None, params=params, data=BytesIO(bytes(2 * 1024**2)))

    assert reply.status == status


async def test_a_press_waits_shortly_for_a_body_that_never_comes(
    api: Api, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yealink, "HINTS_S", 0.1)

    async def nothing() -> AsyncIterator[bytes]:
        yield b"half"
        await asyncio.Event().wait()

    async with asyncio.timeout(5):
        reply = await api.call("POST", PHONE, None, params={"token": directory.phone_token}, data=nothing())

    assert reply.status == 200


@pytest.mark.parametrize(("odd", "status"), [("text", 415), ("broken", 400), ("doubled", 400)])
@pytest.mark.parametrize("params", [{}, {"token": "wrong"}], ids=["no token", "a wrong token"])
async def test_a_body_that_may_have_the_token_and_cannot_be_read_is_told_so(
    api: Api, odd: str, status: int, params: dict[str, str]
) -> None:
    content_type, body = ODD_BODIES[odd]

    reply = await api.call(
        "POST", PHONE, None, params=params, data=body, headers={"Content-Type": content_type}
    )

    assert reply.status == status


async def test_a_token_is_found_in_a_form_with_a_name_in_latin_1(api: Api, directory: Directory) -> None:
    body = b"active_user=M\xfcller&token=" + directory.phone_token.encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    reply = await api.call("POST", PHONE, None, data=body, headers=headers)

    assert reply.status == 200


async def test_head_presses_nothing(api: Api, directory: Directory) -> None:
    reply = await api.call("HEAD", PHONE, None, params={"token": directory.phone_token})

    assert (reply.status, reply.headers["Allow"]) == (405, "GET, POST")
    assert (await api.call("GET", "/v1/alarms")).json["alarms"] == []


@pytest.mark.parametrize(
    "params", [{}, {"token": ""}, {"token": "no such token"}], ids=["none", "empty", "wrong"]
)
async def test_a_token_that_is_not_known_is_answered_404_and_counted(
    api: Api, params: dict[str, str]
) -> None:
    reply = await api.call("GET", PHONE, None, params=params)

    metrics = (await api.call("GET", "/metrics")).text
    assert (reply.status, reply.problem) == (404, "unknown-token")
    assert 'alarm_broker_presses_total{result="unknown_token"} 1.0' in metrics


async def test_a_device_that_is_not_set_up_completely_raises_and_is_told_what_is_missing(
    api: Api, directory: Directory
) -> None:
    reply = await api.press(directory.incomplete_phone_token)

    assert (reply.status, reply.json["missing"]) == (200, ["person", "room"])


async def nobody_to_tell(api: Api) -> None:
    await api.context.db.write(lambda conn: conn.execute(sa.update(tables.device).values(site_id=None)))


async def test_a_device_that_leads_to_nobody_is_told_so_and_its_press_is_kept(
    api: Api, directory: Directory
) -> None:
    await nobody_to_tell(api)

    reply = await api.press(directory.incomplete_phone_token)

    assert (reply.status, reply.problem) == (409, "device-incomplete")
    assert reply.json["missing"] == ["person", "room", "site"]
    assert "Call for help another way" in reply.json["detail"]
    kept = await api.call("GET", f"/v1/alarms/{reply.json['alarm_id']}")
    assert kept.json["title"] == "Panic key: Cellar phone, room unknown"


async def test_a_key_pressed_too_often_is_told_when_to_come_back(api: Api, directory: Directory) -> None:
    for _ in range(10):
        assert (await api.press(directory.phone_token)).status == 200

    reply = await api.press(directory.phone_token)

    assert (reply.status, reply.problem) == (429, "too-many-requests")
    assert 1 <= int(reply.headers["Retry-After"]) <= 60


async def test_a_client_that_guesses_tokens_is_stopped_but_a_right_token_still_works(
    api: Api, directory: Directory
) -> None:
    statuses: list[int] = []
    while (
        len(statuses) < 200 and 429 not in statuses
    ):  # on a slow host one more guess is due every two seconds
        statuses.append((await api.press(f"guess {len(statuses)}")).status)

    assert statuses[:30] == [404] * 30
    assert statuses[-1] == 429
    assert (await api.press(directory.phone_token)).status == 200


async def test_a_later_press_is_a_new_alarm(api: Api, directory: Directory, clock: FrozenClock) -> None:
    first = await api.press(directory.phone_token)
    clock.advance(11)

    second = await api.press(directory.phone_token)

    assert first.json["alarm_id"] != second.json["alarm_id"]


async def test_the_phone_remembers_when_it_was_last_heard_of(
    api: Api, directory: Directory, clock: FrozenClock
) -> None:
    await api.press(directory.phone_token, ip="10.0.0.7")

    device = (await api.call("GET", f"/v1/admin/devices/{directory.phone}")).json

    assert device["last_context"] == {"ip": "10.0.0.7"}
    assert device["last_seen_at"] == clock().isoformat().replace("+00:00", "Z")


# --- what the phone's screen shows ----------------------------------------------------------------------


async def test_the_screen_of_the_phone_says_that_help_comes(api: Api, directory: Directory) -> None:
    reply = await api.press(directory.phone_token, format="xml")

    screen = ET.fromstring(reply.text)  # noqa: S314 # our own answer
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert int(reply.headers["Content-Length"]) == len(reply.text.encode())
    assert (screen.tag, screen.findtext("Title")) == ("YealinkIPPhoneTextScreen", "Alarm sent")
    assert screen.findtext("Text") == "Panic key: Reception. Help is being called."


async def test_the_screen_says_that_nobody_was_told(api: Api, directory: Directory) -> None:
    await nobody_to_tell(api)

    reply = await api.press(directory.incomplete_phone_token, format="xml")

    screen = ET.fromstring(reply.text)  # noqa: S314 # our own answer
    assert (reply.status, screen.findtext("Title")) == (409, "Nobody was told")
    assert "Call for help another way" in (screen.findtext("Text") or "")


async def test_a_name_with_marks_does_not_break_the_screen(api: Api, directory: Directory) -> None:
    await api.context.db.write(lambda conn: conn.execute(sa.update(tables.room).values(name="R&D <lab>\x07")))

    reply = await api.press(directory.phone_token, format="xml")

    screen = ET.fromstring(reply.text)  # noqa: S314 # our own answer
    assert screen.findtext("Text") == "Panic key: R&D <lab> . Help is being called."


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_press_does_not_wait_long_for_a_database_that_hangs_and_is_not_dropped(
    api: Api, directory: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yealink, "ANSWER_S", 0.1)
    other = sqlite3.connect(tmp_path / "alarm-broker.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async with asyncio.timeout(5):
        reply = await api.press(directory.phone_token)
    other.close()
    await api.context.db.write(lambda _conn: None)

    assert (reply.status, reply.problem, reply.headers["Retry-After"]) == (503, "took-too-long", "1")
    assert "Press again" in reply.json["detail"]
    assert len((await api.call("GET", "/v1/alarms")).json["alarms"]) == 1
