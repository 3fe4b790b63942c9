"""Frigate servers and cameras, as a person adds and changes them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from custom_components.alarm_broker.flows.subentries import frigate as frigate_flow
from tests.fakes.bug import a_bug
from tests.fakes.frigate import Access, FakeFrigate, camera as frigate_camera, own_certificate
from tests.fakes.misbehaviour import Behaviour
from tests.integration.house import AREA, GARAGE_PARTS, HOUSE, move_in, parts_of
from tests.integration.subentries.forms import add, change
from tests.integration.watched import DOOR_ZONE, camera, server

pytestmark = pytest.mark.usefixtures(
    "enable_custom_integrations", "mock_async_zeroconf", "socket_enabled", "unloaded"
)

SEEING = {"inside": False, "labels": ["person"], "min_score": 60}


def typed(url: str, **fields: Any) -> dict[str, Any]:
    """Return the answered form of a server."""
    return {"name": "Frigate", "url": url, "verify_ssl": True, **fields}


def looks_at(**fields: Any) -> dict[str, Any]:
    """Return the answered form of what a camera looks at."""
    return {"name": "Garden", "zones": [], "areas": [AREA], "seeing": SEEING, **fields}


def suggested(form: Any) -> dict[str, Any]:
    """Return what a form suggests."""
    return {
        str(key): key.description["suggested_value"] for key in form["data_schema"].schema if key.description
    }


def seeing(form: Any) -> dict[str, Any]:
    """Return what the section about what counts suggests."""
    return suggested({"data_schema": form["data_schema"].schema["seeing"].schema})


def offered(form: Any) -> dict[str, str]:
    """Return the cameras that a form offers, with their labels."""
    for key, selector in form["data_schema"].schema.items():
        if key == "source":
            return {one["value"]: one["label"] for one in selector.config["options"]}
    return {}


# --- A server --------------------------------------------------------------------------------------------


async def test_a_server_on_the_trusted_port_needs_no_login(hass: HomeAssistant, frigate: FakeFrigate) -> None:
    entry = await move_in(hass)

    result = await add(hass, entry, "frigate", typed(f" {frigate.url}/ "))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    (kept,) = parts_of(entry, "frigate")
    assert (kept.title, kept.data["url"], kept.data["verify_ssl"]) == ("Frigate", f"{frigate.url}/", True)


async def test_a_server_behind_a_proxys_path_and_a_login(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    async with FakeFrigate(base_path="/frigate", access=Access.AUTHENTICATED) as frigate:
        result = await add(
            hass, entry, "frigate", typed(frigate.url, username="alarm", password=frigate.password)
        )

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert frigate.logins > 0


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (Behaviour.RESET, "cannot_connect"),
        (Behaviour.STATUS_403, "refused"),
        (Behaviour.STATUS_404, "not_frigate"),
        (Behaviour.GARBAGE, "not_frigate"),
        (Behaviour.REDIRECT, "not_frigate"),
        (Behaviour.STATUS_500, "not_frigate"),
    ],
)
async def test_a_server_that_does_not_answer_right_is_not_kept_and_the_form_says_why_until_it_does(
    hass: HomeAssistant, frigate: FakeFrigate, behaviour: Behaviour, error: str
) -> None:
    entry = await move_in(hass)
    frigate.behave(behaviour)

    refused = await add(hass, entry, "frigate", typed(frigate.url))
    frigate.behave(None)
    accepted = await hass.config_entries.subentries.async_configure(refused["flow_id"], typed(frigate.url))
    await hass.async_block_till_done()

    assert refused["errors"] == {"base": error}
    assert refused["description_placeholders"]["detail"]
    assert accepted["type"] is FlowResultType.CREATE_ENTRY


async def test_a_wrong_password_is_said_and_not_shown_again(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    async with FakeFrigate(access=Access.AUTHENTICATED) as frigate:
        result = await add(hass, entry, "frigate", typed(frigate.url, username="alarm", password="guess"))

    assert result["errors"] == {"base": "refused"}
    assert suggested(result) == {
        "name": "Frigate",
        "url": frigate.url,
        "username": "alarm",
        "verify_ssl": True,
    }


async def test_frigates_own_certificate_is_taken_only_by_choice(
    hass: HomeAssistant, self_signed: str
) -> None:
    entry = await move_in(hass)

    refused = await add(hass, entry, "frigate", typed(self_signed))
    accepted = await hass.config_entries.subentries.async_configure(
        refused["flow_id"], typed(self_signed, verify_ssl=False)
    )
    await hass.async_block_till_done()

    assert refused["errors"] == {"base": "cannot_connect"}
    assert "certificate" in refused["description_placeholders"]["detail"]
    assert accepted["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("url", ["frigate.local", "ftp://frigate.local", "http://me:secret@frigate.local"])
async def test_what_is_no_address_is_refused_without_repeating_it(hass: HomeAssistant, url: str) -> None:
    entry = await move_in(hass)

    result = await add(hass, entry, "frigate", typed(url))

    assert result["errors"] == {"url": "url_unusable"}
    assert "secret" not in result["description_placeholders"]["detail"]


@pytest.mark.parametrize(("name", "error"), [(" ", "name_missing"), ("frigate", "name_taken")])
async def test_a_server_needs_a_name_of_its_own(
    hass: HomeAssistant, frigate: FakeFrigate, name: str, error: str
) -> None:
    entry = await move_in(hass, *HOUSE, server(frigate))

    result = await add(hass, entry, "frigate", typed(frigate.url, name=name))

    assert result["errors"] == {"name": error}


async def test_a_bug_ends_in_a_form_and_in_the_log(
    hass: HomeAssistant, frigate: FakeFrigate, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await move_in(hass)
    with monkeypatch.context() as patched:
        patched.setattr(frigate_flow, "frigate_client", a_bug)
        result = await add(hass, entry, "frigate", typed(frigate.url))

    assert result["errors"] == {"base": "unknown"}


async def test_changing_a_server_keeps_its_password_without_showing_it(hass: HomeAssistant) -> None:
    async with FakeFrigate(access=Access.AUTHENTICATED) as frigate:
        login = {"username": "alarm", "password": frigate.password}
        entry = await move_in(hass, *HOUSE, server(frigate, verify_ssl=True, **login))
        form: Any = await entry.start_subentry_reconfigure_flow(hass, "frigate")

        result = await hass.config_entries.subentries.async_configure(
            form["flow_id"], typed(frigate.url, name="Cellar", username="alarm")
        )
        await hass.async_block_till_done()

    assert frigate.password not in str(suggested(form))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    (kept,) = parts_of(entry, "frigate")
    assert (kept.title, kept.data["password"]) == ("Cellar", frigate.password)


async def test_a_server_without_a_user_keeps_no_password(hass: HomeAssistant, frigate: FakeFrigate) -> None:
    entry = await move_in(hass, *HOUSE, server(frigate, username="alarm", password="old"))

    await change(hass, entry, "frigate", typed(frigate.url))

    (kept,) = parts_of(entry, "frigate")
    assert not kept.data.get("password")


@pytest.fixture
async def self_signed(hass: HomeAssistant, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a Frigate whose certificate is its own."""
    strict: Any = hass.loop.get_exception_handler()

    def but_for_refusals(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # A client that refuses the certificate hangs up in the middle of the handshake.
        if not isinstance(context.get("exception"), ConnectionResetError):
            strict(loop, context)

    hass.loop.set_exception_handler(but_for_refusals)
    fake = FakeFrigate()
    app = web.Application()
    app.add_routes(fake.routes())
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=own_certificate(tmp_path))
    await site.start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


