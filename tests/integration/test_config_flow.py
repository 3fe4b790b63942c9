"""Set-up, change of the companion, a new token and the panel's options, as a person goes through them."""

from datetime import time, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_USER, SOURCE_ZEROCONF, ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser, async_mock_service

from custom_components.alarm_broker.codes.hashing import CodeUser, async_matching_user
from custom_components.alarm_broker.core.panel.config import TroubleKind
from custom_components.alarm_broker.flows.companion import base_url
from tests.fakes.bug import a_bug
from tests.fakes.companion import READ_TOKEN, TOKEN, FakeCompanion
from tests.integration.conftest import Until
from tests.integration.house import (
    CODE,
    DOOR,
    GATE,
    HALL,
    SMOKE,
    WINDOW,
    ZONES,
    area,
    close_all,
    mode,
    move_in,
    panel,
    parts_of,
    shown,
    user,
)

pytestmark = pytest.mark.usefixtures(
    "enable_custom_integrations", "mock_async_zeroconf", "quick_retry", "unloaded"
)

SENSORS = {
    "area_name": "Home",
    "away_sensors": [DOOR, HALL],
    "home_sensors": [DOOR],
    "always_sensors": [SMOKE],
}
DELAYS = {"entry_sensors": [DOOR], "exit_delay": 45, "entry_delay": 20, "siren_time": 120}
USER = {"user_name": "Anna", "code": "4711", "code_again": "4711", "code_arm_required": False}
MINE = "notify.mobile_app_tab"


async def start(hass: HomeAssistant, choice: str) -> Any:
    """Return the first form behind the menu."""
    menu = await hass.config_entries.flow.async_init("alarm_broker", context={"source": SOURCE_USER})
    assert menu["type"] is FlowResultType.MENU
    return await step(hass, menu, {"next_step_id": choice})


async def step(hass: HomeAssistant, result: Any, answer: dict[str, Any]) -> Any:
    return await hass.config_entries.flow.async_configure(result["flow_id"], answer)


async def set_panel_up(hass: HomeAssistant, result: Any) -> ConfigEntry:
    """Answer the forms about the panel and return the entry."""
    assert result["step_id"] == "sensors"
    for expected, answer in (("delays", SENSORS), ("code", DELAYS), ("notify", USER)):
        result = await step(hass, result, answer)
        assert result["type"] is FlowResultType.FORM
        assert result["step_id"] == expected
    result = await step(hass, result, {"notify_targets": [MINE]})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    entry: ConfigEntry = result["result"]
    return entry


def announced(companion: FakeCompanion, **properties: str) -> ZeroconfServiceInfo:
    return ZeroconfServiceInfo(
        ip_address=ip_address("127.0.0.1"),
        ip_addresses=[ip_address("127.0.0.1")],
        port=int(companion.url.rsplit(":", maxsplit=1)[1]),
        hostname="companion.local.",
        type="_alarm-broker._tcp.local.",
        name="Alarm Broker._alarm-broker._tcp.local.",
        properties={
            "id": companion.instance,
            "version": "0.1.0",
            "name": "Reception",
            "path": "/",
            **properties,
        },
    )


async def test_a_panel_alone_guards_with_what_was_answered(hass: HomeAssistant) -> None:
    close_all(hass)

    entry = await set_panel_up(hass, await start(hass, "alone"))

    assert entry.title == "Home alarm"
    assert entry.data == {}
    assert entry.unique_id
    assert dict(entry.options) == {"code_format": "number", "notify_targets": [MINE]}
    times = {"exit_delay": 45, "entry_delay": 20, "siren_time": 120, "code_to_arm": False}
    (area,) = parts_of(entry, "area")
    assert area.data == {"name": "Home", "modes": {"away": times, "home": times}}
    assert [
        (zone.title, zone.data["kind"], zone.data["modes"], zone.data["area"])
        for zone in parts_of(entry, "zone")
    ] == [
        ("Front door", "entry_exit", ["away", "home"], area.subentry_id),
        ("Hall motion", "follower", ["away"], area.subentry_id),
        ("Smoke detector", "fire", [], area.subentry_id),
    ]
    assert [user.title for user in parts_of(entry, "user")] == ["Anna"]
    assert hass.states.get("alarm_control_panel.home").state == "disarmed"  # type: ignore[union-attr] # it is there


