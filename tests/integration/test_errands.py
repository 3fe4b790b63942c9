"""What the companion asks a house to do, so that people are told: done once, by few services, and answered honestly."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from tests.fakes.companion import TOKEN, FakeCompanion
from tests.golden_frames import golden_event
from tests.integration.conftest import Until
from tests.integration.house import HOUSE, close_all, house_entry
from tests.integration.phones import Phone, notified, settle

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "prompt_retries")

LIGHT, SPEAKER, SATELLITE, SCRIPT = (
    "light.hall",
    "media_player.kitchen",
    "assist_satellite.hall",
    "script.all_lights",
)
VOICE = "tts.piper"


@pytest.fixture
async def house(
    hass: HomeAssistant,
    quick_retry: None,
    unloaded: None,
    companion: FakeCompanion,
    phone: Phone,
    other: Phone,
    until: Until,
) -> MockConfigEntry:
    """Anna and Ben live here; there is a light, a speaker with a voice, a satellite and a script."""
    close_all(hass)
    for entity_id in (LIGHT, SPEAKER, SATELLITE, SCRIPT, VOICE, "lock.front_door"):
        hass.states.async_set(entity_id, "on")
    people = (notified("Anna", phone.target), notified("Ben", other.target, language="de"))
    entry = house_entry(
        *HOUSE, *people, data={"url": companion.url, "token": TOKEN}, unique_id=companion.instance
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.link.connected)
    return entry


type Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def ask(hass: HomeAssistant, house: MockConfigEntry, companion: FakeCompanion, until: Until) -> Ask:
    """Let the companion ask for something, and return what it hears of it."""

    async def asked(action: str, target: str | None = None, **more: Any) -> dict[str, Any]:
        before = len(answers(companion))
        errand = {"action": action, "target": target, "voice": None, "alarm_id": None, **more}
        companion.say({**golden_event("notify"), **errand})
        await until(lambda: len(answers(companion)) > before)
        await settle(hass)
        said = answers(companion)[-1]
        assert (said["id"], said["channel"]) == (more.get("id", golden_event("notify")["id"]), "house")
        return {"outcome": said["outcome"], "reason": said["reason"]}

    return asked


def answers(companion: FakeCompanion) -> list[Any]:
    return [body for body in companion.heard if body["kind"] == "notified"]


DONE = {"outcome": "done", "reason": None}
ACCEPTED = {"outcome": "accepted", "reason": None}


def failed(reason: str) -> dict[str, Any]:
    return {"outcome": "failed", "reason": reason}


async def test_the_companion_knows_what_it_may_ask_for(
    house: MockConfigEntry, companion: FakeCompanion
) -> None:
    assert companion.hellos[-1]["can"] == ["notify"]


# --- entities -------------------------------------------------------------------------------------------


async def test_an_announcement_is_said_on_a_satellite(hass: HomeAssistant, ask: Ask) -> None:
    calls = async_mock_service(hass, "assist_satellite", "announce")

    said = await ask("announce", SATELLITE, text="Alarm: Empfang.")

    assert said == DONE
    assert [call.data for call in calls] == [{"entity_id": SATELLITE, "message": "Alarm: Empfang."}]


@pytest.mark.parametrize("voice", [None, VOICE])
async def test_an_announcement_is_said_on_a_speaker(hass: HomeAssistant, ask: Ask, voice: str | None) -> None:
    calls = async_mock_service(hass, "tts", "speak")

    said = await ask("announce", SPEAKER, text="Alarm: Empfang.", voice=voice)

    assert said == DONE
    assert [call.data for call in calls] == [
        {"entity_id": VOICE, "media_player_entity_id": SPEAKER, "message": "Alarm: Empfang."}
    ]


async def test_without_a_voice_a_speaker_says_nothing(hass: HomeAssistant, ask: Ask) -> None:
    calls = async_mock_service(hass, "tts", "speak")

    assert await ask("announce", SPEAKER, voice="tts.gone") == failed("no_voice")
    hass.states.async_remove(VOICE)
    assert await ask("announce", SPEAKER) == failed("no_voice")

    assert calls == []


@pytest.mark.parametrize(("urgent", "flash"), [(True, "long"), (False, "short")])
async def test_a_light_flashes(hass: HomeAssistant, ask: Ask, urgent: bool, flash: str) -> None:  # noqa: FBT001
    calls = async_mock_service(hass, "light", "turn_on")

    said = await ask("light", LIGHT, urgent=urgent)

    assert said == DONE
    assert [call.data for call in calls] == [{"entity_id": LIGHT, "flash": flash}]


async def test_a_script_knows_what_it_is_about(hass: HomeAssistant, ask: Ask) -> None:
    calls = async_mock_service(hass, "script", "turn_on")

    said = await ask("script", SCRIPT, title="T", text="Text", alarm_id="c1", code="4711", news="page")

    assert said == DONE
    assert [call.data for call in calls] == [
        {
            "entity_id": SCRIPT,
            "variables": {
                "title": "T",
                "text": "Text",
                "alarm_id": "c1",
                "code": "4711",
                "news": "page",
                "urgent": True,
            },
        }
    ]


@pytest.mark.parametrize(
    ("action", "target", "reason"),
    [
        ("light", "light.gone", "unknown_target"),
        ("light", "lock.front_door", "refused"),
        ("light", None, "refused"),
        ("announce", LIGHT, "refused"),
        ("script", "automation.heating", "refused"),
        ("unlock", "lock.front_door", "refused"),
    ],
)
async def test_nothing_else_is_done_for_the_companion(
    hass: HomeAssistant, ask: Ask, action: str, target: str | None, reason: str
) -> None:
    called: list[str] = []

    async def note(call: ServiceCall) -> None:
        called.append(f"{call.domain}.{call.service}")

    for domain, service in (("light", "turn_on"), ("lock", "unlock"), ("script", "turn_on")):
        hass.services.async_register(domain, service, note)

    assert await ask(action, target) == failed(reason)
    assert called == []


async def test_an_entity_that_is_not_available_is_said_to_be(hass: HomeAssistant, ask: Ask) -> None:
    calls = async_mock_service(hass, "light", "turn_on")
    hass.states.async_set(LIGHT, "unavailable")

    assert await ask("light", LIGHT) == failed("unavailable")
    assert calls == []


@pytest.mark.parametrize("error", [HomeAssistantError("busy"), ValueError("a bug")])
async def test_what_a_service_refuses_is_said(hass: HomeAssistant, ask: Ask, error: Exception) -> None:
    async_mock_service(hass, "light", "turn_on", raise_exception=error)

    assert await ask("light", LIGHT) == failed("failed")


async def test_a_service_that_does_not_end_is_waited_for_no_longer(
    hass: HomeAssistant, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless(_call: ServiceCall) -> None:
        await hass.loop.create_future()

    hass.services.async_register("light", "turn_on", endless)
    monkeypatch.setattr("custom_components.alarm_broker.push.errands.TIME_LIMIT_S", 0.01)

    assert await ask("light", LIGHT) == failed("timeout")


async def test_what_comes_too_late_is_not_done(hass: HomeAssistant, ask: Ask) -> None:
    calls = async_mock_service(hass, "light", "turn_on")

    assert await ask("light", LIGHT, useful_s=0) == failed("too_late")
    assert calls == []


async def test_what_is_asked_twice_is_done_once_and_answered_twice(hass: HomeAssistant, ask: Ask) -> None:
    calls = async_mock_service(hass, "light", "turn_on")

    said = [await ask("light", LIGHT), await ask("light", LIGHT), await ask("light", LIGHT, useful_s=0)]

    assert said == [DONE] * 3
    assert len(calls) == 1


async def test_what_was_too_late_is_done_when_it_is_asked_for_anew(hass: HomeAssistant, ask: Ask) -> None:
    calls = async_mock_service(hass, "light", "turn_on")

    said = [await ask("light", LIGHT, useful_s=0), await ask("light", LIGHT)]

    assert said == [failed("too_late"), DONE]
    assert len(calls) == 1


# --- phones ---------------------------------------------------------------------------------------------


async def test_a_push_is_for_the_whole_household(ask: Ask, phone: Phone, other: Phone) -> None:
    said = await ask("push", title="ALARM: Panic key", text="Where: Parents", alarm_id="theirs")

    assert said == ACCEPTED
    for one in (phone, other):
        assert (one.last["title"], one.last["message"]) == ("ALARM: Panic key", "Where: Parents")
        assert one.last["data"]["push"]["interruption-level"] == "critical"


@pytest.mark.parametrize("target", ["Ben", "ben", "notify.mobile_app_iphone"])
async def test_a_push_is_for_one_of_them(ask: Ask, phone: Phone, other: Phone, target: str) -> None:
    assert await ask("push", target) == ACCEPTED
    assert (len(phone.came), len(other.came)) == (0, 1)


@pytest.mark.parametrize("target", ["Carl", "notify.notify", "notify.everybody"])
async def test_a_push_is_for_nobody_else(
    hass: HomeAssistant, ask: Ask, phone: Phone, other: Phone, target: str
) -> None:
    everybody = async_mock_service(hass, "notify", "everybody")

    assert await ask("push", target) == failed("nobody")
    assert phone.came == other.came == everybody == []


async def test_news_take_the_place_of_the_page_without_its_sound(ask: Ask, phone: Phone) -> None:
    await ask("push", title="ALARM", alarm_id="theirs", id="d1")
    await ask("push", title="ANSWERED", alarm_id="theirs", id="d2", urgent=False, news="acknowledged")

    [shown] = phone.screen.values()
    assert shown["title"] == "ANSWERED"
    assert "critical" not in str(shown["data"])


async def test_phones_that_cannot_be_reached_are_said_not_to_be(ask: Ask, phone: Phone, other: Phone) -> None:
    phone.fails = other.fails = 9

    assert await ask("push") == failed("failed")


async def test_one_phone_of_the_household_is_enough(ask: Ask, phone: Phone, other: Phone) -> None:
    other.fails = 9

    assert await ask("push") == ACCEPTED


async def test_an_alarm_that_is_known_here_rings_again_with_its_buttons(
    hass: HomeAssistant, ask: Ask, companion: FakeCompanion, phone: Phone, other: Phone, until: Until
) -> None:
    companion.raise_alarm("c1")
    await until(lambda: phone.came and other.came)
    await settle(hass)
    before = (len(phone.came), len(other.came))

    said = await ask("push", "Anna", alarm_id="c1")

    assert said == ACCEPTED
    assert len(phone.came) == before[0] + 1
    assert phone.last["data"]["push"]["interruption-level"] == "critical"
    assert "Acknowledge" in phone.buttons()
    assert list(phone.screen) == ["c1"], "there is one notification an alarm"
    assert all("critical" not in str(one["data"]) for one in other.came[before[1] :])


async def test_an_alarm_that_somebody_has_answered_does_not_ring_again(
    hass: HomeAssistant, ask: Ask, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    companion.raise_alarm("c1")
    await until(lambda: phone.came)
    companion.acknowledge("c1", "Ben")
    await until(lambda: "-" in phone.titles)
    await settle(hass)
    before = len(phone.came)

    assert await ask("push", alarm_id="c1") == ACCEPTED
    assert len(phone.came) == before


@pytest.mark.parametrize("action", ["push", "light"])
async def test_a_silent_alarm_stays_silent_whatever_the_companion_asks_for(
    hass: HomeAssistant, ask: Ask, companion: FakeCompanion, phone: Phone, action: str
) -> None:
    calls = async_mock_service(hass, "light", "turn_on")
    companion.raise_alarm("c1", alarm_kind="duress")

    assert await ask(action, LIGHT if action == "light" else None, alarm_id="c1") == failed("refused")
    assert calls == phone.came == []


async def test_a_press_answers_what_rang_again(
    hass: HomeAssistant, ask: Ask, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    companion.raise_alarm("c1")
    await until(lambda: phone.came)
    await settle(hass)
    await ask("push", alarm_id="c1")

    await phone.press("Acknowledge")

    await until(lambda: "acknowledge" in companion.heard_kinds())
