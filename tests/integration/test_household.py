"""People leave and come home in a real core: what the house believes, what it says, and what it does by itself."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall, State
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed, async_mock_service

from custom_components.alarm_broker.core.household.state import Presence
from custom_components.alarm_broker.household.people import place_of
from tests.integration.family import (
    ANNA,
    AWAY,
    BEN,
    FAMILY,
    HOME,
    SILENT,
    Told,
    buttons,
    come_home,
    everyone_leaves,
    left_for_five_minutes,
    live_in,
    resident,
    restart,
    seen,
)
from tests.integration.house import (
    AREA,
    CODE,
    GARAGE_PANEL,
    GARAGE_PARTS,
    HALL,
    SMOKE,
    WINDOW,
    act,
    area,
    mode,
    panel,
    sense,
    shown,
    subentry,
    wait,
)
from tests.integration.phones import press

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

EVENING = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
ANYONE = "binary_sensor.home_alarm_anyone_home"
PEOPLE = "sensor.home_alarm_people_home"
GUESTS = "input_boolean.guests"
MINUTE = 60
DAY = 86_400
NEVER = {"remind": False}
BY_ITSELF = {"auto_arm": True}


@pytest.fixture(autouse=True)
def clock(freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(EVENING)


@pytest.fixture
def phone(hass: HomeAssistant) -> list[ServiceCall]:
    """What Anna's phone is sent."""
    calls: list[ServiceCall] = async_mock_service(hass, "notify", "mobile_app_anna")
    return calls


ANNA_WITH_PHONE = resident("Anna", notify=["notify.mobile_app_anna"])
LET_IN = (resident("Anna", auto_disarm=True), resident("Ben"))


async def newest(hass: HomeAssistant, phone: Sequence[ServiceCall]) -> dict[str, Any]:
    """Return what came to the phone last, once all has come."""
    await hass.async_block_till_done(wait_background_tasks=True)
    return dict(phone[-1].data)


async def armed_and_empty(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, *, service: str = "alarm_arm_away"
) -> None:
    await panel(hass, service, code=CODE)
    await wait(hass, freezer, MINUTE)
    await everyone_leaves(hass, freezer)


# Where people are


@pytest.mark.parametrize(
    ("trackers", "place"),
    [
        pytest.param(["home"], Presence.HOME, id="home"),
        pytest.param(["not_home"], Presence.AWAY, id="away"),
        pytest.param(["Work"], Presence.AWAY, id="in another zone"),
        pytest.param(["unavailable"], None, id="unavailable"),
        pytest.param(["unknown"], None, id="unknown"),
        pytest.param([None], None, id="not there at all"),
        pytest.param([], None, id="without a tracker"),
        pytest.param(["not_home", "home"], Presence.HOME, id="one says home"),
        pytest.param(["unavailable", "home"], Presence.HOME, id="one says home, one nothing"),
        pytest.param(["not_home", "unavailable"], None, id="one says away, one nothing"),
        pytest.param(["not_home", "not_home"], Presence.AWAY, id="all say away"),
        pytest.param(["on"], Presence.HOME, id="a ping that answers"),
        pytest.param(["off"], Presence.AWAY, id="a ping that does not"),
    ],
)
def test_what_trackers_say_together(trackers: list[str | None], place: Presence | None) -> None:
    states = [None if word is None else State("device_tracker.one", word) for word in trackers]

    assert place_of(states) is place


def test_a_zone_within_the_home_zone_is_home() -> None:
    garden = State("person.anna", "Garden", {"in_zones": ["zone.garden", "zone.home"]})

    assert place_of([garden]) is Presence.HOME


