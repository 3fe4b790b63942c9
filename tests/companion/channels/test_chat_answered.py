"""Chats and on-call services in the whole service: somebody answers there, the alarm is answered, and it is seen there."""

import asyncio

import aiohttp
import pytest

from companion.app import Companion
from companion.channels.base import Callback
from companion.config import Settings
from tests.companion.channels.raising import (
    answered_by,
    make_reachable,
    page_anna,
    pages_of,
    raise_alarm,
    until_written_down,
)
from tests.fakes.matrix import FakeMatrix
from tests.fakes.mattermost import FakeMattermost
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.opsgenie import FakeOpsgenie
from tests.fakes.pagerduty import FakePagerDuty
from tests.fakes.slack import FakeSlack


async def call_back(running: Companion, kind: str, callback: Callback) -> str:
    """Send the provider's request to the service, and return what it is answered."""
    url = f"{running.settings.public_url}/v1/channels/{kind}/callback"
    content_type = (
        "application/json" if callback.body.startswith(b"{") else "application/x-www-form-urlencoded"
    )
    headers = {"Content-Type": content_type, **callback.headers}
    async with aiohttp.ClientSession() as http, http.post(url, data=callback.body, headers=headers) as reply:
        assert reply.status == 200
        return await reply.text()


async def test_the_button_in_slack(running: Companion) -> None:
    async with FakeSlack() as slack:
        config = {"url": slack.api_url, "token": slack.token, "signing_secret": slack.signing_secret}
        alarm_id = await raise_alarm(running, "slack", config, "U023BECGF")
        await slack.until(lambda: slack.posts)

        await call_back(running, "slack", slack.press(slack.posts[0]))
        await slack.until(lambda: slack.posts[0].edits)

        assert await answered_by(running, alarm_id) == "Anna"
        assert slack.posts[0].buttons == {}
        assert len(slack.whispers) == 1


async def test_the_button_in_mattermost(running: Companion) -> None:
    async with FakeMattermost() as mattermost:
        config = {"url": mattermost.url, "token": mattermost.token}
        alarm_id = await raise_alarm(running, "mattermost", config, "@anna")
        await mattermost.until(lambda: mattermost.posts)
        (post,) = mattermost.posts
        press = mattermost.press(post)

        said = await call_back(running, "mattermost", press)
        await mattermost.until(lambda: mattermost.edits)

        assert press.url == f"{running.settings.public_url}/v1/channels/mattermost/callback"
        assert await answered_by(running, alarm_id) == "Anna"
        assert "ephemeral_text" in said


async def test_the_acknowledgement_in_pagerduty(running: Companion) -> None:
    async with FakePagerDuty() as pagerduty:
        config = {
            "url": pagerduty.url,
            "routing_key": pagerduty.routing_key,
            "webhook_secret": pagerduty.webhook_secret,
        }
        alarm_id = await raise_alarm(running, "pagerduty", config, "PXPGF42")
        await pagerduty.until(lambda: pagerduty.incidents)
        await until_written_down(running, alarm_id)
        ((key, incident),) = pagerduty.incidents.items()

        await call_back(running, "pagerduty", pagerduty.does("incident.acknowledged", key))
        await pagerduty.until(lambda: incident.state == "acknowledged")

        assert await answered_by(running, alarm_id) == "Anna"


async def test_the_acknowledgement_of_an_incident_that_nobody_knows_to_have_been_made(
    running: Companion,
) -> None:
    async with FakePagerDuty() as pagerduty:
        pagerduty.behave(Behaviour.TAKE_AND_RESET, path="/v2/enqueue")
        config = {
            "url": pagerduty.url,
            "routing_key": pagerduty.routing_key,
            "webhook_secret": pagerduty.webhook_secret,
        }
        alarm_id = await raise_alarm(running, "pagerduty", config, "PXPGF42")
        while not pagerduty.incidents or not (await pages_of(running, alarm_id))[0].uncertain:  # noqa: ASYNC110 # in a database, too
            await asyncio.sleep(0.01)
        (key,) = pagerduty.incidents

        await call_back(running, "pagerduty", pagerduty.does("incident.acknowledged", key))

        assert await answered_by(running, alarm_id) == "Anna"


async def test_the_acknowledgement_in_opsgenie(running: Companion) -> None:
    async with FakeOpsgenie() as opsgenie:
        config = {"url": opsgenie.url, "api_key": opsgenie.api_key, "webhook_secret": opsgenie.webhook_secret}
        alarm_id = await raise_alarm(running, "opsgenie", config, "anna@house.example")
        await opsgenie.until(lambda: opsgenie.alerts)
        await until_written_down(running, alarm_id)
        ((alias, alert),) = opsgenie.alerts.items()

        await call_back(running, "opsgenie", opsgenie.does("Acknowledge", alias))
        await opsgenie.until(lambda: alert.state == "acknowledged")

        assert await answered_by(running, alarm_id) == "Anna"


@pytest.mark.parametrize("with_words", [False, True], ids=["reaction", "reply"])
async def test_a_thumb_or_a_reply_in_matrix(
    settings: Settings,
    with_words: bool,  # noqa: FBT001 - a column of the table
) -> None:
    async with FakeMatrix() as matrix:
        config = {"url": matrix.url, "token": matrix.token}
        async with Companion(
            settings
        ) as before:  # what is new is listened to within half a minute, or from the start
            await make_reachable(before, "matrix", config, "@anna:house.example")
        async with Companion(settings) as running, asyncio.timeout(30):
            alarm_id = await page_anna(running)
            await until_written_down(running, alarm_id)
            await matrix.listened_to()
            event, room = matrix.events[0]["event_id"], matrix.events[0]["room"]

            if with_words:
                await matrix.reply(event, "OK", room=room)
            else:
                await matrix.react(event, "👍", room=room)
            await matrix.until(lambda: "m.new_content" in str(matrix.sent))

            assert await answered_by(running, alarm_id) == "Anna"
