# ruff: noqa: RUF001 - look-alike characters are what some of these tests are about
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given, strategies as st

from companion.channels.base import Message, MessageKind
from companion.channels.gsm import GSM_BASIC, GSM_EXTENSION, gsm, septets
from companion.channels.plainly import plain_html, plain_text, plain_title
from companion.channels.render import full_text, headline, signal_text, sms_text, styled, ticket_html
from tests.companion.channels.messages import ACK_URL, message
from tests.fakes.bug import a_bug

SIGNAL_PAGE_EN = f"""\
**ALARM: Panic key: Reception**
Where: Reception, Main office
Who: Max Müller
When: 2026-11-20 23:14:05 CET

Acknowledge here: {ACK_URL}

Severity: critical
Source: panic key
Phone: T46U"""

SIGNAL_PAGE_DE = f"""\
**ALARM: Paniktaste: Empfang**
Wo: Reception, Main office
Wer: Max Müller
Wann: 20.11.2026 23:14:05 CET

Hier übernehmen: {ACK_URL}

Schwere: kritisch
Quelle: Paniktaste
Phone: T46U"""

PLAIN_PAGE_EN = f"""\
ALARM: Panic key: Reception
Where: Reception, Main office
Who: Max Müller
When: 2026-11-20 23:14:05 CET

Acknowledge here: {ACK_URL}
or reply OK 9021

Severity: critical
Source: panic key
Phone: T46U"""

SIGNAL_ACKNOWLEDGED_EN = """\
**Acknowledged: Panic key: Reception**
By: Anna
Note: On my way
Where: Reception, Main office
Who: Max Müller
When: 2026-11-20 23:14:05 CET"""

SIGNAL_RESOLVED_DE = """\
**Erledigt: Paniktaste: Empfang**
Von: Anna
Wo: Reception, Main office
Wer: Max Müller
Wann: 20.11.2026 23:14:05 CET"""


def test_a_page_says_with_which_words_to_answer_it_where_they_are_heard() -> None:
    assert full_text(message(), by_reply=True) == PLAIN_PAGE_EN
    assert sms_text(message(), by_reply=True).endswith(f" {ACK_URL} or reply OK 9021")
    assert "OK 9021" not in full_text(message()) + sms_text(message())
    assert "OK 9021" not in full_text(message(MessageKind.ACKNOWLEDGED), by_reply=True)


def test_a_page_in_english_says_everything_and_has_the_link() -> None:
    assert signal_text(message()) == SIGNAL_PAGE_EN


def test_a_page_in_german_says_everything_and_has_the_link() -> None:
    assert signal_text(message(language="de-AT", title="Paniktaste: Empfang")) == SIGNAL_PAGE_DE


def test_an_acknowledgement_says_who_and_asks_for_nothing() -> None:
    said = signal_text(message(MessageKind.ACKNOWLEDGED, by="Anna", note="On my way"))

    assert said == SIGNAL_ACKNOWLEDGED_EN


def test_the_end_of_an_alarm_in_german() -> None:
    said = signal_text(message(MessageKind.RESOLVED, language="de", title="Paniktaste: Empfang", by="Anna"))

    assert said == SIGNAL_RESOLVED_DE


def test_a_page_says_how_sure_the_alarm_is_before_where_it_is() -> None:
    page = message(level=3, label="person", camera="Drive")

    assert signal_text(page).splitlines()[1:3] == [
        "How sure: level 3 of 4: property is threatened; person; Drive",
        "Where: Reception, Main office",
    ]
    assert sms_text(page).startswith(
        "ALARM: Panic key: Reception. level 3 of 4: property is threatened; person; Drive. "
    )


def test_that_somebody_is_there_is_told_in_the_readers_language() -> None:
    german = message(MessageKind.VERIFIED, title="Tür", level=2, camera="Einfahrt", language="de")

    assert signal_text(german).startswith(
        "**VERIFIZIERT: Tür**\nWie sicher: Stufe 2 von 4: jemand ist da, oder sehr wahrscheinlich; Einfahrt\n"
    )


