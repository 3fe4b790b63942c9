"""The responder's page: what it shows, what a press does, and that looking does nothing."""

import asyncio

import pytest
import sqlalchemy as sa

from companion.alarms.model import Actor, Status
from companion.dispatch.folding import FREE
from companion.store import tables
from companion.store.scope import ALL_SITES
from tests.builders import PHONE, person, policy, step, trigger
from tests.companion.web.harness import Api
from tests.companion.web.people_pages import (
    JPEG,
    alarm_of,
    journal,
    look,
    press,
    saw,
    tags_of,
    text_of,
    token_for,
)
from tests.fakes.clock import FrozenClock

DESK = Actor(name="Desk", via="dashboard")


async def close(api: Api, alarm_id: str) -> None:
    await api.context.commands.run(ALL_SITES, lambda unit: unit.cancel(alarm_id, DESK))


async def paged(api: Api, **body: object) -> tuple[str, str]:
    """Raise an alarm, and return its id and the token of the porter's link."""
    alarm_id = await api.raised(**{"room": "reception", "person": "porter", **body})
    return alarm_id, token_for(alarm_id)


async def guard_paged(api: Api, alarm_id: str) -> str:
    """Page the guard too, and return the token of that link."""

    def later(conn: sa.Connection) -> None:
        conn.execute(sa.update(tables.alarm).values(next_due_at=api.context.clock()))

    await api.context.db.write(later)
    alarm = await alarm_of(api, alarm_id)
    await api.context.commands.run(ALL_SITES, lambda unit: unit.run_step(alarm))
    return token_for(alarm_id, "guard")


# --- looking --------------------------------------------------------------------------------------------


async def test_the_page_says_what_where_who_and_when_on_the_sites_own_clock(
    api: Api, clock: FrozenClock
) -> None:
    _, token = await paged(api, title="Panic key", details={"floor": "2"})
    clock.advance(200)

    reply = await look(api, token)

    text = text_of(reply)
    assert reply.status == 200
    assert "Panic key" in text
    assert "Reception, Office" in text
    assert "Who Porter" in text
    assert "3 min ago" in text
    assert "2026-11-20 13:00:00 CET" in text
    assert 'title="2026-11-20 12:00:00 UTC"' in reply.text
    assert "floor 2" in text
    assert ("input", "Porter") in [(tag, attrs.get("value")) for tag, attrs in tags_of(reply)]


async def test_a_test_alarm_is_marked_as_one(api: Api) -> None:
    _, real = await paged(api)
    _, test = await paged(api, test=True, title="Exercise")

    pages = [text_of(await look(api, token)) for token in (real, test)]

    assert ["Test alarm" in page for page in pages] == [False, True]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Confirmed by a second zone 13:00:00 CET Hall motion"),
        ("de", "Von einer zweiten Zone bestätigt 13:00:00 CET Hall motion"),
    ],
)
async def test_the_page_of_a_confirmed_alarm_names_the_second_zone(
    api: Api, language: str, sentence: str
) -> None:
    alarm_id, token = await paged(api, title="Burglary: Front door")
    if language == "de":
        token = await guard_paged(api, alarm_id)
    panel = Actor(name=None, via="panel")
    await api.context.commands.run(ALL_SITES, lambda unit: unit.confirm(alarm_id, panel, zone="Hall motion"))

    assert sentence in text_of(await look(api, token))


# --- what a camera saw ----------------------------------------------------------------------------------


async def test_the_page_shows_the_picture_how_sure_it_is_and_where_the_recording_is(
    api: Api, clock: FrozenClock
) -> None:
    alarm_id, token = await paged(api)
    await saw(api, alarm_id)

    reply = await look(api, token)

    text, tags = text_of(reply), tags_of(reply)
    [image] = [attrs for tag, attrs in tags if tag == "img"]
    [link] = [attrs for tag, attrs in tags if tag == "a" and attrs["href"].startswith("https://home")]
    assert image == {"src": f"{token}/picture", "alt": "Picture of Drive"}
    assert link == {"href": "https://home.example/clip.mp4?a=1&b=2", "rel": "noopener noreferrer"}
    assert "How sure level 2 of 4: somebody is there, or very likely" in text
    assert "Seen person (87 %)" in text
    assert "Drive, 2026-11-20 13:00:00 CET" in text
    assert "Camera Drive" not in text
    assert "A person was seen." in text


