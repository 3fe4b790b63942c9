"""Frigate's cameras, read from its configuration."""

import pytest

from custom_components.alarm_broker.verification.frigate import FrigateCamera, FrigateClient, FrigateUnusable
from tests.fakes.frigate import FakeFrigate, camera


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
