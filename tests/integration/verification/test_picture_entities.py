"""The picture of the latest alarm and its validation level, as entities."""

from typing import Any

import pytest
from homeassistant.components.image import async_get_image
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from tests.fakes.frigate import JPEG, FakeFrigate
from tests.integration.conftest import Until
from tests.integration.house import CODE, attributes, close_all, move_in, panel, shown
from tests.integration.watched import LEVEL, PICTURE, armed, break_in, found, level, somebody, watched

pytestmark = pytest.mark.usefixtures(
    "enable_custom_integrations", "mock_async_zeroconf", "quick_looks", "socket_enabled"
)


async def picture(hass: HomeAssistant) -> bytes:
    return (await async_get_image(hass, PICTURE)).content


async def test_before_the_first_alarm_there_is_nothing_to_show(hass: HomeAssistant) -> None:
    await move_in(hass)

    assert (level(hass), shown(hass, PICTURE)) == ("unknown", "unknown")
    with pytest.raises(HomeAssistantError):
        await picture(hass)


async def test_the_picture_is_the_best_of_the_latest_alarm(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: shown(hass, PICTURE) != "unknown")
    frame, first = await picture(hass), shown(hass, PICTURE)

    somebody(frigate, ago=0)

    await until(lambda: shown(hass, PICTURE) != first)
    assert (frame, await picture(hass)) == (frigate.latest, frigate.snapshot)


async def test_the_next_alarms_picture_takes_its_place(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])
    first = found(hass)["alarm"]
    await panel(hass, "alarm_disarm", code=CODE)
    close_all(hass)
    frigate.latest = JPEG + b"another"

    await panel(hass, "alarm_arm_home", code=CODE)
    await break_in(hass)

    await until(lambda: found(hass)["alarm"] != first and found(hass)["picture"])
    assert await picture(hass) == JPEG + b"another"


async def test_after_a_restart_the_picture_is_still_there(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    entry = await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])
    await panel(hass, "alarm_disarm", code=CODE)
    taken_at = found(hass)["taken_at"]

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert shown(hass, PICTURE) == taken_at
    assert await picture(hass) == frigate.latest


async def test_a_picture_whose_time_is_over_is_not_shown(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    entry = await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])

    await entry.runtime_data.evidence.async_remove()

    with pytest.raises(HomeAssistantError):
        await picture(hass)


async def test_the_picture_is_served_by_home_assistants_expiring_address_only(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until, hass_client_no_auth: Any
) -> None:
    await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: shown(hass, PICTURE) != "unknown")
    client = await hass_client_no_auth()
    address = attributes(hass, PICTURE)["entity_picture"]

    assert (await client.get(address)).status == 200
    assert (await client.get(address.partition("?")[0])).status in {401, 403}


async def test_the_level_says_all_that_is_known(
    hass: HomeAssistant, frigate: FakeFrigate, until: Until
) -> None:
    somebody(frigate)
    await armed(hass, *watched(frigate))
    await break_in(hass)
    await until(lambda: found(hass)["picture"])

    said = attributes(hass, LEVEL)

    assert said["options"] == ["0", "1", "2", "3", "4"]
    assert set(said) >= {
        "alarm",
        "alarm_kind",
        "area",
        "camera",
        "candidates",
        "clip",
        "evidence",
        "judgements",
        "known_as",
        "label",
        "level",
        "link",
        "picture",
        "raised_at",
        "score",
        "taken_at",
        "zones",
    }
    assert [one["level"] for one in said["judgements"]] == [1, 2]


async def test_both_belong_to_the_alarm_system(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    registry = er.async_get(hass)

    devices = {registry.entities[entity_id].device_id for entity_id in (PICTURE, LEVEL)}

    assert devices == {entry.runtime_data.hub_device_id}
