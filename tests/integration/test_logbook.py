"""What the logbook says of the panel, in both languages, and where people look for it."""

from datetime import timedelta
from typing import Any

import pytest
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import Context, Event, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockUser, async_capture_events
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.alarm_broker.core.panel.config import TroubleKind
from custom_components.alarm_broker.core.panel.events import TroubleBegan
from custom_components.alarm_broker.core.panel.state import Trouble
from custom_components.alarm_broker.logbook import async_describe_events, described
from tests.integration.house import (
    CODE,
    GARAGE_PANEL,
    GARAGE_PARTS,
    HOUSE,
    MASTER,
    PANEL,
    WINDOW,
    act,
    move_in,
    panel,
    sense,
    under_duress,
    user,
)

INTEGRATION = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")


def lines(events: list[Event[Any]], language: str = "en") -> list[str]:
    told = [described(event, language) for event in events]
    return [f"{line['name']} {line['message']}" for line in told]


def line_about(language: str, **data: Any) -> str:
    return lines([Event("alarm_broker_event", {"area": "Home", **data})], language)[0]


@INTEGRATION
async def test_the_logbook_says_who_did_what(hass: HomeAssistant) -> None:
    await move_in(hass)
    happened = async_capture_events(hass, "alarm_broker_event")

    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    await panel(hass, "alarm_disarm", code=CODE)

    assert lines(happened) == [
        "Home was armed home by Anna",
        "Home raised a burglary alarm: Kitchen window",
        "Home had its alarm aborted in time by Anna; nobody outside was told",
        "Home was disarmed by Anna",
    ]
    assert lines(happened, "de-CH") == [
        "Home wurde scharf geschaltet (Anwesend) durch Anna",
        "Home meldet Alarm (Einbruch): Kitchen window",
        "Home hat keinen Alarm mehr: rechtzeitig abgebrochen durch Anna; außerhalb wurde niemand verständigt",
        "Home wurde unscharf geschaltet durch Anna",
    ]


@INTEGRATION
async def test_an_alarm_that_is_raised_by_hand_names_who_raised_it(
    hass: HomeAssistant, hass_admin_user: MockUser
) -> None:
    hass_admin_user.name = "Anna Smith"
    await move_in(hass)
    happened = async_capture_events(hass, "alarm_broker_event")
    target = {"entity_id": PANEL}

    await hass.services.async_call(
        "alarm_broker",
        "trigger",
        {**target, "kind": "fire"},
        blocking=True,
        context=Context(user_id=hass_admin_user.id),
    )
    await act(hass, "trigger", kind="water")

    assert lines(happened) == [
        "Home raised a fire alarm, set off by Anna Smith",
        "Home raised a water alarm, set off by hand",
    ]


@INTEGRATION
@pytest.mark.parametrize(
    ("mode", "code", "english", "german"),
    [
        (
            "home",
            CODE,
            "could not be armed by Anna: Kitchen window, no mains power",
            "ließ sich von Anna nicht scharf schalten: Kitchen window, kein Netzstrom",
        ),
        (
            "night",
            CODE,
            "could not be armed by Anna: there is no such mode",
            "ließ sich von Anna nicht scharf schalten: diesen Modus gibt es nicht",
        ),
        (
            None,
            CODE,
            "could not be armed by Anna: it was never armed before",
            "ließ sich von Anna nicht scharf schalten: war noch nie scharf",
        ),
        (
            "home",
            None,
            "could not be armed: it takes a code",
            "ließ sich nicht scharf schalten: dafür braucht es einen Code",
        ),
        (
            "home",
            "8642",
            "refused a code from Bert: the code may not do this",
            "nahm einen Code von Bert nicht an: der Code darf das nicht",
        ),
        ("home", "0000", "got a wrong code to arm", "bekam einen falschen Code zum Scharfschalten"),
    ],
)
async def test_a_refusal_says_who_and_why(
    hass: HomeAssistant, mode: str | None, code: str | None, english: str, german: str
) -> None:
    entry = await move_in(hass, *HOUSE, user("Bert", "8642", actions=["disarm"]), trouble={"power": "block"})
    sense(hass, WINDOW, "on")
    entry.runtime_data.system.async_report(TroubleBegan(Trouble(kind=TroubleKind.POWER, source="")))
    await hass.async_block_till_done()
    happened = async_capture_events(hass, "alarm_broker_event")
    wish = {"mode": mode, "code": code}

    with pytest.raises(ServiceValidationError):
        await act(hass, "arm", **{key: value for key, value in wish.items() if value is not None})

    assert lines(happened) == [f"Home {english}"]
    assert lines(happened, "de") == [f"Home {german}"]


@INTEGRATION
async def test_while_no_code_is_taken_the_logbook_does_not_say_whose_it_was(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, under_duress())
    for _ in range(5):
        with pytest.raises(ServiceValidationError):
            await act(hass, "arm", mode="home", code="0000")
    happened = async_capture_events(hass, "alarm_broker_event")

    for code in ("0000", CODE):
        with pytest.raises(ServiceValidationError):
            await act(hass, "arm", mode="home", code=code)

    assert lines(happened) == ["Home could not be armed: no code is taken for a while"] * 2


