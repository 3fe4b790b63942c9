"""The pages in a real browser that runs no JavaScript: an old phone, and a desk."""

from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Page, expect

from companion.alarms.model import Status
from tests.companion.databases import sqlite_only  # noqa: F401 - a fixture: what reads or writes more than pages is marked
from tests.companion.web.chromium import (
    DESKTOP,
    OLD_PHONE,
    chromium,
    faint,
    new_context,
    overflow,
    unlabelled,
)
from tests.companion.web.harness import Api
from tests.companion.web.people_pages import alarm_of, press, token_for

LONG = "Panickeypressedatthereceptiondeskofthenorthernbuilding and a title that goes on"
ON_BOTH = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"])
"""What a page does to the database, and the database to a page."""
ON_POSTGRESQL = pytest.mark.parametrize("database_kind", ["postgresql"])
SIZES = pytest.mark.parametrize("size", [OLD_PHONE, DESKTOP], ids=["320x568", "desktop"])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


async def opened(browser: Browser, api: Api, path: str, size: dict[str, int], **more: Any) -> Page:
    context = await new_context(browser, size, **more)
    page = await context.new_page()
    await page.goto(str(api.client.make_url(path)))
    return page


async def log_in(page: Page, api: Api) -> None:
    await page.get_by_label("Key").fill(api.keys["admin"])
    await page.get_by_role("button", name="Log in").click()


@SIZES
async def test_a_responder_acknowledges_by_pressing_the_button(
    browser: Browser, api: Api, size: dict[str, int]
) -> None:
    alarm_id = await api.raised(room="reception")
    page = await opened(browser, api, f"/a/{token_for(alarm_id)}", size)

    await page.get_by_label("Your name").fill("Anna")
    await page.get_by_text("Add a note").click()
    await page.get_by_label("Note").fill("On my way")
    await page.get_by_role("button", name="Acknowledge").click()

    await expect(page.get_by_role("heading", name="Anna has answered")).to_be_visible()
    await expect(page.get_by_text("On my way", exact=True)).to_be_visible()
    alarm = await alarm_of(api, alarm_id)
    assert (alarm.status, alarm.acknowledged_by) == (Status.ACKNOWLEDGED, "Anna")


@ON_BOTH
async def test_the_enter_key_in_the_name_field_is_enough(browser: Browser, api: Api) -> None:
    alarm_id = await api.raised()
    page = await opened(browser, api, f"/a/{token_for(alarm_id)}", OLD_PHONE)

    await page.get_by_label("Your name").press("Enter")

    await expect(page.get_by_role("heading", name="Porter has answered")).to_be_visible()


async def test_loading_the_page_again_after_the_press_asks_nothing_and_sends_nothing(
    browser: Browser, api: Api
) -> None:
    alarm_id = await api.raised()
    page = await opened(browser, api, f"/a/{token_for(alarm_id)}", OLD_PHONE)
    await page.get_by_role("button", name="Acknowledge").click()
    version = (await alarm_of(api, alarm_id)).version

    await page.reload()

    await expect(page.get_by_role("heading", name="Porter has answered")).to_be_visible()
    assert (await alarm_of(api, alarm_id)).version == version


async def test_the_button_is_big_and_on_the_first_screen_of_an_old_phone(browser: Browser, api: Api) -> None:
    page = await opened(browser, api, f"/a/{token_for(await api.raised(room='reception'))}", OLD_PHONE)

    box = await page.get_by_role("button", name="Acknowledge").bounding_box()

    assert box is not None
    assert box["width"] >= 240
    assert box["height"] >= 60
    assert box["y"] + box["height"] <= OLD_PHONE["height"]


@SCHEMES
@SIZES
async def test_every_state_of_the_page_fits_is_labelled_and_has_contrast(
    browser: Browser, api: Api, size: dict[str, int], scheme: Literal["light", "dark"]
) -> None:
    details = {"a-long-label-without-any-space-in-it": "https://camera.example/" + "x" * 120}
    alarm_id = await api.raised(title=LONG, room="reception", test=True, details=details)
    page = await opened(browser, api, f"/a/{token_for(alarm_id)}", size, color_scheme=scheme)
    found = [await look(page)]
    await page.get_by_text("Add a note").click()
    await page.get_by_label("Note").fill("y" * 300)
    found.append(await look(page))
    await page.get_by_role("button", name="Acknowledge").click()
    found.append(await look(page))
    await api.call("POST", f"/v1/alarms/{alarm_id}/resolve")
    await page.reload()
    found.append(await look(page))
    await page.goto(str(api.client.make_url("/a/unknown")))
    found.append(await look(page))

    assert found == [(0, [], [])] * 5


