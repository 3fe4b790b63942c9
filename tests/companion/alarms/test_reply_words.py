"""What the words of an answer mean: only what means nothing else is a yes."""

# ruff: noqa: RUF001 - look-alike characters are what some of these tests are about
import pytest
from hypothesis import given, strategies as st

from companion.alarms.reply_words import Meaning, meaning
from companion.texts.language import LANGUAGES, texts_for


@pytest.mark.parametrize(
    "words",
    [
        "ok",
        "OK!",
        " Okay. ",
        "ja",
        "Ja, ich übernehme",
        "oui",
        "D’accord",
        "Oké",
        "👍",
        "👍🏽",
        "✅",
        "✔️",
        "ＯＫ",
    ],
)
def test_a_yes_is_understood_in_every_language_and_by_hand(words: str) -> None:
    assert meaning(words) == Meaning(acknowledges=True)


@pytest.mark.parametrize(
    "words",
    [
        "OK 4711",
        "ok4711",
        "4711",
        "4711 ok",
        "Ja: 4711",
        "OK #4711.",
        "„OK 4711“".strip("„“"),
        "ＯＫ ４７１１",
    ],
)
def test_a_code_names_the_alarm(words: str) -> None:
    assert meaning(words) == Meaning(acknowledges=True, codes=frozenset({"4711"}))


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "ok?",
        "not ok",
        "nicht ok",
        "no",
        "nein",
        "ok but I cannot come",
        "yes who is it",
        "STOP",
        "I am away until Monday",
        "👎",
        f"ok{' ' * 600}if somebody else has the key",
    ],
)
def test_what_may_mean_something_else_is_no_yes(words: str) -> None:
    assert meaning(words) == Meaning(acknowledges=False)


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("call me on 4711 please", {"4711"}),
        ("ok 4711 4712", {"4711", "4712"}),
        ("+491701234567", set()),
        ("12345", set()),
        ("0471", set()),
    ],
)
def test_a_number_is_a_code_only_by_itself(words: str, codes: set[str]) -> None:
    assert meaning(words).codes == codes


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_that_a_message_asks_for_are_understood(language: str) -> None:
    texts = texts_for(language)
    asked = texts.messages.answer_in_words.format(code="4711")

    assert meaning(asked[asked.index("OK") :]) == Meaning(acknowledges=True, codes=frozenset({"4711"}))
    assert all(meaning(word).acknowledges for word in texts.replies.yes)


@given(st.text())
def test_whatever_is_written_has_a_meaning(words: str) -> None:
    assert all(len(code) == 4 for code in meaning(words).codes)
