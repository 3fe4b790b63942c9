"""Pictures: a snapshot or the thumbnail before it, the newest frame, and nothing that is no picture."""

import pytest

from custom_components.alarm_broker.verification.frigate import (
    FrigateClient,
    FrigateNotFound,
    FrigateUnusable,
)
from tests.fakes.frigate import JPEG, FakeFrigate
from tests.integration.frigate.asking import EVENT, PICTURES, Call, each


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
