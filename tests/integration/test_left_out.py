"""Parts that this version cannot read: the panel guards with the rest, and a person is told what is missing."""

from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.alarm_broker.flows.options import FORMS
from custom_components.alarm_broker.push.config import PushConfig
from custom_components.alarm_broker.push.recipients import PushDisarm, recipients_from_entry
from custom_components.alarm_broker.system.unreadable_parts import UnreadableParts
from tests.integration.agenda import rule
from tests.integration.disk import guards
from tests.integration.family import resident
from tests.integration.house import (
    CODE,
    HOUSE,
    SMOKE,
    area,
    move_in,
    panel,
    sense,
    shown,
    user,
    zone,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

BARN = area("area_barn", "Barn", underwater={"exit_delay": 0, "entry_delay": 0, "siren_time": 60})
LASER = zone("binary_sensor.laser", "laser", "away")
PARTS: dict[str, tuple[Any, str]] = {
    "zone": (LASER, "binary_sensor.laser"),
    "area": (BARN, "Barn"),
    "user": (user("Robot", "5555", actions=["clean"]), "Robot"),
    "calendar": (rule("siesta"), "Siesta"),
    "person": (resident("Ida", trackers=7), "Ida"),
    "person's phones": (resident("Ida", notify=7), "Ida"),
    "zone's battery": (
        zone("binary_sensor.shed", "window", "away", battery_entities=5),
        "binary_sensor.shed",
    ),
}
SETTINGS: dict[str, Any] = {
    "profile": "EN grade 9",
    "trigger_kind": "flood",
    "unknown_means": "maybe",
    "auto_arm_mode": "underwater",
    "trouble": {"power": "panic"},
    "abort_window": "soon",
    "lockout_attempts": [5],
    "quiet_from": "late",
    "evidence_days": "many",
    "push_confirm": {"s": 30},
    "power_entities": 5,
    "jam_entities": {"binary_sensor.jam": True},
    "notify_targets": "notify.mobile_app_tab",
    "duress_targets": 5,
}


def missing_parts(hass: HomeAssistant, entry: MockConfigEntry) -> str | None:
    """Return what a person reads is left out."""
    found = ir.async_get(hass).async_get_issue("alarm_broker", f"left_out_{entry.entry_id}")
    return None if found is None else (found.translation_placeholders or {})["parts"]


@pytest.mark.parametrize(("part", "name"), PARTS.values(), ids=PARTS)
async def test_a_part_of_another_version_takes_nothing_else_along(
    hass: HomeAssistant, part: Any, name: str
) -> None:
    entry = await move_in(hass, *HOUSE, part)

    assert entry.state is ConfigEntryState.LOADED
    assert missing_parts(hass, entry) == name
    assert await guards(hass)


@pytest.mark.parametrize("setting", SETTINGS)
async def test_a_setting_of_another_version_is_at_its_default(hass: HomeAssistant, setting: str) -> None:
    entry = await move_in(hass, **{setting: SETTINGS[setting]})

    assert entry.state is ConfigEntryState.LOADED
    assert missing_parts(hass, entry) == ("power" if setting == "trouble" else setting)
    assert await guards(hass)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("setting", SETTINGS)
async def test_every_form_opens_so_that_it_can_be_set_again(
    hass: HomeAssistant, form: str, setting: str
) -> None:
    entry = await move_in(hass, **{setting: SETTINGS[setting]})
    menu = await hass.config_entries.options.async_init(entry.entry_id)

    shown = await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": form})

    assert (shown["type"], shown["step_id"], shown["errors"]) == ("form", form, {})


async def test_nobody_comes_in_because_the_only_code_cannot_be_read(hass: HomeAssistant) -> None:
    parts = [part for part in HOUSE if part["subentry_type"] != "user"]
    await move_in(hass, *parts, PARTS["user"][0])
    sense(hass, SMOKE, "on")
    await hass.async_block_till_done()

    for code in ("", "5555", CODE):
        with pytest.raises(ServiceValidationError):
            await panel(hass, "alarm_disarm", code=code)

    assert shown(hass) == "triggered"


async def test_the_message_goes_when_the_part_can_be_read(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *HOUSE, rule("siesta"))
    before = missing_parts(hass, entry)
    subentry = entry.subentries["rule_siesta"]

    hass.config_entries.async_update_subentry(entry, subentry, data={**subentry.data, "kind": "quiet"})
    await hass.async_block_till_done()

    assert before == "Siesta"
    assert missing_parts(hass, entry) is None


async def test_somebody_who_disarms_in_a_new_way_does_not_by_phone(hass: HomeAssistant) -> None:
    anna = resident("Anna", notify=["notify.mobile_app_tab"], push_disarm="telepathy")

    entry = await move_in(hass, *HOUSE, anna)

    assert [one.disarm for one in recipients_from_entry(entry, PushConfig(), UnreadableParts())] == [
        PushDisarm.NO
    ]
    assert await guards(hass)
