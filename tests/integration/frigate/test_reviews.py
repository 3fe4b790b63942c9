"""Frigate's reviews: which are found, and how each is read."""

import json
from datetime import timedelta
from typing import Any

import pytest

from custom_components.alarm_broker.verification.frigate import FrigateClient, FrigateReview
from tests.fakes.frigate import FakeFrigate
from tests.integration.frigate.asking import AFTER, EVENT, T, reviews


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
