"""Codes and the titles made of them, in the reader's language."""

import pytest

from companion.alarms.model import AlarmKind, Change, Severity, Source, Status
from companion.channels.base import MessageKind
from companion.dispatch.delivery import State
from companion.texts.labels import alarm_title, detail, ending, finding, journal_value, label, title_parts
from companion.texts.language import ENGLISH, LANGUAGES, texts_for

CODES = sorted(
    {str(one) for kind in (AlarmKind, Change, Severity, Source, Status, MessageKind, State) for one in kind}
)
SAME_WORD = {
    "de": {"gas", "normal", "test"},
    "fr": {"note", "test"},
    "nl": {"gas", "test", "water"},
}
"""Codes that are words of the language too; codes are English."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_word_of_its_language(code: str, language: str) -> None:
    word = label(code, texts_for(language)).casefold()

    assert "_" not in word
    assert word != code or code in SAME_WORD.get(language, CODES)


@pytest.mark.parametrize(
    ("title", "source", "german"),
    [
        ("Panic key: Reception", "yealink", "Paniktaste: Reception"),
        ("Panic key: Desk phone, room unknown", "yealink", "Paniktaste: Desk phone, Raum unbekannt"),
        ("Burglary: Front door, Hall", "panel", "Einbruch: Front door, Hall"),
        ("Duress code: Home", "panel", "Bedrohungscode: Home"),
        ("Fire: as a program calls it", "api", "Fire: as a program calls it"),
        ("Something else", "panel", "Something else"),
    ],
)
def test_a_title_that_was_made_here_is_read_in_german(title: str, source: str, german: str) -> None:
    assert alarm_title(title, source, texts_for("de")) == german
    assert alarm_title(title, source, texts_for("en")) == title


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("made", [ENGLISH.titles.heads[kind] for kind in AlarmKind])
def test_every_title_of_the_panel_begins_as_its_reader_says_it(made: str, language: str) -> None:
    texts = texts_for(language)
    parts = title_parts(f"{made}: x", "panel")
    assert parts is not None

    assert (
        alarm_title(f"{made}: x", "panel", texts) == f"{texts.titles.heads[parts.head]}{texts.formats.colon}x"
    )


def test_details_have_labels_and_what_a_program_sent_stays_as_it_is() -> None:
    assert detail("raised_by", "Anna", "panel", texts_for("en")) == ("raised by", "Anna")
    assert detail("missing", "person, room", "yealink", texts_for("de")) == ("unbekannt", "Person, Raum")
    assert detail("floor_no", "2", "api", texts_for("de")) == ("floor_no", "2")


@pytest.mark.parametrize(
    ("name", "value", "english", "german"),
    [
        ("confirmed", "yes", ("confirmed", "more than one zone"), ("bestätigt", "mehr als eine Zone")),
        (
            "exit_error",
            "yes",
            ("exit error", "still open when the exit delay ended"),
            ("Ausgangsfehler", "am Ende der Ausgangsverzögerung noch offen"),
        ),
        ("by", "Anna", ("set off by", "Anna"), ("ausgelöst von", "Anna")),
        (
            "raised_by",
            "companion",
            ("raised by", "companion: Home Assistant went silent during the entry delay"),
            ("gemeldet von", "Alarm Broker: Home Assistant verstummte während der Eingangsverzögerung"),
        ),
        # as an earlier version has stored it
        (
            "vacation",
            "The house is in its vacation window",
            ("vacation", "The house is in its vacation window"),
            ("Urlaub", "Das Haus ist in seinem Urlaubszeitraum"),
        ),
    ],
)
def test_a_fact_is_said_in_the_readers_language(
    name: str, value: str, english: tuple[str, str], german: tuple[str, str]
) -> None:
    assert detail(name, value, "panel", texts_for("en")) == english
    assert detail(name, value, "panel", texts_for("de")) == german


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("source", ["api", "yealink"])
@pytest.mark.parametrize("name", sorted(ENGLISH.details))
@pytest.mark.parametrize("value", ["yes", "companion"])
def test_what_others_call_as_the_panel_does_is_not_put_into_the_panels_sentences(
    name: str, value: str, source: str, language: str
) -> None:
    """`&silent=yes` in a phone's address must not say that nobody at the panel knows of the alarm."""
    texts = texts_for(language)

    assert detail(name, value, source, texts) == (label(name, texts), value)


@pytest.mark.parametrize(
    ("step", "read"),
    [("0.1", "1.2"), ("².1", "².1"), ("0.²", "0.²"), ("exhausted", "exhausted"), ("", "")],
)
def test_a_step_is_counted_from_one_and_what_is_none_stays_as_it_is(step: str, read: str) -> None:
    assert journal_value("step", step, "yealink", texts_for("en")) == (label(read, texts_for("en")))


def test_why_an_alarm_is_sure_and_how_it_ended_are_said_in_the_readers_language() -> None:
    german = texts_for("de")

    assert finding("person_seen", german) == "Eine Kamera hat eine Person gesehen."
    assert (
        finding("A sentence of an older Home Assistant.", german) == "A sentence of an older Home Assistant."
    )
    assert ending("aborted", german).startswith("Fehlalarm")
    assert journal_value("ending", "cancelled", "panel", german) == ending("cancelled", german)
    assert journal_value("reasons", ["signal", "person_seen"], "panel", german) == (
        "Eine Zone hat ausgelöst. Eine Kamera hat eine Person gesehen."
    )
