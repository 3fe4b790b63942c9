"""Pushover: pages ring, fall silent when somebody answered, and who confirms one has answered the alarm."""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, override

import pytest
from yarl import URL

from companion.channels.base import (
    AddressInvalid,
    Answer,
    Callback,
    KnowsRecipients,
    Listens,
    Message,
    MessageKind,
    Per,
    Quota,
    Receipt,
    Refused,
    Response,
    Sent,
    TakesCallbacks,
    TryAgain,
    Undelivered,
    Understood,
)
from companion.channels.pushover import sender
from companion.channels.pushover.sender import PushoverChannel
from companion.channels.registry import ChannelConfigError, build_channel, formed_address
from tests.companion.channels.messages import ACK_URL, PICTURE, message
from tests.companion.channels.pages import examples_of
from tests.fakes.inbound import RecordingInbound
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.pushover import ANNA, BEN, TOKEN, FakePushover
from tests.fakes.server import Received

PAGE = message(address=ANNA)
CALLBACK = "https://alarm.example/v1/channels/pushover/callback"


@pytest.fixture
async def pushover() -> AsyncIterator[FakePushover]:
    async with FakePushover() as server:
        yield server


@pytest.fixture
async def channel(pushover: FakePushover) -> AsyncIterator[PushoverChannel]:
    built = channel_at(pushover)
    yield built
    await built.close()


def channel_at(server: FakePushover, **config: Any) -> PushoverChannel:
    built = build_channel("pushover", {"url": server.url, "token": TOKEN, "timeout_s": 5} | config)
    assert isinstance(built, PushoverChannel)
    return built


def update(kind: MessageKind, **changes: Any) -> Message:
    return message(kind, address=ANNA, **changes)


# --- what is sent ---------------------------------------------------------------------------------------


async def test_a_page_rings_until_it_is_confirmed(pushover: FakePushover, channel: PushoverChannel) -> None:
    outcome = await channel.send(PAGE)

    (page,) = pushover.messages
    assert outcome == Sent(provider_ref=page["receipt"], status_code=200, receipt_follows=True)
    assert (page["priority"], page["retry"], page["expire"]) == (2, 60, 3600)
    assert page["title"] == "ALARM: Panic key: Reception"
    assert page["message"].startswith("Where: Reception, Main office\nWho: Max Müller")
    assert (page["url"], page["url_title"]) == (ACK_URL, "Acknowledge here")


async def test_a_page_shows_the_picture(pushover: FakePushover, channel: PushoverChannel) -> None:
    await channel.send(replace(PAGE, picture=PICTURE))

    (page,) = pushover.messages
    assert page["attachment_type"] == "image/jpeg"
    assert base64.b64decode(page["attachment_base64"]) == PICTURE.data


@pytest.mark.parametrize("kind", list(MessageKind))
async def test_only_what_asks_for_an_answer_rings(
    pushover: FakePushover, channel: PushoverChannel, kind: MessageKind
) -> None:
    assert isinstance(await channel.send(update(kind)), Sent)

    rings = kind in {MessageKind.PAGE, MessageKind.EXHAUSTED, MessageKind.PRESSED_AGAIN}
    assert (pushover.messages[0]["priority"] == 2) == rings


@pytest.mark.parametrize("severity", ["low", "normal"])
async def test_an_alarm_of_little_weight_comes_once(
    pushover: FakePushover, channel: PushoverChannel, severity: str
) -> None:
    await channel.send(replace(PAGE, severity=severity))

    assert pushover.messages[0]["priority"] == 1
    assert pushover.messages[0]["url"] == ACK_URL


@pytest.mark.parametrize("text", ["ä漢\U0001f6a8\U00100000", "x\ud800\x00y", "x" * 1_000_000])
async def test_whatever_a_text_holds_it_is_cut_to_what_pushover_takes(
    pushover: FakePushover, channel: PushoverChannel, text: str
) -> None:
    told = replace(PAGE, title=text, person=text, room=text, details={text: text})

    assert isinstance(await channel.send(told), Sent)

    assert pushover.messages[0]["url"] == ACK_URL


