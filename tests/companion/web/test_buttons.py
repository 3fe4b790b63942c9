"""What a button beside an alarm does when the alarm, the list or the session is not what its page showed."""

from html import unescape

import pytest
from yarl import URL

from companion.alarms.model import Actor, Status
from companion.store.scope import ALL_SITES
from companion.texts.language import LANGUAGES, texts_for
from companion.web.pressed import COOKIE
from tests.companion.web.harness import Api, Reply
from tests.companion.web.people_pages import (
    alarm_of,
    hidden_fields,
    hidden_token,
    journal,
    log_in,
    press_button,
    tags_of,
    text_of,
)
from tests.fakes.clock import FrozenClock

ANNA = Actor(name="Anna", via="api")


async def follow(api: Api, reply: Reply, path: str, **headers: str) -> Reply:
    """The page that the answer to a form at this path leads to."""
    assert reply.status == 303, reply.text
    where = api.client.make_url(path).join(URL(reply.headers["Location"]))
    return await api.call("GET", str(where.relative()), None, headers=headers)


def status_line(reply: Reply) -> str:
    """What the page says at its top of the button before."""
    _, found, rest = reply.text.partition('<p class="done" role="status">')
    return unescape(rest.partition("</p>")[0]) if found else ""


# --- an alarm is called false ---------------------------------------------------------------------------


async def test_a_false_alarm_is_asked_about_once_by_its_name_before_anything_happens(api: Api) -> None:
    alarm_id = await api.raised(title="Smoke in the hall")
    await log_in(api)
    fields = {"form_token": await hidden_token(api, "/admin"), "back": "overview", "note": "Toast"}
    where = f"/admin/alarms/{alarm_id}/cancel"

    asked = await api.call("POST", where, None, data=fields)
    before = await alarm_of(api, alarm_id)
    sure = await api.call("POST", where, None, data={**hidden_fields(asked), "note": "Toast"})

    assert asked.status == 200
    assert "False alarm: Smoke in the hall" in text_of(asked)
    assert ">Toast</textarea>" in asked.text
    assert before.status is Status.TRIGGERED
    assert (sure.status, sure.headers["Location"]) == (303, "../../../admin")
    assert (await alarm_of(api, alarm_id)).status is Status.CANCELLED
    assert (await journal(api, alarm_id))[-1].detail == {"note": "Toast"}


async def test_the_question_leads_back_to_where_it_was_asked(api: Api) -> None:
    alarm_id = await api.raised()
    await log_in(api)
    token, where = await hidden_token(api, "/admin"), f"/admin/alarms/{alarm_id}/cancel"

    leads = []
    for back in ("overview", "alarms", ""):
        asked = await api.call("POST", where, None, data={"form_token": token, "back": back})
        links = [str(attrs["href"]) for _, attrs in tags_of(asked) if attrs.get("class") == "act"]
        leads += [api.client.make_url(where).join(URL(link)).path for link in links]

    assert leads == ["/admin", "/admin/alarms", f"/admin/alarms/{alarm_id}"]
    assert (await alarm_of(api, alarm_id)).status is Status.TRIGGERED


@pytest.mark.parametrize("button", ["cancel", "resolve", "escalate"])
async def test_what_somebody_else_did_meanwhile_is_told_and_nothing_is_done(
    api: Api, clock: FrozenClock, button: str
) -> None:
    alarm_id = await api.raised(title="Smoke in the hall")
    await log_in(api)
    page = await api.call("GET", f"/admin/alarms/{alarm_id}", None)
    clock.advance(180)
    await api.context.commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm_id, ANNA))
    before = await alarm_of(api, alarm_id)
    sent = {**hidden_fields(page), "sure": "yes"}
    where = f"/admin/alarms/{alarm_id}/{button}"

    reply = await api.call("POST", where, None, data=sent)
    shown = await follow(api, reply, where)

    assert status_line(shown) == "Smoke in the hall: Anna has acknowledged it at 13:03. Nothing was done."
    assert await alarm_of(api, alarm_id) == before


async def test_an_alarm_that_was_triggered_again_meanwhile_is_not_called_false(api: Api) -> None:
    token = "desk-phone-token-0123456789"
    alarm_id = str((await api.press(token)).json["alarm_id"])
    await log_in(api)
    page = await api.call("GET", f"/admin/alarms/{alarm_id}", None)
    await api.press(token)
    where = f"/admin/alarms/{alarm_id}/cancel"

    reply = await api.call(
        "POST", where, None, data={**hidden_fields(page), "sure": "yes", "note": "Mistake"}
    )
    shown = await follow(api, reply, where)

    assert (
        status_line(shown)
        == "Panic key: Reception: it has been triggered again. Nothing was done. Your note was added."
    )
    assert (await alarm_of(api, alarm_id)).status is Status.TRIGGERED
    assert (await journal(api, alarm_id))[-1].detail == {"note": "Mistake"}


