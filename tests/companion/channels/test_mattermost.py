import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from companion.channels.base import (
    AddressInvalid,
    Answer,
    Channel,
    MessageKind,
    Refused,
    Sent,
    TryAgain,
)
from companion.channels.mattermost.bot import MattermostBot
from companion.channels.registry import build_channel, formed_address
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.pages import examples_of
from tests.fakes.inbound import RecordingInbound
from tests.fakes.mattermost import CHANNEL, DIRECT, HOOK, ROCKET_HOOK, FakeMattermost
from tests.fakes.misbehaviour import Behaviour

TOKEN = ACK_URL.rsplit("/", 1)[-1]
CALLBACK = "https://alarm.example/v1/channels/chat/callback"


@pytest.fixture
async def mattermost() -> AsyncIterator[FakeMattermost]:
    async with FakeMattermost() as server:
        yield server


@pytest.fixture(params=[HOOK, ROCKET_HOOK], ids=["mattermost", "rocket.chat"])
async def webhook(mattermost: FakeMattermost, request: pytest.FixtureRequest) -> AsyncIterator[Channel]:
    channel = build_channel("mattermost", {"url": mattermost.url + request.param})
    yield channel
    await channel.close()


@pytest.fixture
async def bot(mattermost: FakeMattermost) -> AsyncIterator[MattermostBot]:
    channel = build_channel("mattermost", {"url": mattermost.url, "token": mattermost.token})
    assert isinstance(channel, MattermostBot)
    yield channel
    await channel.close()


def page(kind: MessageKind = MessageKind.PAGE, **changes: Any) -> Any:
    return message(kind, **{"address": CHANNEL, "callback_url": CALLBACK, **changes})


# --- webhooks -------------------------------------------------------------------------------------------


async def test_a_webhook_shows_what_where_and_a_link(mattermost: FakeMattermost, webhook: Channel) -> None:
    outcome = await webhook.send(page())

    assert outcome == Sent(provider_ref=None, status_code=200)
    (text,) = mattermost.hooked
    assert text.startswith("**ALARM: Panic key: Reception**\n**Where**: Reception, Main office\n")
    assert text.count(f"[Acknowledge here]({ACK_URL})") == 1


async def test_nothing_in_an_alarm_calls_everybody_or_is_mark_up(
    mattermost: FakeMattermost, webhook: Channel
) -> None:
    await webhook.send(page(title="@all @here @channel [x](https://evil.example) *b* `c` #d", room="<@1>"))

    (text,) = mattermost.hooked
    for call in ("@all", "@here", "@channel", "<@1>"):
        assert call not in text
    assert r"\[x\](https://evil.example) \*b\* \`c\` \#d" in text


async def test_the_check_of_a_webhook_of_mattermost_tells_nobody(mattermost: FakeMattermost) -> None:
    channel = build_channel("mattermost", {"url": mattermost.url + HOOK})

    assert await channel.check() == Sent(provider_ref=None, status_code=404)
    mattermost.error = (400, "web.incoming_webhook.invalid.app_error", "Invalid webhook.")
    refused = await channel.check()
    await channel.close()

    assert mattermost.hooked == []
    assert isinstance(refused, Refused)
    assert refused.channel_broken


async def test_the_check_of_a_webhook_of_rocket_chat_says_that_it_proves_little(
    mattermost: FakeMattermost,
) -> None:
    channel = build_channel("mattermost", {"url": mattermost.url + ROCKET_HOOK})
    outcome = await channel.check()
    await channel.close()

    assert isinstance(outcome, Sent)
    assert "test message" in str(outcome.warning)
    assert mattermost.hooked == []


@pytest.mark.parametrize("code", ["invalid", "disabled"])
async def test_a_webhook_that_is_gone_breaks_the_channel(mattermost: FakeMattermost, code: str) -> None:
    mattermost.error = (400, f"web.incoming_webhook.{code}.app_error", f"Invalid: {mattermost.url}{HOOK}")
    channel = build_channel("mattermost", {"url": mattermost.url + HOOK})

    outcome = await channel.send(page())
    await channel.close()

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert "hunter2" not in str(outcome.reason)


