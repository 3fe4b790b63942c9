"""Past alarms in the media panel."""

from typing import Any

import pytest
from homeassistant.components.media_player.errors import BrowseError
from homeassistant.components.media_source import (
    BrowseMediaSource,
    Unresolvable,
    async_browse_media,
    async_resolve_media,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from tests.fakes.frigate import JPEG, FakeFrigate
from tests.integration.conftest import Until
from tests.integration.house import CODE, area, close_all, move_in, panel
from tests.integration.watched import armed, break_in, found, somebody, watched

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "quick_looks")

ROOT = "media-source://alarm_broker"


@pytest.fixture(autouse=True)
async def media(hass: HomeAssistant, socket_enabled: None) -> None:
    assert await async_setup_component(hass, "media_source", {})


async def browse(hass: HomeAssistant, identifier: str = ROOT) -> BrowseMediaSource:
    folder = await async_browse_media(hass, identifier)
    assert isinstance(folder, BrowseMediaSource)
    return folder


def titles(folder: BrowseMediaSource) -> list[str]:
    return [child.title for child in folder.children or ()]


async def test_alarms_are_there_by_time_place_and_level_the_newest_first(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    await hass.config.async_set_time_zone("Europe/Zurich")
    await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])
    first = dt_util.parse_datetime(found(hass)["raised_at"])
    await panel(hass, "alarm_disarm", code=CODE)
    await until(lambda: found(hass)["level"] == 0)
    close_all(hass)
    somebody(frigate)
    await panel(hass, "alarm_arm_home", code=CODE)
    await break_in(hass)
    await until(lambda: found(hass)["label"])
    second = dt_util.parse_datetime(found(hass)["raised_at"])

    folder = await browse(hass)

    assert first and second
    assert folder.title == "Home alarm"
    assert titles(folder) == [
        f"{dt_util.as_local(second):%Y-%m-%d %H:%M} Kitchen window (2)",
        f"{dt_util.as_local(first):%Y-%m-%d %H:%M} Kitchen window (0)",
    ]


async def test_a_picture_opens_for_who_is_logged_in(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, hass_client: Any, hass_client_no_auth: Any
) -> None:
    await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])
    (picture,) = (await browse(hass)).children or ()

    media = await async_resolve_media(hass, picture.media_content_id, None)

    assert (picture.can_play, picture.can_expand, media.mime_type) == (True, False, "image/jpeg")
    assert picture.thumbnail == media.url
    assert (await (await (await hass_client()).get(media.url)).read()).startswith(JPEG)
    assert (await (await hass_client_no_auth()).get(media.url)).status == 401


async def test_an_alarm_without_a_picture_is_not_there(hass: HomeAssistant, until: Until) -> None:
    await armed(hass)
    await break_in(hass)
    await until(lambda: found(hass)["level"] == 1)

    assert titles(await browse(hass)) == []


async def test_several_houses_have_a_folder_each(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    house = await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])
    cabin = await move_in(hass, area("area_cabin", "Cabin"), unique_id="cabin")

    root = await browse(hass)
    folders = [await browse(hass, f"{ROOT}/{one.entry_id}") for one in (house, cabin)]

    assert (root.title, titles(root)) == ("Alarms", ["Home alarm", "Home alarm"])
    assert [len(titles(folder)) for folder in folders] == [1, 0]


async def test_without_a_panel_there_is_nothing(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await hass.config_entries.async_unload(entry.entry_id)

    assert titles(await browse(hass)) == []


async def test_a_folder_that_is_gone_says_so(hass: HomeAssistant) -> None:
    await move_in(hass)

    with pytest.raises(BrowseError, match="not there any more"):
        await browse(hass, f"{ROOT}/gone")


@pytest.mark.parametrize(
    "picture",
    ["gone/x/1.jpg", "{entry}/00000000-0000-0000-0000-000000000000/1.jpg", "{entry}/../record.json"],
)
async def test_a_picture_that_is_gone_says_so(hass: HomeAssistant, picture: str) -> None:
    entry = await move_in(hass)

    with pytest.raises(Unresolvable):
        await async_resolve_media(hass, f"{ROOT}/{picture.format(entry=entry.entry_id)}", None)
