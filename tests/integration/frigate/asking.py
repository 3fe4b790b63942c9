"""What is asked of a Frigate, and when."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from custom_components.alarm_broker.verification.frigate import FrigateClient, FrigateEvent, FrigateReview

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