# --- a bot ----------------------------------------------------------------------------------------------


async def test_a_bot_posts_with_a_button_that_answers(mattermost: FakeMattermost, bot: Channel) -> None:
    outcome = await bot.send(page())

    ((post, body),) = mattermost.posts.items()
    assert outcome == Sent(provider_ref=post, status_code=201)
    (action,) = body["props"]["attachments"][0]["actions"]
    assert (action["name"], action["integration"]["url"]) == ("Acknowledge", CALLBACK)
    assert ACK_URL in body["message"]


async def test_where_nobody_can_call_us_there_is_only_the_link(
    mattermost: FakeMattermost, bot: Channel
) -> None:
    await bot.send(page(callback_url=None))

    (body,) = mattermost.posts.values()
    assert body["props"] == {"attachments": []}
    assert ACK_URL in body["message"]


async def test_a_user_is_written_to_directly_and_looked_up_once(
    mattermost: FakeMattermost, bot: Channel
) -> None:
    await bot.send(page(address="@anna"))
    await bot.send(page(address="@anna", idempotency_key="key-2"))

    assert [one["channel_id"] for one in mattermost.posts.values()] == [DIRECT, DIRECT]
    assert len(mattermost.requests("POST", "/api/v4/channels/direct")) == 1


async def test_a_look_up_that_gets_no_answer_has_sent_nothing(
    mattermost: FakeMattermost, bot: Channel
) -> None:
    mattermost.behave(Behaviour.RESET)

    outcome = await bot.send(page(address="@anna"))

    assert isinstance(outcome, TryAgain)
    assert not outcome.uncertain


async def test_a_repeat_within_half_a_minute_is_one_post(mattermost: FakeMattermost, bot: Channel) -> None:
    mattermost.behave(Behaviour.TAKE_AND_RESET, times=1)

    first = await bot.send(page())
    second = await bot.send(page(may_have_been_sent=True))

    assert isinstance(first, TryAgain)
    assert isinstance(second, Sent)
    assert len(mattermost.posts) == 1


@pytest.mark.parametrize("kind", [MessageKind.ACKNOWLEDGED, MessageKind.RESOLVED, MessageKind.CANCELLED])
async def test_the_answer_changes_the_post_and_takes_its_button(
    mattermost: FakeMattermost, bot: Channel, kind: MessageKind
) -> None:
    first = await bot.send(page())
    assert isinstance(first, Sent)

    outcome = await bot.send(page(kind, thread_ref=first.provider_ref, by="Ben", idempotency_key="key-2"))

    assert isinstance(outcome, Sent)
    assert outcome.provider_ref == first.provider_ref
    (body,) = mattermost.posts.values()
    assert body["props"] == {"attachments": []}
    assert "Ben" in body["message"]
    assert ACK_URL not in body["message"]


async def test_a_post_that_is_gone_is_followed_by_a_new_one(mattermost: FakeMattermost, bot: Channel) -> None:
    gone = "p" * 26
    outcome = await bot.send(page(MessageKind.ACKNOWLEDGED, thread_ref=gone, by="Ben", address="@anna"))

    # As a reply to nothing it would be refused.
    assert isinstance(outcome, Sent)
    assert len(mattermost.posts) == 1


async def test_news_below_a_post_that_is_gone_stand_alone(mattermost: FakeMattermost, bot: Channel) -> None:
    outcome = await bot.send(page(MessageKind.CONFIRMED, thread_ref="gone", note="Cellar"))

    assert isinstance(outcome, Sent)
    assert [one.get("root_id") for one in mattermost.posts.values()] == [None]


async def test_news_that_asks_nothing_is_a_reply(mattermost: FakeMattermost, bot: Channel) -> None:
    first = await bot.send(page())
    assert isinstance(first, Sent)

    await bot.send(page(MessageKind.VERIFIED, thread_ref=first.provider_ref, level=3, idempotency_key="2"))

    assert [one.get("root_id") for one in mattermost.posts.values()] == [None, first.provider_ref]