# --- A camera --------------------------------------------------------------------------------------------


async def test_a_camera_of_a_server_is_mapped_to_what_its_name_says(
    hass: HomeAssistant, frigate: FakeFrigate
) -> None:
    frigate.cameras = {"front_door": frigate_camera(), "yard": frigate_camera(friendly_name="Home yard")}
    entry = await move_in(hass, *HOUSE, server(frigate))

    first = await add(hass, entry, "camera")
    second = await hass.config_entries.subentries.async_configure(
        first["flow_id"], {"source": "frigate/front_door"}
    )
    last = await hass.config_entries.subentries.async_configure(
        second["flow_id"], {**suggested(second), "seeing": {**SEEING, "labels": ["person", "dog"]}}
    )
    await hass.async_block_till_done()

    assert offered(first) == {
        "frigate/front_door": "front_door (Frigate)",
        "frigate/yard": "Home yard (Frigate)",
    }
    assert suggested(second) == {"name": "Front door", "zones": [DOOR_ZONE], "areas": []}
    assert last["type"] is FlowResultType.CREATE_ENTRY
    (kept,) = parts_of(entry, "camera")
    assert dict(kept.data) == {
        "server": "frigate",
        "camera": "front_door",
        "entity": None,
        "name": "Front door",
        "zones": [DOOR_ZONE],
        "areas": [],
        "inside": False,
        "labels": ["person", "dog"],
        "min_score": 60,
    }


@pytest.mark.parametrize(
    ("name", "areas", "zones", "chosen"),
    [
        ("driveway", 1, [], [AREA]),
        ("driveway", 2, [], []),
        ("garage", 2, ["zone_garage_gate"], ["area_garage"]),
        ("kitchen", 2, ["zone_kitchen_window"], []),
        ("at_of_the", 2, [], []),
    ],
)
async def test_suggestions_share_a_word_with_the_camera_or_are_the_only_area(
    hass: HomeAssistant, frigate: FakeFrigate, name: str, areas: int, zones: list[str], chosen: list[str]
) -> None:
    frigate.cameras = {name: frigate_camera()}
    garage = GARAGE_PARTS if areas == 2 else ()
    entry = await move_in(hass, *HOUSE, *garage, server(frigate))

    form = await add(hass, entry, "camera", {"source": f"frigate/{name}"})

    assert (suggested(form)["zones"], suggested(form)["areas"]) == (zones, chosen)