def test_a_confirmation_names_the_second_zone_in_the_readers_language() -> None:
    confirmed = message(MessageKind.CONFIRMED, title="Burglary: Front door", note="Hall motion")
    german = message(MessageKind.CONFIRMED, title="Tür", note="Flur", language="de")

    assert signal_text(confirmed).startswith(
        "**CONFIRMED: Burglary: Front door**\nSecond zone: Hall motion\n"
    )
    assert sms_text(german).startswith("BESTÄTIGT: Tür. ")
    assert "Zweite Zone: Flur" in sms_text(german)


@pytest.mark.parametrize(
    ("kind", "english", "german"),
    [
        (MessageKind.PAGE, "ALARM", "ALARM"),
        (MessageKind.ACKNOWLEDGED, "Acknowledged", "Übernommen"),
        (MessageKind.PRESSED_AGAIN, "TRIGGERED AGAIN", "ERNEUT AUSGELÖST"),
        (MessageKind.CONFIRMED, "CONFIRMED", "BESTÄTIGT"),
        (MessageKind.VERIFIED, "VERIFIED", "VERIFIZIERT"),
        (MessageKind.RESOLVED, "Resolved", "Erledigt"),
        (MessageKind.CANCELLED, "False alarm", "Fehlalarm"),
        (MessageKind.NOTE, "Note", "Notiz"),
        (MessageKind.EXHAUSTED, "NOBODY ANSWERED", "NIEMAND HAT GEANTWORTET"),
        (MessageKind.TEST, "Channel test", "Kanaltest"),
    ],
)
def test_each_kind_has_its_word_in_both_languages(kind: MessageKind, english: str, german: str) -> None:
    assert headline(message(kind, title="Door")) == f"{english}: Door"
    assert headline(message(kind, title="Door", language="de")) == f"{german}: Door"


@pytest.mark.parametrize("kind", list(MessageKind))
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_a_test_alarm_is_marked_in_every_text(kind: MessageKind, language: str) -> None:
    one = message(kind, test=True, language=language)

    assert signal_text(one).startswith("**[TEST] ")
    assert sms_text(one).startswith("[TEST] ")
    assert "[TEST] " in ticket_html(one, link=False)


def test_a_trial_of_the_channel_says_that_nothing_happened() -> None:
    assert "Nothing happened" in signal_text(message(MessageKind.TEST))


def test_a_possible_repeat_is_marked_in_every_text() -> None:
    one = message(may_have_been_sent=True)

    assert "may be a repeat" in signal_text(one)
    assert "may be a repeat" in sms_text(one)
    assert "may be a repeat" in ticket_html(one, link=False)


def test_an_unknown_time_zone_shows_the_time_as_utc() -> None:
    assert "2026-11-20 22:14:05 UTC" in signal_text(message(timezone="Mars/Olympus"))


def test_marks_of_the_styling_are_shown_as_they_are() -> None:
    said = signal_text(message(title="a*b `c` ~d~ ||e||", details={"x*": "y~"}))

    assert said.startswith(r"**ALARM: a\*b \`c\` \~d\~ \|\|e\|\|**")
    assert r"x\*: y\~" in said


def test_a_link_is_never_broken_by_an_escape() -> None:
    said = signal_text(message(ack_url="https://alarm.example/a/x~y*z"))

    assert "https://alarm.example/a/x%7Ey%2Az" in said


def test_line_breaks_and_direction_marks_cannot_forge_a_line() -> None:
    said = signal_text(message(title="Door\nWhere: elsewhere\u202egnp.exe", room="A\r\nB"))

    assert said.splitlines()[0] == "**ALARM: Door Where: elsewheregnp.exe**"
    assert "Where: A B, Main office" in said


def test_the_longest_message_stays_below_signals_limit() -> None:
    long = "x" * 5000
    one = message(
        title=long,
        site=long,
        room=long,
        person=long,
        note=long,
        details={f"{i}{long}": long for i in range(50)},
    )

    assert len(signal_text(one)) <= 2300
    assert ACK_URL in signal_text(one)


@given(st.text(alphabet=st.characters(exclude_characters="\\")))
def test_styling_can_be_undone_for_any_text(text: str) -> None:
    read, escaped = [], False
    for character in styled(text):
        if character == "\\" and not escaped:
            escaped = True
            continue
        assert escaped or character not in "*`~|"
        read.append(character)
        escaped = False

    assert "".join(read) == text