@pytest.mark.parametrize(
    ("address", "said"),
    [("z" * 26, "not in this channel"), ("@nobody", "Unable to find"), ("#alarms", "channel's ID")],
)
async def test_a_place_that_the_bot_cannot_reach_leaves_the_channel_whole(
    bot: Channel, address: str, said: str
) -> None:
    outcome = await bot.send(page(address=address))

    assert isinstance(outcome, Refused)
    assert not outcome.channel_broken
    assert said in str(outcome.reason)


async def test_a_wrong_token_breaks_the_channel(mattermost: FakeMattermost) -> None:
    channel = build_channel("mattermost", {"url": mattermost.url, "token": "wrong"})
    outcome, checked = await channel.send(page()), await channel.check()
    await channel.close()

    for one in (outcome, checked):
        assert isinstance(one, Refused)
        assert one.channel_broken


async def test_the_check_of_a_bot_asks_who_it_is(mattermost: FakeMattermost, bot: Channel) -> None:
    assert isinstance(await bot.check(), Sent)
    assert mattermost.posts == {}


# --- a press --------------------------------------------------------------------------------------------


async def test_a_press_is_an_answer_of_whoever_pressed(
    mattermost: FakeMattermost, bot: MattermostBot
) -> None:
    sent = await bot.send(page())
    assert isinstance(sent, Sent)
    inbound = RecordingInbound()

    reply = await bot.called_back(mattermost.press(str(sent.provider_ref), user="Anna"), inbound)

    assert inbound.answers == [
        Answer(
            event_id="b3l0cmlnZ2VyOjE3MzI=",
            sender="@anna",
            acknowledges=True,
            token=TOKEN,
            thread_ref=sent.provider_ref,
        )
    ]
    assert reply is not None
    assert reply.content_type == "application/json"
    (said,) = json.loads(reply.body).values()
    assert said.replace("\u200b", "") == r"Thank you, <Anna\>."


async def test_a_second_press_of_the_same_event_is_answered_by_nothing(
    mattermost: FakeMattermost, bot: MattermostBot
) -> None:
    sent = await bot.send(page())
    assert isinstance(sent, Sent)
    press, inbound = mattermost.press(str(sent.provider_ref)), RecordingInbound()

    await bot.called_back(press, inbound)
    reply = await bot.called_back(press, inbound)

    assert reply is not None
    assert reply.body == "{}"


async def test_a_request_without_what_only_the_server_knows_is_nobody(
    mattermost: FakeMattermost, bot: MattermostBot
) -> None:
    sent = await bot.send(page())
    assert isinstance(sent, Sent)
    good, inbound = mattermost.press(str(sent.provider_ref)), RecordingInbound()
    context = json.loads(good.body)["context"]
    contexts = [{}, None, {**context, "proof": ""}, {**context, "token": "another"}, {"token": TOKEN}]
    forged = [mattermost.press(str(sent.provider_ref), context=one).body for one in contexts]

    for body in [*forged, b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000]:
        assert await bot.called_back(replace(good, body=body), inbound) is None
    assert inbound.answers == []


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "formed"),
    [(CHANNEL, CHANNEL), (" @Anna.Ott ", "@anna.ott"), ("#alarms", "#alarms")],
)
def test_channels_and_users_are_addresses(address: str, formed: str) -> None:
    assert formed_address("mattermost", address, None) == formed


@pytest.mark.parametrize("address", ["", "anna", "@", "+491701234567", "#a b"])
def test_what_names_nobody_is_refused(address: str) -> None:
    with pytest.raises(AddressInvalid):
        formed_address("mattermost", address, None)


def test_the_examples_in_the_documentation_can_be_built() -> None:
    found = examples_of("mattermost")

    assert len(found) == 2
    for example in found:
        build_channel("mattermost", example)
