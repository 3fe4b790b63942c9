"""Chats, mail and on-call services in the whole service: a directory, an alarm, and what stands at the provider."""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from yarl import URL

from companion.alarms.model import Actor
from companion.app import Companion
from companion.channels.telegram.updates import webhook_secret
from companion.store.scope import ALL_SITES
from tests.companion.channels.raising import raise_alarm
from tests.fakes.discord import FakeDiscord
from tests.fakes.mail import FakeMail
from tests.fakes.matrix import FakeMatrix
from tests.fakes.mattermost import FakeMattermost
from tests.fakes.ntfy import FakeNtfy
from tests.fakes.opsgenie import FakeOpsgenie
from tests.fakes.pagerduty import FakePagerDuty
from tests.fakes.pushover import ANNA as USER, FakePushover
from tests.fakes.slack import FakeSlack
from tests.fakes.teams import FakeTeams
from tests.fakes.telegram import FakeTelegram
from tests.fakes.twilio import ACCOUNT, NUMBER, TOKEN, FakeTwilio
from tests.fakes.webhook import FakeWebhook
from tests.fakes.whatsapp import NUMBER_ID, TOKEN as WHATSAPP_TOKEN, FakeWhatsApp

ACCOUNT_OF_THE_HOUSE = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": NUMBER}
ANNA = Actor(name="Anna", via="api")

type Alarmed = Callable[[str, dict[str, Any], str], Awaitable[None]]
"""Makes Anna reachable over a channel of a kind with these settings, at an address, and raises an alarm for her."""
type Provider = Callable[[Alarmed], Awaitable[None]]

PROVIDERS: list[Provider] = []


def told(provider: Provider) -> Provider:
    PROVIDERS.append(provider)
    return provider


@told
async def pagerduty(alarm: Alarmed) -> None:
    async with FakePagerDuty() as server:
        await alarm("pagerduty", {"url": server.url, "routing_key": server.routing_key}, "PXPGF42")
        await server.until(lambda: server.incidents)
        assert "Panic key: Reception" in next(iter(server.incidents.values())).summary


@told
async def opsgenie(alarm: Alarmed) -> None:
    async with FakeOpsgenie() as server:
        await alarm("opsgenie", {"url": server.url, "api_key": server.api_key}, "anna@house.example")
        await server.until(lambda: server.alerts)
        assert "Panic key: Reception" in next(iter(server.alerts.values())).message


@told
async def teams(alarm: Alarmed) -> None:
    async with FakeTeams() as server:
        await alarm("teams", {"url": server.flow_url}, "")
        await server.until(lambda: server.cards)
        assert "Panic key: Reception" in server.cards[0].text


@told
async def discord(alarm: Alarmed) -> None:
    async with FakeDiscord() as server:
        await alarm("discord", {"url": server.hook_url}, "")
        await server.until(lambda: server.messages)
        assert "Panic key: Reception" in next(iter(server.messages.values()))["content"]


@told
async def slack(alarm: Alarmed) -> None:
    async with FakeSlack() as server:
        await alarm("slack", {"url": server.api_url, "token": server.token}, "U023BECGF")
        await server.until(lambda: server.posts)
        assert "Panic key: Reception" in server.posts[0].text


@told
async def apprise(alarm: Alarmed) -> None:
    async with FakeWebhook() as server:
        await alarm("apprise", {"url": f"json://127.0.0.1:{server.port}/any/{{to}}"}, "anna")
        await server.until(lambda: server.bodies)
        assert server.received[0].path == "/any/anna"
        assert b"Panic key: Reception" in server.bodies[0]


@told
async def pushover(alarm: Alarmed) -> None:
    async with FakePushover() as server:
        await alarm("pushover", {"url": server.url, "token": server.token}, USER)
        await server.until(lambda: server.messages)
        receipt = server.messages[0]["receipt"]
        assert await server.confirm(receipt, USER) == 200
        await server.until(lambda: len(server.messages) == 2)
        assert server.messages[1]["title"] == "Acknowledged: Panic key: Reception"
        assert "By: Anna" in server.messages[1]["message"]
        assert server.ringing[receipt]["expired"] == 1


@told
async def email(alarm: Alarmed) -> None:
    async with FakeMail() as server:
        settings = {
            "host": "127.0.0.1",
            "port": server.port,
            "security": "none",
            "sender": "alarm@house.example",
        }
        await alarm("email", settings, "Anna@House.example")
        await server.until(1)
        assert server.taken[0].recipients == ["Anna@house.example"]
        assert server.taken[0].mail["Subject"] == "ALARM: Panic key: Reception"