async def test_what_likely_guards_is_chosen_and_the_owner_named_beforehand(hass: HomeAssistant) -> None:
    close_all(hass)
    hass.states.async_set("binary_sensor.rain", "off", {"device_class": "moisture"})
    hass.states.async_set("binary_sensor.updates", "off", {"device_class": "update"})
    MockUser(name="Anna", is_owner=True).add_to_hass(hass)

    form = await start(hass, "alone")
    chosen = suggested(form)
    form = await step(hass, form, {**SENSORS, **chosen})
    named = suggested(await step(hass, form, DELAYS))

    assert chosen == {
        "area_name": hass.config.location_name,
        "away_sensors": [DOOR, GATE, HALL, WINDOW],
        "home_sensors": [DOOR, GATE, WINDOW],
        "always_sensors": ["binary_sensor.rain", SMOKE],
    }
    assert named["user_name"] == "Anna"


async def test_the_system_is_not_called_like_its_area(hass: HomeAssistant) -> None:
    close_all(hass)

    entry = await set_panel_up(hass, await start(hass, "alone"))

    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    names = [str(device.name) for device in devices]
    assert sorted(names) == sorted(set(names))
    assert {"Home", "Home alarm"} <= set(names)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("192.168.1.20", "http://192.168.1.20:8440"),
        (" 192.168.1.20:9000/ ", "http://192.168.1.20:9000"),
        ("companion.local", "http://companion.local:8440"),
        ("companion.local/alarm/", "http://companion.local:8440/alarm"),
        ("[fe80::1]", "http://[fe80::1]:8440"),
        ("http://192.168.1.20", "http://192.168.1.20"),
        ("https://alarm.example.org/", "https://alarm.example.org"),
    ],
)
def test_an_address_may_be_typed_without_scheme_and_port(typed: str, meant: str) -> None:
    assert base_url(typed) == meant


async def test_what_was_typed_is_still_there_after_an_error(
    hass: HomeAssistant, companion: FakeCompanion
) -> None:
    form = await start(hass, "companion")

    form = await step(hass, form, {"url": "ftp://companion", "token": TOKEN})

    assert form["errors"] == {"base": "invalid_url"}
    assert suggested(form) == {"url": "ftp://companion", "token": TOKEN}


async def test_a_phone_is_offered_once_and_by_its_name(hass: HomeAssistant) -> None:
    """The app of a phone brings an action, which knows buttons, and an entity, which knows none."""
    close_all(hass)
    phone = MockConfigEntry(domain="mobile_app", title="Anna's Pixel", data={"device_name": "Pixel 9"})
    phone.add_to_hass(hass)
    hass.services.async_register("notify", "mobile_app_pixel_9", lambda _call: None)
    registry = er.async_get(hass)
    registry.async_get_or_create(
        "notify", "mobile_app", "1", suggested_object_id="pixel_9", config_entry=phone
    )
    hass.states.async_set("notify.pixel_9", "unknown", {"friendly_name": "Pixel 9"})
    hass.states.async_set("notify.kitchen", "unknown", {"friendly_name": "Kitchen display"})

    form = await start(hass, "alone")
    for answer in (SENSORS, DELAYS, USER):
        form = await step(hass, form, answer)

    (targets,) = form["data_schema"].schema.values()
    assert targets.config["options"] == [
        {"value": "notify.mobile_app_pixel_9", "label": "Anna's Pixel"},
        {"value": "notify.kitchen", "label": "Kitchen display"},
    ]


def suggested(form: Any) -> dict[str, Any]:
    """Return what stands in a form before anybody types."""
    keys = form["data_schema"].schema
    return {str(key): key.description["suggested_value"] for key in keys if key.description}


async def test_only_a_hash_of_the_code_is_kept(hass: HomeAssistant) -> None:
    close_all(hass)

    entry = await set_panel_up(hass, await start(hass, "alone"))

    (user,) = parts_of(entry, "user")
    assert "4711" not in str(entry.as_dict())
    assert await async_matching_user(hass, "4711", [CodeUser("Anna", user.data["code_hash"])]) == "Anna"