async def look(page: Page) -> tuple[int, list[str], list[str]]:
    return await overflow(page), await unlabelled(page), await faint(page)


async def test_twice_the_text_size_still_fits_an_old_phone(browser: Browser, api: Api) -> None:
    page = await opened(browser, api, f"/a/{token_for(await api.raised(title=LONG))}", OLD_PHONE)

    await page.evaluate("document.documentElement.style.fontSize = '200%'")

    assert await overflow(page) == 0
    await expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()


async def test_the_browser_finds_nothing_to_refuse(browser: Browser, api: Api) -> None:
    context = await new_context(browser, OLD_PHONE)
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    statuses: dict[str, int] = {}
    page.on("response", lambda response: statuses.update({response.url.rsplit("/")[-1][:9]: response.status}))

    await page.goto(str(api.client.make_url(f"/a/{token_for(await api.raised())}")))

    assert said == []
    assert statuses["style.css"] == 200
    weight = await page.get_by_role("heading", level=1).evaluate("it => getComputedStyle(it).fontSize")
    assert weight == "28px"


@SCHEMES
@SIZES
async def test_an_operator_logs_in_and_reads_every_page(
    browser: Browser, api: Api, size: dict[str, int], scheme: Literal["light", "dark"]
) -> None:
    await api.raised(title=LONG, room="reception", person="porter", test=True)
    page = await opened(browser, api, "/admin", size, color_scheme=scheme)
    found = {"login": await look(page)}

    await log_in(page, api)
    for name in ("Devices", "People", "Channels", "Overview"):
        await page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        await expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
        found[name] = await look(page)
    await page.get_by_role("link", name=LONG, exact=True).click()
    await expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    found["alarm"] = await look(page)

    assert found == dict.fromkeys(found, (0, [], []))


@ON_BOTH
async def test_an_operator_logs_out(browser: Browser, api: Api) -> None:
    page = await opened(browser, api, "/admin", DESKTOP)
    await log_in(page, api)

    await page.get_by_role("button", name="Log out").click()
    await page.goto(str(api.client.make_url("/admin/devices")))

    await expect(page.get_by_label("Key")).to_be_visible()


async def with_script(browser: Browser, api: Api, path: str) -> tuple[Page, list[str]]:
    """The page in a browser that runs scripts, logged in; and the addresses of the documents it has loaded since."""
    page = await opened(browser, api, "/admin", DESKTOP, java_script_enabled=True)
    await log_in(page, api)
    await page.goto(str(api.client.make_url(path)))
    loaded: list[str] = []
    page.on("framenavigated", lambda frame: loaded.append(frame.url))
    return page, loaded


@ON_BOTH
async def test_the_overview_notices_an_answer_by_itself_without_loading_itself_again(
    browser: Browser, api: Api
) -> None:
    alarm_id = await api.raised(title="Panic key")
    page, loaded = await with_script(browser, api, "/admin")
    await page.get_by_role("link", name="Panic key", exact=True).focus()
    await expect(page.locator(".pill.triggered")).to_be_visible()
    await expect(page.get_by_text("Show what is new")).to_be_hidden()

    await api.call("POST", f"/v1/alarms/{alarm_id}/ack")

    await expect(page.locator(".pill.acknowledged")).to_be_visible(timeout=20_000)
    await expect(page.get_by_role("link", name="Panic key", exact=True)).to_be_focused()
    assert loaded == []


@ON_POSTGRESQL
async def test_an_open_page_notices_what_was_answered_at_another_replica(
    browser: Browser, api: Api, replica: Api
) -> None:
    alarm_id = await api.raised(title="Panic key")
    page, loaded = await with_script(browser, api, "/admin")
    await expect(page.locator(".pill.triggered")).to_be_visible()

    await press(replica, token_for(alarm_id), name="Anna")

    await expect(page.locator(".pill.acknowledged")).to_be_visible(timeout=20_000)
    await expect(page.get_by_text("Anna")).to_be_visible()
    assert loaded == []


