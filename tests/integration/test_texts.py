"""Every language that is spoken here has words for the same things, and there are no others."""

import re
from pathlib import Path
from typing import Any

import pytest

from custom_components.alarm_broker.core.panel.config import AlarmKind, ArmMode, TroubleKind
from custom_components.alarm_broker.core.panel.state import AreaStatus, Bypass
from custom_components.alarm_broker.flows.alarmo.notes import Note
from custom_components.alarm_broker.link.companion_events import Status
from custom_components.alarm_broker.push.actions import PushAction, RefusedPress
from custom_components.alarm_broker.push.messages import NOTICE_BUTTONS
from custom_components.alarm_broker.system.activity import ActivityKind
from custom_components.alarm_broker.texts.language import LANGUAGES, texts_for
from custom_components.alarm_broker.texts.model import Texts
from tests.texts import leaves, placeholders

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "alarm_broker"
ENGLISH = LANGUAGES["en"]
OF_ITS_OWN = ("grammar", "digits", "tag", "name", "colon")
"""What is said to Assist, and how a language is written, is each language's own."""
OTHERS = [tag for tag in LANGUAGES if tag != "en"]


def texts_of(tag: str) -> dict[str, str]:
    return dict(leaves(LANGUAGES[tag], but=OF_ITS_OWN))


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_language_is_a_file_of_texts_and_one_of_translations_both_named_as_it_is(tag: str) -> None:
    assert LANGUAGES[tag].tag == tag
    assert (INTEGRATION / "translations" / f"{tag}.json").exists()


def test_no_language_has_only_one_of_its_files() -> None:
    translated = {path.stem for path in (INTEGRATION / "translations").glob("*.json")}

    assert translated == set(LANGUAGES)


def test_every_language_has_its_own_name() -> None:
    names = [texts.name for texts in LANGUAGES.values()]

    assert len(set(names)) == len(names) >= 2


@pytest.mark.parametrize("tag", OTHERS)
def test_a_language_has_every_text_that_english_has_and_none_more(tag: str) -> None:
    assert texts_of(tag).keys() == texts_of("en").keys()


@pytest.mark.parametrize("tag", OTHERS)
def test_a_text_has_the_same_facts_in_every_language(tag: str) -> None:
    there = texts_of(tag)
    wrong = [path for path, text in texts_of("en").items() if placeholders(text) != placeholders(there[path])]

    assert [path for path in wrong if not path.startswith(".logbook.sentences")] == []


@pytest.mark.parametrize("tag", OTHERS)
def test_a_line_of_the_logbook_names_the_same_things_in_every_language(tag: str) -> None:
    """Who it was may stand in another frame: `by`, `from` or `who` is the same fact."""

    def facts(texts: Texts) -> dict[str, list[str]]:
        sentences = texts.logbook.sentences.items()
        return {
            kind: sorted("by" if name in ("by", "from", "who") else name for name in placeholders(text))
            for kind, text in sentences
        }

    assert facts(LANGUAGES[tag]) == facts(ENGLISH)


@pytest.mark.parametrize("tag", OTHERS)
def test_no_sentence_was_left_in_english(tag: str) -> None:
    """Words may be the same in two languages, sentences are not."""
    there = texts_of(tag)
    left = [
        path
        for path, text in texts_of("en").items()
        if len(re.findall(r"[a-z]{2,}", re.sub(r"{\w*}", "", text))) > 2 and there[path] == text
    ]

    assert left == []


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (lambda texts: texts.modes, ArmMode),
        (lambda texts: texts.troubles, TroubleKind),
        (lambda texts: texts.push.statuses, Status),
        (lambda texts: texts.push.buttons, PushAction),
        (lambda texts: texts.push.refused, RefusedPress),
        (lambda texts: texts.logbook.sentences, ActivityKind),
        (lambda texts: texts.assist.statuses, AreaStatus),
        (lambda texts: texts.grammar.modes, ArmMode),
        (lambda texts: texts.alarmo, Note),
    ],
    ids=lambda value: getattr(value, "__name__", "").strip("<>"),
)
def test_nothing_that_is_named_is_left_without_words(words: Any, kinds: Any) -> None:
    assert set(words(ENGLISH)) == set(kinds)


def test_every_kind_of_alarm_and_every_value_in_a_sentence_has_words() -> None:
    heads, words = set(ENGLISH.titles.heads), set(ENGLISH.logbook.words)

    assert heads == {*AlarmKind, "panic_key", "technical"}
    assert words >= {*ArmMode, *RefusedPress, *(kind for kind in AlarmKind if kind is not AlarmKind.DURESS)}
    assert words >= set(Bypass) - {Bypass.SHUT_DOWN, Bypass.WINDOW}
    assert set(ENGLISH.push.notices) >= set(NOTICE_BUTTONS)


@pytest.mark.parametrize("tag", LANGUAGES)
def test_assist_understands_every_digit_in_every_language(tag: str) -> None:
    assert set(LANGUAGES[tag].assist.digits.values()) == set("0123456789")


def test_no_word_is_one_digit_in_one_language_and_another_in_another() -> None:
    heard = [one for texts in LANGUAGES.values() for one in texts.assist.digits.items()]

    assert len(dict(heard)) == len(set(heard))


@pytest.mark.parametrize(
    ("tag", "understood"), [("de-CH", "de"), ("DE", "de"), ("en_GB", "en"), ("tlh", "en"), ("", "en")]
)
def test_a_language_is_found_by_its_tag_and_who_reads_none_of_ours_reads_english(
    tag: str, understood: str
) -> None:
    assert texts_for(tag).tag == understood


def test_a_further_language_is_its_files_and_no_code_asks_which_one_it_is() -> None:
    asked = [
        path.name
        for path in INTEGRATION.rglob("*.py")
        if path.parent.name != "languages"
        and re.search(rf"""["'](?:{"|".join(OTHERS)})["']|startswith\("de""", path.read_text())
    ]

    assert asked == []
