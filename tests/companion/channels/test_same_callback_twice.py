"""A provider that says the same thing twice, at once and later: one answer, through the whole service."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

import pytest

from companion.alarms.journal import journal_of
from companion.alarms.model import Change, Status
from companion.app import Companion
from companion.channels.base import Callback, TakesCallbacks
from companion.channels.registry import build_channel
from companion.channels.telegram.updates import webhook_secret
from companion.dispatch.delivery import State
from companion.store.scope import ALL_SITES
from tests.companion.channels.cases import CASES, At
from tests.companion.channels.raising import raise_alarm
from tests.companion.channels.test_answered import becomes, called, status_of
from tests.companion.channels.test_zammad_closed import SECRET as ZAMMAD_SECRET, tells as zammad_tells
from tests.fakes.mattermost import FakeMattermost
from tests.fakes.opsgenie import FakeOpsgenie
from tests.fakes.pagerduty import FakePagerDuty
from tests.fakes.peers import Wrong
from tests.fakes.pushover import ANNA as USER, FakePushover
from tests.fakes.slack import FakeSlack
from tests.fakes.sms import FakeSms
from tests.fakes.telegram import FakeTelegram
from tests.fakes.twilio import ACCOUNT, NUMBER, TOKEN, FakeTwilio, calls_back, read_twiml
from tests.fakes.whatsapp import APP_SECRET, NUMBER_ID, TOKEN as WHATSAPP_TOKEN, FakeWhatsApp, tells
from tests.fakes.zammad import FakeZammad

PHONE = "+491701234567"
TWILIO = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": NUMBER}

type Answered = Callable[[Companion], AbstractAsyncContextManager[tuple[str, Callback]]]
"""Raises an alarm over a channel, and yields its id and the request with which its provider tells that Anna answers."""

PROVIDERS: dict[str, Answered] = {}


def provider(answered: Callable[[Companion], AsyncIterator[tuple[str, Callback]]]) -> None:
    PROVIDERS[answered.__name__] = asynccontextmanager(answered)


def at_door(running: Companion, kind: str, callback: Callback) -> Callback:
    """Return the request as it is sent to this service."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    kept = urlsplit(callback.url).query
    url = f"{running.settings.public_url}/v1/channels/{kind}/callback{f'?{kept}' if kept else ''}"
    is_json = callback.body.startswith(b"{")
    headers = {**({"Content-Type": "application/json"} if is_json else form), **callback.headers}
    return replace(callback, url=url, headers=headers)


@provider
async def slack(running: Companion) -> AsyncIterator[tuple[str, Callback]]:
    async with FakeSlack() as server:
        config = {"url": server.api_url, "token": server.token, "signing_secret": server.signing_secret}
        alarm_id = await raise_alarm(running, "slack", config, "U023BECGF")
        await server.until(lambda: server.posts)
        yield alarm_id, server.press(server.posts[0])
        assert len(server.whispers) == 1


@provider
async def mattermost(running: Companion) -> AsyncIterator[tuple[str, Callback]]:
    async with FakeMattermost() as server:
        config = {"url": server.url, "token": server.token}
        alarm_id = await raise_alarm(running, "mattermost", config, "@anna")
        await server.until(lambda: server.posts)
        (post,) = server.posts
        yield alarm_id, server.press(post)


@provider
async def pagerduty(running: Companion) -> AsyncIterator[tuple[str, Callback]]:
    async with FakePagerDuty() as server:
        config = {
            "url": server.url,
            "routing_key": server.routing_key,
            "webhook_secret": server.webhook_secret,
        }
        alarm_id = await raise_alarm(running, "pagerduty", config, "PXPGF42")
        await server.until(lambda: server.incidents)
        (key,) = server.incidents
        yield alarm_id, server.does("incident.acknowledged", key)


@provider
async def opsgenie(running: Companion) -> AsyncIterator[tuple[str, Callback]]:
    async with FakeOpsgenie() as server:
        config = {"url": server.url, "api_key": server.api_key, "webhook_secret": server.webhook_secret}
        alarm_id = await raise_alarm(running, "opsgenie", config, "anna@house.example")
        await server.until(lambda: server.alerts)
        (alias,) = server.alerts
        yield alarm_id, server.does("Acknowledge", alias)


@provider
async def telegram(running: Companion) -> AsyncIterator[tuple[str, Callback]]:
    async with FakeTelegram() as server:
        config = {"url": server.url, "token": server.token, "webhook": True}
        alarm_id = await raise_alarm(running, "telegram", config, "7001")
        await server.until(lambda: server.posted)
        body = json.dumps(server.press(server.posted[0])).encode()
        proof = {"X-Telegram-Bot-Api-Secret-Token": webhook_secret(server.token)}
        yield alarm_id, Callback(method="POST", url="", query={}, headers=proof, body=body)