def test_an_sms_in_english() -> None:
    assert sms_text(message()) == (
        f"ALARM: Panic key: Reception. Reception, Main office. Max Müller. 2026-11-20 23:14 {ACK_URL}"
    )


def test_an_sms_in_german_keeps_its_umlauts() -> None:
    said = sms_text(message(MessageKind.ACKNOWLEDGED, language="de", title="Tür", by="Jürgen"))

    assert said == "Übernommen: Tür. Von Jürgen. Reception, Main office. Max Müller. 20.11. 23:14"


@pytest.mark.parametrize("segments", [1, 2])
def test_a_long_sms_is_cut_and_keeps_its_link(segments: int) -> None:
    said = sms_text(message(title="Very long title " * 20, site="Somewhere " * 9), segments=segments)

    assert said.endswith(f"... {ACK_URL}")
    assert septets(said) <= (160 if segments == 1 else segments * 153)
    assert said.startswith("ALARM: Very long")


def test_an_endless_link_is_kept_whole_beside_a_piece_of_the_headline() -> None:
    link = "https://alarm.example/a/" + "x" * 500

    said = sms_text(message(ack_url=link))

    assert said.endswith(f" {link}")
    assert said.startswith("ALARM: Panic key")


@given(st.text())
def test_any_text_becomes_one_that_an_sms_can_carry(text: str) -> None:
    assert set(gsm(text)) <= GSM_BASIC | GSM_EXTENSION


@given(title=st.text(max_size=400), room=st.text(max_size=200), segments=st.integers(1, 4))
def test_no_sms_is_longer_than_its_segments(title: str, room: str, segments: int) -> None:
    said = sms_text(message(title=title, room=room), segments=segments)

    assert septets(said) <= (160 if segments == 1 else segments * 153)
    assert ACK_URL in said


def test_unicode_is_kept_where_a_gateway_takes_it() -> None:
    said = sms_text(message(title="Тревога 火 🔥", person="Анна Ålesund 李", ack_url=None), unicode=True)

    assert said == "ALARM: Тревога 火 🔥. Reception, Main office. Анна Ålesund 李. 2026-11-20 23:14"


def test_what_the_plain_alphabet_can_say_is_not_made_dearer_by_a_dash() -> None:
    page = message(title="“Tür” – Straße…", person="Jürgen")

    assert sms_text(page, unicode=True) == sms_text(page)


@given(title=st.text(st.characters(exclude_categories=["Cs"]), max_size=400), segments=st.integers(1, 4))
def test_no_sms_in_unicode_is_longer_than_its_segments(title: str, segments: int) -> None:
    said = sms_text(
        message(title=f"火{title}", ack_url="https://a.example/a/1"), segments=segments, unicode=True
    )

    assert len(said.encode("utf-16-le")) // 2 <= (70 if segments == 1 else segments * 67)
    assert said.endswith(" https://a.example/a/1")


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Grüße, Straße, España, Ærø", "Grüße, Straße, España, Ærø"),
        ("Škoda, Łódź, café, Đà Nẵng", "Skoda, Lodz, café, Dà Nang"),
        ("“quoted” – it’s…", '"quoted" - it\'s...'),
        ("cost: 5 € [a] ~", "cost: 5 € [a] ~"),
        ("火 🔥", "? ?"),
        ("u\u0308", "ü"),
    ],
    ids=["at-home", "accents", "typography", "extension", "no-letter", "composed"],
)
def test_characters_get_their_nearest_in_an_sms(text: str, sent: str) -> None:
    assert gsm(text) == sent


ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates, controls and NUL too
ANY_ZONE = st.one_of(
    ANY_TEXT, st.sampled_from(["Europe/Berlin", "America/New_York", "Mars/Olympus", "", "../etc", "x" * 5000])
)


