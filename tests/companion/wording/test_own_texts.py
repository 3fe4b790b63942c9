"""Which text a message gets, and how it reads over every channel."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given, strategies as st

from companion.channels.base import Message, MessageKind
from companion.channels.cards import card_of
from companion.channels.gsm import septets
from companion.channels.render import (
    full_text,
    headline,
    signal_text,
    sms_text,
    spoken_text,
    ticket_html,
    written_sms,
)
from companion.wording.own_texts import LIMITS, Broken, OwnText, OwnTexts
from tests.companion.channels.messages import ACK_URL, message


def own(text_id: str = "own", kind: MessageKind = MessageKind.PAGE, **changes: Any) -> OwnText:
    none: dict[str, Any] = dict.fromkeys(["language", "site_id", "channel_id", "title", "text"])
    return OwnText(id=text_id, kind=kind, **none | changes)


def worded(*texts: OwnText, channel: str = "sms", site: str | None = "office", **changes: Any) -> Message:
    return message(**changes, wording=OwnTexts(texts).wording(channel, site))


PAGE = own(title="Hilfe am {{ room }}!", text="{{ person }} braucht Hilfe.\nSofort hin, <b>*alle*</b>.")


def test_own_words_stand_in_place_of_ours_over_every_channel_and_escaped_for_each() -> None:
    page = worded(PAGE)

    assert headline(page) == "Hilfe am Reception!"
    assert full_text(page) == (
        f"Hilfe am Reception!\nMax Müller braucht Hilfe.\nSofort hin, <b>*alle*</b>.\n\nAcknowledge here: {ACK_URL}"
    )
    assert (
        sms_text(page)
        == f"Hilfe am Reception! Max Müller braucht Hilfe. Sofort hin, <b>*alle*</b>. {ACK_URL}"
    )
    assert signal_text(page).splitlines()[:3] == [
        "**Hilfe am Reception!**",
        "Max Müller braucht Hilfe.",
        r"Sofort hin, <b>\*alle\*</b>.",
    ]
    assert "<p>Sofort hin, &lt;b&gt;*alle*&lt;/b&gt;.</p><table></table>" in ticket_html(page, link=True)
    assert "Max Müller braucht Hilfe" in spoken_text(page)
    card = card_of(page)
    assert (card.title, list(card.rows), card.link) == ("Hilfe am Reception!", [], ACK_URL)
    assert list(card.remarks) == ["Max Müller braucht Hilfe.", "Sofort hin, <b>*alle*</b>."]


def test_what_a_reader_must_not_miss_stays_whatever_own_words_say() -> None:
    page = worded(own(title="x", text="y"), test=True, may_have_been_sent=True, more=3)

    for said in (full_text(page), sms_text(page), signal_text(page)):
        assert "TEST" in said
        assert "3 more" in said
        assert "repeat" in said
        assert ACK_URL in said


def test_a_text_without_a_title_keeps_our_headline_and_a_title_alone_keeps_our_facts() -> None:
    assert full_text(worded(own(text="Hin."))).startswith("ALARM: Panic key: Reception\nHin.\n\n")
    assert full_text(worded(own(title="Hin."))).startswith("Hin.\nWhere: Reception, Main office\n")


def test_the_link_is_not_in_a_text_that_is_written_without_it() -> None:
    page = replace(worded(PAGE), ack_url=None)

    assert ACK_URL not in full_text(page) + ticket_html(worded(PAGE), link=False)


def test_the_headline_of_another_kind_is_that_kinds() -> None:
    news = worded(
        PAGE,
        own("news", MessageKind.ACKNOWLEDGED, title="{{ by }} geht"),
        kind=MessageKind.ACKNOWLEDGED,
        by="Anna",
    )

    assert headline(news) == "Anna geht"
    assert headline(replace(news, kind=MessageKind.PAGE)) == "Hilfe am Reception!"


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=600), segments=st.integers(1, 4))
def test_an_sms_of_own_words_fits_and_ends_with_its_whole_link(text: str, segments: int) -> None:
    escaped = text.replace("{", "(")

    said = sms_text(worded(own(text=f"a {escaped}")), segments=segments)

    assert said.endswith(f" {ACK_URL}")
    assert septets(said) <= (160 if segments == 1 else 153 * segments)


def test_an_sms_is_cut_between_words_and_what_was_cut_is_known() -> None:
    words = " ".join(f"word{number}" for number in range(100))

    written = written_sms(worded(own(title="T", text=words)), segments=2, unicode=False, by_reply=False)

    kept = written.text.removesuffix(f"... {ACK_URL}")
    assert f"T. {words}".startswith(f"{kept} word")
    assert f"{kept} {written.left_out}" == f"T. {words}"


def test_a_text_that_becomes_too_long_is_cut_at_a_word() -> None:
    details = {f"detail {number}": "Lorem ipsum dolor sit amet " * 9 for number in range(8)}
    everything = "{% for name, value in details %}{{ value }} {{ value }} {{ value }}\n{% endfor %}"

    lines = worded(own(text=everything), details=details).wording

    assert lines is not None
    said = "\n".join(lines.lines(message(details=details)) or [])
    assert 1400 < len(said) <= LIMITS["text"]
    assert said.endswith(("Lorem…", "ipsum…", "dolor…", "sit…", "amet…", "…"))


# --- which of them --------------------------------------------------------------------------------------

PLACES = list(product([None, "sms"], [None, "office"], [None, "de", "de-AT"]))
"""From the least specific to the most: channel before site before language."""


@given(st.sets(st.sampled_from(PLACES), min_size=1), st.permutations(range(len(PLACES))))
def test_the_most_specific_text_is_said_in_whichever_order_they_stand(
    there: set[tuple[str | None, str | None, str | None]], order: list[int]
) -> None:
    texts = [
        own(
            str(place),
            channel_id=PLACES[place][0],
            site_id=PLACES[place][1],
            language=PLACES[place][2],
            title=str(place),
        )
        for place in order
        if PLACES[place] in there
    ]

    said = headline(worded(*texts, language="de-AT"))

    assert said == str(max(PLACES.index(place) for place in there))


@pytest.mark.parametrize(
    ("general", "special"),
    [
        (own("general", title="general"), own("special", channel_id="sms", text="special")),
        (own("general", text="general"), own("special", channel_id="sms", title="special")),
    ],
)
def test_title_and_text_are_found_each_by_itself(general: OwnText, special: OwnText) -> None:
    said = full_text(worded(general, special))

    assert "general" in said
    assert "special" in said


@pytest.mark.parametrize(
    "elsewhere",
    [{"channel_id": "signal"}, {"site_id": "villa"}, {"language": "fr"}, {"kind": MessageKind.RESOLVED}],
    ids=str,
)
def test_what_is_for_others_is_not_said(elsewhere: dict[str, Any]) -> None:
    page = worded(own(title="elsewhere", text="elsewhere", **elsewhere), language="de")

    assert full_text(page) == full_text(message(language="de"))


def test_a_text_of_one_site_is_not_said_of_what_belongs_to_none() -> None:
    assert headline(worded(own(site_id="office", title="x"), site=None)) == headline(message())


# --- what fails -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["{{ gone }}", "{% if level > 2 %}x{% endif %}", "{{ level|length }}"])
def test_a_broken_text_falls_back_to_ours_and_is_said_once(broken: str) -> None:
    said: list[Broken] = []
    page = message(wording=OwnTexts([own(title="Hin", text=broken)], say=said.append).wording("sms", None))

    texts = [full_text(page), full_text(page), sms_text(page)]

    assert texts[0].startswith("Hin\nWhere: Reception, Main office\n")
    assert all(ACK_URL in one for one in texts)
    assert [(one.text_id, one.part) for one in said] == [("own", "text")]


@pytest.mark.parametrize("empty", ["{{ by }}", "  \n ", "{# nothing #}"])
def test_words_that_say_nothing_are_ours(empty: str) -> None:
    assert full_text(worded(own(title=empty, text=empty))) == full_text(message())


def test_a_message_without_own_texts_has_no_wording() -> None:
    assert OwnTexts().wording("sms", "office") is None
    assert OwnTexts([own(channel_id="signal", text="x")]).wording("sms", "office") is None