async def test_the_picture_is_said_to_be_of_the_camera_that_took_it(api: Api) -> None:
    alarm_id, token = await paged(api)
    await saw(api, alarm_id)
    await saw(api, alarm_id, None, level=0, camera="Hall", label=None, score=None, taken_at=None, link=None)

    reply = await look(api, token)

    assert [attrs["alt"] for tag, attrs in tags_of(reply) if tag == "img"] == ["Picture of Drive"]
    assert "Camera Hall" in text_of(reply)
    assert "level 0 of 4: nothing to respond to" in text_of(reply)


async def test_evidence_without_a_picture_asks_for_none(api: Api) -> None:
    alarm_id, token = await paged(api)
    token = await guard_paged(api, alarm_id)
    await saw(api, alarm_id, None, link=None)

    reply = await look(api, token)

    assert not [tag for tag, _ in tags_of(reply) if tag in {"img", "a"}]
    assert "Wie sicher Stufe 2 von 4" in text_of(reply)


async def test_what_a_camera_is_called_is_shown_as_text_only(api: Api) -> None:
    evil = '"><script>alert(1)</script>'
    alarm_id, token = await paged(api)
    await saw(api, alarm_id, camera=evil, label=evil, reasons=(evil,))

    reply = await look(api, token)

    assert "<script" not in reply.text
    assert evil in text_of(reply)


async def test_the_picture_is_served_as_what_it_is_and_is_not_kept_by_anybody(api: Api) -> None:
    alarm_id, token = await paged(api)
    await saw(api, alarm_id)
    before, lines = await alarm_of(api, alarm_id), await journal(api, alarm_id)

    reply = await look(api, f"{token}/picture")

    assert (reply.status, reply.headers["Content-Type"], reply.body) == (200, "image/jpeg", JPEG.data)
    for header, value in {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": (await look(api, token)).headers["Content-Security-Policy"],
    }.items():
        assert reply.headers[header] == value
    assert (await alarm_of(api, alarm_id), await journal(api, alarm_id)) == (before, lines)


async def test_a_picture_needs_a_link_that_is_known_and_an_alarm_that_has_one(
    api: Api, clock: FrozenClock
) -> None:
    (with_one, token), (_, without) = await paged(api), await paged(api)
    await saw(api, with_one)

    unknown = await look(api, "no-such-token/picture")
    none = await look(api, f"{without}/picture")
    await close(api, with_one)
    clock.advance(7 * 86_400)
    expired = await look(api, f"{token}/picture")

    assert (unknown.status, none.status, expired.status) == (404, 404, 410)
    assert {reply.headers["Content-Type"] for reply in (unknown, none, expired)} == {
        "text/html; charset=utf-8"
    }


async def test_a_storm_of_link_previews_changes_nothing_and_keeps_nobody_from_answering(api: Api) -> None:
    alarm_id, token = await paged(api)
    before, lines = await alarm_of(api, alarm_id), await journal(api, alarm_id)

    methods = ["GET", "HEAD"] * 250
    replies = await asyncio.gather(*(look(api, token, method) for method in methods))

    assert {reply.status for reply in replies} == {200}
    assert (await alarm_of(api, alarm_id), await journal(api, alarm_id)) == (before, lines)
    assert (await press(api, token, name="Anna")).status == 303
    assert (await alarm_of(api, alarm_id)).status is Status.ACKNOWLEDGED


async def test_head_answers_as_get_does_without_a_body(api: Api) -> None:
    _, token = await paged(api)

    reply = await look(api, token, "HEAD")

    assert (reply.status, reply.text) == (200, "")
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_every_answer_forbids_storing_scripts_frames_and_referrers(api: Api, method: str) -> None:
    _, token = await paged(api)

    replies = [await look(api, token, method), await look(api, "unknown", method)]

    for header, value in {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'",
    }.items():
        assert [reply.headers[header] for reply in replies] == [value, value]