@given(
    kind=st.sampled_from(MessageKind),
    texts=st.fixed_dictionaries(
        dict.fromkeys(("title", "source", "severity", "language", "recipient"), ANY_TEXT)
    ),
    known=st.fixed_dictionaries(
        {
            name: st.none() | ANY_TEXT
            for name in ("site", "room", "person", "by", "note", "label", "camera", "trouble", "thread_ref")
        }
    ),
    zone=ANY_ZONE,
    raised_at=st.datetimes(timezones=st.just(UTC)),
    level=st.none() | st.integers(-3, 99),
    details=st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=4),
    repeat=st.booleans(),
)
def test_no_alarm_whatever_is_stored_of_it_makes_a_page_fail(
    kind: MessageKind,
    texts: dict[str, str],
    known: dict[str, str | None],
    zone: str,
    raised_at: datetime,
    level: int | None,
    details: dict[str, str],
    repeat: bool,  # noqa: FBT001 - drawn
) -> None:
    odd = message(
        kind,
        **texts,
        **known,
        timezone=zone,
        raised_at=raised_at,
        level=level,
        details=details,
        may_have_been_sent=repeat,
    )

    for said in (
        headline(odd),
        full_text(odd, by_reply=True),
        signal_text(odd),
        sms_text(odd, by_reply=True),
        ticket_html(odd, link=True),
    ):
        assert said.encode()


def test_a_host_without_zone_files_tells_the_time_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_files(_name: str) -> ZoneInfo:
        raise ZoneInfoNotFoundError("no zone files here")

    monkeypatch.setattr("companion.timezones.ZoneInfo", no_files)

    assert "2026-11-20 22:14:05 UTC" in signal_text(message())


@pytest.mark.parametrize(
    ("write", "part"),
    [
        (headline, "texts_for"),
        (signal_text, "facts"),
        (sms_text, "place"),
        (partial(ticket_html, link=True), "facts"),
    ],
    ids=["headline", "signal", "sms", "ticket"],
)
def test_a_text_that_cannot_be_written_goes_out_plainly_and_is_an_error(
    write: Callable[[Message], str],
    part: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(f"companion.channels.render.{part}", a_bug)
    monkeypatch.setattr("companion.channels.render.one_line", a_bug)

    said = write(message(title="Tür <b>"))

    for wanted in ("Tür", "Reception", "Main office"):
        assert wanted in said
    assert {record.levelname for record in caplog.records if "plain text" in record.message} == {"ERROR"}


@pytest.mark.parametrize("write", [signal_text, sms_text])
def test_the_plain_text_keeps_the_link(
    write: Callable[[Message], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companion.channels.render.texts_for", None)

    assert write(message()) == f"PAGE: Panic key: Reception, Reception, Main office {ACK_URL}"


@given(
    parts=st.fixed_dictionaries(
        {name: st.one_of(st.none(), st.integers(), ANY_TEXT) for name in ("title", "room", "site", "ack_url")}
    )
)
def test_the_plain_text_can_be_written_whatever_is_stored(parts: dict[str, Any]) -> None:
    odd = message(**parts)

    for said in (plain_title(odd), plain_text(odd), plain_html(odd)):
        assert said.encode()
        assert said.isprintable()


@pytest.mark.parametrize(
    ("more", "language", "sentence"),
    [
        (1, "en", "and 1 more alarm of the same source"),
        (41, "en", "and 41 more alarms of the same source"),
        (1, "de", "und 1 weiterer Alarm derselben Quelle"),
        (41, "de", "und 41 weitere Alarme derselben Quelle"),
    ],
)
def test_a_message_that_stands_for_a_flood_says_how_many_more_there_are(
    more: int, language: str, sentence: str
) -> None:
    page = message(more=more, language=language)

    assert f": Reception, {sentence}. " in sms_text(page)
    assert sentence in signal_text(page)
    assert sentence in ticket_html(page, link=True)
    assert sentence not in sms_text(message(language=language))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "ALARME : Touche panique : Accueil. Accueil, Siège. Léa. 20/11 23:14"),
        ("nl", "ALARM: Paniekknop: Accueil. Accueil, Siège. Léa. 20-11 23:14"),
    ],
)
def test_an_sms_in_other_languages_reads_as_people_there_write(language: str, text: str) -> None:
    said = sms_text(
        message(
            title="Panic key: Accueil",
            source="yealink",
            room="Accueil",
            site="Siège",
            person="Léa",
            language=language,
        )
    )

    assert said.startswith(text)
    assert said.endswith(ACK_URL)


def test_a_message_in_french_says_what_to_do() -> None:
    text = signal_text(message(title="Burglary: Porte", source="panel", language="fr-CH"))

    assert text.startswith("**ALARME : Intrusion : Porte**")
    assert "Prendre en charge ici : http" in text
    assert "Gravité : critique" in text
