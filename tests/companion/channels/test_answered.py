"""An alarm is answered over the channel that told of it, through the whole service; and what is forged answers nothing."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

import aiohttp
import pytest

from companion.alarms.model import Status
from companion.alarms.store import alarm_by_id
from companion.app import Companion
from companion.channels.base import Callback
from companion.dispatch.delivery import State
from companion.dispatch.store import deliveries_of
from companion.store.scope import ALL_SITES
from tests.companion.channels.raising import raise_alarm
from tests.companion.channels.test_chat_told import ACCOUNT_OF_THE_HOUSE
from tests.companion.channels.test_zammad_closed import SECRET as ZAMMAD_SECRET, tells as zammad_tells
from tests.fakes.sms import FakeSms
from tests.fakes.twilio import FakeTwilio, calls_back, read_twiml
from tests.fakes.whatsapp import APP_SECRET, NUMBER_ID, TOKEN, FakeWhatsApp, introduces, tells
from tests.fakes.zammad import FakeZammad

ANNA = "+491701234567"
GATEWAY_SECRET = "a-secret-of-the-gateway"


async def called(request: Callback) -> tuple[int, str]:
    """Send what a provider sends, byte by byte."""
    async with (
        aiohttp.ClientSession() as http,
        http.request(
            request.method, request.url, data=request.body or None, headers=request.headers
        ) as reply,
    ):
        return reply.status, await reply.text()


async def status_of(running: Companion, alarm_id: str) -> tuple[Status, str | None]:
    alarm = await running.db.read(lambda conn: alarm_by_id(ALL_SITES, conn, alarm_id))
    assert alarm is not None
    return alarm.status, alarm.acknowledged_by


async def becomes(running: Companion, alarm_id: str, wanted: State) -> None:
    """Return once the page of the alarm is so: a receipt may come before we have written down that it was sent."""
    page = None
    while page != wanted:
        [(delivery, _)] = await running.db.read(lambda conn: deliveries_of(ALL_SITES, conn, alarm_id))
        page = delivery.state
        await asyncio.sleep(0.01)


async def test_by_sms_over_twilio(running: Companion, twilio: FakeTwilio) -> None:
    config = {"url": twilio.url, "replies": True, **ACCOUNT_OF_THE_HOUSE}
    alarm_id = await raise_alarm(running, "twilio_sms", config, ANNA)
    await twilio.until(lambda: twilio.messages)
    url, sid = twilio.callback_url, twilio.messages[0]["sid"]
    await becomes(running, alarm_id, State.SENT)
    arrived = calls_back(url, {"MessageSid": sid, "MessageStatus": "delivered"})
    answered = calls_back(url, {"MessageSid": "SM9", "From": ANNA, "Body": "Ok!"})

    assert (await called(calls_back(url, {"MessageSid": "SM9", "From": ANNA, "Body": "OK"}, token="x")))[
        0
    ] == 404
    assert (await status_of(running, alarm_id))[0] is Status.TRIGGERED
    assert (await called(arrived))[0] == 200
    await becomes(running, alarm_id, State.DELIVERED)
    _, said = await called(answered)
    _, again = await called(answered)

    assert await status_of(running, alarm_id) == (Status.ACKNOWLEDGED, "Anna")
    assert "Anna" in (read_twiml(said)[0].text or "")
    assert len(read_twiml(again)) == 0


async def test_by_a_key_in_a_call(running: Companion, twilio: FakeTwilio) -> None:
    alarm_id = await raise_alarm(running, "twilio_voice", {"url": twilio.url, **ACCOUNT_OF_THE_HOUSE}, ANNA)
    await twilio.until(lambda: twilio.calls)
    action = read_twiml(twilio.calls[0]["Twiml"])[0].get("action") or ""

    wrong = await called(calls_back(action, {"CallSid": "CA1", "Digits": "5", "To": ANNA}))
    before = await status_of(running, alarm_id)
    right = await called(calls_back(action, {"CallSid": "CA1", "Digits": "1", "To": ANNA}))

    assert (wrong[0], before[0]) == (200, Status.TRIGGERED)
    assert await status_of(running, alarm_id) == (Status.ACKNOWLEDGED, "Anna")
    assert "Anna" in (read_twiml(right[1])[0].text or "")


async def test_by_sms_over_another_gateway(running: Companion, gateway: FakeSms) -> None:
    config = {
        "url": f"{gateway.url}/sms",
        "headers": {"Authorization": f"Bearer {gateway.token}"},
        "id_pointer": "/message/id",
        "template": {"to": "{to}", "text": "{text}", "from": "{callback}"},
        "callback_secret": GATEWAY_SECRET,
        "callbacks": {
            "receipts": {"id": "id", "status": "status", "delivered": "ok", "undelivered": "lost"},
            "replies": {"sender": "from", "text": "text"},
        },
    }
    alarm_id = await raise_alarm(running, "sms", config, ANNA)
    await gateway.until(lambda: gateway.messages)
    url = str(gateway.messages[0].sender)

    def form(fields: Mapping[str, str]) -> Callback:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Callback(method="POST", url=url, query={}, headers=headers, body=urlencode(fields).encode())

    forged = replace(form({"from": ANNA, "text": "OK"}), url=url.replace(GATEWAY_SECRET, "guessed"))
    await becomes(running, alarm_id, State.SENT)

    assert (await called(forged))[0] == 404
    assert (await called(form({"id": gateway.messages[0].id, "status": "OK"})))[0] == 200
    await becomes(running, alarm_id, State.DELIVERED)
    assert (await called(form({"from": "00491701234567", "text": "ja"})))[0] == 200

    assert await status_of(running, alarm_id) == (Status.ACKNOWLEDGED, "Anna")
    assert "Anna" in gateway.messages[1].text


async def test_by_a_button_in_whatsapp(running: Companion) -> None:
    async with FakeWhatsApp(templates={"alarm": ("quick_reply",), "alarm_news": ()}) as meta:
        config = {
            "url": meta.url,
            "phone_number_id": NUMBER_ID,
            "token": TOKEN,
            "buttons": ["reply"],
            "app_secret": APP_SECRET,
            "verify_token": "word-of-ours",
        }
        alarm_id = await raise_alarm(running, "whatsapp", config, ANNA)
        await meta.until(lambda: meta.messages)
        url = f"{running.settings.public_url}/v1/channels/whatsapp/callback"
        token = meta.messages[0]["template"]["components"][1]["parameters"][0]["payload"]
        button = {"from": ANNA[1:], "id": "wamid.A", "type": "button", "button": {"payload": token}}
        query = {"hub.mode": "subscribe", "hub.verify_token": "word-of-ours", "hub.challenge": "1158201444"}

        assert await called(introduces(url, query)) == (200, "1158201444")
        assert (await called(tells(url, messages=[button], secret="x")))[0] == 404
        assert (await called(tells(url, messages=[button])))[0] == 200

    assert await status_of(running, alarm_id) == (Status.ACKNOWLEDGED, "Anna")


@pytest.mark.parametrize(
    ("on_close", "then"), [("note", Status.TRIGGERED), ("acknowledge", Status.ACKNOWLEDGED)]
)
async def test_by_closing_a_ticket_as_the_house_has_chosen(
    running: Companion, on_close: str, then: Status
) -> None:
    async with FakeZammad() as zammad:
        config = {
            "url": zammad.url,
            "token": zammad.token,
            "group": "Alarm",
            "customer": "alarm@site.example",
            "webhook_token": ZAMMAD_SECRET,
            "on_close": on_close,
        }
        alarm_id = await raise_alarm(running, "zammad", config, "")
        await zammad.until(lambda: zammad.tickets)
        await becomes(running, alarm_id, State.SENT)
        url = f"{running.settings.public_url}/v1/channels/zammad/callback"

        assert (await called(replace(zammad_tells(id=1, secret="x"), url=url)))[0] == 404
        assert (await called(replace(zammad_tells(id=1), url=url)))[0] == 200

        assert (await status_of(running, alarm_id))[0] is then
        await zammad.until(lambda: len(zammad.tickets[0].articles) > 1)
        assert "closed (Erika Muster)" in zammad.tickets[0].articles[1].body or on_close == "acknowledge"
