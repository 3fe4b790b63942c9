"""What people read when the panel refuses: where, why, in their own language, and no more than there is to say."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.translation import async_get_translations

from custom_components.alarm_broker.const import DOMAIN
from custom_components.alarm_broker.system.errors import async_reason
from tests.integration.house import (
    CODE,
    DURESS_CODE,
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
    zone,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

MAINS = "binary_sensor.mains"
POWER = {"power_entities": [MAINS], "trouble": {"power": "ask", "lost": "ask"}}


async def refusal(
    hass: HomeAssistant, service: str, entity_id: str = PANEL, **data: Any
) -> ServiceValidationError:
    with pytest.raises(ServiceValidationError) as refused:
        await panel(hass, service, entity_id=entity_id, **data)
    return refused.value


async def read_in_a_browser(hass: HomeAssistant, err: ServiceValidationError, language: str) -> str:
    """Return the sentence as a browser of this language makes it: it fills in what Home Assistant passes on."""
    texts = await async_get_translations(hass, language, "exceptions", {DOMAIN})
    text = texts[f"component.{DOMAIN}.exceptions.{err.translation_key}.message"]
    return text.format(**(err.translation_placeholders or {}))


async def change(hass: HomeAssistant, **states: str) -> None:
    for sensor, state in states.items():
        if f"binary_sensor.{sensor}" == MAINS:
            hass.states.async_set(MAINS, state)
        else:
            sense(hass, f"binary_sensor.{sensor}", state)
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("entity_id", "where"), [(PANEL, "Home"), (MASTER, "Home, Garage")], ids=["an area", "the master"]
)
async def test_every_refused_code_says_where(hass: HomeAssistant, entity_id: str, where: str) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS)

    said = [
        await read_in_a_browser(hass, await refusal(hass, "alarm_disarm", entity_id, **typed), language)
        for language in ("en", "de")
        for typed in ({}, {"code": "0000"})
    ]
    for _ in range(2):
        await refusal(hass, "alarm_disarm", entity_id, code="0000")
    locked = await refusal(hass, "alarm_disarm", entity_id, code="0000")

    assert said == [
        f"{where}: enter a code.",
        f"{where}: wrong code.",
        f"{where}: bitte einen Code eingeben.",
        f"{where}: falscher Code.",
    ]
    assert (await read_in_a_browser(hass, locked, "en")).startswith(f"{where}: too many wrong codes, none")
    assert (await read_in_a_browser(hass, locked, "de")).startswith(f"{where}: zu viele falsche Codes, bis")


async def test_a_bypass_that_needs_a_code_says_where(hass: HomeAssistant) -> None:
    await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)

    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call(
            "switch", "turn_on", {"entity_id": "switch.kitchen_window_bypass"}, blocking=True
        )

    assert await read_in_a_browser(hass, refused.value, "en") == "Home: enter a code."


async def test_a_zone_that_may_not_be_left_out_is_named_with_its_area(hass: HomeAssistant) -> None:
    fixed = zone(WINDOW, "instant", "away", bypassable=False)
    await move_in(hass, *HOUSE[:2], fixed, HOUSE[-1], *GARAGE_PARTS)

    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "arm", entity_id=MASTER, mode="away", code=CODE, bypass=["Kitchen window"])

    assert (
        await read_in_a_browser(hass, refused.value, "en")
        == "Home: these zones may not be left out: Kitchen window."
    )


async def test_of_several_areas_those_are_named_that_are_not_ready(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, *GARAGE_PARTS, **POWER)
    await change(hass, mains="on", kitchen_window="on")
    of_one = await refusal(hass, "alarm_arm_away", MASTER, code=CODE)
    await change(hass, mains="off")
    of_all = await refusal(hass, "alarm_arm_away", MASTER, code=CODE)

    assert (await read_in_a_browser(hass, of_one, "en")).startswith("Home: not ready. Open: Kitchen window.")
    assert (await read_in_a_browser(hass, of_all, "en")).startswith("Home, Garage: not ready. Open: Kitchen")


@pytest.mark.parametrize("effect", ["ask", "block"])
@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({"kitchen_window": "on"}, ["Offen: Kitchen window."]),
        ({"hall_motion": "unavailable"}, ["Kein Signal von: Hall motion."]),
        ({"mains": "off"}, ["Störung: binary_sensor.mains (kein Netzstrom)."]),
        (
            {"kitchen_window": "on", "hall_motion": "unavailable"},
            ["Offen: Kitchen window.", "Kein Signal von: Hall motion."],
        ),
        (
            {"hall_motion": "unavailable", "mains": "off"},
            ["Kein Signal von: Hall motion.", "Störung: binary_sensor.mains (kein Netzstrom)."],
        ),
        (
            {"kitchen_window": "on", "mains": "off"},
            ["Offen: Kitchen window.", "Störung: binary_sensor.mains (kein Netzstrom)."],
        ),
        (
            {"kitchen_window": "on", "hall_motion": "unavailable", "mains": "off"},
            [
                "Offen: Kitchen window.",
                "Kein Signal von: Hall motion.",
                "Störung: binary_sensor.mains (kein Netzstrom).",
            ],
        ),
    ],
)
async def test_only_what_is_in_the_way_is_said(
    hass: HomeAssistant, states: dict[str, str], said: list[str], effect: str
) -> None:
    fixed = zone(WINDOW, "instant", "away", bypassable=effect == "ask")
    hass.config.language = "de"
    trouble = {"power": effect, "lost": effect}
    await move_in(hass, *HOUSE[:2], fixed, *HOUSE[3:], power_entities=[MAINS], trouble=trouble)
    await change(hass, **{"mains": "on", **states})

    text = await read_in_a_browser(hass, await refusal(hass, "alarm_arm_away", code=CODE), "de")

    blocked = "" if effect == "ask" else ", und Erzwingen hilft nicht"
    assert text.startswith(f"Home: nicht bereit{blocked}. {' '.join(said)} ")
    assert ("erzwungen scharf schalten" in text) is (effect == "ask")
    assert "{" not in text
    assert "-." not in text


async def test_forcing_is_not_called_duress(hass: HomeAssistant) -> None:
    texts = await async_get_translations(hass, "de", "exceptions", {DOMAIN})
    not_ready = [text for key, text in texts.items() if ".not_ready" in key]

    assert not_ready
    assert [text for text in not_ready if "Zwang" in text or "Nötigung" in text] == []


async def test_a_missing_mode_is_called_by_its_name(hass: HomeAssistant) -> None:
    hass.config.language = "de"
    await move_in(hass)

    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "arm", mode="vacation", code=CODE)

    assert (
        await read_in_a_browser(hass, refused.value, "de")
        == "Home hat keinen Modus Urlaub: füge ihn dem Bereich hinzu."
    )


async def test_a_phone_reads_everything_in_its_own_language(hass: HomeAssistant) -> None:
    await move_in(hass, **POWER)
    await change(hass, mains="off")

    refused = await refusal(hass, "alarm_arm_away", code=CODE)

    assert [await async_reason(hass, refused, language) for language in ("en", "de")] == [
        "Home: not ready. Trouble: binary_sensor.mains (no mains power). Mend it, or arm with force.",
        "Home: nicht bereit. Störung: binary_sensor.mains (kein Netzstrom). Beheben, oder erzwungen scharf schalten.",
    ]


async def test_under_duress_the_same_words_are_read(hass: HomeAssistant) -> None:
    await move_in(hass, *HOUSE, under_duress(), *GARAGE_PARTS, **POWER)
    await change(hass, mains="off", garage_gate="on", kitchen_window="on")

    normal, forced = [
        await refusal(hass, "alarm_arm_away", MASTER, code=code) for code in (CODE, DURESS_CODE)
    ]

    assert [await async_reason(hass, forced, one) for one in ("en", "de")] == [
        await async_reason(hass, normal, one) for one in ("en", "de")
    ]
    assert forced.translation_placeholders == normal.translation_placeholders