async def test_a_link_that_is_too_long_for_its_place_stands_whole_in_the_text(
    pushover: FakePushover, channel: PushoverChannel
) -> None:
    link = f"https://{'a' * 600}.example/a/token"

    await channel.send(replace(PAGE, ack_url=link))

    assert pushover.messages[0]["message"].endswith(f"\n{link}")


@pytest.mark.parametrize("kind", [MessageKind.ACKNOWLEDGED, MessageKind.RESOLVED, MessageKind.CANCELLED])
async def test_once_somebody_has_answered_every_page_of_the_alarm_falls_silent(
    pushover: FakePushover, channel: PushoverChannel, kind: MessageKind
) -> None:
    await channel.send(PAGE)
    await channel.send(replace(PAGE, address=BEN, delivery_id="d-2"))
    await channel.send(replace(PAGE, alarm_id="another", delivery_id="d-3"))

    assert isinstance(await channel.send(update(kind, by="Ben")), Sent)

    assert [page["expired"] for page in pushover.ringing.values()] == [1, 1, 0]
    assert "By: Ben" in pushover.messages[-1]["message"]


async def test_of_a_page_that_may_have_been_sent_only_its_repeat_rings(
    pushover: FakePushover, channel: PushoverChannel
) -> None:
    await channel.send(PAGE)
    await channel.send(replace(PAGE, address=BEN, delivery_id="d-2"))
    await channel.send(replace(PAGE, may_have_been_sent=True))

    assert [page["expired"] for page in pushover.ringing.values()] == [1, 0, 0]


# --- what is heard --------------------------------------------------------------------------------------


@dataclass
class Hearing(RecordingInbound):
    """It can be waited for."""

    answered: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    received: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    @override
    async def receipt(self, receipt: Receipt | Undelivered) -> None:
        await super().receipt(receipt)
        self.received.set()

    @override
    async def answer(self, answer: Answer) -> Response | None:
        said = await super().answer(answer)
        self.answered.set()
        return said


@pytest.fixture
async def inbound(channel: PushoverChannel, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hearing]:
    """Listen, without waiting between two questions."""
    monkeypatch.setattr(sender, "ASK_EVERY_S", 0.01)
    heard = Hearing()
    listening = asyncio.create_task(channel.listen(heard))
    yield heard
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


def asked_for(pushover: FakePushover, page: Sent) -> Sequence[Received]:
    """Return how often it was asked what became of the page."""
    return pushover.requests("GET", f"/1/receipts/{page.provider_ref}.json")


async def ask_on(pushover: FakePushover, channel: PushoverChannel) -> None:
    """Let the channel go on asking: what has become of a page about another alarm, three times."""
    other = await channel.send(replace(PAGE, alarm_id="another", delivery_id="another"))
    assert isinstance(other, Sent)
    await pushover.until(lambda: len(asked_for(pushover, other)) >= 3)


async def test_who_confirms_a_page_has_answered_the_alarm_once(
    pushover: FakePushover, channel: PushoverChannel, inbound: Hearing
) -> None:
    sent = await channel.send(PAGE)
    assert isinstance(sent, Sent)
    assert sent.provider_ref is not None
    await pushover.confirm(sent.provider_ref, ANNA)
    await inbound.answered.wait()

    (answer,) = inbound.answers
    assert (answer.sender, answer.acknowledges, answer.thread_ref) == (ANNA, True, sent.provider_ref)
    asked = len(asked_for(pushover, sent))
    await ask_on(pushover, channel)
    assert len(asked_for(pushover, sent)) == asked


