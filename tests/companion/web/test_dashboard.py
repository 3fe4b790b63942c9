"""The operators' pages: who gets in, and what they show."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from yarl import URL

from companion.alarms.model import Actor, AlarmKind, Source, Status, Trigger
from companion.directory import store
from companion.ids import new_id
from companion.store import tables
from companion.store.scope import ALL_SITES
from companion.texts.labels import journal_value
from companion.texts.language import texts_for
from companion.texts.reasons import Reason
from companion.troubles import reporting
from companion.troubles.model import TroubleKind
from companion.web.ended_sessions import end_session
from companion.web.health_checks import HealthCheck, HealthStatus
from companion.web.pages import check_title
from tests.companion.web.harness import Api
from tests.companion.web.people_pages import (
    JPEG,
    alarm_of,
    attempted,
    hidden_token,
    journal,
    log_in,
    press_button,
    saw,
    tags_of,
    text_of,
)
from tests.fakes.clock import FrozenClock

PAGES = ["/admin", "/admin/alarms", "/admin/devices", "/admin/people", "/admin/channels"]
ANNA = Actor(name="Anna", via="api")


# --- getting in and out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PAGES, "/admin/alarms/anything"])
async def test_without_a_session_every_page_leads_to_the_login(api: Api, path: str) -> None:
    reply = await api.call("GET", path, None)
    login = await api.client.get(path)

    assert reply.status == 303
    assert (login.status, login.url.path) == (200, "/admin/login")


async def test_the_admin_key_opens_the_dashboard_through_a_cookie_no_script_can_read(api: Api) -> None:
    token = await hidden_token(api, "/admin/login")

    reply = await api.call(
        "POST", "/admin/login", None, data={"key": f" {api.keys['admin']}\n", "form_token": token}
    )

    cookies = reply.headers.getall("Set-Cookie")  # type: ignore[attr-defined] # a multidict
    session = next(cookie for cookie in cookies if cookie.startswith("alarm_broker="))
    assert (reply.status, reply.headers["Location"]) == (303, "../admin")
    assert "HttpOnly" in session
    assert "SameSite=Strict" in session
    assert api.keys["admin"] not in str(reply.headers)
    assert (await api.call("GET", "/admin", None)).status == 200


@pytest.mark.parametrize(
    ("key", "status"),
    [("read", 403), ("ab_admin_wrong", 401), ("", 401)],
)
async def test_other_keys_do_not_open_it_and_the_page_says_why(api: Api, key: str, status: int) -> None:
    assert await log_in(api, key) == status
    assert (await api.call("GET", "/admin", None)).status == 303


async def test_guessing_keys_is_slowed_down(api: Api) -> None:
    statuses = [await log_in(api, f"ab_admin_guess{number}") for number in range(21)]

    assert statuses == [401] * 20 + [429]


async def test_a_login_form_that_was_not_ours_makes_no_session(api: Api) -> None:
    await hidden_token(api, "/admin/login")

    guessed = await api.call(
        "POST", "/admin/login", None, data={"key": api.keys["admin"], "form_token": "guess"}
    )
    token = await hidden_token(api, "/admin/login")
    foreign = await api.call(
        "POST",
        "/admin/login",
        None,
        data={"key": api.keys["admin"], "form_token": token},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert (guessed.status, foreign.status) == (403, 403)
    assert (await api.call("GET", "/admin", None)).status == 303


async def test_a_key_in_the_address_opens_nothing(api: Api) -> None:
    reply = await api.call("GET", f"/admin?key={api.keys['admin']}", None)

    assert reply.status == 303


async def test_a_copied_cookie_is_worth_nothing_after_logging_out(api: Api) -> None:
    await log_in(api)
    token = await hidden_token(api, "/admin")
    jar = api.client.session.cookie_jar
    copied = {cookie.key: cookie.value for cookie in jar}

    await api.call("POST", "/admin/logout", None, data={"form_token": token})
    jar.clear()
    with_copy = await api.call("GET", "/admin", None, cookies=copied)

    assert copied
    assert with_copy.status == 303


async def test_logging_out_needs_the_form_of_this_session_and_ends_it(api: Api) -> None:
    await log_in(api)
    token = await hidden_token(api, "/admin")

    forged = await api.call("POST", "/admin/logout", None, data={"form_token": "guess"})
    still_in = await api.call("GET", "/admin", None)
    real = await api.call("POST", "/admin/logout", None, data={"form_token": token})

    assert (forged.status, still_in.status, real.status) == (403, 200, 303)
    assert (await api.call("GET", "/admin", None)).status == 303


async def test_a_session_ends_with_its_time(api: Api, clock: FrozenClock) -> None:
    await log_in(api)

    clock.advance(api.context.settings.session_hours * 3600)

    assert (await api.call("GET", "/admin", None)).status == 303


async def test_revoking_the_key_ends_its_sessions(api: Api) -> None:
    await log_in(api)

    def revoke(conn: sa.Connection) -> None:
        for key in store.api_keys(ALL_SITES, conn):
            store.revoke_api_key(ALL_SITES, conn, key.id, api.context.clock())

    await api.context.db.write(revoke)

    assert (await api.call("GET", "/admin", None)).status == 303


async def test_every_page_forbids_storing_foreign_scripts_and_frames(api: Api) -> None:
    await log_in(api)

    replies = [await api.call("GET", path, None) for path in [*PAGES, "/admin/login"]]

    assert {reply.headers["Cache-Control"] for reply in replies} == {"no-store"}
    assert {"default-src 'none'" in reply.headers["Content-Security-Policy"] for reply in replies} == {True}
    assert {"frame-ancestors 'none'" in reply.headers["Content-Security-Policy"] for reply in replies} == {
        True
    }
    assert not [attrs for reply in replies for _, attrs in tags_of(reply) if "style" in attrs]


# --- what it shows --------------------------------------------------------------------------------------


async def test_an_empty_house_says_so(api: Api) -> None:
    await log_in(api)

    text = text_of(await api.call("GET", "/admin", None))

    assert "No open alarm" in text
    assert "No Home Assistant has linked yet" in text


async def test_the_overview_puts_alarms_that_wait_first_with_age_and_next_step(
    api: Api, clock: FrozenClock
) -> None:
    waiting = await api.raised(title="First pressed", room="reception")
    taken = await api.raised(title="Then taken")
    closed = await api.raised(title="Long over")
    await api.context.commands.run(ALL_SITES, lambda unit: unit.acknowledge(taken, ANNA))
    await api.context.commands.run(ALL_SITES, lambda unit: unit.cancel(closed, ANNA))
    clock.advance(45)
    await log_in(api)

    reply = await api.call("GET", "/admin", None)

    text = text_of(reply)
    assert text.index("First pressed") < text.index("Then taken") < text.index("Long over")
    assert "1 waiting for an answer" in text
    assert "45 s ago" in text
    assert "in 15 s" in text
    assert "by Anna" in text
    assert "2026-11-20 13:00:00 CET" in text
    assert f"admin/alarms/{waiting}" in reply.text
    assert "http-equiv" not in reply.text


async def raised_as(api: Api, clock: FrozenClock, *alarms: tuple[str, dict[str, Any]]) -> None:
    """Raise these alarms, one a second."""
    for title, body in alarms:
        await api.raised(title=title, **body)
        clock.advance(1)


def order_of(text: str, *titles: str) -> list[str]:
    return sorted(titles, key=text.index)


async def test_open_alarms_are_listed_real_before_test_waiting_before_answered_then_by_severity_and_age(
    api: Api, clock: FrozenClock
) -> None:
    await raised_as(
        api,
        clock,
        ("Drill", {"test": True}),
        ("Dripping tap", {"severity": "low"}),
        ("Answered fire", {}),
        ("Old panic", {}),
        ("Flood", {"severity": "high"}),
        ("New panic", {}),
        ("Odd noise", {"severity": "normal"}),
    )
    [answered] = [
        one for one in (await api.call("GET", "/v1/alarms")).json["alarms"] if "fire" in one["title"]
    ]
    await api.context.commands.run(ALL_SITES, lambda unit: unit.acknowledge(answered["id"], ANNA))
    await log_in(api)

    text = text_of(await api.call("GET", "/admin", None))

    expected = ["Old panic", "New panic", "Flood", "Odd noise", "Dripping tap", "Answered fire", "Drill"]
    assert order_of(text, *expected) == expected


async def test_a_real_alarm_under_hundreds_of_drills_is_on_the_first_page_and_every_alarm_is_counted(
    api: Api,
) -> None:
    await api.raised(title="The real one")
    await api.context.db.write(lambda conn: copies_of_newest(conn, 300, test=True))
    await api.context.db.write(
        lambda conn: copies_of_newest(conn, 150, status="acknowledged", next_due_at=None)
    )
    await log_in(api)

    text = text_of(await api.call("GET", "/admin", None))

    assert "The real one" in text
    assert "1 waiting for an answer, and 300 tests" in text
    assert "150 acknowledged, not closed" in text


def copies_of_newest(conn: sa.Connection, count: int, **changes: object) -> None:
    """Make this many more alarms like the real one that is there, with other ids and titles."""
    like = dict(
        conn.execute(sa.select(tables.alarm).where(tables.alarm.c.title == "The real one")).one()._mapping
    )
    rows = [{**like, **changes, "id": new_id(), "title": f"Copy {number:03}"} for number in range(count)]
    conn.execute(sa.insert(tables.alarm), rows)


@pytest.mark.parametrize("status", ["open", "waiting", ""])
async def test_every_alarm_is_on_exactly_one_page_of_the_list(api: Api, status: str) -> None:
    await api.raised(title="The real one")
    await api.context.db.write(lambda conn: copies_of_newest(conn, 120, test=True))
    await log_in(api)

    titles: list[str] = []
    path = f"/admin/alarms?status={status}"
    pages = 0
    while path:
        reply = await api.call("GET", path, None)
        titles += re.findall(r"<strong>(The real one|Copy \d+)</strong>", reply.text)
        following = [attrs["href"] for tag, attrs in tags_of(reply) if attrs.get("rel") == "next"]
        path = f"/admin/alarms{following[0]}" if following else ""
        pages += 1

    assert pages == 3
    assert sorted(titles) == ["Copy 000", *[f"Copy {number:03}" for number in range(1, 120)], "The real one"]
    newest_first = ["The real one", *(f"Copy {number:03}" for number in range(120))][::-1]
    urgent_first = ["The real one", *(f"Copy {number:03}" for number in range(120))]
    assert titles == (urgent_first if status else newest_first)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["Panic", "Drill", "Over", "False", "Taken", "Far away"]),
        ("status=open", ["Panic", "Drill", "Taken", "Far away"]),
        ("status=waiting&sort=real", ["Panic", "Far away"]),
        ("status=acknowledged", ["Taken"]),
        ("status=resolved", ["Over"]),
        ("status=cancelled", ["False"]),
        ("sort=test", ["Drill"]),
        ("site=warehouse", ["Far away"]),
        ("source=yealink", []),
        ("source=api&site=office&status=resolved&sort=real", ["Over"]),
        ("status=open&after=01a", ["Panic", "Drill", "Taken", "Far away"]),
    ],
)
async def test_the_list_of_all_alarms_can_be_narrowed_down(api: Api, query: str, shown: list[str]) -> None:
    bodies: dict[str, dict[str, Any]] = {"Drill": {"test": True}, "Far away": {"site": "warehouse"}}
    titles = ["Panic", "Drill", "Over", "False", "Taken", "Far away"]
    ids = {title: await api.raised(title=title, **bodies.get(title, {})) for title in titles}
    run = partial(api.context.commands.run, ALL_SITES)
    await run(lambda unit: unit.cancel(ids["False"], ANNA))
    await run(lambda unit: unit.acknowledge(ids["Taken"], ANNA))
    await run(lambda unit: unit.acknowledge(ids["Over"], ANNA))
    await run(lambda unit: unit.resolve(ids["Over"], ANNA))
    await log_in(api)

    reply = await api.call("GET", f"/admin/alarms?{query}", None)

    assert [title for title in titles if f"<strong>{title}</strong>" in reply.text] == shown


async def test_a_filter_that_there_is_not_is_refused_with_a_page(api: Api) -> None:
    await log_in(api)

    replies = [
        await api.call("GET", f"/admin/alarms?{query}", None) for query in ("status=odd", "after=<b>", "x=1")
    ]

    assert {reply.status for reply in replies} == {422}
    assert {reply.headers["Content-Type"] for reply in replies} == {"text/html; charset=utf-8"}


async def test_the_services_name_alone_leads_to_the_dashboard(api: Api) -> None:
    reply = await api.call("GET", "/", None)
    followed = await api.client.get("/")

    assert (reply.status, reply.headers["Location"]) == (303, "admin")
    assert followed.url.path == "/admin/login"


async def test_the_overview_tells_when_the_dispatcher_is_late(api: Api, clock: FrozenClock) -> None:
    await api.raised()
    clock.advance(300)
    await log_in(api)

    text = text_of(await api.call("GET", "/admin", None))

    assert "late dispatcher, oldest due 5 min ago" in text


async def test_the_overview_shows_linked_home_assistants_and_their_areas(api: Api) -> None:
    now = api.context.clock()

    def link(conn: sa.Connection) -> None:
        conn.execute(
            sa.insert(tables.link_peer).values(
                instance="ha",
                name="Holiday house",
                site_id=None,
                their_stream="s",
                received=0,
                our_stream="o",
                next_seq=1,
                last_seen_at=now - timedelta(seconds=20),
            )
        )
        conn.execute(
            sa.insert(tables.link_area).values(
                instance="ha", area="a", name="Ground floor", state="armed", mode="away", at=now
            )
        )

    await api.context.db.write(link)
    await log_in(api)

    text = text_of(await api.call("GET", "/admin", None))

    assert "Holiday house 20 s ago Ground floor: armed away" in text


async def held_alarm(api: Api) -> str:
    """Let the panel of the office raise an alarm with an abort window of 30 s, and return its id."""
    burglary = Trigger(
        source=Source.PANEL,
        kind=AlarmKind.BURGLARY,
        title="Burglary: Front door",
        site_id="office",
        timezone="Europe/Berlin",
        hold=timedelta(seconds=30),
    )
    panel = Actor(name=None, via="panel")
    return (
        await api.context.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(burglary, panel))
    ).alarm.id


async def test_an_alarm_in_its_abort_window_shows_until_when_nobody_is_told(
    api: Api, clock: FrozenClock
) -> None:
    alarm_id = await held_alarm(api)
    await log_in(api)

    overview = text_of(await api.call("GET", "/admin", None))
    own_page = text_of(await api.call("GET", f"/admin/alarms/{alarm_id}", None))
    over_the_api = (await api.call("GET", f"/v1/alarms/{alarm_id}")).json["held_until"]
    clock.advance(30)
    afterwards = text_of(await api.call("GET", "/admin", None))

    assert "held until 2026-11-20 13:00:30 CET" in overview
    assert "Held until 2026-11-20 13:00:30 CET" in own_page
    assert "Nobody has been told" in own_page
    assert over_the_api == "2026-11-20T12:00:30Z"
    assert "held until" not in afterwards


async def test_the_timeline_names_the_zone_that_confirmed_an_alarm(api: Api) -> None:
    alarm_id = await api.raised(title="Burglary: Front door")
    panel = Actor(name=None, via="panel")
    await api.context.commands.run(ALL_SITES, lambda unit: unit.confirm(alarm_id, panel, zone="Hall motion"))
    await log_in(api)

    text = text_of(await api.call("GET", f"/admin/alarms/{alarm_id}", None))

    assert "confirmed by itself panel zone: Hall motion" in text


async def test_an_alarms_page_shows_what_a_camera_saw(api: Api) -> None:
    alarm_id = await api.raised(title="Burglary: Front door")
    await saw(api, alarm_id)
    locked_out = await api.call("GET", f"/admin/alarms/{alarm_id}/picture", None)
    await log_in(api)

    reply = await api.call("GET", f"/admin/alarms/{alarm_id}", None)
    picture = await api.call("GET", f"/admin/alarms/{alarm_id}/picture", None)
    none = await api.call("GET", "/admin/alarms/nothing/picture", None)

    assert [attrs["src"] for tag, attrs in tags_of(reply) if tag == "img"] == [f"{alarm_id}/picture"]
    assert "How sure level 2 of 4: somebody is there, or very likely" in text_of(reply)
    assert (picture.status, picture.headers["Content-Type"], picture.body) == (200, "image/jpeg", JPEG.data)
    assert (picture.headers["Cache-Control"], picture.headers["X-Content-Type-Options"]) == (
        "no-store",
        "nosniff",
    )
    assert (locked_out.status, none.status) == (303, 404)


async def test_the_button_of_a_waiting_alarm_makes_its_next_step_due_now(
    api: Api, clock: FrozenClock
) -> None:
    alarm_id = await api.raised()
    clock.advance(10)
    await log_in(api)
    button = f"/admin/alarms/{alarm_id}/escalate"
    token = await hidden_token(api, f"/admin/alarms/{alarm_id}")

    reply = await api.call("POST", button, None, data={"form_token": token})

    alarm, line = await alarm_of(api, alarm_id), (await journal(api, alarm_id))[-1]
    assert (reply.status, reply.headers["Location"]) == (303, f"../{alarm_id}")
    assert alarm.next_due_at == clock()
    assert (line.event, line.actor, line.via) == ("escalation_asked", "admin key", "dashboard")


async def test_the_button_needs_a_session_its_form_and_an_alarm(api: Api) -> None:
    alarm_id = await api.raised()
    button = f"/admin/alarms/{alarm_id}/escalate"
    before = await alarm_of(api, alarm_id)
    without_session = await api.call("POST", button, None, data={"form_token": "x"})
    await log_in(api)
    token = await hidden_token(api, "/admin")

    forged = await api.call("POST", button, None, data={"form_token": "guess"})
    foreign = await api.call(
        "POST", button, None, data={"form_token": token}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    looked = await api.call("GET", button, None)
    nothing = await api.call("POST", "/admin/alarms/nothing/escalate", None, data={"form_token": token})

    statuses = [one.status for one in (without_session, forged, foreign, looked, nothing)]
    assert statuses == [303, 403, 403, 405, 404]
    assert await alarm_of(api, alarm_id) == before


async def buttons_of(api: Api, path: str) -> list[str]:
    """What the forms of the page do with an alarm."""
    tags = tags_of(await api.call("GET", path, None))
    addresses = [str(attrs.get("formaction") or attrs.get("action") or "") for _, attrs in tags]
    return sorted({address.rpartition("/")[2] for address in addresses if "/" in address} - {"logout"})


@pytest.mark.parametrize("key", ["operate", "admin", "office"])
async def test_who_may_operate_answers_an_alarm_on_its_page(api: Api, key: str) -> None:
    alarm_id = await api.raised()
    assert await log_in(api, key) == 303

    waiting = await buttons_of(api, f"/admin/alarms/{alarm_id}")
    acknowledged = await press_button(api, alarm_id, "acknowledge", note="Going there")
    taken = await buttons_of(api, f"/admin/alarms/{alarm_id}")
    await press_button(api, alarm_id, "note", note="Nobody here")
    await press_button(api, alarm_id, "resolve", note="All well")
    over = await buttons_of(api, f"/admin/alarms/{alarm_id}")

    assert waiting == ["acknowledge", "cancel", "escalate", "note"]
    assert taken == ["cancel", "note", "resolve"]
    assert over == ["note"]
    assert acknowledged.headers["Location"] == f"../{alarm_id}"
    lines = [(line.event.value, line.actor, line.detail.get("note")) for line in await journal(api, alarm_id)]
    assert lines[-3:] == [
        ("acknowledged", f"{key} key", "Going there"),
        ("noted", f"{key} key", "Nobody here"),
        ("resolved", f"{key} key", "All well"),
    ]


@pytest.mark.parametrize("path", ["/admin", "/admin/alarms"])
async def test_a_note_to_an_open_alarm_is_one_click_from_a_list(api: Api, path: str) -> None:
    await log_in(api)
    alarm_id = await api.raised()

    [link] = re.findall(r'href="([^"]*)#note"', (await api.call("GET", path, None)).text)
    where = api.client.make_url(path).join(URL(link))

    assert where.path == f"/admin/alarms/{alarm_id}"
    assert 'id="note"' in (await api.call("GET", where.path, None)).text


@pytest.mark.parametrize(("back", "leads_to"), [("overview", "/admin"), ("alarms", "/admin/alarms")])
async def test_an_alarm_is_answered_in_a_list_which_is_shown_again(
    api: Api, back: str, leads_to: str
) -> None:
    alarm_id = await api.raised()
    await log_in(api)

    offered = await buttons_of(api, leads_to)
    reply = await press_button(api, alarm_id, "cancel", back=back)
    where = api.client.make_url(f"/admin/alarms/{alarm_id}/cancel").join(URL(reply.headers["Location"]))

    assert {"acknowledge", "cancel"} <= set(offered)
    assert (reply.status, where.path) == (303, leads_to)
    assert (await alarm_of(api, alarm_id)).status is Status.CANCELLED


async def test_who_comes_too_late_with_an_answer_changes_nothing_and_loses_no_note(api: Api) -> None:
    alarm_id = await api.raised()
    await api.context.commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm_id, ANNA))
    await log_in(api)

    reply = await press_button(api, alarm_id, "acknowledge", note="I go too")
    early = await press_button(api, alarm_id, "note")

    assert (reply.status, early.status) == (303, 303)
    assert (await alarm_of(api, alarm_id)).acknowledged_by == "Anna"
    assert (await journal(api, alarm_id))[-1].detail == {"note": "I go too"}


async def test_a_key_of_one_site_sees_and_answers_the_alarms_of_that_site_only(api: Api) -> None:
    ours, theirs = await api.raised(title="Ours"), await api.raised(title="Theirs", site="warehouse")
    await saw(api, theirs)
    await log_in(api, "office")

    lists = [(await api.call("GET", path, None)).text for path in ("/admin", "/admin/alarms?site=warehouse")]
    page = await api.call("GET", f"/admin/alarms/{theirs}", None)
    picture = await api.call("GET", f"/admin/alarms/{theirs}/picture", None)
    token = await hidden_token(api, f"/admin/alarms/{ours}")
    answered = await api.call("POST", f"/admin/alarms/{theirs}/acknowledge", None, data={"form_token": token})
    others = [
        (await api.call("GET", f"/admin/{path}", None)).status for path in ("people", "devices", "channels")
    ]

    # A list of another site is as empty as one of a site that there is not.
    assert [("Ours" in one, "Theirs" in one) for one in lists] == [(True, False), (False, False)]
    assert "Home Assistant" not in lists[0]
    assert (page.status, picture.status, answered.status) == (404, 404, 404)
    assert others == [403, 403, 403]
    assert (await alarm_of(api, theirs)).status is Status.TRIGGERED


async def test_a_key_that_may_operate_is_shown_no_addresses_of_people(api: Api) -> None:
    await log_in(api, "operate")

    overview = await api.call("GET", "/admin", None)

    assert (await api.call("GET", "/admin/people", None)).status == 403
    assert "admin/people" not in overview.text


async def test_a_session_that_is_used_does_not_end(api: Api, clock: FrozenClock) -> None:
    await log_in(api)

    for _ in range(4):
        clock.advance(api.context.settings.session_hours * 3600 / 2)
        assert (await api.call("GET", "/admin", None)).status == 200
    clock.advance(api.context.settings.session_hours * 3600)

    assert (await api.call("GET", "/admin", None)).status == 303


async def test_logging_out_ends_the_copies_that_were_renewed_too(api: Api, clock: FrozenClock) -> None:
    await log_in(api)
    jar = api.client.session.cookie_jar
    first = {cookie.key: cookie.value for cookie in jar}
    clock.advance(6 * 3600)
    await api.call("GET", "/admin", None)
    renewed = {cookie.key: cookie.value for cookie in jar}
    jar.clear()
    jar.update_cookies(first)
    token = await hidden_token(api, "/admin")
    await api.call("POST", "/admin/logout", None, data={"form_token": token})
    jar.clear()
    clock.advance(11 * 3600)
    await api.context.db.write(lambda conn: end_session(conn, "another", clock(), clock()))

    reply = await api.call("GET", "/admin", None, cookies=renewed)

    assert first != renewed
    assert reply.status == 303


async def test_an_alarm_that_was_answered_has_no_button(api: Api) -> None:
    alarm_id = await api.raised()
    await api.context.commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm_id, ANNA))
    await log_in(api)

    assert "Do the next step now" not in (await api.call("GET", f"/admin/alarms/{alarm_id}", None)).text


async def test_an_alarms_page_tells_its_whole_story(api: Api) -> None:
    alarm_id = await api.raised(title="Panic key", details={"floor": "2"})
    now = api.context.clock()

    def failed(conn: sa.Connection) -> None:
        delivery_id = conn.execute(
            sa.update(tables.delivery)
            .where(tables.delivery.c.channel_id == "signal")
            .values(state="failed", attempts=1)
            .returning(tables.delivery.c.id)
        ).scalar_one()
        conn.execute(
            sa.insert(tables.attempt).values(
                delivery_id=delivery_id,
                channel_id="signal",
                number=1,
                started_at=now,
                finished_at=now,
                outcome="failed",
                status_code=503,
                provider_ref="msg-77",
                error=Reason.quoting("<b>busy</b>"),
            )
        )

    await api.context.db.write(failed)
    await api.context.commands.run(
        ALL_SITES, lambda unit: unit.acknowledge(alarm_id, ANNA, note="Going there")
    )
    await log_in(api)

    reply = await api.call("GET", f"/admin/alarms/{alarm_id}", None)

    text = text_of(reply)
    assert re.search(r"raised.*step done.*acknowledged Anna program \(API\).*Going there", text)
    assert "floor 2" in text
    assert "status 503 · id msg-77" in text
    assert "<b>busy</b>" in text
    assert "<b>busy" not in reply.text
    assert "Policy: Standard at once: Zammad, Porter after 60 s: Guard" in text
    assert "All of it 2 times, 2 min apart" in text


async def test_pages_show_by_themselves_what_is_new_and_have_a_link_for_who_runs_no_script(api: Api) -> None:
    alarm_id = await api.raised()
    await log_in(api)

    pages = [await api.call("GET", path, None) for path in [*PAGES, f"/admin/alarms/{alarm_id}"]]
    [script] = {attrs["src"].replace("../", "/") for tag, attrs in tags_of(pages[-1]) if tag == "script"}
    served = await api.call("GET", script.replace("//", "/"), None)

    for reply in pages:
        tags = tags_of(reply)
        assert [attrs["href"] for tag, attrs in tags if tag == "a" and not attrs["href"]] == [""]
        assert [attrs for tag, attrs in tags if "data-live" in attrs]
        assert "script-src 'self'" in reply.headers["Content-Security-Policy"]
        assert "unsafe" not in reply.headers["Content-Security-Policy"]
        assert not [attrs for tag, attrs in tags if tag == "script" and "src" not in attrs]
    assert (served.status, served.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")


async def test_an_alarm_that_is_not_there_has_a_page_that_says_so(api: Api) -> None:
    await log_in(api)

    reply = await api.call("GET", "/admin/alarms/nothing", None)

    assert reply.status == 404
    assert "There is no such alarm" in text_of(reply)


async def test_devices_show_when_they_were_heard_and_what_is_missing(api: Api, clock: FrozenClock) -> None:
    await api.press("desk-phone-token-0123456789")
    clock.advance(90)
    await log_in(api)

    text = text_of(await api.call("GET", "/admin/devices", None))

    assert (
        "Desk phone yealink · desk-phone Reception, Office Porter 90 s ago 2026-11-20 13:00:00 CET ready"
        in text
    )
    assert "never ready without person, room" in text


async def test_people_show_how_they_are_reached_in_order(api: Api) -> None:
    await log_in(api)

    text = text_of(await api.call("GET", "/admin/people", None))

    assert "Porter porter en 1. signal · +491 2. sms · +491" in text


async def test_channels_show_what_went_wrong_last_and_no_secret(api: Api) -> None:
    alarm_id = await api.raised()
    now = api.context.clock()

    def attempts(conn: sa.Connection) -> None:
        conn.execute(sa.update(tables.channel).values(secrets="sealed-secret"))
        error = Reason.quoting("Token refused")
        attempted(conn, alarm_id, now, outcome="error", status_code=401, error=error)

    await api.context.db.write(attempts)
    await log_in(api)

    reply = await api.call("GET", "/admin/channels", None)

    text = text_of(reply)
    assert "Zammad zammad · zammad look" in text
    assert "error status 401" in text
    assert "Token refused" in text
    assert "Token refused 1 2 at once" in text
    assert "sealed-secret" not in reply.text


# --- in the reader's language ---------------------------------------------------------------------------

ENGLISH_ONLY = {
    english
    for name, english in vars(texts_for("en").desk).items()
    if isinstance(english, str) and english != getattr(texts_for("de").desk, name)
}


@pytest.mark.parametrize(
    ("language", "name", "value", "read"),
    [
        ("de", "kind", "page", "Alarm"),
        ("de", "title", "Panic key: Hall", "Paniktaste: Hall"),
        ("de", "missing", "person, room", "Person, Raum"),
        ("de", "told", ["Anna", "Max"], "Anna, Max"),
        ("de", "picture", True, "ja"),
        ("en", "step", "0.0", "1.1"),
        ("en", "step", "of a newer version", "of a newer version"),
    ],
)
def test_a_value_in_the_journal_is_in_the_readers_language(
    language: str, name: str, value: object, read: str
) -> None:
    assert journal_value(name, value, "yealink", texts_for(language)) == read


@pytest.mark.parametrize(
    ("kind", "which", "read"),
    [
        ("trouble", "alarm_unanswered:0190", "Störung"),
        ("channel", "sms", "Kanal sms"),
        ("directory", "", "Verzeichnis"),
        ("person", "anna.contacts[0].address", "Person anna"),
        ("key", "front", "Taste front"),
    ],
)
def test_a_part_to_see_to_is_called_by_its_name_and_no_code(kind: str, which: str, read: str) -> None:
    check = HealthCheck(kind=kind, id=which, status=HealthStatus.WARNING, reason=Reason("as_said", said="so"))

    assert check_title(check, texts_for("de")) == read


async def test_an_alarm_that_nobody_answered_is_shown_once_among_the_open_ones(api: Api) -> None:
    alarm_id = await api.raised(title="Somebody fell")
    await api.context.commands.run(
        ALL_SITES,
        lambda unit: reporting.report(unit, TroubleKind.ALARM_UNANSWERED, alarm_id, subject="Somebody fell"),
    )
    await log_in(api)

    overview = await api.call("GET", "/admin", None)

    assert text_of(overview).count("Somebody fell") == 1


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("operate", "Dieser Schlüssel darf das nicht sehen"),
        ("office", "Dieser Schlüssel gilt für einen Standort"),
    ],
)
async def test_a_page_that_a_key_may_not_see_says_so_in_the_readers_language(
    api: Api, key: str, says: str
) -> None:
    await log_in(api, key)

    reply = await api.call("GET", "/admin/people", None, headers={"Accept-Language": "de"})

    assert reply.status == 403
    assert says in text_of(reply)


async def test_who_reads_german_reads_no_english_on_any_page(api: Api, clock: FrozenClock) -> None:
    token = "desk-phone-token-0123456789"
    alarm_id = str((await api.press(token)).json["alarm_id"])
    await saw(api, alarm_id)
    await api.context.commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm_id, ANNA, note="Ich gehe"))
    await api.press(token)
    clock.advance(200)
    german = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
    login = await api.call("GET", "/admin/login", None, headers=german)
    await log_in(api)

    paths = [*PAGES, f"/admin/alarms/{alarm_id}"]
    pages = {path: await api.call("GET", path, None, headers=german) for path in paths}
    pages |= {"login": login, "missing": await api.call("GET", "/admin/alarms/nothing", None, headers=german)}

    for path, reply in pages.items():
        words = {part.strip(" .,:") for part in re.split(r"<[^>]*>", reply.text)}
        attributes = {attrs["data-label"] for _, attrs in tags_of(reply) if "data-label" in attrs}
        assert (path, (words | attributes) & ENGLISH_ONLY) == (path, set())
        assert 'lang="de"' in reply.text
    assert "Er wurde nie erprobt" in text_of(pages["/admin/channels"])
    assert "Niemand erfährt, wenn mit dem Dienst etwas nicht stimmt" in text_of(pages["/admin"])
    story = text_of(pages[f"/admin/alarms/{alarm_id}"])
    assert "Paniktaste: Reception Übernommen" in story
    assert "Notruf, Paniktaste, kritisch" in story
    assert "20.11.2026 13:00:00 CET" in story
    assert "Wie oft ausgelöst 2 " in story
    assert "vor 3 Min" in text_of(pages["/admin"])
    assert "Titel: Paniktaste: Reception" in story
    assert "`" not in text_of(pages["/admin"])
    for path, reply in pages.items():
        assert (path, re.findall(r"\d{4}-\d\d-\d\dT[^ ]*", text_of(reply))) == (path, [])
    assert "Dieser Alarm ist nicht bekannt" in text_of(pages["missing"])