@pytest.mark.parametrize(
    ("data", "english", "german"),
    [
        (
            {"kind": "trouble", "trouble": "power", "source": ""},
            "has a trouble: no mains power",
            "hat eine Störung: kein Netzstrom",
        ),
        (
            {"kind": "trouble_cleared", "trouble": "battery", "zones": ["Window"]},
            "is free of a trouble: Window (battery low)",
            "hat eine Störung weniger: Window (Batterie schwach)",
        ),
        (
            {"kind": "walk_test_ended", "by": "Anna", "zones": []},
            "ended its walk test (Anna); every zone was seen",
            "beendete den Gehtest (Anna); jede Zone wurde gesehen",
        ),
        (
            {"kind": "everyone_left", "by": "Anna"},
            "is empty: Anna left last",
            "ist leer: Anna ging zuletzt",
        ),
        (
            {"kind": "bypassed", "zones": ["Window"], "reason": "auto", "by": "Anna"},
            "left out Window (was open) by Anna",
            "lässt Window aus: stand offen (Anna)",
        ),
        (
            {"kind": "auto_arm_failed", "mode": "away", "zones": ["gate_1"]},
            "could not be armed away by itself: gate_1",
            "ließ sich nicht von selbst scharf schalten (Abwesend): gate_1",
        ),
        (
            {"kind": "auto_arm_failed", "mode": "away", "problem": "somebody_home"},
            "could not be armed away by itself: somebody is home",
            "ließ sich nicht von selbst scharf schalten (Abwesend): jemand ist zu Hause",
        ),
        ({"kind": "dance"}, "changed", "hat sich geändert"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_a_line_says_only_what_there_is_to_say(data: dict[str, Any], english: str, german: str) -> None:
    assert line_about("en", **data) == f"Home {english}"
    assert line_about("de", **data) == f"Home {german}"


async def asked(hass: HomeAssistant, ws_client: WebSocketGenerator, **where: list[str]) -> list[str]:
    """Return our lines of the logbook of some entities or devices."""
    await async_wait_recording_done(hass)
    client = await ws_client()
    since = (dt_util.utcnow() - timedelta(minutes=1)).isoformat()
    await client.send_json_auto_id({"type": "logbook/get_events", "start_time": since, **where})
    answer = (await client.receive_json())["result"]
    return [f"{one['name']} {one['message']}" for one in answer if one.get("domain") == "alarm_broker"]


def device_of(hass: HomeAssistant, entity_id: str) -> str:
    registered = er.async_get(hass).async_get(entity_id)
    assert registered is not None
    assert registered.device_id is not None
    return registered.device_id


async def test_the_logbook_of_a_panel_and_of_its_device_tells_what_happened_there(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    enable_custom_integrations: None,
    mock_async_zeroconf: None,
) -> None:
    assert await async_setup_component(hass, "logbook", {})
    await move_in(hass, *HOUSE, *GARAGE_PARTS)
    await act(hass, "arm", mode="home", code=CODE)
    await act(hass, "arm", entity_id=GARAGE_PANEL, mode="away", code=CODE)
    with pytest.raises(ServiceValidationError):
        await act(hass, "disarm", entity_id=MASTER, code="0000")

    found = {
        entity_id: (
            await asked(hass, hass_ws_client, entity_ids=[entity_id]),
            await asked(hass, hass_ws_client, device_ids=[device_of(hass, entity_id)]),
        )
        for entity_id in (PANEL, GARAGE_PANEL, MASTER)
    }

    said = {
        PANEL: ["Home was armed home by Anna"],
        GARAGE_PANEL: ["Garage was armed away by Anna"],
        MASTER: ["Home, Garage got a wrong code to disarm"],
    }
    assert found == {entity_id: (told_there, told_there) for entity_id, told_there in said.items()}


@INTEGRATION
async def test_in_a_house_of_one_area_its_panel_tells_also_what_concerns_the_whole(
    hass: HomeAssistant,
) -> None:
    await move_in(hass)
    happened = async_capture_events(hass, "alarm_broker_event")

    for _ in range(5):
        with pytest.raises(ServiceValidationError):
            await act(hass, "disarm", code="0000")

    lockout = next(event for event in happened if event.data["kind"] == "lockout")
    assert lockout.data["entity_id"] == PANEL
    assert lockout.data["device_id"] == device_of(hass, "event.home_alarm_panel")


@INTEGRATION
async def test_the_logbook_speaks_the_language_of_home_assistant(hass: HomeAssistant) -> None:
    hass.config.language = "de"
    described_events: dict[str, Any] = {}

    async_describe_events(hass, lambda _domain, kind, describe: described_events.update({kind: describe}))

    line = described_events["alarm_broker_event"](
        Event("alarm_broker_event", {"kind": "disarmed", "area": "Haus"})
    )
    assert line["message"] == "wurde unscharf geschaltet"