async def test_a_page_that_was_brought_to_a_device_is_delivered_once(
    pushover: FakePushover, channel: PushoverChannel, inbound: Hearing
) -> None:
    sent = await channel.send(PAGE)
    assert isinstance(sent, Sent)
    assert sent.provider_ref is not None
    pushover.ringing[sent.provider_ref]["last_delivered_at"] = 1796000000
    await inbound.received.wait()
    await pushover.confirm(sent.provider_ref, ANNA)
    await inbound.answered.wait()

    (receipt,) = inbound.receipts
    assert isinstance(receipt, Receipt)
    assert (receipt.provider_ref, receipt.at.timestamp(), receipt.read) == (
        sent.provider_ref,
        1796000000,
        False,
    )


async def test_a_page_that_is_over_is_asked_for_no_more(
    pushover: FakePushover, channel: PushoverChannel, inbound: Hearing
) -> None:
    sent = await channel.send(PAGE)
    assert isinstance(sent, Sent)
    await channel.send(update(MessageKind.RESOLVED))
    asked = len(asked_for(pushover, sent))
    await ask_on(pushover, channel)

    assert len(asked_for(pushover, sent)) - asked <= 1
    assert inbound.answers == []


async def test_who_is_too_late_is_told_so(
    pushover: FakePushover, channel: PushoverChannel, inbound: Hearing
) -> None:
    inbound.says = Response(understood=Understood.OVER, text="It is over already.")
    sent = await channel.send(PAGE)
    assert isinstance(sent, Sent)
    assert sent.provider_ref is not None
    await pushover.confirm(sent.provider_ref, BEN)
    await pushover.until(lambda: len(pushover.messages) == 2)

    said = pushover.messages[1]
    assert (said["user"], said["message"]) == (BEN, "It is over already.")


async def confirmed(pushover: FakePushover, channel: PushoverChannel) -> Callback:
    """Return the request with which Pushover says that Anna has confirmed a page."""
    sent = await channel.send(replace(PAGE, callback_url=CALLBACK))
    assert isinstance(sent, Sent)
    assert sent.provider_ref is not None
    url = URL(pushover.messages[-1]["callback"])
    assert str(url.with_query(None)) == CALLBACK
    page = pushover.ringing[sent.provider_ref]
    page |= {"acknowledged": 1, "acknowledged_at": 1796000000, "acknowledged_by": ANNA}
    return Callback(
        method="POST",
        url=str(url),
        query=dict(url.query),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=pushover.called(sent.provider_ref),
    )


async def test_pushover_says_itself_who_confirmed_where_it_can_call(
    pushover: FakePushover, channel: PushoverChannel
) -> None:
    inbound = RecordingInbound()
    callback = await confirmed(pushover, channel)

    first = await channel.called_back(callback, inbound)
    again = await channel.called_back(callback, inbound)

    assert first is not None
    assert again is not None
    assert (first.status, again.status) == (200, 200)
    (answer,) = inbound.answers
    assert (answer.sender, answer.thread_ref) == (ANNA, pushover.messages[0]["receipt"])


@pytest.mark.parametrize(
    "forged",
    [
        {"query": {}},
        {"query": {"delivery": PAGE.delivery_id}},
        {"query": {"delivery": PAGE.delivery_id, "proof": ""}},
        {"query": {"delivery": PAGE.delivery_id, "proof": "é" * 64}},
        {"query": "another delivery"},
    ],
)
async def test_a_call_that_pushover_was_not_told_of_is_none(
    pushover: FakePushover, channel: PushoverChannel, forged: dict[str, Any]
) -> None:
    inbound = RecordingInbound()
    callback = await confirmed(pushover, channel)
    if forged["query"] == "another delivery":
        forged = {"query": {**callback.query, "delivery": "other"}}

    assert await channel.called_back(replace(callback, **forged), inbound) is None
    assert inbound.answers == []


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"receipt=x&acknowledged=1", b"acknowledged=0", b"&" * 10_000, b"a=1&" * 10_000]
)
async def test_a_call_that_says_nothing_answers_nothing(
    pushover: FakePushover, channel: PushoverChannel, body: bytes
) -> None:
    inbound = RecordingInbound()
    callback = replace(await confirmed(pushover, channel), body=body)

    assert await channel.called_back(callback, inbound) is not None
    assert inbound.answers == []


