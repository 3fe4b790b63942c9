from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from companion.channels.base import (
    AddressInvalid,
    Channel,
    Message,
    MessageKind,
    Per,
    Quota,
    Refused,
    Sent,
    TryAgain,
)
from companion.channels.registry import ChannelConfigError, build_channel, formed_address
from tests.companion.channels import messages
from tests.companion.channels.messages import ACK_URL
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.ntfy import FakeNtfy

TOPIC = "house_alarm_x7Kq2"


@pytest.fixture
async def ntfy() -> AsyncIterator[FakeNtfy]:
    async with FakeNtfy() as server:
        yield server


def channel_for(ntfy: FakeNtfy, **changes: object) -> Channel:
    return build_channel("ntfy", {"url": ntfy.url, "timeout_s": 10, **changes})


@pytest.fixture
async def channel(ntfy: FakeNtfy) -> AsyncIterator[Channel]:
    channel = channel_for(ntfy)
    yield channel
    await channel.close()


def message(kind: MessageKind = MessageKind.PAGE, **changes: Any) -> Message:
    return messages.message(kind, **{"address": TOPIC, **changes})


async def test_a_topic_gets_a_loud_notification_that_acknowledges_by_itself(
    ntfy: FakeNtfy, channel: Channel
) -> None:
    outcome = await channel.send(message())

    (published,) = ntfy.published
    assert outcome == Sent(provider_ref=published["sequence_id"], status_code=200)
    assert published["topic"] == TOPIC
    assert published["title"] == "ALARM: Panic key: Reception"
    assert "Where: Reception, Main office" in published["message"]
    assert (published["priority"], published["tags"]) == (5, ["rotating_light"])
    assert published["click"] == ACK_URL
    assert published["actions"] == [
        {"action": "http", "label": "Acknowledge", "url": ACK_URL, "method": "POST", "clear": True}
    ]


@pytest.mark.parametrize(
    ("kind", "severity", "priority"),
    [
        (MessageKind.PAGE, "critical", 5),
        (MessageKind.PAGE, "low", 4),
        (MessageKind.VERIFIED, "critical", 4),
        (MessageKind.RESOLVED, "critical", 3),
    ],
)
async def test_how_loud_it_is_follows_from_what_it_is_about(
    ntfy: FakeNtfy, channel: Channel, kind: MessageKind, severity: str, priority: int
) -> None:
    await channel.send(message(kind, severity=severity))

    assert ntfy.published[0]["priority"] == priority


async def test_once_somebody_answered_the_notification_says_so_and_has_no_button(
    ntfy: FakeNtfy, channel: Channel
) -> None:
    first = await channel.send(message())
    assert isinstance(first, Sent)

    await channel.send(
        message(MessageKind.ACKNOWLEDGED, delivery_id="second", thread_ref=first.provider_ref, by="Ben")
    )

    (shown,) = ntfy.shown(TOPIC)
    assert "Ben" in shown["message"]
    assert "actions" not in shown


async def test_a_second_page_and_news_of_an_alarm_that_still_waits_are_notifications_of_their_own(
    ntfy: FakeNtfy, channel: Channel
) -> None:
    first = await channel.send(message())
    assert isinstance(first, Sent)

    await channel.send(message(delivery_id="second", thread_ref=first.provider_ref))
    await channel.send(message(MessageKind.CONFIRMED, delivery_id="third", thread_ref=first.provider_ref))

    assert len(ntfy.shown(TOPIC)) == 3


async def test_a_repeat_takes_the_place_of_what_it_may_be_a_repeat_of(
    ntfy: FakeNtfy, channel: Channel
) -> None:
    ntfy.behave(Behaviour.TAKE_AND_RESET, times=1)
    lost = await channel.send(message())

    await channel.send(message(may_have_been_sent=True))

    assert isinstance(lost, TryAgain)
    assert lost.uncertain
    assert len(ntfy.published) == 2
    assert len(ntfy.shown(TOPIC)) == 1


async def test_a_server_that_cannot_change_notifications_shows_news_beside_the_page(
    ntfy: FakeNtfy, channel: Channel
) -> None:
    ntfy.knows_sequences = False
    first = await channel.send(message())
    assert isinstance(first, Sent)

    news = await channel.send(message(MessageKind.RESOLVED, thread_ref=first.provider_ref))

    assert first.provider_ref == ntfy.published[0]["id"]
    assert isinstance(news, Sent)
    assert len(ntfy.shown(TOPIC)) == 2


@pytest.mark.parametrize(
    "letter", ["ä", "🔔", '"', "x" * 90 + " "], ids=["umlaut", "emoji", "quote", "words"]
)
async def test_the_longest_text_is_taken_as_a_text_and_its_link_is_whole(
    ntfy: FakeNtfy, channel: Channel, letter: str
) -> None:
    long = letter * 2000
    link = "https://alarm.example/a/" + "k" * 2000

    outcome = await channel.send(
        message(
            title=long,
            room=long,
            site=long,
            person=long,
            note=long,
            ack_url=link,
            details={f"{letter}{n}": long for n in range(8)},
        )
    )

    assert isinstance(outcome, Sent), outcome
    assert ntfy.published[0]["click"] == link


