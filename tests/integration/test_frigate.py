"""The Frigate client: what it asks, what it makes of the answers, and what it never does."""

import asyncio
import json
import logging
import ssl
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar, DummyCookieJar, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from custom_components.alarm_broker.verification.frigate import (
    CALL_TIMEOUT_S,
    MAX_JSON_BYTES,
    MAX_PICTURE_BYTES,
    FrigateCamera,
    FrigateClient,
    FrigateError,
    FrigateEvent,
    FrigateNotFound,
    FrigateRefused,
    FrigateReview,
    FrigateUnreachable,
    FrigateUnusable,
    _number,
)
from tests.fakes.frigate import JPEG, Access, FakeFrigate, camera
from tests.fakes.misbehaviour import Behaviour

MODULE = "custom_components.alarm_broker.verification.frigate"
T = 1_750_000_000.0
AFTER, BEFORE = datetime.fromtimestamp(T, UTC), datetime.fromtimestamp(T + 60, UTC)
EVENT = "1750000000.123456-abc123"
PASSWORD = "password-of-alarm"

type Call = Callable[[FrigateClient], Awaitable[Any]]


async def events(client: FrigateClient, *cameras: str, limit: int = 50) -> tuple[FrigateEvent, ...]:
    return await client.async_events(cameras or ("garden",), after=AFTER, before=BEFORE, limit=limit)


async def reviews(client: FrigateClient, *cameras: str, limit: int = 50) -> tuple[FrigateReview, ...]:
    return await client.async_reviews(cameras or ("garden",), after=AFTER, before=BEFORE, limit=limit)


LISTS = {
    "cameras": lambda client: client.async_cameras(),
    "events": events,
    "reviews": reviews,
}
PICTURES = {
    "snapshot": lambda client: client.async_snapshot(EVENT),
    "latest": lambda client: client.async_latest("garden"),
}
GUARDED = LISTS | PICTURES


