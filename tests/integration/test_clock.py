"""The wall clock of Home Assistant's host is set while the panel runs: delays end when they would have."""

import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.alarm_broker.system.clock import SINCE_BOOT, Clock
from tests.integration.family import Told, left_for_five_minutes, live_in
from tests.integration.house import (
    CODE,
    DOOR,
    HALL,
    HOUSE,
    WINDOW,
    area,
    attributes,
    mode,
    move_in,
    panel,
    sense,
    shown,
    subentry,
    zone,
)
from tests.integration.phones import Phone, notified, settle

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

HOUR = 3600
MOVES = pytest.mark.parametrize("by_s", [HOUR, -HOUR], ids=["forward", "back"])


class Host:
    """Its wall clock can be set; the loop's own goes on as if nothing were."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self._hass, self._freezer = hass, freezer
        self._moved_s = 0.0

    def elapsed(self) -> float:
        return time.time() - self._moved_s

    def sets_the_clock(self, by_s: float) -> None:
        self._moved_s += by_s
        self._freezer.tick(timedelta(seconds=by_s))

    async def waits(self, seconds: float) -> None:
        """Let time pass, and fire what the loop would have, though its clock stands with the frozen one."""
        await self._hass.async_block_till_done()
        self._freezer.tick(timedelta(seconds=seconds))
        # A frozen loop has been set back with the wall clock; a real one has not.
        behind = timedelta(seconds=max(0.0, -self._moved_s))
        async_fire_time_changed(self._hass, dt_util.utcnow() + behind)
        await self._hass.async_block_till_done()


@pytest.fixture
def host(hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Where Home Assistant runs."""
    host = Host(hass, freezer)
    monkeypatch.setattr("custom_components.alarm_broker.system.clock.elapsed", host.elapsed)
    return host


def left(hass: HomeAssistant) -> float:
    """Return the seconds that the panel says are left."""
    ends: Any = attributes(hass)["delay_end"]
    end = ends if isinstance(ends, datetime) else datetime.fromisoformat(ends)
    return (end - dt_util.utcnow()).total_seconds()


@MOVES
async def test_an_entry_delay_takes_as_long_as_it_would(hass: HomeAssistant, host: Host, by_s: int) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await host.waits(10)

    host.sets_the_clock(by_s)
    await host.waits(18)
    before = shown(hass)
    await host.waits(2)

    assert (before, shown(hass)) == ("pending", "triggered")


@MOVES
async def test_what_is_shown_of_a_delay_is_right_within_half_a_minute(
    hass: HomeAssistant, host: Host, by_s: int
) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")
    await host.waits(10)
    assert left(hass) == 170

    host.sets_the_clock(by_s)
    await host.waits(30)

    assert shown(hass) == "triggered"
    assert left(hass) == 140


@MOVES
async def test_a_group_loses_no_trip_and_counts_none_for_longer(
    hass: HomeAssistant, host: Host, by_s: int
) -> None:
    group = subentry(
        "group",
        "group_inside",
        name="Inside",
        zones=["zone_kitchen_window", "zone_hall_motion"],
        required=2,
        window=60,
    )
    await move_in(hass, area(away=mode(exit_delay=0)), *HOUSE[1:], group)
    await panel(hass, "alarm_arm_away", code=CODE)
    sense(hass, HALL, "on")
    sense(hass, HALL, "off")
    await host.waits(1)
    host.sets_the_clock(by_s)
    await host.waits(61)
    sense(hass, WINDOW, "on")
    await host.waits(1)
    too_late = shown(hass)

    host.sets_the_clock(by_s)
    sense(hass, HALL, "on")
    await host.waits(0)

    assert (too_late, shown(hass)) == ("armed_away", "triggered")


