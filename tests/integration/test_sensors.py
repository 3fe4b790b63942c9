import pytest
from homeassistant.core import HomeAssistant

from custom_components.alarm_broker.panel.events import ZoneClosed, ZoneLost, ZoneOpened
from custom_components.alarm_broker.sensors import ZoneEvent, ZoneSensors, zone_event

DOOR = "binary_sensor.door"
PAIR = ("binary_sensor.left", "binary_sensor.right")


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("on", ZoneOpened),
        ("open", ZoneOpened),
        ("unlocked", ZoneOpened),
        ("off", ZoneClosed),
        ("closed", ZoneClosed),
        ("locked", ZoneClosed),
        ("unavailable", ZoneLost),
        ("unknown", ZoneLost),
        ("17.3", ZoneLost),
    ],
)
async def test_what_an_entity_says_about_its_zone(
    hass: HomeAssistant, state: str, kind: type[ZoneEvent]
) -> None:
    hass.states.async_set(DOOR, state)

    assert zone_event(hass, "door", (DOOR,)) == kind("door")


async def test_an_entity_that_does_not_exist_is_blind(hass: HomeAssistant) -> None:
    assert zone_event(hass, "door", (DOOR,)) == ZoneLost("door")


@pytest.mark.parametrize(
    ("states", "event"),
    [
        (("off", "on"), ZoneOpened("pair")),
        (("unavailable", "on"), ZoneOpened("pair")),
        (("unavailable", "off"), ZoneLost("pair")),
        (("off", "off"), ZoneClosed("pair")),
    ],
)
async def test_a_zone_of_two_sensors_is_closed_only_when_both_are(
    hass: HomeAssistant, states: tuple[str, str], event: ZoneEvent
) -> None:
    for entity_id, state in zip(PAIR, states, strict=True):
        hass.states.async_set(entity_id, state)

    assert zone_event(hass, "pair", PAIR) == event


async def test_what_is_known_and_every_change_is_reported(hass: HomeAssistant) -> None:
    hass.states.async_set(DOOR, "off")
    events: list[ZoneEvent] = []
    sensors = ZoneSensors(hass, {"door": (DOOR,)}, events.append)

    sensors.async_start()
    for state in ("on", "unavailable", "off"):
        hass.states.async_set(DOOR, state)
    await hass.async_block_till_done()
    hass.states.async_remove(DOOR)
    await hass.async_block_till_done()

    assert [type(event) for event in events] == [ZoneClosed, ZoneOpened, ZoneLost, ZoneClosed, ZoneLost]
    sensors.async_stop()


async def test_other_entities_attributes_and_changes_after_the_stop_are_nobodys_business(
    hass: HomeAssistant,
) -> None:
    hass.states.async_set(DOOR, "off")
    events: list[ZoneEvent] = []
    sensors = ZoneSensors(hass, {"door": (DOOR,)}, events.append)
    sensors.async_start()
    events.clear()

    hass.states.async_set(DOOR, "off", {"battery": 12})
    hass.states.async_set("binary_sensor.other", "on")
    sensors.async_stop()
    hass.states.async_set(DOOR, "on")
    await hass.async_block_till_done()

    assert not events