@ON_BOTH
async def test_a_note_that_is_being_typed_stays_while_the_page_shows_what_is_new(
    browser: Browser, api: Api
) -> None:
    alarm_id = await api.raised(title="Panic key")
    page, _ = await with_script(browser, api, f"/admin/alarms/{alarm_id}")
    await page.get_by_label("Note").fill("I am going")

    await api.call("POST", f"/v1/alarms/{alarm_id}/ack")

    await expect(page.get_by_role("button", name="Resolve")).to_be_visible(timeout=20_000)
    await expect(page.get_by_label("Note")).to_have_value("I am going")
    await page.get_by_role("button", name="Resolve").click()
    await expect(page.locator("h1 .pill.resolved")).to_be_visible()
    await expect(page.get_by_text("I am going")).to_be_visible()


async def test_a_page_that_gets_no_answer_says_that_it_is_old(browser: Browser, api: Api) -> None:
    page, _ = await with_script(browser, api, "/admin")

    await page.route("**/admin", lambda route: route.abort())

    await expect(page.get_by_role("alert")).to_have_text(
        "No connection: what stands here is old.", timeout=20_000
    )


async def test_without_scripts_a_link_shows_what_is_new_and_the_buttons_work(
    browser: Browser, api: Api
) -> None:
    alarm_id = await api.raised(title="Panic key")
    page = await opened(browser, api, "/admin", OLD_PHONE)
    await log_in(page, api)
    await page.get_by_role("button", name="Acknowledge: Panic key").click()
    await expect(page.locator(".pill.acknowledged")).to_be_visible()
    await api.call("POST", f"/v1/alarms/{alarm_id}/resolve")

    await page.get_by_role("link", name="Show what is new").click()

    await expect(page.locator(".pill.resolved")).to_be_visible()


async def click_at(page: Page, name: str) -> tuple[float, float]:
    """Click where the button of this name is, as a hand does that does not look, and return the place."""
    button = page.get_by_role("button", name=name)
    await button.scroll_into_view_if_needed()
    box = await button.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.click(x, y)
    return x, y


@SIZES
async def test_two_quick_clicks_on_false_alarm_in_a_list_close_no_alarm(
    browser: Browser, api: Api, size: dict[str, int]
) -> None:
    ids = [await api.raised(title=f"Glass {number}") for number in range(4)]
    page = await opened(browser, api, "/admin", size)
    await log_in(page, api)

    async with page.expect_navigation():
        place = await click_at(page, "False alarm: Glass 0")
    await page.mouse.click(*place)
    await page.goto(str(api.client.make_url("/admin")))

    assert {(await alarm_of(api, one)).status for one in ids} == {Status.TRIGGERED}


@SIZES
async def test_right_after_an_answer_a_click_in_the_list_that_has_moved_answers_no_other_alarm(
    browser: Browser, api: Api, size: dict[str, int]
) -> None:
    ids = [await api.raised(title=f"Glass {number}") for number in range(4)]
    page = await opened(browser, api, "/admin", size)
    await log_in(page, api)
    moment = await page.context.new_cdp_session(page)
    await moment.send("Animation.enable")
    await moment.send("Animation.setPlaybackRate", {"playbackRate": 0})

    async with page.expect_navigation():
        await click_at(page, "Acknowledge: Glass 0")
    await click_at(page, "Acknowledge: Glass 1")
    await page.goto(str(api.client.make_url("/admin")))
    answered = [one for one in ids if (await alarm_of(api, one)).status is not Status.TRIGGERED]
    async with page.expect_navigation():
        await click_at(page, "Acknowledge: Glass 1")

    assert answered == ids[:1]
    await expect(page.get_by_role("status").first).to_contain_text("Acknowledged: Glass 1.")


@SIZES
async def test_a_false_alarm_takes_one_more_click_and_the_list_says_which_it_was(
    browser: Browser, api: Api, size: dict[str, int]
) -> None:
    alarm_id, _ = await api.raised(title="Glass 0"), await api.raised(title="Glass 1")
    page = await opened(browser, api, "/admin", size)
    await log_in(page, api)

    await page.get_by_role("button", name="False alarm: Glass 0").click()
    question = await look(page)
    await page.get_by_role("button", name="False alarm: Glass 0").click()

    await expect(page.get_by_role("status").first).to_contain_text("False alarm: Glass 0.")
    assert question == (0, [], [])
    assert (await alarm_of(api, alarm_id)).status is Status.CANCELLED
    assert await page.locator("tr.loud strong").all_inner_texts() == ["Glass 1"]