async def test_a_typed_companion_is_connected(
    hass: HomeAssistant, companion: FakeCompanion, until: Until
) -> None:
    close_all(hass)
    form = await start(hass, "companion")

    form = await step(hass, form, {"url": companion.url + "/", "token": TOKEN})
    entry = await set_panel_up(hass, form)

    assert entry.data == {"url": companion.url, "token": TOKEN}
    assert entry.unique_id == companion.instance
    await until(lambda: entry.runtime_data.link.connected)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"token": "wrong"}, "invalid_auth"),
        ({"token": READ_TOKEN}, "forbidden"),
        ({"url": "http://127.0.0.1:9"}, "cannot_connect"),
        ({"url": "ftp://127.0.0.1"}, "invalid_url"),
        ({"url": "http://anna:secret@127.0.0.1"}, "invalid_url"),
        ({"url": "anna:secret@companion"}, "invalid_url"),
        ({"url": "companion?site=1"}, "invalid_url"),
        ({"url": " "}, "invalid_url"),
        ({"url": "http://[1"}, "invalid_url"),
    ],
)
async def test_each_mistake_has_its_own_message_and_can_be_mended(
    hass: HomeAssistant, companion: FakeCompanion, answer: dict[str, str], error: str
) -> None:
    form = await start(hass, "companion")
    right = {"url": companion.url, "token": TOKEN}

    form = await step(hass, form, {**right, **answer})
    assert form["errors"] == {"base": error}

    form = await step(hass, form, right)
    assert form["step_id"] == "sensors"


@pytest.mark.parametrize(("status", "error"), [(503, "cannot_connect"), (404, "not_a_companion")])
async def test_a_server_that_is_not_well_or_not_a_companion_is_told_apart(
    hass: HomeAssistant, companion: FakeCompanion, status: int, error: str
) -> None:
    companion.health_status = status
    form = await start(hass, "companion")

    form = await step(hass, form, {"url": companion.url, "token": TOKEN})

    assert form["errors"] == {"base": error}


@pytest.mark.parametrize(
    ("status", "error"), [(500, "cannot_connect"), (429, "cannot_connect"), (404, "not_a_companion")]
)
async def test_a_server_that_is_well_but_does_not_know_alarms_is_told_apart(
    hass: HomeAssistant, companion: FakeCompanion, status: int, error: str
) -> None:
    companion.alarms_status = status
    form = await start(hass, "companion")

    form = await step(hass, form, {"url": companion.url, "token": TOKEN})

    assert form["errors"] == {"base": error}