async def test_any_camera_or_image_of_home_assistant_can_be_a_source(hass: HomeAssistant) -> None:
    hass.states.async_set("camera.door_bell", "idle", {"friendly_name": "Front door bell"})
    entry = await move_in(hass)

    form = await add(hass, entry, "camera", {"entity": "camera.door_bell"})
    await hass.config_entries.subentries.async_configure(form["flow_id"], looks_at(name="Bell"))
    await hass.async_block_till_done()

    assert suggested(form) == {"name": "Front door bell", "zones": [DOOR_ZONE], "areas": []}
    (kept,) = parts_of(entry, "camera")
    assert (kept.title, kept.data["entity"], kept.data["server"]) == ("Bell", "camera.door_bell", None)


async def test_an_entity_that_is_not_there_yet_can_be_chosen(hass: HomeAssistant) -> None:
    entry = await move_in(hass)

    form = await add(hass, entry, "camera", {"entity": "image.not_yet"})

    assert suggested(form)["name"] == "image.not_yet"


async def test_a_camera_comes_from_one_source(hass: HomeAssistant, frigate: FakeFrigate) -> None:
    entry = await move_in(hass, *HOUSE, server(frigate))

    neither = await add(hass, entry, "camera", {})
    both = await hass.config_entries.subentries.async_configure(
        neither["flow_id"], {"source": "frigate/garden", "entity": "camera.any"}
    )

    assert neither["errors"] == both["errors"] == {"base": "one_source"}
    assert offered(both) == {"frigate/garden": "garden (Frigate)"}


async def test_a_camera_that_is_in_use_is_not_offered_again(
    hass: HomeAssistant, frigate: FakeFrigate
) -> None:
    frigate.cameras = {"garden": frigate_camera(), "drive": frigate_camera()}
    entry = await move_in(hass, *HOUSE, server(frigate), camera())

    form = await add(hass, entry, "camera")

    assert set(offered(form)) == {"frigate/drive"}


async def test_a_server_that_does_not_answer_offers_nothing_and_entities_can_still_be_chosen(
    hass: HomeAssistant, frigate: FakeFrigate
) -> None:
    entry = await move_in(hass, *HOUSE, server(frigate))
    frigate.behave(Behaviour.STATUS_500)

    form = await add(hass, entry, "camera")

    assert [str(key) for key in form["data_schema"].schema] == ["entity"]


async def test_what_was_offered_can_be_chosen_although_the_server_is_gone_by_then(
    hass: HomeAssistant, frigate: FakeFrigate
) -> None:
    entry = await move_in(hass, *HOUSE, server(frigate))
    first = await add(hass, entry, "camera")
    frigate.behave(Behaviour.RESET)

    second = await hass.config_entries.subentries.async_configure(
        first["flow_id"], {"source": "frigate/garden"}
    )

    assert suggested(second)["name"] == "Garden"


@pytest.mark.parametrize(
    ("answer", "errors"),
    [
        ({"name": " "}, {"name": "name_missing"}),
        ({"name": "garden"}, {"name": "name_taken"}),
        ({"areas": []}, {"base": "looks_at_nothing"}),
    ],
)
async def test_a_camera_that_makes_no_sense_is_refused_and_what_was_typed_stays(
    hass: HomeAssistant, frigate: FakeFrigate, answer: dict[str, Any], errors: dict[str, str]
) -> None:
    entry = await move_in(hass, *HOUSE, server(frigate), camera())
    filled = looks_at(**{"name": "Balcony", "zones": [], **answer})

    result = await add(hass, entry, "camera", {"entity": "camera.balcony"}, filled)

    assert result["errors"] == errors
    assert suggested(result)["name"] == filled["name"]


async def test_what_a_camera_looks_at_can_be_changed_and_where_it_comes_from_stays(
    hass: HomeAssistant, frigate: FakeFrigate
) -> None:
    entry = await move_in(hass, *HOUSE, server(frigate), camera(inside=True, labels=["person"], min_score=70))
    form: Any = await entry.start_subentry_reconfigure_flow(hass, "camera_garden")

    await hass.config_entries.subentries.async_configure(
        form["flow_id"],
        looks_at(name="Yard", zones=[DOOR_ZONE], areas=[], seeing={**SEEING, "min_score": 80}),
    )
    await hass.async_block_till_done()

    assert suggested(form) == {"name": "Garden", "areas": [AREA], "zones": []}
    assert seeing(form) == {"inside": True, "labels": ["person"], "min_score": 70}
    (kept,) = parts_of(entry, "camera")
    assert (kept.title, kept.data["server"], kept.data["camera"]) == ("Yard", "frigate", "garden")
    assert (kept.data["zones"], kept.data["inside"], kept.data["min_score"]) == ([DOOR_ZONE], False, 80)