def each(calls: dict[str, Call]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("call", calls.values(), ids=calls.keys())


@dataclass
class Clock:
    """A monotonic clock that a test moves."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(f"{MODULE}.monotonic", moved)
    return moved


@pytest.fixture
async def frigate(socket_enabled: None) -> AsyncIterator[FakeFrigate]:
    async with FakeFrigate() as fake:
        fake.add_event(start_time=T + 1, id=EVENT)
        yield fake


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[ClientSession]:
    async with ClientSession(cookie_jar=DummyCookieJar()) as one:
        yield one


@pytest.fixture
def client(frigate: FakeFrigate, session: ClientSession) -> FrigateClient:
    """Asks the trusted port, without a login."""
    return FrigateClient(session, frigate.url)


@pytest.fixture
def guarded(frigate: FakeFrigate, session: ClientSession) -> FrigateClient:
    """Asks the authenticated port, with the right login."""
    frigate.access = Access.AUTHENTICATED
    return FrigateClient(session, frigate.url, username=frigate.username, password=frigate.password)


def logins_asked(frigate: FakeFrigate) -> int:
    return len(frigate.requests("POST", "/api/login"))


# The address


@pytest.mark.parametrize("path", ["", "/frigate", "/a/b"])
@pytest.mark.parametrize("end", ["", "/", "/api", "/api/", "//"])
async def test_a_path_before_frigate_and_its_end_are_understood(
    socket_enabled: None, session: ClientSession, path: str, end: str
) -> None:
    async with FakeFrigate(base_path=path) as frigate:
        client = FrigateClient(session, f" {frigate.url}{end} ")

        assert await client.async_cameras()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nvr.example",
        "nvr.example:5000",
        "ftp://nvr.example",
        "file:///etc/passwd",
        "http://",
        "http:///api",
        "http://nvr .example",
        "http://nvr.example:99999",
        "http://alarm@nvr.example",
        "http://alarm:hidden@nvr.example",
        "http://:hidden@nvr.example",
        "http://alarm:hidden@nvr.example:99999",
        "http://nvr.example/?token=hidden",
        "http://nvr.example/#hidden",
    ],
)
async def test_what_is_no_plain_http_address_is_refused_without_repeating_it(
    session: ClientSession, url: str
) -> None:
    with pytest.raises(ValueError, match="http://host:5000") as refused:
        FrigateClient(session, url)

    assert "hidden" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


async def test_links_for_a_browser_keep_the_path_of_the_reverse_proxy(session: ClientSession) -> None:
    client = FrigateClient(session, "https://nvr.example/frigate/")

    assert client.clip_url(EVENT) == f"https://nvr.example/frigate/api/events/{EVENT}/clip.mp4"
    assert client.event_url(EVENT) == f"https://nvr.example/frigate/explore?event_id={EVENT}"


# Cameras


async def test_cameras_come_with_their_names_in_their_order(
    frigate: FakeFrigate, client: FrigateClient
) -> None:
    frigate.cameras = {
        "street": camera(friendly_name="Street, north"),
        "back-yard_2": camera(),
    }

    assert await client.async_cameras() == (
        FrigateCamera(name="street", friendly_name="Street, north"),
        FrigateCamera(name="back-yard_2", friendly_name=None),
    )


async def test_cameras_that_are_off_or_unspeakable_are_left_out(
    frigate: FakeFrigate, client: FrigateClient
) -> None:
    frigate.cameras = {
        "off": camera(enabled=False),
        "../config": camera(),
        "a,b": camera(),
        "broken": None,  # type: ignore[dict-item]  # what a server must not send
        "old": {},
        "odd": camera(friendly_name=7, zones=None, objects=[]),
    }

    assert await client.async_cameras() == (
        FrigateCamera(name="old", friendly_name=None),
        FrigateCamera(name="odd", friendly_name=None),
    )


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b'{"cameras": []}', b'"cameras"'])
async def test_a_configuration_without_cameras_is_no_frigate(
    frigate: FakeFrigate, client: FrigateClient, body: bytes
) -> None:
    frigate.body_instead = body

    with pytest.raises(FrigateUnusable):
        await client.async_cameras()


# Events


async def test_an_event_is_read_in_full(frigate: FakeFrigate, client: FrigateClient) -> None:
    frigate.events.clear()
    wire = frigate.add_event(
        start_time=T + 1.5,
        end_time=T + 9,
        sub_label="Bob",
        zones=["lawn", "door"],
        score=0.87,
        has_clip=False,
    )

    assert await events(client) == (
        FrigateEvent(
            event_id=wire["id"],
            camera="garden",
            label="person",
            sub_label="Bob",
            score=0.87,
            started_at=AFTER + timedelta(seconds=1.5),
            ended_at=AFTER + timedelta(seconds=9),
            has_clip=False,
            false_positive=False,
            stationary=False,
        ),
    )


OVERLAPS = {
    "began and ended in it": (1, 2),
    "began in it and runs": (59, None),
    "began in it and ended after it": (30, 90),
    "began before it and runs": (-600, None),
    "began hours before it and runs": (-36_000, None),
    "began before it and ended in it": (-1700, 5),
    "spans it": (-60, 120),
    "began at its first moment": (0, 10),
    "began at its last moment": (60, None),
    "ended at its first moment": (-10, 0),
}


@pytest.mark.parametrize(("start", "end"), OVERLAPS.values(), ids=OVERLAPS.keys())
async def test_an_event_that_overlaps_the_window_is_found_once(
    frigate: FakeFrigate, client: FrigateClient, start: float, end: float | None
) -> None:
    frigate.events.clear()
    wire = frigate.add_event(start_time=T + start, end_time=None if end is None else T + end)

    assert [event.event_id for event in await events(client)] == [wire["id"]]


@pytest.mark.parametrize(
    ("start", "end"),
    [(-20, -0.5), (60.5, None), (61, 70), (-36_000, -3600)],
    ids=["over", "later", "later and over", "old"],
)
async def test_an_event_beside_the_window_is_not_found(
    frigate: FakeFrigate, client: FrigateClient, start: float, end: float | None
) -> None:
    frigate.events.clear()
    frigate.add_event(start_time=T + start, end_time=None if end is None else T + end)

    assert await events(client) == ()


async def test_the_newest_events_come_first_and_no_more_than_asked_for(
    frigate: FakeFrigate, client: FrigateClient
) -> None:
    frigate.events.clear()
    for second in (5, 1, 3, 2, 4):
        frigate.add_event(start_time=T + second)

    found = await events(client, limit=3)

    assert [event.started_at.timestamp() - T for event in found] == [5, 4, 3]


async def test_many_events_before_the_window_do_not_hide_one_that_ended_in_it(
    frigate: FakeFrigate, client: FrigateClient
) -> None:
    frigate.events.clear()
    spanning = frigate.add_event(start_time=T - 120, end_time=T + 1)
    for second in range(90):
        frigate.add_event(start_time=T - 100 + second, end_time=T - 9 + second / 100)

    assert [event.event_id for event in await events(client, limit=2)] == [spanning["id"]]


async def test_only_the_cameras_asked_for_count_even_if_the_server_ignores_them(
    frigate: FakeFrigate, client: FrigateClient
) -> None:
    rows = [*frigate.events, frigate.add_event(start_time=T + 2, camera="street")]
    frigate.body_instead = json.dumps(rows).encode()

    assert {event.camera for event in await events(client)} == {"garden"}
    assert {event.camera for event in await events(client, "garden", "street")} == {"garden", "street"}
    assert await events(client, "all") == ()


async def test_the_cameras_are_sent_and_thumbnails_are_not_wanted(
    frigate: FakeFrigate, client: FrigateClient
) -> None:
    await events(client, "garden", "street")

    asked = [one.query for one in frigate.requests("GET", "/api/events")]
    assert [query["cameras"] for query in asked] == ["garden,street"] * 2
    assert [query["include_thumbnails"] for query in asked] == ["0"] * 2
    assert [query.get("in_progress") for query in asked] == [None, "1"]


@each(
    {"events": lambda c: c.async_events([], after=AFTER, before=BEFORE)}
    | {"reviews": lambda c: c.async_reviews([], after=AFTER, before=BEFORE)}
)
async def test_no_cameras_means_nothing_to_ask(
    frigate: FakeFrigate, client: FrigateClient, call: Call
) -> None:
    assert await call(client) == ()

    assert frigate.received == []


READINGS: dict[str, tuple[dict[str, Any], str, Any]] = {
    "start as an integer": ({"start_time": int(T)}, "started_at", AFTER),
    "start as a text": ({"start_time": str(T)}, "started_at", AFTER),
    "end as a text": ({"end_time": str(T + 60)}, "ended_at", BEFORE),
    "no end": ({"end_time": None}, "ended_at", None),
    "the better of two scores": ({"data": {"top_score": 0.9, "score": 0.4}}, "score", 0.9),
    "the better of two scores, reversed": ({"data": {"top_score": 0.4, "score": 0.9}}, "score", 0.9),
    "a score of the row itself": ({"top_score": 0.8, "data": {"score": 0.5}}, "score", 0.8),
    "a score as a text": ({"data": {"score": "0.75"}}, "score", 0.75),
    "a score as an integer": ({"data": {"score": 1}}, "score", 1.0),
    "no score": ({"data": {}}, "score", 0.0),
    "no data": ({"data": None}, "score", 0.0),
    "a score that is not a number": ({"data": {"top_score": float("nan"), "score": 0.3}}, "score", 0.3),
    "an endless score": ({"data": {"score": float("inf")}}, "score", 0.0),
    "a score above one": ({"data": {"score": 97}}, "score", 0.0),
    "a score below zero": ({"data": {"score": -0.1}}, "score", 0.0),
    "a score that is a truth": ({"data": {"score": True}}, "score", 0.0),
    "a sub label": ({"sub_label": "Bob"}, "sub_label", "Bob"),
    "a sub label with its score": ({"sub_label": ["Bob", 0.97]}, "sub_label", "Bob"),
    "an empty sub label": ({"sub_label": ""}, "sub_label", None),
    "an empty list as sub label": ({"sub_label": []}, "sub_label", None),
    "a number as sub label": ({"sub_label": [0.97, "Bob"]}, "sub_label", None),
    "a clip as a number": ({"has_clip": 1}, "has_clip", True),
    "no clip": ({"has_clip": None}, "has_clip", False),
    "a clip as a text": ({"has_clip": "false"}, "has_clip", False),
    "no zones": ({"zones": None}, "label", "person"),
    "a false positive": ({"false_positive": True}, "false_positive", True),
    "a stationary object": ({"stationary": True}, "stationary", True),
    "a stationary object in its data": ({"data": {"stationary": True}}, "stationary", True),
}


@pytest.mark.parametrize(("changes", "name", "expected"), READINGS.values(), ids=READINGS.keys())
async def test_every_way_of_writing_a_field_is_understood(
    frigate: FakeFrigate, client: FrigateClient, changes: dict[str, Any], name: str, expected: object
) -> None:
    frigate.body_instead = json.dumps([{**frigate.events[0], **changes}]).encode()

    (event,) = await events(client)

    assert getattr(event, name) == expected


MALFORMED: dict[str, object] = {
    "not an object": ["id"],
    "a null": None,
    "a text": "event",
    "no id": {"id": None},
    "an id that is a path": {"id": "../../config"},
    "an id with a query": {"id": f"{EVENT}?x=1"},
    "an id that is a number": {"id": 1750000000.5},
    "a camera that is a path": {"camera": "../garden"},
    "no label": {"label": None},
    "an empty label": {"label": ""},
    "no start": {"start_time": None},
    "a start that is not a number": {"start_time": float("nan")},
    "an endless start": {"start_time": float("-inf")},
    "an endless start as a text": {"start_time": "1e400"},
    "a start that is a truth": {"start_time": True},
    "a start that is a date": {"start_time": "2026-09-21T12:00:00Z"},
    "a start in the year 300 million": {"start_time": 1e16},
    "a start beyond any clock": {"start_time": 1e300},
    "a start beyond any float": {"start_time": 10**400},
    "an end that is not a number": {"end_time": "soon"},
}


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_event_is_left_out_and_the_others_stay(
    frigate: FakeFrigate, client: FrigateClient, changes: object
) -> None:
    good = frigate.events[0]
    row = {**good, "id": "1750000001.5-other1", **changes} if isinstance(changes, dict) else changes
    frigate.body_instead = json.dumps([row, good]).encode()

    assert [event.event_id for event in await events(client)] == [EVENT]


@pytest.mark.parametrize("value", [7, 7.0, "7", " 7.0 "])
def test_a_number_may_come_as_integer_float_or_text(value: object) -> None:
    assert _number(value) == 7


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "-inf", "NaN", "1e400", 10**400, True, None, "", "seven", [7]],
    ids=lambda value: repr(value)[:9],
)
def test_what_is_no_finite_number_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        _number(value)


# Reviews


@pytest.mark.parametrize("whole_reviews", [False, True], ids=["today", "older versions"])
async def test_a_review_is_read_in_full(
    frigate: FakeFrigate, client: FrigateClient, *, whole_reviews: bool
) -> None:
    frigate.whole_reviews = whole_reviews
    wire = frigate.add_review(start_time=T - 5, end_time=T + 9.5, severity="alert")
    wire["data"] |= {
        "detections": [EVENT, "../x", 5],
        "objects": ["person-verified", "car"],
        "zones": ["lawn"],
    }

    assert await reviews(client) == (
        FrigateReview(
            review_id=wire["id"],
            camera="garden",
            severity="alert",
            started_at=AFTER - timedelta(seconds=5),
            ended_at=AFTER + timedelta(seconds=9.5),
            event_ids=(EVENT,),
        ),
    )


@pytest.mark.parametrize("whole_reviews", [False, True], ids=["today", "older versions"])
@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (1, 2, 1),
        (-100, None, 1),
        (-100, 3, 1),
        (30, 300, 1),
        (-60, 90, 1),
        (-60, -1, 0),
        (61, 70, 0),
        (61, None, 0),
    ],
)
async def test_reviews_that_overlap_the_window_are_found_whatever_the_version(
    frigate: FakeFrigate,
    client: FrigateClient,
    start: float,
    end: float | None,
    found: int,
    *,
    whole_reviews: bool,
) -> None:
    frigate.whole_reviews = whole_reviews
    frigate.add_review(start_time=T + start, end_time=None if end is None else T + end)

    assert len(await reviews(client)) == found


async def test_the_newest_reviews_come_first_and_no_more_than_asked_for(
    frigate: FakeFrigate, client: FrigateClient
) -> None:
    for second in (1, 3, 2):
        frigate.add_review(start_time=T + second)

    found = await reviews(client, limit=2)

    assert [review.started_at.timestamp() - T for review in found] == [3, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": "significant_motion"},
        {"severity": None},
        {"start_time": "2026-09-21T12:00:00Z"},
        {"id": "a/b"},
        {"camera": ""},
    ],
)
async def test_a_malformed_review_is_left_out_and_the_others_stay(
    frigate: FakeFrigate, client: FrigateClient, changes: dict[str, Any]
) -> None:
    good = frigate.add_review(start_time=T + 1, severity="detection")
    frigate.body_instead = json.dumps([{**good, "id": "1750000001.5-other1", **changes}, good]).encode()

    assert [review.review_id for review in await reviews(client)] == [good["id"]]


# Pictures


async def test_a_snapshot_comes_with_a_box_and_in_the_height_asked_for(
    frigate: FakeFrigate, client: FrigateClient
) -> None:
    assert await client.async_snapshot(EVENT) == JPEG
    assert await client.async_snapshot(EVENT, height=300) == JPEG

    asked = frigate.requests("GET", f"/api/events/{EVENT}/snapshot.jpg")
    assert [one.query for one in asked] == [{"bbox": "1", "height": "720"}, {"bbox": "1", "height": "300"}]


async def test_the_thumbnail_stands_in_while_there_is_no_snapshot(
    frigate: FakeFrigate, client: FrigateClient
) -> None:
    frigate.events[0]["has_snapshot"] = False

    assert await client.async_snapshot(EVENT) == JPEG + b"thumbnail"


async def test_an_event_without_any_picture_yet_is_not_found(
    frigate: FakeFrigate, client: FrigateClient
) -> None:
    frigate.events[0] |= {"has_snapshot": False, "thumbnail": ""}

    with pytest.raises(FrigateNotFound):
        await client.async_snapshot(EVENT)


async def test_an_unknown_event_or_camera_is_not_found(frigate: FakeFrigate, client: FrigateClient) -> None:
    with pytest.raises(FrigateNotFound):
        await client.async_snapshot("1750000009.5-absent")
    with pytest.raises(FrigateNotFound):
        await client.async_latest("absent")


async def test_the_newest_picture_comes_in_the_height_asked_for(
    frigate: FakeFrigate, client: FrigateClient
) -> None:
    assert await client.async_latest("garden", height=300) == JPEG + b"latest"

    assert frigate.received[0].query == {"height": "300"}


@pytest.mark.parametrize(
    "start", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\x00\x00\x00WEBPVP8 "]
)
async def test_jpeg_png_and_webp_are_pictures(
    frigate: FakeFrigate, client: FrigateClient, start: bytes
) -> None:
    frigate.body_instead = start + b"..."

    assert await client.async_latest("garden") == start + b"..."


@each(PICTURES)
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b'{"success": true}', b"\xff\xd8", b"GIF89a", b"RIFF\x10\x00\x00\x00WAVE", b" " + JPEG],
)
async def test_what_does_not_begin_as_a_picture_is_none(
    frigate: FakeFrigate, client: FrigateClient, call: Call, body: bytes
) -> None:
    frigate.body_instead = body

    with pytest.raises(FrigateUnusable, match="no picture"):
        await call(client)


# Names that go into a path


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../config",
        "a/b",
        "a%2Fb",
        "a\\b",
        "a b",
        "a?b",
        "a#b",
        "a,b",
        "gärten",
        "garden\n",
        "a" * 129,
    ],
)
async def test_a_camera_name_that_frigate_cannot_have_is_never_asked_for(
    frigate: FakeFrigate, client: FrigateClient, name: str
) -> None:
    with pytest.raises(FrigateNotFound):
        await client.async_latest(name)
    with pytest.raises(FrigateNotFound):
        await events(client, "garden", name)
    with pytest.raises(FrigateNotFound):
        await reviews(client, "garden", name)

    assert frigate.received == []


@pytest.mark.parametrize(
    "event_id",
    [
        "",
        "..",
        "../config",
        f"{EVENT}/..",
        f"{EVENT}?a=1",
        f"{EVENT}\n",
        "abc",
        "1750000000.5",
        "1.5-a%2Fb",
        "\N{FULLWIDTH DIGIT ONE}.5-a",
    ],
)
async def test_an_event_id_that_frigate_cannot_have_is_never_asked_for(
    frigate: FakeFrigate, client: FrigateClient, event_id: str
) -> None:
    with pytest.raises(FrigateNotFound):
        await client.async_snapshot(event_id)
    with pytest.raises(FrigateNotFound):
        client.clip_url(event_id)
    with pytest.raises(FrigateNotFound):
        client.event_url(event_id)

    assert frigate.received == []


# The login


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
    frigate: FakeFrigate, guarded: FrigateClient, clock: Clock, *, says_issued: bool
) -> None:
    frigate.session_s, frigate.says_issued = 10_000, says_issued
    await guarded.async_cameras()
    clock.now += 8990
    await guarded.async_cameras()
    before = frigate.logins
    clock.now += 20

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
    frigate: FakeFrigate, guarded: FrigateClient, monkeypatch: pytest.MonkeyPatch, clock: Clock, token: str
) -> None:
    monkeypatch.setattr(frigate, "_new_token", lambda: token)
    await guarded.async_cameras()
    clock.now += 10**9
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


# Secrets


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

    shown = f"{guarded!r} {guarded._login!r} {refused.value!r} {refused.value.__cause__!r}"

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


# A server that misbehaves


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


def own_certificate(folder: Path) -> ssl.SSLContext:
    """Return a TLS server's context with a certificate that nobody vouches for, as Frigate makes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "frigate")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "frigate.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