async def test_the_house_is_empty_once_everyone_has_been_away_for_two_minutes(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    await live_in(hass)
    await seen(hass, AWAY, ANNA)
    await wait(hass, freezer, 10 * MINUTE)
    await seen(hass, AWAY, BEN)
    await wait(hass, freezer, 119)
    before = shown(hass, ANYONE)
    await wait(hass, freezer, 1)

    assert (before, shown(hass, ANYONE)) == ("on", "off")
    assert shown(hass, "sensor.home_alarm_last_left") == "Ben"
    assert [one["by"] for one in happened.of("everyone_left")] == ["Ben"]


async def test_positions_that_jump_are_nobody_leaving(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    await live_in(hass)
    for _ in range(10):
        await seen(hass, AWAY)
        await wait(hass, freezer, 100)
        await seen(hass, HOME)
        await wait(hass, freezer, 10)

    assert shown(hass, PEOPLE) == "2"
    assert happened.kinds == []


async def test_a_phone_that_is_silent_for_ten_minutes_makes_its_owner_unknown_and_not_away(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    await live_in(hass)
    await seen(hass, AWAY, ANNA)
    await seen(hass, SILENT, BEN)
    await wait(hass, freezer, 599)
    before = shown(hass, "sensor.ben_whereabouts")
    await wait(hass, freezer, 1)
    await wait(hass, freezer, DAY)

    assert (before, shown(hass, "sensor.ben_whereabouts")) == ("home", "unknown")
    assert shown(hass, ANYONE) == "on"
    assert happened.kinds == []


async def test_a_household_can_decide_that_only_the_others_count(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await live_in(hass, unknown_means="nobody")
    await seen(hass, SILENT, BEN)
    await seen(hass, AWAY, ANNA)
    await wait(hass, freezer, 600)

    assert shown(hass, "sensor.ben_whereabouts") == "unknown"
    assert shown(hass, ANYONE) == "off"


async def test_when_nothing_is_known_of_anybody_nobody_can_say(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await live_in(hass, unknown_means="nobody")
    await seen(hass, SILENT)
    await wait(hass, freezer, 600)

    assert shown(hass, ANYONE) == "unknown"


async def test_a_tracker_of_its_own_counts_beside_the_person(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    hass.states.async_set("binary_sensor.anna_ping", "on")
    await live_in(hass, resident("Anna", trackers=["binary_sensor.anna_ping"]))
    await everyone_leaves(hass, freezer)
    with_ping = shown(hass, ANYONE)
    hass.states.async_set("binary_sensor.anna_ping", "off")
    await wait(hass, freezer, 120)

    assert (with_ping, shown(hass, ANYONE)) == ("on", "off")


async def test_somebody_who_is_only_told_does_not_keep_the_house_from_being_empty(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    neighbour = subentry(
        "person", "person_neighbour", name="Neighbour", person=None, trackers=[], notify=["notify.neighbour"]
    )
    await live_in(hass, *FAMILY, neighbour)
    await everyone_leaves(hass, freezer)

    assert shown(hass, ANYONE) == "off"
    assert hass.states.get("sensor.neighbour_whereabouts") is None


# The reminder


async def test_five_minutes_after_everyone_left_the_phones_name_what_is_open_and_offer_to_arm(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, phone: list[ServiceCall]
) -> None:
    await live_in(hass, ANNA_WITH_PHONE, resident("Ben"))
    sense(hass, WINDOW, "on")
    await everyone_leaves(hass, freezer)
    await wait(hass, freezer, 299)
    before = list(phone)
    await wait(hass, freezer, 1)
    reminder = await newest(hass, phone)

    assert before == []
    assert "Kitchen window" in reminder["message"]
    assert list(buttons(reminder)) == ["Arm"]


async def test_the_button_of_the_reminder_arms(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, phone: list[ServiceCall]
) -> None:
    await live_in(hass, ANNA_WITH_PHONE, resident("Ben"))
    await left_for_five_minutes(hass, freezer)

    await press(hass, buttons(await newest(hass, phone))["Arm"], "anna")
    await wait(hass, freezer, MINUTE)

    assert shown(hass) == "armed_away"


async def test_by_default_the_house_says_something_and_does_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    await live_in(hass)
    await everyone_leaves(hass, freezer)
    for _ in range(10):
        await wait(hass, freezer, 3600)

    assert happened.kinds == ["everyone_left", "arm_reminder"]
    assert shown(hass) == "disarmed"


async def test_no_reminder_comes_where_it_is_not_wanted(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    await live_in(hass, **NEVER)
    await everyone_leaves(hass, freezer)
    await wait(hass, freezer, DAY)

    assert happened.kinds == ["everyone_left"]


async def test_no_reminder_comes_for_a_house_that_is_armed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    await live_in(hass)
    await armed_and_empty(hass, freezer)
    await wait(hass, freezer, DAY)

    assert happened.of("arm_reminder") == []


async def test_the_reminder_waits_until_the_quiet_hours_are_over_on_the_wall_clock(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    await hass.config.async_set_time_zone("Europe/Berlin")
    await live_in(hass, quiet_from="20:00:00", quiet_to="06:30:00")
    await everyone_leaves(hass, freezer)  # at 20:02 in Berlin
    await wait(hass, freezer, 10 * MINUTE)
    freezer.move_to(datetime(2026, 11, 21, 5, 29, 59, tzinfo=UTC))
    await wait(hass, freezer, 0)
    before = happened.of("arm_reminder")
    await wait(hass, freezer, 1)

    assert before == []
    assert [one["area"] for one in happened.of("arm_reminder")] == ["Home"]


# Arming by itself


async def test_an_arming_is_announced_and_then_done(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    await live_in(hass, **BY_ITSELF)
    await left_for_five_minutes(hass, freezer)
    announced = happened.of("auto_arm_announced")
    at = hass.states.get(ANYONE)
    await wait(hass, freezer, 119)
    before = shown(hass)
    await wait(hass, freezer, 1)
    leaving = shown(hass)
    await wait(hass, freezer, MINUTE)

    [one] = announced
    assert (one["area"], one["mode"]) == ("Home", "away")
    assert one["until"] == (EVENING + timedelta(minutes=9)).isoformat()
    assert at is not None
    assert at.attributes["arming_at"] == one["until"]
    assert (before, leaving, shown(hass)) == ("disarmed", "arming", "armed_away")


async def test_every_area_that_is_disarmed_is_armed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await live_in(hass, *FAMILY, *GARAGE_PARTS, **BY_ITSELF)
    await everyone_leaves(hass, freezer)
    for seconds in (5 * MINUTE, 2 * MINUTE, MINUTE):
        await wait(hass, freezer, seconds)

    assert (shown(hass), shown(hass, GARAGE_PANEL)) == ("armed_away", "armed_away")


async def test_postpone_on_the_phone_announces_it_again_later(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, phone: list[ServiceCall], happened: Told
) -> None:
    await live_in(hass, ANNA_WITH_PHONE, resident("Ben"), **BY_ITSELF)
    await left_for_five_minutes(hass, freezer)
    await press(hass, buttons(await newest(hass, phone))["Postpone"], "anna")
    dropped = happened.of("auto_arm_dropped")
    happened.clear()
    await wait(hass, freezer, 779)
    before = list(happened.kinds)
    await wait(hass, freezer, 1)
    await wait(hass, freezer, 2 * MINUTE)

    assert [one["by"] for one in dropped] == ["Anna"]
    assert before == []
    assert happened.kinds == ["auto_arm_announced", "arming"]


async def test_cancel_on_the_phone_leaves_the_house_disarmed_until_everyone_has_left_again(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, phone: list[ServiceCall], happened: Told
) -> None:
    await live_in(hass, ANNA_WITH_PHONE, resident("Ben"), **BY_ITSELF)
    await left_for_five_minutes(hass, freezer)
    await press(hass, buttons(await newest(hass, phone))["Do not arm"], "anna")
    await wait(hass, freezer, DAY)
    called_off = shown(hass)
    await come_home(hass, freezer)
    await everyone_leaves(hass, freezer)
    for seconds in (5 * MINUTE, 2 * MINUTE, MINUTE):
        await wait(hass, freezer, seconds)

    assert (called_off, shown(hass)) == ("disarmed", "armed_away")


async def test_an_open_window_keeps_it_from_arming_and_the_phone_can_arm_all_the_same(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, phone: list[ServiceCall], happened: Told
) -> None:
    await live_in(hass, ANNA_WITH_PHONE, resident("Ben"), **BY_ITSELF)
    sense(hass, WINDOW, "on")
    await left_for_five_minutes(hass, freezer)
    await wait(hass, freezer, 2 * MINUTE)
    refused = shown(hass)
    [failed] = happened.of("auto_arm_failed")
    [anyway] = buttons(await newest(hass, phone)).values()
    await press(hass, anyway, "anna")
    await wait(hass, freezer, MINUTE)

    assert refused == "disarmed"
    assert failed["zones"] == ["Kitchen window"]
    assert "reason" not in failed
    assert shown(hass) == "armed_away"


async def test_an_area_that_has_no_such_mode_is_not_passed_over_in_silence(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    attic = area("area_attic", "Attic", night=mode())
    await live_in(hass, *FAMILY, attic, **BY_ITSELF)
    await left_for_five_minutes(hass, freezer)
    await wait(hass, freezer, 2 * MINUTE)

    assert [one["area"] for one in happened.of("auto_arm_failed")] == ["Attic"]
    assert shown(hass) == "arming"


async def test_whoever_comes_home_in_time_drops_the_announced_arming(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    await live_in(hass, **BY_ITSELF)
    await left_for_five_minutes(hass, freezer)
    await come_home(hass, freezer, BEN)
    await wait(hass, freezer, DAY)

    assert happened.kinds[-2:] == ["first_arrived", "auto_arm_dropped"]
    assert shown(hass) == "disarmed"


async def test_a_phone_that_falls_silent_drops_it_too(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await live_in(hass, auto_arm=True, announce=3600)
    await left_for_five_minutes(hass, freezer)
    await seen(hass, SILENT, BEN)
    await wait(hass, freezer, 600)
    await wait(hass, freezer, DAY)

    assert shown(hass) == "disarmed"


async def test_while_guests_stay_nothing_arms_by_itself_and_the_reminder_comes(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    hass.states.async_set(GUESTS, "on")
    await live_in(hass, auto_arm=True, guest_mode=GUESTS)
    await left_for_five_minutes(hass, freezer)
    await wait(hass, freezer, DAY)
    with_guests = list(happened.kinds)
    happened.clear()
    hass.states.async_set(GUESTS, "unavailable")
    await wait(hass, freezer, DAY)
    unsure = list(happened.kinds)
    hass.states.async_set(GUESTS, "off")
    await hass.async_block_till_done()
    await wait(hass, freezer, 5 * MINUTE)

    assert with_guests == ["everyone_left", "arm_reminder"]
    assert unsure == []
    assert happened.kinds == ["auto_arm_announced"]


async def test_guests_who_are_announced_meanwhile_drop_the_arming(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    hass.states.async_set(GUESTS, "off")
    await live_in(hass, auto_arm=True, guest_mode=GUESTS)
    await left_for_five_minutes(hass, freezer)
    hass.states.async_set(GUESTS, "on")
    await hass.async_block_till_done()
    await wait(hass, freezer, DAY)

    assert happened.kinds[-1] == "auto_arm_dropped"
    assert shown(hass) == "disarmed"


async def test_a_timer_that_is_early_by_the_wall_clock_comes_again(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    await live_in(hass)
    await everyone_leaves(hass, freezer)
    freezer.tick(299)
    async_fire_time_changed(hass, EVENING + timedelta(minutes=7, seconds=1))
    await hass.async_block_till_done()
    early = happened.of("arm_reminder")
    await wait(hass, freezer, 2)

    assert early == []
    assert len(happened.of("arm_reminder")) == 1


# Coming home


async def test_whoever_comes_home_to_an_armed_house_is_warned_and_needs_a_code(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, phone: list[ServiceCall], happened: Told
) -> None:
    await live_in(hass, ANNA_WITH_PHONE, resident("Ben"))
    await armed_and_empty(hass, freezer)
    await come_home(hass, freezer, BEN)

    [warning] = happened.of("arrived_while_armed")
    assert (warning["by"], warning["areas"]) == ("Ben", ["Home"])
    assert "Ben" in (await newest(hass, phone))["message"]
    assert shown(hass) == "armed_away"
    with pytest.raises(Exception, match="code"):
        await panel(hass, "alarm_disarm")


async def test_the_house_disarms_for_whom_that_is_switched_on_and_says_for_whom(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    await live_in(hass, *LET_IN)
    await armed_and_empty(hass, freezer)
    await come_home(hass, freezer, BEN)
    for_ben = shown(hass)
    await come_home(hass, freezer, ANNA)

    assert (for_ben, shown(hass)) == ("armed_away", "disarmed")
    assert [one["by"] for one in happened.of("disarmed")] == ["Anna"]


async def test_what_guards_those_who_sleep_is_not_disarmed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await live_in(hass, *LET_IN)
    await seen(hass, AWAY, ANNA)
    await wait(hass, freezer, 120)
    await panel(hass, "alarm_arm_home", code=CODE)
    await come_home(hass, freezer, ANNA)

    assert shown(hass) == "armed_home"


async def test_a_phone_that_was_only_silent_has_not_come_home(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    await live_in(hass, *LET_IN)
    await seen(hass, SILENT, ANNA)
    await wait(hass, freezer, 600)
    await panel(hass, "alarm_arm_away", code=CODE)
    await wait(hass, freezer, MINUTE)
    await come_home(hass, freezer, ANNA)

    assert shown(hass) == "armed_away"
    assert happened.of("arrived_while_armed") == []


@pytest.mark.parametrize("sensor", [HALL, SMOKE])
async def test_no_arrival_ever_ends_an_alarm(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, sensor: str
) -> None:
    await live_in(hass, *LET_IN)
    await armed_and_empty(hass, freezer)
    sense(hass, sensor, "on")
    await hass.async_block_till_done()
    await come_home(hass, freezer, ANNA)

    assert shown(hass) == "triggered"


async def test_an_alarm_that_begins_at_the_moment_of_the_arrival_goes_on(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await live_in(hass, *LET_IN)
    await armed_and_empty(hass, freezer)
    await seen(hass, HOME, ANNA)
    freezer.tick(5)
    sense(hass, HALL, "on")  # in the same turn of the loop
    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done()

    assert shown(hass) == "triggered"


# Restarts


async def test_a_countdown_goes_on_over_a_restart(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    entry = await live_in(hass, **BY_ITSELF)
    await left_for_five_minutes(hass, freezer)
    happened.clear()

    await restart(hass, entry, freezer, down_s=30)
    await wait(hass, freezer, 89)
    before = shown(hass)
    await wait(hass, freezer, 1)

    assert (before, shown(hass)) == ("disarmed", "arming")
    assert happened.of("auto_arm_announced") == []


async def test_a_countdown_that_ran_out_while_home_assistant_was_down_begins_anew(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    entry = await live_in(hass, **BY_ITSELF)
    await left_for_five_minutes(hass, freezer)
    happened.clear()

    await restart(hass, entry, freezer, down_s=3600)
    after_boot = shown(hass)
    await wait(hass, freezer, 6 * MINUTE)
    announced = happened.kinds
    await wait(hass, freezer, 2 * MINUTE)

    assert after_boot == "disarmed"
    assert announced == ["auto_arm_announced"]
    assert shown(hass) == "arming"


async def test_whoever_came_home_while_home_assistant_was_down_is_not_shut_in(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    entry = await live_in(hass, **BY_ITSELF)
    await left_for_five_minutes(hass, freezer)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await seen(hass, HOME, BEN)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait(hass, freezer, 5)
    await wait(hass, freezer, DAY)

    assert shown(hass) == "disarmed"
    assert shown(hass, PEOPLE) == "1"


async def test_whoever_left_while_home_assistant_was_down_is_missed_afterwards(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    entry = await live_in(hass)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await seen(hass, AWAY)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait(hass, freezer, 120)
    await wait(hass, freezer, 5 * MINUTE)

    assert happened.kinds == ["everyone_left", "arm_reminder"]


async def test_trackers_that_take_five_minutes_to_come_up_have_sent_nobody_away(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    entry = await live_in(hass, **BY_ITSELF)
    await seen(hass, AWAY)  # as routers say before they have looked
    await restart(hass, entry, freezer, down_s=60)
    happened.clear()
    await wait(hass, freezer, 5 * MINUTE)
    await seen(hass, HOME)
    await wait(hass, freezer, DAY)

    assert shown(hass) == "disarmed"
    assert happened.kinds == []


async def test_people_of_whom_nothing_is_heard_after_a_restart_are_unknown_after_a_while(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await live_in(hass)
    await everyone_leaves(hass, freezer)
    await seen(hass, SILENT)
    await restart(hass, entry, freezer, down_s=60)
    after_boot = shown(hass, ANYONE)
    await wait(hass, freezer, 600)

    assert (after_boot, shown(hass, ANYONE)) == ("off", "on")
    assert shown(hass, "sensor.anna_whereabouts") == "unknown"


async def test_a_change_of_the_settings_keeps_who_is_where_since_when(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    entry = await live_in(hass)
    await everyone_leaves(hass, freezer)
    before = hass.states.get("sensor.anna_whereabouts")
    hass.config_entries.async_update_entry(entry, options={**entry.options, "remind_after": 30})
    await hass.async_block_till_done()
    await wait(hass, freezer, 5 * MINUTE)

    after = hass.states.get("sensor.anna_whereabouts")
    assert before is not None
    assert after is not None
    assert (after.state, after.attributes["since"]) == ("away", before.attributes["since"])
    assert len(happened.of("everyone_left")) == 1


async def test_what_was_stored_and_cannot_be_read_is_nobody_known(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    entry = await live_in(hass)
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass_storage[f"alarm_broker.household.{entry.entry_id}"]["data"] = {"persons": "rubbish"}
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert shown(hass, ANYONE) == "on"
    assert shown(hass, f"alarm_control_panel.{AREA.removeprefix('area_')}") == "disarmed"


async def test_an_arming_by_hand_drops_the_announced_one_and_its_notification(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, phone: list[ServiceCall]
) -> None:
    await live_in(hass, ANNA_WITH_PHONE, resident("Ben"), **BY_ITSELF)
    await left_for_five_minutes(hass, freezer)
    announcement = await newest(hass, phone)
    await act(hass, "arm", mode="away", code=CODE)
    cleared = await newest(hass, phone)

    assert cleared["message"] == "clear_notification"
    assert cleared["data"]["tag"] == announcement["data"]["tag"]


async def test_an_announcement_is_taken_back_once_the_house_has_armed_itself(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, phone: list[ServiceCall]
) -> None:
    await live_in(hass, ANNA_WITH_PHONE, resident("Ben"), **BY_ITSELF)
    await left_for_five_minutes(hass, freezer)
    announcement = await newest(hass, phone)
    await wait(hass, freezer, 2 * MINUTE)
    await wait(hass, freezer, MINUTE)

    cleared = await newest(hass, phone)
    assert shown(hass) == "armed_away"
    assert cleared["message"] == "clear_notification"
    assert cleared["data"]["tag"] == announcement["data"]["tag"]


async def test_a_network_that_comes_back_lets_nobody_in(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    await live_in(hass, *LET_IN)
    await panel(hass, "alarm_arm_away", code=CODE)
    await wait(hass, freezer, MINUTE)
    await seen(hass, "unavailable")
    await wait(hass, freezer, 10 * MINUTE)
    await seen(hass, "not_home", ANNA)
    await wait(hass, freezer, 1)
    await come_home(hass, freezer, ANNA)

    assert shown(hass) == "armed_away"
    assert happened.of("everyone_left") == []


async def test_calling_off_outlasts_a_phone_that_falls_silent(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, happened: Told
) -> None:
    await live_in(hass, resident("Anna"), resident("Ben"), **BY_ITSELF)
    await left_for_five_minutes(hass, freezer)
    await hass.services.async_call("alarm_broker", "call_off_arming", {}, blocking=True)
    await seen(hass, "unavailable", BEN)
    await wait(hass, freezer, 10 * MINUTE)
    await seen(hass, "not_home", BEN)
    await wait(hass, freezer, 2 * MINUTE)
    await wait(hass, freezer, 10 * MINUTE)

    assert shown(hass) == "disarmed"
    assert len(happened.of("auto_arm_announced")) == 1