async def test_the_address_that_pushover_calls_tells_neither_the_token_nor_the_link(
    pushover: FakePushover, channel: PushoverChannel
) -> None:
    callback = await confirmed(pushover, channel)

    assert TOKEN not in callback.url
    assert ACK_URL.rsplit("/", 1)[-1] not in callback.url


def test_it_listens_takes_callbacks_and_knows_whom_it_reaches() -> None:
    for protocol in (Listens, TakesCallbacks, KnowsRecipients):
        assert issubclass(PushoverChannel, protocol)


# --- what answers mean ----------------------------------------------------------------------------------


async def test_a_key_of_nobody_is_refused_for_this_message_only(
    pushover: FakePushover, channel: PushoverChannel
) -> None:
    outcome = await channel.send(replace(PAGE, address="x" * 30))

    assert isinstance(outcome, Refused)
    assert not outcome.channel_broken
    assert "not a valid user" in str(outcome.reason)
    assert await channel.unreachable([ANNA, "x" * 30]) == {"x" * 30}


async def test_whoever_answers_instead_of_pushover_says_nothing_of_anybody(
    pushover: FakePushover, channel: PushoverChannel
) -> None:
    pushover.behave(Behaviour.STATUS_404)

    assert await channel.unreachable([ANNA]) == frozenset()


async def test_a_wrong_token_breaks_the_channel(pushover: FakePushover) -> None:
    channel = channel_at(pushover, token="w" * 30)
    for outcome in (
        await channel.send(PAGE),
        await channel.check(),
        await channel.send(update(MessageKind.RESOLVED)),
    ):
        assert isinstance(outcome, Refused)
        assert outcome.channel_broken
        assert "w" * 30 not in str(outcome.reason)
    assert await channel.unreachable([ANNA]) == frozenset()
    await channel.close()


async def test_a_month_that_is_used_up_breaks_the_channel_until_it_is_over(
    pushover: FakePushover, channel: PushoverChannel
) -> None:
    pushover.remaining = 0

    outcome = await channel.send(PAGE)

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert str(outcome.reason) == "this month's messages are used up, there are new ones on 2026-12-01"


async def test_the_check_says_what_is_used_up(pushover: FakePushover, channel: PushoverChannel) -> None:
    pushover.remaining = 1999

    outcome = await channel.check()

    quota = Quota(limit=10000, per=Per.MONTH, used=8001)
    assert outcome == Sent(provider_ref=None, status_code=200, quota=quota)
    assert pushover.messages == []


async def test_what_cannot_be_silenced_now_is_tried_again(
    pushover: FakePushover, channel: PushoverChannel
) -> None:
    await channel.send(PAGE)
    await pushover.stop()

    assert isinstance(await channel.send(update(MessageKind.RESOLVED)), TryAgain)


@pytest.mark.parametrize("address", ["", "anna", ANNA + "x", "a" * 29 + "-", "a" * 29 + "ä"])
def test_what_is_no_key_is_refused_when_it_is_configured(address: str) -> None:
    with pytest.raises(AddressInvalid, match="is no key of Pushover's"):
        formed_address("pushover", address, None)


@pytest.mark.parametrize("config", [{"repeat_every_s": 29}, {"give_up_after_s": 10801}, {"sound": "a b"}])
def test_what_pushover_would_refuse_is_refused_when_it_is_configured(config: dict[str, Any]) -> None:
    with pytest.raises(ChannelConfigError, match=next(iter(config))):
        build_channel("pushover", {"token": TOKEN, **config})


def test_the_example_of_the_page_is_a_channel() -> None:
    (example,) = examples_of("pushover")

    build_channel("pushover", example)