@provider
async def pushover(running: Companion) -> AsyncIterator[tuple[str, Callback]]:
    async with FakePushover() as server:
        alarm_id = await raise_alarm(running, "pushover", {"url": server.url, "token": server.token}, USER)
        await server.until(lambda: server.messages)
        receipt, url = server.messages[0]["receipt"], server.messages[0]["callback"]
        server.ringing[receipt] |= {"acknowledged": 1, "acknowledged_at": 1, "acknowledged_by": USER}
        yield alarm_id, Callback(method="POST", url=url, query={}, headers={}, body=server.called(receipt))


@provider
async def whatsapp(running: Companion) -> AsyncIterator[tuple[str, Callback]]:
    async with FakeWhatsApp(templates={"alarm": ("quick_reply",), "alarm_news": ()}) as server:
        config = {
            "url": server.url,
            "phone_number_id": NUMBER_ID,
            "token": WHATSAPP_TOKEN,
            "buttons": ["reply"],
            "app_secret": APP_SECRET,
            "verify_token": "word-of-ours",
        }
        alarm_id = await raise_alarm(running, "whatsapp", config, PHONE)
        await server.until(lambda: server.messages)
        token = server.messages[0]["template"]["components"][1]["parameters"][0]["payload"]
        button = {"from": PHONE[1:], "id": "wamid.A", "type": "button", "button": {"payload": token}}
        yield alarm_id, tells("", messages=[button])


@provider
async def twilio_sms(running: Companion) -> AsyncIterator[tuple[str, Callback]]:
    async with FakeTwilio() as server:
        config = {"url": server.url, "replies": True, **TWILIO}
        alarm_id = await raise_alarm(running, "twilio_sms", config, PHONE)
        await server.until(lambda: server.messages)
        yield (
            alarm_id,
            calls_back(server.callback_url, {"MessageSid": "SM9", "From": PHONE, "Body": "OK"}),
        )


@provider
async def twilio_voice(running: Companion) -> AsyncIterator[tuple[str, Callback]]:
    async with FakeTwilio() as server:
        alarm_id = await raise_alarm(running, "twilio_voice", {"url": server.url, **TWILIO}, PHONE)
        await server.until(lambda: server.calls)
        action = read_twiml(server.calls[0]["Twiml"])[0].get("action") or ""
        yield alarm_id, calls_back(action, {"CallSid": "CA1", "Digits": "1", "To": PHONE})


@provider
async def sms(running: Companion) -> AsyncIterator[tuple[str, Callback]]:
    async with FakeSms() as server:
        config = {
            "url": f"{server.url}/sms",
            "headers": {"Authorization": f"Bearer {server.token}"},
            "template": {"to": "{to}", "text": "{text}", "from": "{callback}"},
            "callback_secret": "a-secret-of-the-gateway",
            "callbacks": {"replies": {"sender": "from", "text": "text", "id": "id"}},
        }
        alarm_id = await raise_alarm(running, "sms", config, PHONE)
        await server.until(lambda: server.messages)
        body = urlencode({"from": PHONE, "text": "OK", "id": "4711"}).encode()
        url = str(server.messages[0].sender)
        yield alarm_id, Callback(method="POST", url=url, query={}, headers={}, body=body)
        assert len(server.messages) == 2  # the page, and one reply


@provider
async def zammad(running: Companion) -> AsyncIterator[tuple[str, Callback]]:
    async with FakeZammad() as server:
        config = {
            "url": server.url,
            "token": server.token,
            "group": "Alarm",
            "customer": "alarm@site.example",
            "webhook_token": ZAMMAD_SECRET,
            "on_close": "acknowledge",
        }
        alarm_id = await raise_alarm(running, "zammad", config, "")
        await server.until(lambda: server.tickets)
        yield alarm_id, zammad_tells(id=1)


def test_every_kind_whose_provider_calls_is_here() -> None:
    at = At(host="127.0.0.1", port=9)
    built = [(case.kind, build_channel(case.kind, case.settings(Wrong.HANG, at))) for case in CASES.values()]

    assert PROVIDERS.keys() == {kind for kind, channel in built if isinstance(channel, TakesCallbacks)}


@pytest.mark.parametrize("kind", PROVIDERS)
async def test_the_same_callback_is_one_answer(running: Companion, kind: str) -> None:
    async with PROVIDERS[kind](running) as (alarm_id, callback):
        await becomes(running, alarm_id, State.SENT)
        request = at_door(running, kind, callback)

        statuses = [status for status, _ in await asyncio.gather(*(called(request) for _ in range(3)))]
        statuses.append((await called(request))[0])

        assert statuses == [200] * 4
        status, _ = await status_of(running, alarm_id)
        lines = await running.db.read(lambda conn: journal_of(ALL_SITES, conn, alarm_id))
        assert status is Status.ACKNOWLEDGED
        events = [line.event for line in lines]
        assert events.count(Change.ACKNOWLEDGED) == 1
        assert not {Change.NOTED, Change.ANSWERED_AGAIN, Change.REPLY_REFUSED} & set(events)
