"""The journal: what has happened and who did it, which nobody can change or delete."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.alarm_broker.system.activity import Activity, ActivityKind
from custom_components.alarm_broker.system.journal import KEPT, SAVE_DELAY_S, journal_store
from tests.integration.house import (
    CODE,
    DOOR,
    DURESS_CODE,
    GARAGE,
    GARAGE_PANEL,
    GARAGE_PARTS,
    HOUSE,
    MASTER,
    PANEL,
    WINDOW,
    ZONES,
    act,
    close_all,
    house_entry,
    move_in,
    panel,
    sense,
    under_duress,
    wait,
    zone,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")


async def journal(hass: HomeAssistant, **data: Any) -> list[dict[str, Any]]:
    answer: dict[str, Any] = await act(hass, "journal", **data)
    return list(answer["entries"])


def kinds(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["kind"] for entry in entries]


async def burglary(hass: HomeAssistant) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    sense(hass, WINDOW, "off")
    await panel(hass, "alarm_disarm", code=CODE)


async def test_it_says_what_happened_when_where_and_who_did_it_the_latest_first(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    await wait(hass, freezer, 3600)
    opened_at = dt_util.utcnow()
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    await panel(hass, "alarm_disarm", code=CODE)

    entries = await journal(hass)

    assert kinds(entries) == ["disarmed", "alarm_aborted", "triggered", "armed"]
    triggered, armed = entries[2:]
    assert triggered["at"] == opened_at.isoformat()
    assert (triggered["area"], triggered["zones"]) == ("Home", ["Kitchen window"])
    assert (armed["by"], armed["mode"]) == ("Anna", "home")


async def test_wrong_codes_and_the_lockout_are_in_it_and_no_code_is(hass: HomeAssistant) -> None:
    await move_in(hass)
    for _ in range(5):
        with pytest.raises(ServiceValidationError):
            await panel(hass, "alarm_disarm", code="87654")

    entries = await journal(hass)

    assert kinds(entries) == ["lockout", *["wrong_code"] * 4]
    assert "87654" not in str(entries)


async def test_a_duress_code_leaves_what_the_code_leaves(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, under_duress())
    await panel(hass, "alarm_arm_home", code=CODE)
    await panel(hass, "alarm_disarm", code=CODE)
    normal = await journal(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    await panel(hass, "alarm_disarm", code=DURESS_CODE)

    forced = (await journal(hass))[: len(normal)]

    def seen(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{key: value for key, value in entry.items() if key != "at"} for entry in entries]

    assert seen(forced) == seen(normal)


async def test_a_door_that_chimes_is_no_entry(hass: HomeAssistant) -> None:
    await move_in(hass, HOUSE[0], zone(DOOR, "entry_exit", "away", chime=True))
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()

    assert await journal(hass) == []


async def test_so_many_entries_as_are_wanted_come(hass: HomeAssistant) -> None:
    await move_in(hass)
    await burglary(hass)

    assert await journal(hass, limit=2) == (await journal(hass))[:2]


async def test_a_panel_answers_for_its_areas_and_for_what_concerns_all(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS)
    await burglary(hass)
    for _ in range(5):
        with pytest.raises(ServiceValidationError):
            await panel(hass, "alarm_disarm", code="87654")

    garage = await journal(hass, entity_id=GARAGE_PANEL)

    assert kinds(garage) == ["lockout"]


async def test_the_latest_thousand_are_kept(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    for number in range(KEPT + 5):
        entry.runtime_data.system.async_announce(
            Activity(kind=ActivityKind.MEMORY_CLEARED, at=dt_util.utcnow(), by=str(number))
        )

    entries = entry.runtime_data.journal.entries([], known=[], limit=2 * KEPT)

    assert [one["by"] for one in entries] == [str(number) for number in reversed(range(5, KEPT + 5))]


async def test_it_outlives_a_reload(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await burglary(hass)
    before = await journal(hass)

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert await journal(hass) == before


@pytest.mark.parametrize("how", ["a moment later", "as it stops"])
async def test_it_is_on_disk(
    hass: HomeAssistant, hass_storage: dict[str, Any], freezer: FrozenDateTimeFactory, how: str
) -> None:
    entry = await move_in(hass)
    await burglary(hass)
    expected = await journal(hass)
    if how == "as it stops":
        hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    else:
        freezer.tick(SAVE_DELAY_S)
        async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done(wait_background_tasks=True)

    stored = hass_storage[journal_store(hass, entry.entry_id).key]["data"]

    assert stored == list(reversed(expected))


async def test_a_journal_of_a_newer_version_keeps_no_panel_from_guarding(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    close_all(hass)
    entry = house_entry()
    entry.add_to_hass(hass)
    key = journal_store(hass, entry.entry_id).key
    hass_storage[key] = {"version": 2, "minor_version": 1, "key": key, "data": {}}

    assert await hass.config_entries.async_setup(entry.entry_id)
    await burglary(hass)

    assert "triggered" in kinds(await journal(hass))


async def test_what_is_no_entry_is_left_out(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    close_all(hass)
    entry = house_entry()
    entry.add_to_hass(hass)
    key = journal_store(hass, entry.entry_id).key
    stored = ["odd", {"kind": "armed", "at": "?"}]
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": stored}

    assert await hass.config_entries.async_setup(entry.entry_id)
    await burglary(hass)

    assert kinds(await journal(hass))[-2:] == ["armed", "armed"]


async def test_it_is_written_however_much_goes_on(
    hass: HomeAssistant, hass_storage: dict[str, Any], freezer: FrozenDateTimeFactory
) -> None:
    entry = await move_in(hass)
    key, on_disk = journal_store(hass, entry.entry_id).key, []
    for _ in range(4):
        entry.runtime_data.system.async_announce(
            Activity(kind=ActivityKind.TROUBLE, at=dt_util.utcnow(), data={"trouble": "jam"})
        )
        await wait(hass, freezer, SAVE_DELAY_S * 0.6)
        await hass.async_block_till_done(wait_background_tasks=True)
        on_disk.append(key in hass_storage)

    assert on_disk == [False, True, True, True]


async def test_what_happened_in_an_area_that_is_gone_is_still_told(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *HOUSE, *GARAGE_PARTS)
    await panel(hass, "alarm_arm_away", entity_id=GARAGE_PANEL, code=CODE)
    await panel(hass, "alarm_disarm", entity_id=GARAGE_PANEL, code=CODE)
    before = await journal(hass)
    hass.config_entries.async_remove_subentry(entry, GARAGE)
    await hass.async_block_till_done()

    after = await journal(hass)

    assert (before, kinds(after)) == ([], ["disarmed", "armed"])


async def test_zones_of_all_areas_are_told_to_who_asks_for_all_areas(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    with pytest.raises(ServiceValidationError):
        await panel(hass, "alarm_arm_away", entity_id=MASTER, code=CODE)

    assert kinds(await journal(hass, entity_id=MASTER)) == ["arming_refused"]
    assert await journal(hass, entity_id=GARAGE_PANEL) == []


async def test_it_goes_with_the_panel(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    entry = await move_in(hass, HOUSE[0], *ZONES)
    await panel(hass, "alarm_arm_home")
    key = journal_store(hass, entry.entry_id).key
    await hass.config_entries.async_unload(entry.entry_id)
    assert key in hass_storage

    await hass.config_entries.async_remove(entry.entry_id)

    assert key not in hass_storage
    assert PANEL not in hass.states.async_entity_ids()
