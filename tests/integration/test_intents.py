"""Assist in every language, through Home Assistant's own conversation agent, with nothing copied anywhere."""

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hassil.expression import Alternative, Expression, ListReference, Permutation, Sequence, TextChunk
from hassil.intents import Intents, WildcardSlotList
from hassil.parse_expression import parse_sentence
from hassil.recognize import recognize
from homeassistant.components import conversation
from homeassistant.components.conversation.trigger import TRIGGER_SCHEMA
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import intent
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_capture_events, async_mock_service

from custom_components.alarm_broker.const import EVENT_ACTIVITY
from custom_components.alarm_broker.core.panel.config import ArmMode
from custom_components.alarm_broker.voice.sentences import SENTENCES
from tests.integration.house import (
    AREA,
    CODE,
    DOOR,
    GARAGE_PANEL,
    GARAGE_PARTS,
    HOUSE,
    WINDOW,
    area,
    mode,
    move_in,
    panel,
    sense,
    shown,
    user,
    zone,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

EASY = mode(exit_delay=0, code_to_arm=False)
EVERY_MODE = (
    area(AREA, "Home", **dict.fromkeys(ArmMode, EASY)),
    zone(DOOR, "entry_exit", *ArmMode),
    user(),
)


@pytest.fixture(autouse=True, scope="module")
def sentences_are_parsed_once() -> Iterator[None]:
    """Know what a sentence was parsed to: each Home Assistant would parse all of every language again."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("hassil.intents.parse_sentence", cache(parse_sentence))
        yield


async def set_up_assist(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    assert await async_setup_component(hass, "intent", {})


async def ready(hass: HomeAssistant, *parts: Any) -> Any:
    await set_up_assist(hass)
    return await move_in(hass, *parts)


async def say(hass: HomeAssistant, text: str, language: str = "en") -> str:
    """Return what is answered."""
    result = await conversation.async_converse(hass, text, None, Context(), language=language)
    await hass.async_block_till_done()
    speech: str = result.response.speech["plain"]["speech"]
    return speech


@pytest.mark.parametrize(
    ("language", "arm", "disarm", "answers"),
    [
        (
            "en",
            f"arm the alarm home with code {CODE}",
            "disarm the alarm with code 4 7 1 1",
            ["Home is armed.", "Home is disarmed."],
        ),
        (
            "de",
            f"schalte die Alarmanlage anwesend scharf mit dem Code {CODE}",
            "schalte die Alarmanlage unscharf mit dem Code 4 7 1 1",
            ["Home ist scharf.", "Home ist unscharf."],
        ),
        (
            "fr",
            f"arme l'alarme en mode présent avec le code {CODE}",
            "désarme l'alarme avec le code 4 7 1 1",
            ["Home est armé.", "Home est désarmé."],
        ),
        (
            "nl",
            f"zet het alarm op scherp in thuismodus met code {CODE}",
            "schakel het alarm uit met code 4 7 1 1",
            ["Home is ingeschakeld.", "Home is uitgeschakeld."],
        ),
    ],
)
async def test_the_panel_is_armed_and_disarmed_by_voice(
    hass: HomeAssistant, language: str, arm: str, disarm: str, answers: list[str]
) -> None:
    await ready(hass)

    first = await say(hass, arm, language)
    armed = shown(hass)
    second = await say(hass, disarm, language)

    assert [first, second] == answers
    assert (armed, shown(hass)) == ("armed_home", "disarmed")


@pytest.mark.parametrize(
    ("language", "armed", "sentences"),
    [
        ("en", "armed_away", ["arm the alarm", "arm the house", "Could you please arm the alarm system?"]),
        ("en", "armed_away", ["arm the panel away", f"turn on the alarm with code {CODE}"]),
        ("en", "armed_home", ["arm the alarm home", "set the alarm to home mode", "arm the house at home"]),
        ("en", "armed_night", ["set the alarm to night", "arm the alarm for the night, please"]),
        ("en", "armed_night", [f"arm the alarm with code {CODE} in night mode", "arm the alarm tonight"]),
        ("en", "armed_vacation", ["set the alarm for the holidays", "arm the house in vacation mode"]),
        ("en", "armed_custom_bypass", ["arm the alarm custom bypass", "set the alarm to custom bypass mode"]),
        (
            "en",
            "armed_custom_bypass",
            ["arm the house in custom mode", f"arm the panel with code {CODE} for bypass"],
        ),
        ("de", "armed_away", ["Alarmanlage scharf schalten", "Kannst du bitte den Alarm scharfschalten?"]),
        ("de", "armed_away", ["schalte die Alarmanlage scharf", f"schalte den Alarm mit Code {CODE} an"]),
        ("de", "armed_home", ["schalte die Alarmanlage anwesend scharf", "mach das Haus zuhause scharf"]),
        ("de", "armed_night", ["Alarmanlage nachts scharf schalten", "stelle den Alarm auf Nacht"]),
        ("de", "armed_night", ["schalte die Alarmanlage für die Nacht scharf"]),
        ("de", "armed_night", [f"schalte bitte den Alarm mit Code {CODE} für heute Nacht scharf"]),
        ("de", "armed_vacation", ["Schalte die Alarmanlage scharf für den Urlaub."]),
        ("de", "armed_custom_bypass", ["schalte die Alarmanlage benutzerdefiniert scharf"]),
        ("de", "armed_custom_bypass", ["Alarmanlage im benutzerdefinierten Modus scharf schalten"]),
        ("de", "armed_custom_bypass", [f"stelle den Alarm mit Code {CODE} individuell scharf"]),
        ("fr", "armed_away", ["arme la maison", "Peux-tu armer le système d'alarme, s'il te plaît ?"]),
        ("fr", "armed_away", [f"active l'alarme avec le code {CODE}", "arme l'alarme de la maison"]),
        ("fr", "armed_home", ["arme l'alarme en mode présence", "mets l'alarme en mode présent"]),
        (
            "fr",
            "armed_night",
            ["arme l'alarme pour la nuit", f"arme l'alarme avec le code {CODE} en mode nuit"],
        ),
        ("fr", "armed_vacation", ["arme la maison pour les vacances"]),
        ("fr", "armed_custom_bypass", ["arme l'alarme en mode personnalisé"]),
        (
            "nl",
            "armed_away",
            ["zet het alarm op scherp", "Kun je het alarmsysteem inschakelen, alsjeblieft?"],
        ),
        ("nl", "armed_away", [f"schakel het alarm in met code {CODE}", "zet het huis op scherp"]),
        ("nl", "armed_home", ["zet het alarm op thuis", "schakel het alarm in in thuismodus"]),
        (
            "nl",
            "armed_night",
            ["schakel het alarm in voor de nacht", f"zet het alarm met code {CODE} op nacht"],
        ),
        ("nl", "armed_vacation", ["zet het alarm in vakantiemodus", "kun je het alarm op vakantie zetten"]),
        ("nl", "armed_custom_bypass", ["zet het alarm op aangepaste overbrugging"]),
    ],
)
async def test_the_mode_is_heard_in_the_words(
    hass: HomeAssistant, language: str, armed: str, sentences: list[str]
) -> None:
    await ready(hass, *EVERY_MODE)

    for sentence in sentences:
        await say(hass, sentence, language)
        assert shown(hass) == armed, sentence
        await panel(hass, "alarm_disarm", code=CODE)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "disarm the alarm with code 4 7 1 1"),
        ("en", "disarm the alarm, the code is 4-7-1-1"),
        ("en", "unset the house with my pin four seven one one, please"),
        ("en", "turn the alarm off with code 4711"),
        ("de", "schalte den Alarm unscharf mit Code 4 7 1 1"),
        ("de", "schalte die Alarmanlage mit dem Code 4711 unscharf"),
        ("de", "Alarmanlage unscharf schalten, der Code ist vier sieben eins eins"),
        ("de", "entschärfe die Alarmanlage mit Code 47 11, bitte"),
        ("de", "schalte die Alarmanlage mit Code 4711 aus"),
        ("fr", "désarme la maison, mon code est quatre sept un un, s'il te plaît"),
        ("fr", "éteins l'alarme avec le code 47 11"),
        ("nl", "schakel het alarmsysteem uit, de code is vier zeven een één"),
        ("nl", "zet het alarm met code 4711 uit, alsjeblieft"),
    ],
)
async def test_a_code_is_heard_wherever_and_however_it_is_said(
    hass: HomeAssistant, language: str, sentence: str
) -> None:
    await ready(hass)
    await panel(hass, "alarm_arm_home", code=CODE)

    await say(hass, sentence, language)

    assert shown(hass) == "disarmed"


async def test_without_a_code_nothing_is_disarmed_by_voice(hass: HomeAssistant) -> None:
    await ready(hass)
    await panel(hass, "alarm_arm_home", code=CODE)

    english = await say(hass, "disarm the alarm")
    german = await say(hass, "schalte den Alarm unscharf", "de")

    assert english.startswith("I need the code")
    assert german.startswith("Dafür brauche ich den Code")
    assert shown(hass) == "armed_home"


async def test_a_wrong_code_is_refused_in_the_language_of_the_request(hass: HomeAssistant) -> None:
    await ready(hass)
    await panel(hass, "alarm_arm_home", code=CODE)

    english = await say(hass, "disarm the alarm with code 9999")
    german = await say(hass, "entschärfe die Alarmanlage mit Code 9999", "de-CH")

    assert (english, german) == ("Home: wrong code.", "Home: falscher Code.")
    assert shown(hass) == "armed_home"


async def test_what_keeps_the_panel_from_arming_is_said(hass: HomeAssistant) -> None:
    await ready(hass)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    answer = await say(hass, f"Alarmanlage scharf schalten mit Code {CODE}", "de")

    assert answer.startswith("Home: nicht bereit. Offen: Kitchen window.")


async def test_a_spoken_code_is_neither_spoken_back_nor_logged(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await ready(hass)

    answers = [
        await say(hass, "arm the alarm home with code 9876"),
        await say(hass, f"arm the alarm home with code {CODE}"),
        await say(hass, "disarm the attic area with code 9876"),
        await say(hass, f"disarm the alarm with code {CODE}"),
    ]

    ours = [record.getMessage() for record in caplog.records if "alarm_broker" in record.name]
    assert not [text for text in [*answers, *ours] if CODE in text or "9876" in text]


@pytest.mark.parametrize(
    ("language", "sentences", "answer"),
    [
        (
            "en",
            ["how is the alarm", "is the alarm on", "what's the status of the alarm?", "is the house armed"],
            "Home is disarmed. Garage is disarmed. Open: Kitchen window.",
        ),
        (
            "de",
            ["wie ist die Alarmanlage", "ist die Alarmanlage scharf", "Ist der Alarm noch an?"],
            "Home ist unscharf. Garage ist unscharf. Offen: Kitchen window.",
        ),
        (
            "fr",
            ["est-ce que l'alarme est armée", "la maison est-elle armée ?", "quel est l'état de l'alarme"],
            "Home est désarmé. Garage est désarmé. Ouvert : Kitchen window.",
        ),
        (
            "nl",
            ["is het alarm ingeschakeld", "staat het alarm nog aan?", "wat is de status van het alarm"],
            "Home is uitgeschakeld. Garage is uitgeschakeld. Open: Kitchen window.",
        ),
    ],
)
async def test_the_panel_says_how_it_is_and_what_is_open(
    hass: HomeAssistant, language: str, sentences: list[str], answer: str
) -> None:
    await ready(hass, *HOUSE, *GARAGE_PARTS)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()

    assert [await say(hass, sentence, language) for sentence in sentences] == [answer] * len(sentences)


@pytest.mark.parametrize(
    ("language", "arm", "ask"),
    [
        ("en", f"arm the garage area away with code {CODE}", "is the garage area armed"),
        ("en", f"arm the alarm in the garage with code {CODE}", "how is the alarm in the garage"),
        ("de", f"schalte den Bereich Garage scharf mit Code {CODE}", "ist der Bereich Garage scharf"),
        (
            "de",
            f"Alarmanlage in der Garage scharf schalten mit Code {CODE}",
            "ist der Alarm im Bereich Garage an",
        ),
        ("fr", f"arme le secteur Garage avec le code {CODE}", "est-ce que le secteur Garage est armé"),
        ("fr", f"arme l'alarme du Garage avec le code {CODE}", "comment va l'alarme du secteur Garage"),
        ("nl", f"schakel het gebied Garage in met code {CODE}", "is het gebied Garage ingeschakeld"),
        (
            "nl",
            f"zet het alarm van de Garage met code {CODE} op scherp",
            "staat het alarm in de Garage aan",
        ),
    ],
)
async def test_one_area_is_meant_by_its_name(hass: HomeAssistant, language: str, arm: str, ask: str) -> None:
    await ready(hass, *HOUSE, *GARAGE_PARTS)

    await say(hass, arm, language)
    answer = await say(hass, ask, language)

    assert (shown(hass), shown(hass, GARAGE_PANEL)) == ("disarmed", "armed_away")
    assert (
        answer
        == {
            "en": "Garage is armed.",
            "de": "Garage ist scharf.",
            "fr": "Garage est armé.",
            "nl": "Garage is ingeschakeld.",
        }[language]
    )


async def test_an_area_that_is_not_there_is_said_to_be_none(hass: HomeAssistant) -> None:
    await ready(hass)

    english = await say(hass, "arm the attic area")
    german = await say(hass, "schalte den Bereich Dachboden scharf", "de")

    assert english == "There is no area of that name."
    assert german == "Einen Bereich mit diesem Namen gibt es nicht."


async def test_other_things_are_switched_as_ever_also_a_siren_that_is_called_alarm(
    hass: HomeAssistant,
) -> None:
    await ready(hass)
    hass.states.async_set("light.kitchen", "off", {"friendly_name": "Kitchen lamp"})
    hass.states.async_set("switch.siren", "on", {"friendly_name": "Alarm"})
    lamp = async_mock_service(hass, "light", "turn_on")
    siren = async_mock_service(hass, "switch", "turn_off")

    for text, language in (
        ("turn on the kitchen lamp", "en"),
        ("turn off the alarm", "en"),
        ("schalte Kitchen lamp ein", "de"),
        ("schalte den Alarm aus", "de"),
        ("éteins l'Alarm", "fr"),
        ("schakel het alarm uit", "nl"),
    ):
        await say(hass, text, language)

    assert (len(lamp), len(siren)) == (2, 4)


async def test_assist_may_be_set_up_after_the_panel(hass: HomeAssistant) -> None:
    await move_in(hass)

    await set_up_assist(hass)
    await hass.async_block_till_done()

    assert await say(hass, "how is the alarm") == "Home is disarmed."


async def test_without_assist_the_panel_runs_and_its_intents_are_there(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    assert await async_setup_component(hass, "intent", {})
    await move_in(hass)

    slots = {"mode": {"value": "home"}, "code": {"value": CODE}}
    await intent.async_handle(hass, "test", "AlarmBrokerArm", slots)
    await hass.async_block_till_done()

    assert shown(hass) == "armed_home"
    assert "conversation" not in hass.config.components
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_sentence_is_acted_on_once_also_after_a_reload(hass: HomeAssistant) -> None:
    entry = await ready(hass)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    happened = async_capture_events(hass, EVENT_ACTIVITY)

    await say(hass, f"arm the alarm home with code {CODE}")
    await say(hass, "disarm the alarm with code 9999")

    assert [event.data["kind"] for event in happened] == ["armed", "wrong_code"]


async def test_without_a_panel_it_is_said_that_there_is_none(hass: HomeAssistant) -> None:
    entry = await ready(hass)
    await hass.config_entries.async_unload(entry.entry_id)

    assert await say(hass, "arm the alarm") == "There is no alarm panel here."
    assert await say(hass, "ist die Alarmanlage scharf", "de") == "Hier gibt es keine Alarmanlage."


def test_home_assistant_takes_our_sentences_for_well_formed() -> None:
    assert TRIGGER_SCHEMA({"platform": "conversation", "command": list(SENTENCES)})


def test_no_sentence_is_taken_for_another_whatever_is_said_in_it() -> None:
    intents = Intents.from_dict({"language": "en", "intents": {"T": {"data": [{"sentences": [*SENTENCES]}]}}})
    intents.slot_lists |= {name: WildcardSlotList(name) for name in ("code", "area_name")}
    dice = random.Random(4711)

    for template, meaning in [*SENTENCES.items()] * 20:
        text = " ".join(spoken(parse_sentence(template).expression, dice).split())
        heard = recognize(text, intents)
        assert heard is not None, text
        assert heard.intent_sentence is not None, text
        assert SENTENCES[heard.intent_sentence.text or ""] == meaning, text
        assert {one.value.strip() for one in heard.entities.values()} <= {"4 7 1 1", "Keller links"}, text


def spoken(said: Expression, dice: random.Random) -> str:
    """Return one of the many things that a template stands for."""
    match said:
        case TextChunk():
            return said.original_text
        case ListReference():
            return "4 7 1 1" if said.list_name == "code" else "Keller links"
        case Alternative():
            return spoken(dice.choice(said.items), dice)
        case Permutation():
            return " ".join(spoken(item, dice) for item in dice.sample(said.items, len(said.items)))
        case Sequence():
            return "".join(spoken(item, dice) for item in said.items)
    raise AssertionError(said)


async def test_a_code_that_was_heard_wrong_is_no_guess(hass: HomeAssistant) -> None:
    await ready(hass, *HOUSE, *GARAGE_PARTS)
    await panel(hass, "alarm_arm_home", code=CODE)

    answers = {await say(hass, f"disarm the alarm with code {CODE} in the garage") for _ in range(6)}
    disarmed = await say(hass, f"disarm the alarm with code {CODE}")

    assert answers == {"I need the code for that. Say it again, with the code."}
    assert disarmed == "Home is disarmed. Garage is disarmed."


@pytest.mark.parametrize("name", ["1. OG", "St. Anna", "O'Brien's", "Haus (oben)"])
async def test_an_area_is_found_by_how_its_name_is_spoken(hass: HomeAssistant, name: str) -> None:
    await ready(hass, area(AREA, name, away=EASY), zone(DOOR, "entry_exit", "away"))

    assert await say(hass, f"arm the {name} area") == f"{name} is armed."


async def test_a_code_of_letters_is_taken_as_it_is(hass: HomeAssistant) -> None:
    await set_up_assist(hass)
    await move_in(hass, *HOUSE[:-1], user(code="zero-12"), code_format="text")
    await panel(hass, "alarm_arm_home", code="zero-12")

    await intent.async_handle(hass, "test", "AlarmBrokerDisarm", {"code": {"value": "zero-12"}})

    assert shown(hass) == "disarmed"