async def test_the_page_needs_no_script_and_no_inline_style(api: Api) -> None:
    _, token = await paged(api)

    tags = tags_of(await look(api, token))

    assert not {"script", "style", "img", "iframe"} & {tag for tag, _ in tags}
    assert not [
        attrs for _, attrs in tags if "style" in attrs or any(name.startswith("on") for name in attrs)
    ]


async def test_its_stylesheet_is_served_from_this_service(api: Api) -> None:
    _, token = await paged(api)
    links = [
        attrs["href"] for tag, attrs in tags_of(await look(api, token)) if attrs.get("rel") == "stylesheet"
    ]

    sheet = await api.call("GET", links[0].replace("../", "/"), None)

    assert (sheet.status, sheet.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert (await api.call("GET", "/static/other.css", None)).status == 404


async def test_what_was_typed_by_anybody_is_shown_as_text_only(api: Api) -> None:
    evil = "<script>alert(1)</script>"
    _, token = await paged(api, title=evil, details={"<b>": evil})
    await press(api, token, name=evil, note="<img src=x onerror=alert(1)>")

    reply = await look(api, token)

    assert "<script" not in reply.text
    assert "<img" not in reply.text
    assert "<b>" not in reply.text
    assert evil in text_of(reply)


@pytest.mark.parametrize(
    ("recipient", "accept", "word"),
    [
        ("porter", "de-DE,de;q=0.9", "Acknowledge"),
        ("guard", "en-GB", "Übernehmen"),
        ("zammad:", "de-AT,de;q=0.9,en;q=0.8", "Übernehmen"),
        ("zammad:", "pl,en;q=0.5", "Acknowledge"),
        ("zammad:", "", "Acknowledge"),
    ],
    ids=["english person", "german person", "german browser", "other browser", "no wish"],
)
async def test_the_page_speaks_the_persons_language_and_that_of_the_browser_where_no_person_was_paged(
    api: Api, recipient: str, accept: str, word: str
) -> None:
    alarm_id, _ = await paged(api)
    await guard_paged(api, alarm_id)

    reply = await look(api, token_for(alarm_id, recipient), **{"Accept-Language": accept})

    assert word in [line.strip() for line in reply.text.replace("</button>", ">").split(">")]


async def test_the_page_of_a_message_to_people_who_share_a_number_speaks_the_language_of_the_phone(
    api: Api,
) -> None:
    await api.context.db.write(
        lambda conn: conn.execute(
            sa.update(tables.contact_point).where(tables.contact_point.c.id == "c3").values(address="+491")
        )
    )
    rules = policy(step(person("porter", via="sms"), person("guard")))
    raised = await api.context.commands.run(
        ALL_SITES, lambda unit: unit.raise_alarm(trigger(policy=rules), PHONE)
    )

    reply = await look(
        api, token_for(raised.alarm.id, "porter+guard"), **{"Accept-Language": "de-DE,de;q=0.9"}
    )

    assert "Übernehmen" in reply.text
    assert "Porter / Guard" in reply.text


# --- a source that floods ---------------------------------------------------------------------------------


async def flood_of(api: Api) -> list[str]:
    """Raise more alarms of one source than are told one by one, and return their ids."""
    return [
        await api.raised(kind="burglary", title=f"Window {number}", person="porter")
        for number in range(FREE + 3)
    ]


async def test_one_answer_is_for_all_that_the_page_of_a_flood_has_shown(api: Api) -> None:
    *others, newest = await flood_of(api)
    reply = await look(api, token_for(newest))
    [box] = [attrs for tag, attrs in tags_of(reply) if attrs.get("name") == "together"]
    later = await api.raised(kind="burglary", title="Window 99", person="porter")

    await press(api, token_for(newest), name="Anna", together=box["value"])

    assert f"Also for {FREE + 2} more" in text_of(reply)
    statuses = {(await alarm_of(api, one)).status for one in (*others, newest)}
    assert statuses == {Status.ACKNOWLEDGED}
    assert (await alarm_of(api, others[0])).acknowledged_by == "Anna"
    assert (await alarm_of(api, later)).status is Status.TRIGGERED


async def test_without_the_tick_the_answer_is_for_one_alarm_and_the_others_stay_in_reach(api: Api) -> None:
    *others, newest = await flood_of(api)

    await press(api, token_for(newest), name="Anna")

    assert {(await alarm_of(api, one)).status for one in others} == {Status.TRIGGERED}
    assert f"{FREE + 2} more alarms from the same source wait" in text_of(await look(api, token_for(newest)))


async def test_the_page_of_a_single_alarm_offers_nothing_more(api: Api) -> None:
    await api.raised(kind="burglary", title="Window 1", person="porter")
    alarm_id = await api.raised(kind="burglary", title="Window 2", person="porter")

    assert "together" not in (await look(api, token_for(alarm_id))).text


# --- answering ------------------------------------------------------------------------------------------


async def test_pressing_the_button_acknowledges_and_shows_who_answered_and_when(
    api: Api, clock: FrozenClock
) -> None:
    alarm_id, token = await paged(api)
    clock.advance(30)

    reply = await press(api, token, name="Anna", note="On my way,\nback door")
    page = text_of(await look(api, token))

    assert (reply.status, reply.headers["Location"]) == (303, token)
    assert "Anna has answered" in page
    assert "13:00:30" in page
    assert "On my way, back door" in page
    assert "What now" in page
    alarm = await alarm_of(api, alarm_id)
    assert (alarm.status, alarm.acknowledged_by, alarm.next_due_at) == (Status.ACKNOWLEDGED, "Anna", None)


async def test_the_journal_tells_who_answered_and_whose_link_was_used(api: Api) -> None:
    alarm_id, token = await paged(api)

    await press(api, token, name="Anna", note="Coming")

    entry = (await journal(api, alarm_id))[-1]
    assert (entry.event, entry.actor, entry.via) == ("acknowledged", "Anna", "ack_page")
    assert entry.detail == {"note": "Coming", "link_of": "Porter"}


@pytest.mark.parametrize("name", ["", "  \t "], ids=["nothing", "spaces"])
async def test_who_gives_no_name_answers_as_the_links_recipient(api: Api, name: str) -> None:
    alarm_id, token = await paged(api)

    await press(api, token, name=name)

    assert (await alarm_of(api, alarm_id)).acknowledged_by == "Porter"


async def test_a_second_responder_may_say_that_they_are_coming_too_and_changes_nothing_else(api: Api) -> None:
    alarm_id, token = await paged(api)
    guard = await guard_paged(api, alarm_id)
    await press(api, token, name="Anna")
    before = await alarm_of(api, alarm_id)

    seen = text_of(await look(api, guard))
    await press(api, guard, name="Ben", note="Bin auch unterwegs")

    after, entry = await alarm_of(api, alarm_id), (await journal(api, alarm_id))[-1]
    assert "Anna kümmert sich" in seen
    assert (after.status, after.acknowledged_by, after.acknowledged_at) == (
        before.status,
        "Anna",
        before.acknowledged_at,
    )
    assert (entry.event, entry.actor) == ("noted", "Ben")
    assert entry.detail == {"note": "Bin auch unterwegs", "link_of": "Guard"}
    assert "Bin auch unterwegs" in text_of(await look(api, token))


async def test_of_many_presses_at_once_one_acknowledges_and_all_are_in_the_journal(api: Api) -> None:
    alarm_id, token = await paged(api)

    replies = await asyncio.gather(*(press(api, token, name=f"Nr {number}") for number in range(10)))

    events = [entry.event.value for entry in await journal(api, alarm_id)]
    assert {reply.status for reply in replies} == {303}
    assert events[-10:] == ["acknowledged", *["answered_again"] * 9]


async def test_a_closed_alarm_says_who_closed_it_and_offers_no_button(api: Api) -> None:
    alarm_id, token = await paged(api)
    await close(api, alarm_id)

    reply = await look(api, token)

    assert reply.status == 200
    assert "This was a false alarm Closed by Desk" in text_of(reply)
    assert "button" not in [tag for tag, _ in tags_of(reply)]


async def test_answering_a_closed_alarm_changes_nothing_but_keeps_the_note(api: Api) -> None:
    alarm_id, token = await paged(api)
    await close(api, alarm_id)
    lines = len(await journal(api, alarm_id))

    silent = await press(api, token, name="Anna")
    unchanged = len(await journal(api, alarm_id))
    await press(api, token, name="Anna", note="I was there")

    entry = (await journal(api, alarm_id))[-1]
    assert (silent.status, unchanged) == (303, lines)
    assert (await alarm_of(api, alarm_id)).status is Status.CANCELLED
    assert (entry.event, entry.detail["note"]) == ("noted", "I was there")


@pytest.mark.parametrize(
    ("recipient", "says", "button"),
    [("porter", "It was triggered again", "I am on it"), ("guard", "Erneut ausgelöst", "Ich kümmere mich")],
)
async def test_after_another_press_the_page_asks_whoever_answered_to_react(
    api: Api, recipient: str, says: str, button: str
) -> None:
    token = "desk-phone-token-0123456789"
    alarm_id = str((await api.press(token)).json["alarm_id"])
    await guard_paged(api, alarm_id)
    link = token_for(alarm_id, recipient)
    await press(api, link, name="Anna")
    await api.press(token)

    asked = text_of(await look(api, link))
    await press(api, link, name="Anna")
    reacted = text_of(await look(api, link))

    assert (says in asked, button in asked) == (True, True)
    assert (button in reacted, "Anna" in reacted) == (False, True)
    entry = (await journal(api, alarm_id))[-1]
    assert (entry.event, entry.actor) == ("answered_again", "Anna")
    assert (await alarm_of(api, alarm_id)).next_due_at is None


@pytest.mark.parametrize(("recipient", "button"), [("porter", "It is over"), ("guard", "Es ist vorbei")])
async def test_whoever_answered_says_on_the_page_that_it_is_over(
    api: Api, recipient: str, button: str
) -> None:
    alarm_id, _ = await paged(api)
    await guard_paged(api, alarm_id)
    link = token_for(alarm_id, recipient)
    too_early = text_of(await look(api, link))
    await press(api, link, name="Anna", do="resolve")
    answered = await alarm_of(api, alarm_id)
    offered = text_of(await look(api, link))

    await press(api, link, name="Anna", do="resolve")

    over = await alarm_of(api, alarm_id)
    assert (button in too_early, button in offered) == (False, True)
    assert (answered.status, over.status, over.closed_by) == (Status.ACKNOWLEDGED, Status.RESOLVED, "Anna")
    for reader, words in (("porter", "Answered by Anna"), ("guard", "Übernommen von Anna")):
        assert words in text_of(await look(api, token_for(alarm_id, reader)))


# --- links and forms that are refused -------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_an_unknown_link_has_its_own_page(api: Api, method: str) -> None:
    reply = await look(api, "no-such-token", method, **{"Accept-Language": "de"})

    assert reply.status == 404
    assert ("Dieser Link ist nicht bekannt" in text_of(reply)) is (method != "HEAD")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_expired_link_has_its_own_page_shows_nothing_and_acknowledges_nothing(
    api: Api, clock: FrozenClock, method: str
) -> None:
    alarm_id, token = await paged(api, title="Secret trouble")
    await close(api, alarm_id)
    lines = len(await journal(api, alarm_id))
    clock.advance(7 * 86_400)

    reply = await look(api, token, method)

    assert reply.status == 410
    assert "This link is too old" in text_of(reply)
    assert "Secret trouble" not in reply.text
    assert len(await journal(api, alarm_id)) == lines


async def test_a_link_lives_as_long_as_its_alarm_is_open(api: Api, clock: FrozenClock) -> None:
    alarm_id, token = await paged(api)
    clock.advance(100 * 86_400)

    seen, answered = await look(api, token), await press(api, token, name="Anna")
    clock.advance(100 * 86_400)
    seen_later = await look(api, token)

    assert (seen.status, answered.status, seen_later.status) == (200, 303, 200)
    assert (await alarm_of(api, alarm_id)).acknowledged_by == "Anna"


async def test_the_link_in_a_page_of_a_long_alarm_lives_its_whole_time_after_that_page(
    api: Api, clock: FrozenClock
) -> None:
    alarm_id, token = await paged(api)
    clock.advance(8 * 86_400)
    guard = await guard_paged(api, alarm_id)
    await close(api, alarm_id)
    clock.advance(7 * 86_400 - 1)

    in_time = [(await look(api, one)).status for one in (token, guard)]
    clock.advance(1)
    too_late = [(await look(api, one)).status for one in (token, guard)]

    assert (in_time, too_late) == ([200, 200], [410, 410])


async def test_a_page_that_its_provider_took_late_has_a_link_that_counts_from_then(
    api: Api, clock: FrozenClock
) -> None:
    alarm_id, token = await paged(api)
    clock.advance(5 * 3600)
    sent_at = clock()
    await api.context.db.write(
        lambda conn: conn.execute(sa.update(tables.delivery).values(state="sent", sent_at=sent_at))
    )
    await close(api, alarm_id)
    clock.advance(7 * 86_400 - 1)

    assert (await look(api, token)).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "null"}, 303),
        ({"Origin": "http://alarm.example"}, 303),
        ({}, 303),
    ],
    ids=["cross site", "sub-domain", "foreign origin", "our page", "no-referrer", "public url", "old phone"],
)
async def test_a_form_from_another_site_acknowledges_nothing(
    api: Api, headers: dict[str, str], status: int
) -> None:
    alarm_id, token = await paged(api)

    reply = await press(api, token, headers, name="Anna")

    assert reply.status == status
    assert ((await alarm_of(api, alarm_id)).status is Status.ACKNOWLEDGED) is (status == 303)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"note=" + b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a=1" for _ in range(100)), "application/x-www-form-urlencoded", 400),
        (b'{"name": "Anna"}', "application/json", 415),
        (b"--x", "multipart/form-data; boundary=x", 415),
    ],
    ids=["too large", "too many fields", "json", "multipart"],
)
async def test_a_body_that_is_not_the_pages_form_acknowledges_nothing(
    api: Api, body: bytes, kind: str, status: int
) -> None:
    alarm_id, token = await paged(api)

    reply = await api.call("POST", f"/a/{token}", None, data=body, headers={"Content-Type": kind})

    assert reply.status == status
    assert "text/html" in reply.headers["Content-Type"]
    assert (await alarm_of(api, alarm_id)).status is Status.TRIGGERED


async def test_overlong_and_odd_text_is_cut_to_size_rather_than_refused(api: Api) -> None:
    alarm_id, token = await paged(api)

    reply = await press(api, token, name="A\x00n\u202ena " + "x" * 500, note="\x1b[31m" + "y" * 5000)

    entry = (await journal(api, alarm_id))[-1]
    assert reply.status == 303
    assert entry.actor == ("A n na " + "x" * 500)[:80]
    assert len(entry.detail["note"]) == 500
    assert entry.detail["note"].startswith("[31my")


async def test_guesses_are_limited_and_a_right_link_from_the_same_address_is_answered(api: Api) -> None:
    _, token = await paged(api)

    replies = [await press(api, f"no-such-token-{number}") for number in range(40)]

    assert [reply.status for reply in replies[:30]] == [404] * 30
    assert replies[-1].status == 429
    assert int(replies[-1].headers["Retry-After"]) > 0
    assert "Wait a minute" in text_of(replies[-1])
    assert (await look(api, token)).status == 200
    assert (await press(api, token, name="Anna")).status == 303