async def test_letters_that_are_not_ascii_do_not_shorten_a_text(ntfy: FakeNtfy, channel: Channel) -> None:
    long = "ä" * 100

    await channel.send(
        message(room=long, site=long, person=long, note=long * 4, details={f"n{n}": long for n in range(8)})
    )

    assert ntfy.published[0]["message"].endswith(f"n7: {long}")


async def test_a_text_that_is_too_long_ends_with_a_whole_word(ntfy: FakeNtfy, channel: Channel) -> None:
    words = "警報装置 " * 100

    await channel.send(
        message(
            room=words, site=words, person=words, note=words, details={f"{n}{words}": words for n in range(8)}
        )
    )

    text = ntfy.published[0]["message"]
    assert 4000 < len(text.encode()) <= 4096
    assert text.endswith("警報装置…")


async def test_half_a_character_does_not_keep_a_page_from_going_out(ntfy: FakeNtfy, channel: Channel) -> None:
    assert isinstance(await channel.send(message(details={"\ud800": "\udfff"})), Sent)


# --- logins ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("server", "login"),
    [
        ({"token": "tk_secret123"}, {"token": "tk_secret123\n"}),
        ({"user": ("alarm", "pa:ss wörd")}, {"user": "alarm", "password": "pa:ss wörd"}),
    ],
    ids=["token", "user"],
)
async def test_a_login_is_used_and_a_wrong_one_breaks_the_channel(
    server: dict[str, Any], login: dict[str, str]
) -> None:
    async with FakeNtfy(**server) as ntfy:
        right, without = channel_for(ntfy, **login), channel_for(ntfy)
        told, checked = await right.send(message()), await right.check()
        refused = await without.send(message())
        wrong = channel_for(ntfy, token="tk_wrong")
        wrong_checked = await wrong.check()
        for one in (right, without, wrong):
            await one.close()

    assert isinstance(told, Sent)
    assert isinstance(checked, Sent)
    for outcome in (refused, wrong_checked):
        assert isinstance(outcome, Refused)
        assert outcome.channel_broken


async def test_a_topic_that_the_login_may_not_write_to_concerns_that_topic_only() -> None:
    async with FakeNtfy(token="tk_1", writable={"another"}) as ntfy:
        channel = channel_for(ntfy, token="tk_1")
        outcome = await channel.send(message())
        await channel.close()

    assert isinstance(outcome, Refused)
    assert not outcome.channel_broken


@pytest.mark.parametrize(
    "config",
    [
        {"user": "a"},
        {"password": "b"},
        {"user": "a", "password": "b", "token": "tk_1"},
        {"user": "a:b", "password": "c"},
    ],
    ids=str,
)
def test_half_a_login_or_two_of_them_are_refused(config: dict[str, str]) -> None:
    with pytest.raises(ChannelConfigError):
        build_channel("ntfy", config)


# --- refusals -------------------------------------------------------------------------------------------


async def test_a_server_that_is_asked_too_often_is_left_alone_for_as_long_as_it_wants(
    ntfy: FakeNtfy, channel: Channel
) -> None:
    ntfy.error = (42901, 429, "limit reached: too many requests, please be nice")

    outcome = await channel.send(message())

    assert isinstance(outcome, TryAgain)
    assert outcome.after == timedelta(seconds=5)


async def test_when_the_messages_of_the_day_are_used_up_the_channel_is_broken(
    ntfy: FakeNtfy, channel: Channel
) -> None:
    ntfy.error = (42908, 429, "limit reached: daily message quota reached")

    outcome = await channel.send(message())

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken


async def test_what_ntfy_does_not_take_is_not_repeated(ntfy: FakeNtfy, channel: Channel) -> None:
    ntfy.error = (40010, 400, "invalid request: topic name is disallowed")

    outcome = await channel.send(message())

    assert isinstance(outcome, Refused)
    assert not outcome.channel_broken
    assert "disallowed" in str(outcome.reason)


# --- checked --------------------------------------------------------------------------------------------


async def test_a_check_publishes_nothing_and_says_how_many_messages_are_used_up(
    ntfy: FakeNtfy, channel: Channel
) -> None:
    ntfy.messages_left = 30

    checked = await channel.check()

    quota = Quota(limit=250, per=Per.DAY, used=220)
    assert checked == Sent(provider_ref=None, status_code=200, quota=quota)
    assert ntfy.published == []


@pytest.mark.parametrize("topic", ["", "a b", "ä", "x" * 65, "+491701234567", "a/b"])
def test_what_is_no_topic_is_refused(topic: str) -> None:
    with pytest.raises(AddressInvalid, match="topic"):
        formed_address("ntfy", topic, "DE")
