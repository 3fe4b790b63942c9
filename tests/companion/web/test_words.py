"""What the pages call things: one name for one thing, and the words that fit a number."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from companion.alarms.model import Actor, Source
from companion.channels.base import Sent, TryAgain
from companion.store import tables
from companion.store.scope import ALL_SITES
from companion.texts.filling import filled
from companion.texts.language import LANGUAGES, texts_for
from companion.texts.reasons import Reason
from companion.troubles import reporting
from companion.troubles.channel_health import Try
from companion.troubles.channel_watch import note
from companion.troubles.model import TroubleKind
from tests.companion.web.harness import Api, Reply
from tests.companion.web.people_pages import attempted, log_in, look, press, tags_of, text_of, token_for
from tests.companion.web.test_dashboard import held_alarm
from tests.fakes.clock import FrozenClock

ANNA = Actor(name="Anna", via="api")
BUSY = TryAgain(reason=Reason("http_status", status=500))


async def page(api: Api, path: str, language: str = "en", **headers: str) -> Reply:
    return await api.call("GET", path, None, headers={"Accept-Language": language, **headers})


# --- numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "facts", "read"),
    [
        ("{n:# test|# tests}", {"n": 1}, "1 test"),
        ("{n:# test|# tests}", {"n": 0}, "0 tests"),
        ("{n:# test|# tests}", {"n": "12"}, "12 tests"),
        ("{n:once|# times}: {why}", {"n": 1, "why": "a|b"}, "once: a|b"),
        ("{n:# test|# tests}", {}, "? tests"),
    ],
)
def test_a_text_has_the_words_that_fit_its_number(text: str, facts: dict[str, Any], read: str) -> None:
    assert filled(text, facts) == read


@pytest.mark.parametrize(
    ("language", "one", "two"),
    [
        ("en", "1 waiting for an answer, and 1 test", "1 waiting for an answer, and 2 tests"),
        ("de", "1 ohne Antwort, und 1 Test", "1 ohne Antwort, und 2 Tests"),
        ("fr", "1 sans réponse, et 1 test", "1 sans réponse, et 2 tests"),
        ("nl", "1 onbeantwoord, en 1 test", "1 onbeantwoord, en 2 tests"),
    ],
)
async def test_one_test_alarm_is_counted_as_one(api: Api, language: str, one: str, two: str) -> None:
    await api.raised()
    await api.raised(test=True)
    await log_in(api)
    first = text_of(await page(api, "/admin", language))
    await api.raised(test=True)
    second = text_of(await page(api, "/admin", language))

    assert re.search(rf"{one}(?!\w)", first)
    assert two in second


# --- one name for one thing -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_status_has_one_name_on_every_page_and_in_the_filter(api: Api, language: str) -> None:
    ids = [await api.raised(title=f"Glass {number}") for number in range(3)]
    run = api.context.commands.run
    await run(ALL_SITES, lambda unit: unit.acknowledge(ids[1], ANNA))
    await run(ALL_SITES, lambda unit: unit.cancel(ids[2], ANNA))
    await log_in(api)
    status = texts_for(language).answers.status

    listed = (await page(api, "/admin/alarms", language)).text
    for alarm_id, state in zip(ids, ("triggered", "acknowledged", "cancelled"), strict=True):
        name = status[state]
        assert f'<span class="pill {state}">{name}</span>' in listed
        assert f">{name}</option>" in listed
        assert f">{name}</span></h1>" in (await page(api, f"/admin/alarms/{alarm_id}", language)).text
        if state != "cancelled":
            assert (
                f"</span>{name}</p>"
                in (await look(api, token_for(alarm_id, "zammad:"), **{"Accept-Language": language})).text
            )


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_alarm_that_was_called_false_is_called_so_everywhere(language: str) -> None:
    texts = texts_for(language)
    word = texts.desk.false_alarm.casefold()

    said = [
        texts.answers.status["cancelled"],
        texts.messages.kinds["cancelled"],
        texts.labels["cancelled"],
        texts.labels["cancel"],
    ]

    assert [one.casefold() for one in said] == [word] * 4
    assert word in texts.answers.closed["cancelled"].casefold()
    assert all(word in texts.endings[code].casefold() for code in ("aborted", "cancelled"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_source_is_called_by_a_word_and_as_nothing_else_is(language: str) -> None:
    labels = texts_for(language).labels
    names = {labels[source] for source in Source}

    assert len(names) == len(Source)
    assert names.isdisjoint({Source.YEALINK.value, Source.API.value, labels["policy"]})


async def test_a_message_that_an_answer_made_needless_is_not_called_a_false_alarm(api: Api) -> None:
    alarm_id = await api.raised()
    await api.context.commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm_id, ANNA))
    await log_in(api)

    text = text_of(await page(api, f"/admin/alarms/{alarm_id}"))

    assert "not needed any more" in text
    assert "false alarm" not in text


# --- times ----------------------------------------------------------------------------------------------


async def test_times_of_the_service_are_on_the_clock_of_the_house(api: Api) -> None:
    await api.context.db.write(
        lambda conn: conn.execute(sa.update(tables.site).values(timezone="Europe/Berlin"))
    )
    await api.context.db.write(
        lambda conn: note(api.context.commands.unit(ALL_SITES, conn), [("sms", Try.SEND, BUSY)] * 3)
    )
    await log_in(api)

    pages = [text_of(await page(api, path)) for path in ("/admin", "/admin/channels")]

    assert all("2026-11-20 13:00:00 CET" in text and "UTC" not in text for text in pages)


async def test_in_a_house_of_several_zones_times_of_the_service_are_in_utc(api: Api) -> None:
    await log_in(api)

    assert "2026-11-20 12:00:00 UTC" in text_of(await page(api, "/admin/channels"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_and_pages_write_a_day_alike(language: str) -> None:
    formats = texts_for(language).formats
    long, short = (re.findall(r"%[dm]|[-./]", form.split()[0]) for form in (formats.time, formats.short_time))

    assert [part for part in long if part.startswith("%")] == [part for part in short if part.startswith("%")]
    assert set(short) <= set(long)


async def test_no_number_is_parted_from_its_unit_and_no_date_is_broken(api: Api, clock: FrozenClock) -> None:
    await api.raised()
    clock.advance(90)
    await log_in(api)

    html = (await page(api, "/admin")).text

    assert "90\N{NO-BREAK SPACE}s\N{NO-BREAK SPACE}ago" in html
    assert "<span>2026-11-20</span> <span>13:00:00\N{NO-BREAK SPACE}CET</span>" in html


async def test_the_abort_window_is_shown_while_it_runs(api: Api, clock: FrozenClock) -> None:
    alarm_id = await held_alarm(api)
    await log_in(api)
    running = await page(api, f"/admin/alarms/{alarm_id}")
    clock.advance(31)
    over = await page(api, f"/admin/alarms/{alarm_id}")

    assert "abort window" in running.text
    assert "</time><small>" in running.text
    assert "abort window" not in over.text


# --- channels, devices, deliveries ----------------------------------------------------------------------


async def test_what_is_to_be_seen_to_is_called_by_name_with_what_to_do(api: Api) -> None:
    def trouble(conn: sa.Connection) -> None:
        conn.execute(sa.update(tables.channel).where(tables.channel.c.id == "sms").values(name="Gateway"))
        unit = api.context.commands.unit(ALL_SITES, conn)
        note(unit, [("sms", Try.SEND, BUSY)] * 16)
        reporting.report(
            unit, TroubleKind.STEP_REACHED_NOBODY, "x", subject="Glass 7", facts={"source": "api"}
        )

    await api.context.db.write(trouble)
    await log_in(api)

    text = text_of(await page(api, "/admin", "de"))
    channels = text_of(await page(api, "/admin/channels", "de"))

    assert "gestört Kanal Gateway Seit" in text
    assert "Ein Schritt eines Alarms hat niemanden erreicht: Glass 7 Seit" in text
    assert "Jetzt nach dem Alarm sehen" in text
    assert "16-mal in Folge abgelehnt: HTTP 500. noch keine Nachricht" in channels


async def test_a_channel_took_its_message_when_its_last_attempt_says_so(api: Api, clock: FrozenClock) -> None:
    alarm_id = await api.raised()
    taken = clock() + timedelta(seconds=30)

    def sent(conn: sa.Connection) -> None:
        note(
            api.context.commands.unit(ALL_SITES, conn),
            [("zammad", Try.SEND, Sent(provider_ref=None, status_code=200))],
        )
        attempted(conn, alarm_id, taken, outcome="sent")

    await api.context.db.write(sent)
    await log_in(api)

    text = text_of(await page(api, "/admin/channels"))

    assert "It took a message at 2026-11-20 12:00:30 UTC. sent 2026-11-20 12:00:30 UTC" in text


async def test_a_message_that_failed_says_that_it_is_tried_again(api: Api) -> None:
    alarm_id = await api.raised()
    await api.context.db.write(
        lambda conn: conn.execute(sa.update(tables.delivery).values(state="failed", attempts=1))
    )
    await log_in(api)

    assert "failed will be tried again" in text_of(await page(api, f"/admin/alarms/{alarm_id}"))


async def test_a_key_without_a_person_is_ready_with_a_remark_unless_it_leads_to_nobody(api: Api) -> None:
    await api.context.db.write(
        lambda conn: conn.execute(
            sa.update(tables.device).where(tables.device.c.id == "desk-phone").values(person_id=None)
        )
    )
    await log_in(api)
    ready = text_of(await page(api, "/admin/devices"))
    await api.context.db.write(
        lambda conn: [
            conn.execute(sa.update(tables.site).values(policy_id=None)),
            conn.execute(sa.update(tables.device).values(policy_id=None)),
            conn.execute(sa.update(tables.installation).values(last_resort_id=None)),
        ]
    )
    silent = text_of(await page(api, "/admin/devices"))

    assert "ready without person" in ready
    assert "cannot be reached without person" in silent


# --- the responder's page -------------------------------------------------------------------------------


async def test_whoever_answered_is_not_asked_whether_they_come_too(api: Api) -> None:
    alarm_id = await api.raised()
    await press(api, token_for(alarm_id), name="Anna")

    own = await look(api, token_for(alarm_id))
    other = await look(api, token_for(alarm_id, "zammad:"))

    assert "Are you going too?" not in text_of(own)
    assert "I am also on my way." not in own.text
    assert "Are you going too?" in text_of(other)


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "Add the note"),
        ("de", "Notiz hinzufügen"),
        ("fr", "Ajouter la note"),
        ("nl", "Notitie toevoegen"),
    ],
)
async def test_the_button_beside_a_note_says_that_it_adds_it_and_wants_one(
    api: Api, language: str, says: str
) -> None:
    alarm_id = await api.raised()
    token = token_for(alarm_id, "zammad:")
    await press(api, token, name="Anna")

    reply = await look(api, token, **{"Accept-Language": language})

    assert f'type="submit">{says}</button>' in reply.text
    assert [tag for tag, attrs in tags_of(reply) if tag == "textarea" and "required" in attrs]


async def test_a_note_keeps_its_lines_in_the_timeline(api: Api) -> None:
    alarm_id = await api.raised()
    await api.context.commands.run(ALL_SITES, lambda unit: unit.note(alarm_id, ANNA, "First\nSecond"))
    await log_in(api)

    assert (
        '<small class="note">note: First\nSecond</small>'
        in (await page(api, f"/admin/alarms/{alarm_id}")).text
    )


# --- where there is nothing -----------------------------------------------------------------------------


async def test_an_address_of_the_dashboard_that_there_is_not_has_a_page_for_people_only(api: Api) -> None:
    browser = await page(api, "/admin/nope", "de", Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    program = await page(api, "/admin/nope")
    elsewhere = await page(api, "/v1/nope", Accept="text/html")

    assert (browser.status, program.status, elsewhere.status) == (404, 404, 404)
    assert "Diese Seite gibt es nicht" in text_of(browser)
    assert [attrs["href"] for tag, attrs in tags_of(browser) if tag == "a"] == ["../admin"]
    assert (program.problem, elsewhere.problem) == ("no-such-page", "no-such-page")


async def test_a_page_that_a_key_may_not_see_leads_to_the_login(api: Api) -> None:
    await log_in(api, "operate")

    reply = await page(api, "/admin/people")

    assert reply.status == 403
    assert [attrs["href"] for tag, attrs in tags_of(reply) if tag == "a"] == ["../admin/login", "../admin"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_login_has_the_whole_command_that_makes_a_key(api: Api, language: str) -> None:
    text = text_of(await page(api, "/admin/login", language))

    assert "alarm-broker key create --role operate --name" in text


@pytest.mark.parametrize(
    "path", ["/admin", "/admin/alarms", "/admin/devices", "/admin/people", "/admin/channels"]
)
async def test_every_table_has_a_name_and_every_heading_of_a_column_says_so(api: Api, path: str) -> None:
    await api.raised()
    await log_in(api)

    tags = tags_of(await page(api, path))

    assert all(attrs.get("aria-label") for tag, attrs in tags if tag == "table")
    assert all(attrs.get("scope") == "col" for tag, attrs in tags if tag == "th")
    assert [tag for tag, _ in tags if tag == "table"]
