"""Every form about options as Home Assistant shows it, kept: a field, its default, its limits or its place that changes falls.

After a change that is wanted: `pytest tests/integration/test_forms.py --snapshot-update`, and read the difference.
"""

from collections.abc import AsyncIterator
from typing import Any

import probatio as vol
import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.alarm_broker.core.option_spec import Profile
from custom_components.alarm_broker.flows.first import delays_schema
from tests.integration.agenda import rule
from tests.integration.family import resident
from tests.integration.house import AREA, DOOR, HALL, SMOKE, WINDOW, area, mode, move_in, subentry, user, zone

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

PARTS = (
    area(away=mode(), home=mode()),
    zone(DOOR, "entry_exit", "away", "home"),
    zone(SMOKE, "fire"),
    zone(HALL, "instant", "away"),
    zone(WINDOW, "instant", "away"),
    user(code="471100"),
    subentry(
        "group",
        "group_inside",
        name="Inside",
        zones=["zone_hall_motion", "zone_kitchen_window"],
        required=2,
        window=60,
    ),
    rule("vacation", lead=30),
    subentry("camera", "camera_porch", name="Porch", entity="camera.porch", zones=[], areas=[AREA]),
    resident("Anna"),
)


def fields(form: Any) -> Any:
    """Return a form as the browser gets it."""
    return vol.to_field_list(form["data_schema"], custom_serializer=cv.custom_serializer)


@pytest.fixture(params=list(Profile))
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param.value)


@pytest.fixture
async def entry(hass: HomeAssistant, profile: str) -> AsyncIterator[MockConfigEntry]:
    entry = await move_in(hass, *PARTS, profile=profile)
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


async def options_form(hass: HomeAssistant, entry: MockConfigEntry, step: str) -> Any:
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    return await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": step})


@pytest.mark.parametrize("profile", ["default"])
@pytest.mark.parametrize("step", ["general", "rules", "presence", "evidence"])
async def test_options(
    hass: HomeAssistant, entry: MockConfigEntry, step: str, snapshot: SnapshotAssertion
) -> None:
    assert fields(await options_form(hass, entry, step)) == snapshot


async def test_troubles(hass: HomeAssistant, entry: MockConfigEntry, snapshot: SnapshotAssertion) -> None:
    """What they do to arming where nobody has chosen follows from the profile."""
    assert fields(await options_form(hass, entry, "troubles")) == snapshot


async def test_the_times_of_an_area(
    hass: HomeAssistant, entry: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    basics = await entry.start_subentry_reconfigure_flow(hass, AREA)

    times = await hass.config_entries.subentries.async_configure(
        basics["flow_id"], {"name": "Home", "modes": ["away", "night"]}
    )

    assert fields(times) == snapshot


@pytest.mark.parametrize("part", ["zone_front_door", "zone_smoke"])
async def test_a_zone(
    hass: HomeAssistant, entry: MockConfigEntry, part: str, snapshot: SnapshotAssertion
) -> None:
    assert fields(await entry.start_subentry_reconfigure_flow(hass, part)) == snapshot


@pytest.mark.parametrize("profile", ["default"])
@pytest.mark.parametrize(
    "part", ["group_inside", "rule_vacation", "camera_porch", "person_anna", "user_anna"]
)
async def test_other_parts(
    hass: HomeAssistant, entry: MockConfigEntry, part: str, snapshot: SnapshotAssertion
) -> None:
    assert fields(await entry.start_subentry_reconfigure_flow(hass, part)) == snapshot


def test_the_first_delays(snapshot: SnapshotAssertion) -> None:
    assert fields({"data_schema": delays_schema([DOOR])}) == snapshot
