"""Frigate's events: which are found, and how each field is read."""

import json
from datetime import timedelta
from typing import Any

import pytest

from custom_components.alarm_broker.verification.frigate import FrigateClient, FrigateEvent, finite_number
from tests.fakes.frigate import FakeFrigate
from tests.integration.frigate.asking import AFTER, BEFORE, EVENT, Call, T, each, events


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
    assert finite_number(value) == 7


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "-inf", "NaN", "1e400", 10**400, True, None, "", "seven", [7]],
    ids=lambda value: repr(value)[:9],
)
def test_what_is_no_finite_number_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        finite_number(value)