# --- what the next page says ----------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("button", ["acknowledge", "resolve", "cancel", "note", "escalate"])
async def test_the_next_page_says_once_what_was_done_to_which_alarm(
    api: Api, button: str, language: str
) -> None:
    alarm_id = await api.raised(title="Glass 7")
    if button == "resolve":
        await api.context.commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm_id, ANNA))
    await log_in(api)
    wants = {"Accept-Language": language}

    reply = await press_button(api, alarm_id, button, note="Seen", back="overview")
    where = f"/admin/alarms/{alarm_id}/{button}"
    looked_by_script = await follow(api, reply, where, **wants, **{"Sec-Fetch-Dest": "empty"})
    shown = await follow(api, reply, where, **wants)
    again = await follow(api, reply, where, **wants)

    assert status_line(shown) == texts_for(language).desk.done[button].format(alarm="Glass 7")
    assert (status_line(looked_by_script), status_line(again)) == ("", "")


async def test_a_button_that_is_pressed_twice_says_what_the_first_press_did(api: Api) -> None:
    alarm_id = await api.raised(title="Glass 7")
    await log_in(api)
    page = await api.call("GET", f"/admin/alarms/{alarm_id}", None)
    where = f"/admin/alarms/{alarm_id}/acknowledge"

    replies = [await api.call("POST", where, None, data=hidden_fields(page)) for _ in range(2)]

    assert status_line(await follow(api, replies[1], where)).startswith("Acknowledged: Glass 7")


async def test_an_empty_note_says_that_nothing_was_written(api: Api) -> None:
    alarm_id = await api.raised(title="Glass 7")
    await log_in(api)
    before = len(await journal(api, alarm_id))

    reply = await press_button(api, alarm_id, "note", note="  \n ")
    shown = await follow(api, reply, f"/admin/alarms/{alarm_id}/note")

    assert status_line(shown) == "The note is empty, so nothing was written: Glass 7."
    assert len(await journal(api, alarm_id)) == before


@pytest.mark.parametrize(
    "kept",
    [
        "odd",
        "acknowledge.odd.0.x",
        "odd.done.0.{alarm}",
        "acknowledge.done.0.{theirs}",
        "a.b",
        "acknowledge.done.0." + "x" * 200,
    ],
)
async def test_a_kept_word_that_is_not_ours_or_of_another_site_says_nothing(api: Api, kept: str) -> None:
    ours, theirs = await api.raised(), await api.raised(site="warehouse")
    await log_in(api, "office")

    reply = await api.call("GET", "/admin", None, cookies={COOKIE: kept.format(alarm=ours, theirs=theirs)})

    assert (reply.status, status_line(reply)) == (200, "")


# --- after the session ----------------------------------------------------------------------------------


async def test_a_button_of_a_session_that_is_over_says_so_and_leads_back_to_its_alarm(api: Api) -> None:
    alarm_id = await api.raised()
    where = f"/admin/alarms/{alarm_id}/acknowledge"

    reply = await api.call("POST", where, None, data={"form_token": "of the old session", "back": "overview"})
    login = await follow(api, reply, where)
    wrong = await api.call("POST", "/admin/login", None, data={**hidden_fields(login), "key": "ab_admin_no"})
    right = await api.call(
        "POST", "/admin/login", None, data={**hidden_fields(wrong), "key": api.keys["admin"]}
    )
    shown = await follow(api, right, "/admin/login")

    assert "You were logged out; nothing was done." in text_of(login)
    assert (await alarm_of(api, alarm_id)).status is Status.TRIGGERED
    assert right.headers["Location"] == f"../admin/alarms/{alarm_id}"
    assert "Timeline" in text_of(shown)


async def test_a_page_that_asks_to_log_in_is_shown_afterwards_and_no_word_is_lost_about_buttons(
    api: Api,
) -> None:
    reply = await api.call("GET", "/admin/channels", None)
    login = await follow(api, reply, "/admin/channels")
    right = await api.call(
        "POST", "/admin/login", None, data={**hidden_fields(login), "key": api.keys["admin"]}
    )

    assert "logged out" not in text_of(login)
    assert right.headers["Location"] == "../admin/channels"


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/",
        "//evil.example",
        "admin/../../evil",
        "admin\\evil",
        "admin/logout",
        "v1/alarms",
        "admin/alarms/x/cancel",
        "admin\n",
        "",
    ],
)
async def test_logging_in_leads_only_to_pages_of_the_dashboard(api: Api, to: str) -> None:
    login = await api.call("GET", "/admin/login", None, params={"to": to})
    sent = {**hidden_fields(login), "key": api.keys["admin"]}
    reply = await api.call("POST", "/admin/login", None, data=sent)

    assert (login.status, reply.status, reply.headers["Location"]) == (200, 303, "../admin")
