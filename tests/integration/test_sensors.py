import pytest
from homeassistant.core import HomeAssistant

from custom_components.alarm_broker.core.panel.events import ZoneClosed, ZoneLost, ZoneOpened
from custom_components.alarm_broker.system.config import Sensing
from custom_components.alarm_broker.system.zone_sensors import ZoneEvent, ZoneSensors, zone_event

DOOR = "binary_sensor.door"
ONE_DOOR = Sensing(entities=(DOOR,))
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

    assert zone_event(hass, "door", ONE_DOOR) == kind("door")


@pytest.mark.parametrize(("state", "kind"), [("on", ZoneClosed), ("off", ZoneOpened), ("unknown", ZoneLost)])
async def test_an_inverted_zone_is_open_when_its_sensor_is_off(
    hass: HomeAssistant, state: str, kind: type[ZoneEvent]
) -> None:
    hass.states.async_set(DOOR, state)

    assert zone_event(hass, "door", Sensing(entities=(DOOR,), invert=True)) == kind("door")


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("80", ZoneOpened),
        ("60", ZoneClosed),
        ("20.5", ZoneClosed),
        ("4.9", ZoneOpened),
        ("unavailable", ZoneLost),
        ("nan", ZoneLost),
    ],
)
async def test_a_number_opens_its_zone_above_or_below_a_threshold(
    hass: HomeAssistant, state: str, kind: type[ZoneEvent]
) -> None:
    hass.states.async_set("sensor.temperature", state)
    sensing = Sensing(entities=("sensor.temperature",), above=60, below=5)

    assert zone_event(hass, "freezer", sensing) == kind("freezer")


async def test_an_entity_that_does_not_exist_is_unavailable(hass: HomeAssistant) -> None:
    assert zone_event(hass, "door", ONE_DOOR) == ZoneLost("door")


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

    assert zone_event(hass, "pair", Sensing(entities=PAIR)) == event


async def test_what_is_known_and_every_change_is_reported(hass: HomeAssistant) -> None:
    hass.states.async_set(DOOR, "off")
    events: list[ZoneEvent] = []
    sensors = ZoneSensors(hass, {"door": ONE_DOOR}, events.append)

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
    sensors = ZoneSensors(hass, {"door": ONE_DOOR}, events.append)
    sensors.async_start()
    events.clear()

    hass.states.async_set(DOOR, "off", {"battery": 12})
    hass.states.async_set("binary_sensor.other", "on")
    sensors.async_stop()
    hass.states.async_set(DOOR, "on")
    await hass.async_block_till_done()

    assert not events