@MOVES
async def test_a_lockout_ends_when_it_would(hass: HomeAssistant, host: Host, by_s: int) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    for _ in range(5):
        with pytest.raises(HomeAssistantError):
            await panel(hass, "alarm_disarm", code="0000")
    host.sets_the_clock(by_s)
    with pytest.raises(HomeAssistantError, match="too many wrong codes"):
        await panel(hass, "alarm_disarm", code=CODE)

    await host.waits(91)
    await panel(hass, "alarm_disarm", code=CODE)

    assert shown(hass) == "disarmed"


@MOVES
async def test_what_is_stored_goes_by_the_clock_as_it_is_now(
    hass: HomeAssistant, host: Host, hass_storage: dict[str, Any], by_s: int
) -> None:
    entry = await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await host.waits(10)
    host.sets_the_clock(by_s)
    sense(hass, HALL, "on")
    await hass.async_block_till_done()

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert shown(hass) == "pending"
    assert left(hass) == 20


async def test_a_phone_reads_when_to_disarm_by_the_clock_as_it_is_now_and_nothing_began_twice(
    hass: HomeAssistant, host: Host, phone: Phone, happened: Told
) -> None:
    entry = await move_in(hass, *HOUSE, notified("Anna", phone.target), push_confirm=0)
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await settle(hass)
    host.sets_the_clock(HOUR)
    sense(hass, HALL, "on")
    await settle(hass)

    until = dt_util.as_local(dt_util.utcnow() + timedelta(seconds=30)).strftime("%H:%M:%S")
    assert phone.last["message"].endswith(f"Disarm by {until}")
    assert len(phone.screen) == 1
    assert happened.kinds.count("pending") == 1
    await hass.config_entries.async_unload(entry.entry_id)


async def test_sensors_are_silent_for_as_long_as_they_are(hass: HomeAssistant, host: Host) -> None:
    await move_in(
        hass, area(), zone(WINDOW, "instant", "home", heartbeat_hours=2), zone(DOOR, "entry_exit", "home")
    )
    sense(hass, DOOR, "unavailable")
    await host.waits(61)
    host.sets_the_clock(24 * HOUR)
    await host.waits(61)
    after_the_jump = shown(hass, "binary_sensor.home_alarm_trouble")
    await host.waits(HOUR)
    lost = [one["kind"] for one in attributes(hass, "binary_sensor.home_alarm_trouble")["troubles"]]
    await host.waits(HOUR)

    assert after_the_jump == "off"
    assert lost == ["lost"]
    assert sorted(
        one["kind"] for one in attributes(hass, "binary_sensor.home_alarm_trouble")["troubles"]
    ) == ["heartbeat", "lost"]


@MOVES
async def test_an_announced_arming_comes_when_it_would(
    hass: HomeAssistant, host: Host, freezer: FrozenDateTimeFactory, by_s: int
) -> None:
    await live_in(hass, auto_arm=True)
    await left_for_five_minutes(hass, freezer)
    announced = shown(hass)

    host.sets_the_clock(by_s)
    await host.waits(110)
    before = shown(hass)
    await host.waits(10)

    assert (announced, before, shown(hass)) == ("disarmed", "disarmed", "arming")


async def test_a_host_that_slept_is_late_by_no_more_than_half_a_minute(
    hass: HomeAssistant, host: Host, freezer: FrozenDateTimeFactory
) -> None:
    await move_in(hass, area(home=mode(exit_delay=0, entry_delay=300)), *HOUSE[1:])
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await host.waits(10)
    freezer.tick(HOUR)  # the wall clock has gone on, and so has the time since boot

    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done()

    assert SINCE_BOOT == time.CLOCK_BOOTTIME
    assert shown(hass) == "triggered"


async def test_a_clock_that_is_kept_right_is_not_set(host: Host) -> None:
    clock = Clock()
    moves = []
    for by_s in (0.4, 0.4, 0.4, -0.9):
        host.sets_the_clock(by_s)
        moves.append(clock.moved().total_seconds())

    assert moves == pytest.approx([0, 0, 1.2, 0])