@told
async def whatsapp(alarm: Alarmed) -> None:
    async with FakeWhatsApp() as server:
        account = {"phone_number_id": NUMBER_ID, "token": WHATSAPP_TOKEN}
        await alarm("whatsapp", {"url": server.url, **account}, "+491701234567")
        await server.until(lambda: server.messages)
        assert "Panic key: Reception" in str(server.messages[0]["template"]["components"])


@told
async def twilio_sms(alarm: Alarmed) -> None:
    async with FakeTwilio() as server:
        await alarm("twilio_sms", {"url": server.url, **ACCOUNT_OF_THE_HOUSE}, "+491701234567")
        await server.until(lambda: server.messages)
        assert "Panic key: Reception" in server.messages[0]["body"]


@told
async def twilio_voice(alarm: Alarmed) -> None:
    async with FakeTwilio() as server:
        await alarm("twilio_voice", {"url": server.url, **ACCOUNT_OF_THE_HOUSE}, "+491701234567")
        await server.until(lambda: server.calls)
        assert "Panic key: Reception" in server.calls[0]["Twiml"]


@told
async def matrix(alarm: Alarmed) -> None:
    async with FakeMatrix() as server:
        await alarm("matrix", {"url": server.url, "token": server.token}, "#alarms:house.example")
        await server.until(lambda: server.sent)
        assert "Panic key: Reception" in server.sent[0]["body"]


@told
async def mattermost(alarm: Alarmed) -> None:
    async with FakeMattermost() as server:
        await alarm("mattermost", {"url": server.url, "token": server.token}, "@anna")
        await server.until(lambda: server.posts)
        assert "Panic key: Reception" in next(iter(server.posts.values()))["message"]


@told
async def ntfy(alarm: Alarmed) -> None:
    async with FakeNtfy() as server:
        await alarm("ntfy", {"url": server.url}, "house_alarm")
        await server.until(lambda: server.published)
        button = server.published[0]["actions"][0]
        async with aiohttp.ClientSession() as phone, phone.request(button["method"], button["url"]) as reply:
            assert reply.status == 200
            assert "Acknowledged" in await reply.text()


@told
async def telegram(alarm: Alarmed) -> None:
    async with FakeTelegram() as server, aiohttp.ClientSession() as http:
        await alarm("telegram", {"url": server.url, "token": server.token, "webhook": True}, "7001")
        await server.until(lambda: server.posted)
        page = server.posted[0]
        assert "Panic key: Reception" in page.text
        stranger, anna = (server.press(page, user) for user in (666, 7001))
        called = URL(page.buttons[1]["url"]).origin() / "v1/channels/telegram/callback"
        proof = {"X-Telegram-Bot-Api-Secret-Token": webhook_secret(server.token)}
        for update in (stranger, anna):
            async with http.post(called, json=update) as reply:
                assert reply.status == 404
            async with http.post(called, json=update, headers=proof) as reply:
                assert reply.status == 200
        assert server.alerts == {stranger["callback_query"]["id"]}
        assert "Anna" in server.answered[anna["callback_query"]["id"]]
        assert page.buttons == []


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.__name__)
async def test_an_alarm_reaches_the_provider(running: Companion, provider: Provider) -> None:
    async def alarm(kind: str, config: dict[str, Any], address: str) -> None:
        await raise_alarm(running, kind, config, address)

    await provider(alarm)


async def test_a_webhook_hears_of_everything_that_becomes_of_an_alarm(running: Companion) -> None:
    key = f"whsec_{b64encode(b'k' * 32).decode()}"
    async with FakeWebhook(keys=(key,)) as program:
        config = {"url": f"{program.url}/hook", "signing_keys": [key]}
        alarm_id = await raise_alarm(running, "webhook", config, "")
        await program.until(lambda: program.events)
        await running.commands.run(ALL_SITES, lambda unit: unit.note(alarm_id, ANNA, "I see smoke"))
        await running.commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm_id, ANNA))
        await program.until(lambda: len(program.events) == 3)

    told = {one["type"]: one["data"] for one in program.events}
    assert told.keys() == {"alarm.triggered", "alarm.noted", "alarm.acknowledged"}
    assert {one["alarm_id"] for one in told.values()} == {alarm_id}
    assert (told["alarm.noted"]["note"], told["alarm.acknowledged"]["by"]) == ("I see smoke", "Anna")
