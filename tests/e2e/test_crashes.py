"""Nothing is lost: the companion is killed between each two steps of the main job, and started again."""

from typing import Any

import aiohttp
import pytest

from tests.e2e.conftest import Office
from tests.e2e.house import ANNA, BEN, until
from tests.fakes.misbehaviour import Behaviour

SENDS_TO = {"signal": "/v2/send", "zammad": "/api/v1/tickets"}


async def misbehave(
    office: Office, provider: str, behaviour: Behaviour | None, *, times: int | None = None
) -> None:
    async with aiohttp.ClientSession() as session:
        path = None if times is None else SENDS_TO[provider]
        order = {"behaviour": behaviour and behaviour.value, "times": times, "path": path}
        async with session.post(f"{office.providers.url(provider)}/_behave", json=order) as answer:
            assert answer.status == 204


async def first_step_seen(office: Office) -> None:
    await until(office.tickets, "the ticket")
    await until(lambda: office.signals(ANNA), "Anna's page")


async def second_step_seen(office: Office) -> None:
    await until(lambda: office.signals(BEN), "Ben's page")


async def acknowledged_by_link(office: Office) -> None:
    text = (await office.signals(BEN))[0]
    url = next(word for word in text.split() if "/a/" in word)
    async with aiohttp.ClientSession() as session, session.post(url, data={"name": "Ben Example"}) as answer:
        assert answer.status == 200, await answer.text()


async def answer_seen(office: Office) -> None:
    async def noted() -> bool:
        return any("Ben Example" in article for article in await office.articles())

    async def told() -> bool:
        return any("Ben Example" in text for text in (await office.signals(ANNA))[1:])

    await until(noted, "the note in the ticket")
    await until(told, "the news for Anna")


async def end_seen(office: Office) -> None:
    async def closed() -> bool:
        return any("closed" in article for article in await office.articles())

    await until(closed, "the closed ticket")


@pytest.mark.parametrize(
    "killed_after",
    [
        "the press",
        "the first step",
        "the second step",
        "the acknowledgement",
        "the news",
        "the resolve",
        "nothing",
    ],
)
async def test_every_notification_is_there_whenever_the_companion_was_killed(
    office: Office, killed_after: str
) -> None:
    async def after(step: str) -> None:
        if step == killed_after:
            await office.crash()

    alarm_id = await office.press()
    await after("the press")
    await first_step_seen(office)
    await after("the first step")
    await second_step_seen(office)
    await after("the second step")
    await acknowledged_by_link(office)
    await after("the acknowledgement")
    await answer_seen(office)
    await after("the news")
    await office.api.post(f"/v1/alarms/{alarm_id}/resolve", {"note": "All is well"})
    await after("the resolve")
    await end_seen(office)

    alarm = await office.alarm(alarm_id)
    assert alarm["status"] == "resolved"
    assert alarm["acknowledged_by"] == "Ben Example"
    assert len(await office.tickets()) == 1


async def test_a_step_that_came_due_while_the_companion_was_dead_is_run_when_it_is_back(
    office: Office,
) -> None:
    await office.press()
    await first_step_seen(office)
    await office.companion.kill()
    assert await office.signals(BEN) == []

    await office.companion.ready()

    await second_step_seen(office)


async def test_nobody_is_paged_after_an_acknowledgement_that_was_followed_by_a_crash(office: Office) -> None:
    alarm_id = await office.press()
    await first_step_seen(office)
    await office.api.post(f"/v1/alarms/{alarm_id}/acknowledge", {})

    await office.crash()

    deliveries: list[dict[str, Any]] = (await office.alarm(alarm_id))["deliveries"]
    assert not [
        one
        for one in deliveries
        if one["kind"] == "page" and one["state"] in {"pending", "failed", "processing"}
    ]
    assert (await office.alarm(alarm_id))["next_due_at"] is None
    assert await office.signals(BEN) == []


async def test_a_page_whose_provider_never_answered_before_the_kill_is_sent_again_and_says_so(
    office: Office,
) -> None:
    await misbehave(office, "signal", Behaviour.HANG, times=1)
    alarm_id = await office.press()

    async def asked() -> bool:
        return any(one["path"] == "/v2/send" for one in await office.providers.received("signal"))

    await until(asked, "Signal is asked")
    await office.crash()

    texts = await until(lambda: office.signals(ANNA), "Anna's page after all")
    delivery = next(
        one
        for one in (await office.alarm(alarm_id))["deliveries"]
        if one["channel_id"] == "signal" and one["kind"] == "page" and ANNA in one["address"]
    )
    assert delivery["uncertain"] is True
    assert "repeat" in texts[0].lower()


async def test_a_ticket_whose_creation_was_never_answered_is_not_made_twice(office: Office) -> None:
    await misbehave(office, "zammad", Behaviour.TAKE_AND_RESET, times=1)
    alarm_id = await office.press()

    async def sent() -> bool:
        deliveries = (await office.alarm(alarm_id))["deliveries"]
        return any(one["channel_id"] == "zammad" and one["state"] == "sent" for one in deliveries)

    await until(sent, "the ticket is known", timeout_s=60)
    created = [
        one
        for one in await office.providers.received("zammad")
        if (one["method"], one["path"]) == ("POST", "/api/v1/tickets")
    ]
    assert len(created) == 1


async def test_a_hanging_provider_does_not_hold_up_another_one(office: Office) -> None:
    await misbehave(office, "zammad", Behaviour.HANG)

    await office.press()

    await until(lambda: office.signals(ANNA), "Anna's page")
    await second_step_seen(office)
    assert await office.tickets() == []


async def test_a_stop_lets_what_is_being_sent_end_and_releases_the_rest(office: Office) -> None:
    alarm_id = await office.press()
    await office.companion.stop()
    await office.companion.ready()

    await first_step_seen(office)

    sent = [one for one in (await office.alarm(alarm_id))["deliveries"] if one["kind"] == "page"]
    assert len(await office.signals(ANNA)) == 1
    assert not [one for one in sent if one["uncertain"]]
