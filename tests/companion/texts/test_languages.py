"""Every language has words for the same things, and there are no others beside them."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import companion
from companion.channels.gsm import gsm
from companion.texts.language import ENGLISH, LANGUAGES, preferred, texts_for
from companion.texts.model import AnswerTexts, DeskTexts, Texts
from companion.web.problems import Problem
from tests.texts import leaves, placeholders

COMPANION = Path(companion.__file__).parent
TEMPLATES = sorted((COMPANION / "web" / "templates").glob("*.html"))
TRANSLATIONS = [language for language in LANGUAGES if language != "en"]


def texts_of(language: str) -> dict[str, str]:
    return dict(leaves(texts_for(language)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_named_as_its_file_is(language: str) -> None:
    assert texts_for(language).tag == language


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_language_has_every_text_that_english_has_and_none_more(language: str) -> None:
    assert texts_of(language).keys() == texts_of("en").keys()


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_text_has_the_same_facts_in_every_language(language: str) -> None:
    there = texts_of(language)
    wrong = [path for path, text in texts_of("en").items() if placeholders(text) != placeholders(there[path])]

    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_no_sentence_was_left_in_english(language: str) -> None:
    """Words may be the same in two languages, sentences are not."""
    there = texts_of(language)
    left = [
        path
        for path, text in texts_of("en").items()
        if len(re.findall(r"[a-z]{2,}", re.sub(r"{\w+}|`[^`]*`|%\w", "", text))) > 2 and there[path] == text
    ]

    assert left == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_begins_or_ends_with_a_blank(language: str) -> None:
    odd = [path for path, text in texts_of(language).items() if text != text.strip() or not text]

    assert odd == [".formats.colon"]


# --- nothing beside them --------------------------------------------------------------------------------

ELSEWHERE = [
    path
    for path in sorted(COMPANION.rglob("*.py"))
    if "languages" not in path.parts and "texts" not in path.relative_to(COMPANION).parts[1:]
]


def test_no_other_file_knows_which_languages_there_are() -> None:
    tags = "|".join(TRANSLATIONS)
    knowing = [
        f"{path.relative_to(COMPANION)}:{number}"
        for path in ELSEWHERE
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.search(rf"""["']({tags})["']|german|french|dutch""", line, re.IGNORECASE)
    ]

    assert knowing == []


def test_no_other_file_speaks_another_language_than_english() -> None:
    letters = re.compile(r'"[^"]*[äöüßéèêàçùûîïô][^"]*"', re.IGNORECASE)
    alphabets = {COMPANION / "channels" / "gsm.py"}
    speaking = [
        f"{path.relative_to(COMPANION)}: {found[0]}"
        for path in ELSEWHERE
        if path not in alphabets and (found := letters.search(path.read_text()))
    ]

    assert speaking == []


def said_in_templates() -> set[str]:
    return {name for path in TEMPLATES for name in re.findall(r"\bt\.((?:\w+\.)+\w+)", path.read_text())}


def test_templates_say_only_what_there_are_texts_for() -> None:
    known = {re.sub(r"\[\d+\]$", "", path).strip(".") for path in texts_of("en")}
    stems = known | {path.rpartition(".")[0] for path in known}
    said = {name.removesuffix(".format") for name in said_in_templates()}

    assert said - stems == set()


@pytest.mark.parametrize(("room", "kind"), [("answers", AnswerTexts), ("desk", DeskTexts)])
def test_every_text_of_a_page_is_on_a_page(room: str, kind: type[AnswerTexts | DeskTexts]) -> None:
    code = "".join(path.read_text() for path in [*TEMPLATES, *ELSEWHERE])
    unsaid = [
        one.name
        for one in fields(kind)
        if not re.search(rf"\b{room}\.{one.name}\b|t\.{room}\[|\"{one.name}\"", code)
    ]

    assert unsaid == []


@pytest.mark.parametrize("text", sorted(path.name for path in TEMPLATES))
def test_a_template_has_no_words_of_its_own(text: str) -> None:
    """What stands between the tags is said by `t`, or is a name of ours."""
    source = (COMPANION / "web" / "templates" / text).read_text()
    code = r"{% block body_class %}.*?{% endblock %}|{%.*?%}|{{.*?}}|{#.*?#}"
    visible = re.sub(code, " ", source, flags=re.DOTALL)
    words = re.findall(r"[A-Za-z]{3,}", " ".join(re.sub(r"<[^>]*>", " ", visible).split()))

    assert set(words) <= {"Alarm", "Broker", "UTC"}


def problems(kind: type[Problem] = Problem) -> Iterator[str]:
    yield kind.slug
    for one in kind.__subclasses__():
        yield from problems(one)


def test_texts_of_problems_are_of_problems_that_there_are() -> None:
    assert set(ENGLISH.problems) - set(problems()) == {"other"}


# --- which one somebody reads ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("pl,de;q=0.5", "de"),
        ("EN-gb", "en"),
        ("*, xx;q=0.1", "en"),
        ("", "en"),
    ],
)
def test_a_page_is_in_the_first_language_of_the_browser_that_there_is(accept: str, language: str) -> None:
    assert preferred(accept) == language


def test_who_wants_a_language_that_there_is_not_reads_english() -> None:
    assert texts_for("pl-PL") is ENGLISH
    assert isinstance(texts_for("de_CH"), Texts)
    assert texts_for("de_CH").tag == "de"


# --- over SMS -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_can_carry_every_letter_of_a_language_or_its_nearest(language: str) -> None:
    """Where the GSM alphabet lacks a letter (ê, ç, É is there, È is not) it goes out without its accent, never as `?`."""
    lost = [path for path, text in texts_of(language).items() if gsm(text).count("?") != text.count("?")]

    assert lost == []


def test_accents_that_an_sms_has_stay_and_others_are_left_out() -> None:
    assert gsm("PERSONNE N'A RÉPONDU, à l'arrêt, ça dérange, en één") == (
        "PERSONNE N'A RÉPONDU, à l'arret, ca dérange, en één"
    )