async def test_a_companion_that_does_not_open_the_link_is_refused(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    companion = FakeCompanion()
    companion.link_path = "/v2/link"
    await companion.start()
    form = await start(hass, "companion")

    form = await step(hass, form, {"url": companion.url, "token": TOKEN})

    assert form["errors"] == {"base": "link_refused"}
    await companion.stop()


@pytest.mark.parametrize(
    ("code", "error"), [("site_unknown", "site_unknown"), ("version_unsupported", "link_refused")]
)
async def test_a_companion_that_refuses_the_link_says_why(
    hass: HomeAssistant, companion: FakeCompanion, code: str, error: str
) -> None:
    companion.refusal = code
    form = await start(hass, "companion")

    form = await step(hass, form, {"url": companion.url, "token": TOKEN})

    assert form["errors"] == {"base": error}


async def test_an_unexpected_failure_ends_in_a_form(
    hass: HomeAssistant, companion: FakeCompanion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.alarm_broker.config_flow.async_check", a_bug)
    form = await start(hass, "companion")

    form = await step(hass, form, {"url": companion.url, "token": TOKEN})

    assert form["errors"] == {"base": "unknown"}


async def test_the_same_companion_is_set_up_once(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion
) -> None:
    form = await start(hass, "companion")

    result = await step(hass, form, {"url": companion.url, "token": TOKEN})

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_a_set_up_that_was_left_half_way_does_not_stand_in_the_way_of_another(
    hass: HomeAssistant, companion: FakeCompanion
) -> None:
    close_all(hass)
    key = {"url": companion.url, "token": TOKEN}
    left = await step(hass, await start(hass, "companion"), key)
    assert left["step_id"] == "sensors"

    again = await step(hass, await start(hass, "companion"), key)

    in_progress = hass.config_entries.flow.async_progress_by_handler("alarm_broker")
    assert [flow["flow_id"] for flow in in_progress] == [again["flow_id"]]
    entry = await set_panel_up(hass, again)
    assert entry.unique_id == companion.instance


async def test_a_companion_that_is_being_set_up_by_hand_is_not_offered_as_found_too(
    hass: HomeAssistant, companion: FakeCompanion
) -> None:
    close_all(hass)
    await step(hass, await start(hass, "companion"), {"url": companion.url, "token": TOKEN})

    found = await hass.config_entries.flow.async_init(
        "alarm_broker", context={"source": SOURCE_ZEROCONF}, data=announced(companion)
    )

    assert (found["type"], found["reason"]) == (FlowResultType.ABORT, "already_in_progress")


async def test_a_companion_that_was_found_can_be_typed_all_the_same_and_is_then_offered_no_more(
    hass: HomeAssistant, companion: FakeCompanion
) -> None:
    close_all(hass)
    await hass.config_entries.flow.async_init(
        "alarm_broker", context={"source": SOURCE_ZEROCONF}, data=announced(companion)
    )

    await set_panel_up(
        hass, await step(hass, await start(hass, "companion"), {"url": companion.url, "token": TOKEN})
    )

    assert hass.config_entries.flow.async_progress_by_handler("alarm_broker") == []


async def test_the_form_about_delays_says_what_its_numbers_may_be(hass: HomeAssistant) -> None:
    close_all(hass)

    form = await step(hass, await start(hass, "alone"), SENSORS)

    assert form["description_placeholders"]["siren_time_limits"] == "10-3600 s"


async def test_an_announced_companion_needs_only_a_token(
    hass: HomeAssistant, companion: FakeCompanion, until: Until
) -> None:
    close_all(hass)
    form = await hass.config_entries.flow.async_init(
        "alarm_broker", context={"source": SOURCE_ZEROCONF}, data=announced(companion)
    )
    assert form["step_id"] == "zeroconf_confirm"
    assert form["description_placeholders"] == {"name": "Reception", "url": companion.url}

    form = await step(hass, form, {"token": "wrong"})
    assert form["errors"] == {"base": "invalid_auth"}
    entry = await set_panel_up(hass, await step(hass, form, {"token": TOKEN}))

    assert entry.data == {"url": companion.url, "token": TOKEN}
    assert entry.unique_id == companion.instance


async def test_an_announced_companion_joins_the_panel_that_stands_alone(
    hass: HomeAssistant, companion: FakeCompanion, until: Until
) -> None:
    entry = await move_in(hass)
    form = await hass.config_entries.flow.async_init(
        "alarm_broker", context={"source": SOURCE_ZEROCONF}, data=announced(companion)
    )

    result = await step(hass, form, {"token": TOKEN})

    assert result["reason"] == "companion_added"
    assert entry.unique_id == companion.instance
    await until(lambda: entry.state.name == "LOADED" and entry.runtime_data.link)
    await until(lambda: entry.runtime_data.link.connected)
    assert len(hass.config_entries.async_entries("alarm_broker")) == 1


async def test_an_announcement_of_somebody_else_is_not_believed(
    hass: HomeAssistant, companion: FakeCompanion
) -> None:
    form = await hass.config_entries.flow.async_init(
        "alarm_broker", context={"source": SOURCE_ZEROCONF}, data=announced(companion, id="another")
    )

    form = await step(hass, form, {"token": TOKEN})

    assert form["errors"] == {"base": "another_companion"}


async def test_an_announcement_does_not_move_a_companion_that_is_set_up(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion
) -> None:
    thief = FakeCompanion()
    thief.instance = companion.instance
    await thief.start()

    result = await hass.config_entries.flow.async_init(
        "alarm_broker", context={"source": SOURCE_ZEROCONF}, data=announced(thief)
    )

    assert result["reason"] == "already_configured"
    assert linked.data["url"] == companion.url
    assert thief.hellos == []
    await thief.stop()


async def test_an_announcement_without_a_name_of_its_own_is_left_alone(
    hass: HomeAssistant, companion: FakeCompanion
) -> None:
    result = await hass.config_entries.flow.async_init(
        "alarm_broker", context={"source": SOURCE_ZEROCONF}, data=announced(companion, id="")
    )

    assert result["reason"] == "not_a_companion"


@pytest.mark.parametrize(
    ("answer", "errors"),
    [
        ({"area_name": " "}, {"area_name": "name_missing"}),
        ({"away_sensors": [], "home_sensors": [], "always_sensors": []}, {"base": "no_sensors"}),
        ({"always_sensors": [SMOKE, DOOR]}, {"always_sensors": "sensor_twice"}),
    ],
)
async def test_a_panel_that_guards_nothing_sensible_is_not_accepted(
    hass: HomeAssistant, answer: dict[str, Any], errors: dict[str, str]
) -> None:
    form = await start(hass, "alone")

    form = await step(hass, form, {**SENSORS, **answer})
    assert form["errors"] == errors

    form = await step(hass, form, SENSORS)
    assert form["step_id"] == "delays"


@pytest.mark.parametrize(
    ("answer", "errors"),
    [
        ({"user_name": " "}, {"user_name": "name_missing"}),
        ({"code_again": "4712"}, {"code_again": "codes_differ"}),
        ({"code": "123", "code_again": "123"}, {"code": "code_too_short"}),
        ({"code": "12345678901", "code_again": "12345678901"}, {"code": "code_too_long"}),
        ({"code": "abc", "code_again": "abc"}, {"code": "code_too_short"}),
    ],
)
async def test_a_code_that_would_not_work_is_not_accepted(
    hass: HomeAssistant, answer: dict[str, Any], errors: dict[str, str]
) -> None:
    form = await start(hass, "alone")
    form = await step(hass, await step(hass, form, SENSORS), DELAYS)

    form = await step(hass, form, {**USER, **answer})
    assert form["errors"] == errors

    form = await step(hass, form, USER)
    assert form["step_id"] == "notify"


async def test_a_code_of_letters_brings_a_keyboard(hass: HomeAssistant) -> None:
    close_all(hass)
    form = await start(hass, "alone")
    form = await step(hass, await step(hass, form, SENSORS), DELAYS)
    form = await step(hass, form, {**USER, "code": "sesame!", "code_again": "sesame!"})

    result = await step(hass, form, {"notify_targets": []})

    await hass.async_block_till_done()
    assert result["result"].options["code_format"] == "text"
    assert hass.states.get("alarm_control_panel.home").attributes["code_format"] == "text"  # type: ignore[union-attr] # it is there


async def test_a_notify_target_must_be_one(hass: HomeAssistant) -> None:
    async_mock_service(hass, "notify", "mobile_app_tab")
    form = await start(hass, "alone")
    form = await step(hass, await step(hass, await step(hass, form, SENSORS), DELAYS), USER)
    selector = form["data_schema"].schema["notify_targets"]
    assert selector.config["options"] == [{"value": MINE, "label": "tab"}]

    form = await step(hass, form, {"notify_targets": ["light.kitchen"]})

    assert form["errors"] == {"notify_targets": "not_a_notify_target"}


async def test_a_refused_token_asks_for_a_new_one_and_the_link_comes_back(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    companion.tokens = {"new": "operate"}
    companion.cut()
    await until(hass.config_entries.flow.async_progress)
    [flow] = hass.config_entries.flow.async_progress()
    assert (flow["context"]["source"], flow["step_id"]) == ("reauth", "reauth_confirm")

    form = await step(hass, flow, {"token": TOKEN})
    assert form["errors"] == {"base": "invalid_auth"}
    result = await step(hass, form, {"token": "new"})

    assert result["reason"] == "reauth_successful"
    assert linked.data["token"] == "new"
    await until(lambda: linked.state.name == "LOADED" and linked.runtime_data.link.connected)


async def test_a_companion_is_added_to_a_panel_that_stood_alone(
    hass: HomeAssistant, companion: FakeCompanion, until: Until
) -> None:
    entry = await move_in(hass)
    menu = await entry.start_reconfigure_flow(hass)
    assert menu["menu_options"] == ["reconfigure_companion"]
    form = await step(hass, menu, {"next_step_id": "reconfigure_companion"})

    form = await step(hass, form, {"url": companion.url, "token": "wrong"})
    assert form["errors"] == {"base": "invalid_auth"}
    result = await step(hass, form, {"url": companion.url, "token": TOKEN})

    assert result["reason"] == "reconfigure_successful"
    assert entry.unique_id == companion.instance
    await until(lambda: entry.state.name == "LOADED" and entry.runtime_data.link)
    await until(lambda: entry.runtime_data.link.connected)


async def test_a_new_address_keeps_the_token_and_loses_no_event(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    await companion.move()
    await panel(hass, "alarm_trigger")
    menu = await linked.start_reconfigure_flow(hass)
    form = await step(hass, menu, {"next_step_id": "reconfigure_companion"})

    result = await step(hass, form, {"url": companion.url})

    assert result["reason"] == "reconfigure_successful"
    assert linked.data == {"url": companion.url, "token": TOKEN}
    await until(lambda: companion.heard_kinds("alarm_raised"))
    assert companion.heard_kinds("alarm_raised") == ["alarm_raised"]


async def test_a_companion_of_another_entry_is_not_taken(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion
) -> None:
    alone = MockConfigEntry(
        domain="alarm_broker", title="Shed", data={}, options=linked.options, unique_id="shed"
    )
    alone.add_to_hass(hass)
    menu = await alone.start_reconfigure_flow(hass)
    form = await step(hass, menu, {"next_step_id": "reconfigure_companion"})

    result = await step(hass, form, {"url": companion.url, "token": TOKEN})

    assert result["reason"] == "already_configured"
    assert alone.data == {}


async def test_a_removed_companion_leaves_a_panel_that_guards(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    menu = await linked.start_reconfigure_flow(hass)
    form = await step(hass, menu, {"next_step_id": "remove_companion"})
    assert form["type"] is FlowResultType.FORM

    result = await step(hass, form, {})

    assert result["reason"] == "reconfigure_successful"
    await until(lambda: linked.state.name == "LOADED" and linked.runtime_data.link is None)
    assert linked.data == {}
    await panel(hass, "alarm_trigger")
    assert shown(hass) == "triggered"


async def change_options(hass: HomeAssistant, entry: ConfigEntry, form: str, answer: dict[str, Any]) -> Any:
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    shown_form = await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": form})
    assert shown_form["step_id"] == form
    result = await hass.config_entries.options.async_configure(menu["flow_id"], answer)
    await hass.async_block_till_done()
    return result


GENERAL = {"code_format": "number", "master": True, "notify_targets": [MINE], "duress_targets": []}
RULES = {
    "profile": "default",
    "abort_window": 30,
    "cancel_window": 300,
    "confirm_window": 1800,
    "swinger_trips": 2,
    "lockout_attempts": 5,
    "lockout_time": 90,
    "exit_restart": True,
    "auto_stay": False,
}
TROUBLES = {
    **dict.fromkeys([f"trouble_{kind.value}" for kind in TroubleKind], "ask"),
    "lost_after": 60,
    "power_entities": [],
    "jam_entities": [],
}


async def test_targets_are_changed(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    await change_options(hass, entry, "general", {**GENERAL, "duress_targets": ["notify.neighbour"]})

    assert entry.options["notify_targets"] == [MINE]
    assert entry.options["duress_targets"] == ["notify.neighbour"]


async def test_rules_hold_as_soon_as_they_are_changed(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    await change_options(hass, entry, "rules", {**RULES, "abort_window": 0, "lockout_attempts": 3})

    panel_config = entry.runtime_data.system.panel_config
    assert panel_config.rules.abort_window.total_seconds() == 0
    assert panel_config.codes.attempts == 3


async def test_a_trouble_can_stand_in_the_way_of_arming(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    hass.states.async_set("binary_sensor.mains", "off")

    await change_options(
        hass,
        entry,
        "troubles",
        {**TROUBLES, "trouble_power": "block", "power_entities": ["binary_sensor.mains"]},
    )
    with pytest.raises(ServiceValidationError) as refused:
        await panel(hass, "alarm_arm_away", code=CODE)

    assert refused.value.translation_key == "not_ready_blocked_trouble"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"profile": "cp01", "abort_window": 5}, "Abort window (15 … 45)"),
        ({"profile": "cp01", "exit_restart": False}, "Restart the exit delay on coming back (on)"),
        ({"profile": "cp01"}, "Home, Home: Exit delay (45 … 255)"),
        ({"profile": "en-g2"}, "Anna: Code (≥ 6)"),
    ],
    ids=["abort window", "exit restart", "an area's times", "a short code"],
)
async def test_a_profile_that_something_breaks_cannot_be_chosen(
    hass: HomeAssistant, answer: dict[str, Any], said: str
) -> None:
    entry = await move_in(hass)
    before = dict(entry.options)

    result = await change_options(hass, entry, "rules", {**RULES, **answer})

    assert result["errors"] == {"base": "profile_violated"}
    assert said in result["description_placeholders"]["violations"]
    assert dict(entry.options) == before


async def test_what_breaks_a_profile_is_said_in_the_language_of_the_system(hass: HomeAssistant) -> None:
    hass.config.language = "de"
    entry = await move_in(hass, trouble={"battery": "ignore"}, exit_restart=False)

    said = [
        (await change_options(hass, entry, "rules", {**RULES, "exit_restart": False, "profile": profile}))[
            "description_placeholders"
        ]["violations"]
        for profile in ("cp01", "en-g2")
    ]

    assert said[0].startswith("Ausgangsverzögerung beim Zurückkommen neu beginnen (ein); Home, Anwesend: Aus")
    assert said[1] == "Batterie schwach (nachfragen oder verhindern); Anna: Code (≥ 6)"


async def test_a_profile_that_everything_keeps_to_can_be_chosen(hass: HomeAssistant) -> None:
    entry = await move_in(hass, area(away=mode()), *ZONES, user(code="471100"))

    await change_options(hass, entry, "rules", {**RULES, "profile": "en-g2"})

    assert entry.options["profile"] == "en-g2"
    assert entry.runtime_data.system.panel_config.codes.always_required


@pytest.mark.parametrize("field", ["notify_targets", "duress_targets"])
async def test_a_target_that_is_none_is_refused(hass: HomeAssistant, field: str) -> None:
    entry = await move_in(hass)

    result = await change_options(hass, entry, "general", {**GENERAL, field: ["x"]})

    assert result["errors"] == {field: "not_a_notify_target"}


@pytest.mark.parametrize(
    ("typed", "dialled"),
    [("112", "112"), ("+49 (0)170 / 123-45.67", "+4901701234567"), (None, None)],
)
async def test_a_number_to_call_is_kept_as_phones_dial_it(
    hass: HomeAssistant, typed: str | None, dialled: str | None
) -> None:
    entry = await move_in(hass, call_number="110")

    await change_options(hass, entry, "general", GENERAL | ({} if typed is None else {"call_number": typed}))

    assert entry.options["call_number"] == dialled


@pytest.mark.parametrize("typed", ["the neighbour", "12", "0170;rm", "++49170", "1" * 40])
async def test_a_number_that_no_phone_can_call_is_refused(hass: HomeAssistant, typed: str) -> None:
    entry = await move_in(hass)

    result = await change_options(hass, entry, "general", {**GENERAL, "call_number": typed})

    assert result["errors"] == {"call_number": "not_a_phone_number"}
    assert "call_number" not in entry.options


PRESENCE = {
    "remind": True,
    "remind_after": 5,
    "auto_arm": True,
    "auto_arm_mode": "away",
    "announce": 60,
    "postpone": 30,
    "unknown_means": "home",
    "away_after": 120,
    "lost_person_after": 10,
    "calendar_stale_hours": 24,
}


async def test_what_follows_from_leaving_is_changed_and_emptied_again(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    quiet = {"quiet_from": "22:00:00", "quiet_to": "06:30:00", "guest_mode": "input_boolean.guests"}

    await change_options(hass, entry, "presence", {**PRESENCE, **quiet})
    config = entry.runtime_data.household.config
    assert (config.auto_arm, config.announce) == (True, timedelta(seconds=60))
    assert (config.quiet_from, config.quiet_to) == (time(22), time(6, 30))

    await change_options(hass, entry, "presence", PRESENCE)
    config = entry.runtime_data.household.config
    assert (config.quiet_from, config.quiet_to) == (None, None)
    assert entry.options["guest_mode"] is None


async def test_quiet_hours_without_an_end_are_refused(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    result = await change_options(hass, entry, "presence", {**PRESENCE, "quiet_from": "22:00:00"})

    assert result["errors"] == {"base": "quiet_needs_both"}


async def test_how_long_cameras_look_and_pictures_are_kept_is_changed(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    await change_options(
        hass, entry, "evidence", {"evidence_before": 20, "evidence_after": 90, "evidence_days": 7}
    )

    kept = {key: value for key, value in entry.options.items() if key.startswith("evidence")}
    assert kept == {"evidence_before": 20, "evidence_after": 90, "evidence_days": 7}
