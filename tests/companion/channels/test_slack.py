import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from companion.channels.base import (
    AddressInvalid,
    Answer,
    Channel,
    MessageKind,
    Refused,
    Sent,
    TakesCallbacks,
    TryAgain,
)
from companion.channels.registry import ChannelConfigError, build_channel, formed_address
from companion.channels.slack.bot import SlackBot
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.pages import examples_of
from tests.fakes.inbound import RecordingInbound
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.slack import FakeSlack

TOKEN = ACK_URL.rsplit("/", 1)[-1]


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as server:
        yield server


@pytest.fixture
async def webhook(slack: FakeSlack) -> AsyncIterator[Channel]:
    channel = build_channel("slack", {"url": slack.hook_url})
    yield channel
    await channel.close()


@pytest.fixture
async def bot(slack: FakeSlack) -> AsyncIterator[SlackBot]:
    settings = {"url": slack.api_url, "token": slack.token, "signing_secret": slack.signing_secret}
    channel = build_channel("slack", settings)
    assert isinstance(channel, SlackBot)
    yield channel
    await channel.close()


def page(kind: MessageKind = MessageKind.PAGE, **changes: Any) -> Any:
    return message(kind, **{"address": "C024BE91L", **changes})


# --- what is read ---------------------------------------------------------------------------------------


async def test_a_webhook_shows_what_where_and_a_link(slack: FakeSlack, webhook: Channel) -> None:
    outcome = await webhook.send(page())

    assert outcome == Sent(provider_ref=None, status_code=200)
    (post,) = slack.posts
    assert post.text.startswith("ALARM: Panic key: Reception\n")
    assert "Reception, Main office" in post.text
    assert {name: one.get("url") for name, one in post.buttons.items()} == {"open": ACK_URL}
    assert post.body["text"] == "ALARM: Panic key: Reception (Reception, Main office, Max Müller)"


async def test_nothing_in_an_alarm_pings_or_links(slack: FakeSlack, webhook: Channel) -> None:
    await webhook.send(page(title="<!channel> & <https://evil.example|here>", room="@here *bold*"))

    (post,) = slack.posts
    assert "&lt;!channel&gt; &amp; &lt;https" in post.body["text"]
    types = {block["type"] for block in post.body["blocks"]}
    assert types == {"header", "rich_text", "actions"}  # none of them is mark-up
    assert "@here *bold*" in post.text


async def test_the_longest_message_stays_within_the_limits(slack: FakeSlack, webhook: Channel) -> None:
    details = {f"Detail {number}": "v" * 500 for number in range(20)}
    outcome = await webhook.send(page(title="T" * 500, note="n" * 900, person="p" * 300, details=details))

    assert isinstance(outcome, Sent)


@pytest.mark.parametrize("language", ["de", "fr", "nl"])
async def test_it_is_in_the_readers_language(slack: FakeSlack, bot: Channel, language: str) -> None:
    await bot.send(page(language=language))

    (post,) = slack.posts
    assert "Acknowledge" not in post.text
    assert set(post.buttons) == {"acknowledge", "open"}


# --- a webhook's answers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "word", "broken"),
    [
        (400, "invalid_payload", False),
        (400, "invalid_blocks", False),
        (403, "action_prohibited", True),
        (403, "invalid_token", True),
        (404, "no_service", True),
        (404, "channel_not_found", True),
        (410, "channel_is_archived", True),
    ],
)
async def test_what_slack_will_never_take_over_a_webhook_is_refused(
    slack: FakeSlack,
    webhook: Channel,
    status: int,
    word: str,
    broken: bool,  # noqa: FBT001 - a column of the table
) -> None:
    slack.hook_error = (status, word)

    outcome = await webhook.send(page())

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken is broken
    assert word in str(outcome.reason)


async def test_a_rollup_error_is_tried_again(slack: FakeSlack, webhook: Channel) -> None:
    slack.hook_error = (500, "rollup_error")

    assert isinstance(await webhook.send(page()), TryAgain)


async def test_the_check_of_a_webhook_tells_nobody(slack: FakeSlack, webhook: Channel) -> None:
    assert isinstance(await webhook.check(), Sent)
    assert slack.posts == []

    slack.hook_error = (404, "no_service")
    outcome = await webhook.check()
    assert isinstance(outcome, Refused)
    assert outcome.channel_broken


async def test_a_webhook_that_echoes_its_address_does_not_tell_it(slack: FakeSlack, webhook: Channel) -> None:
    slack.hook_error = (404, f"no_service {slack.hook_url} hunter2-hook-key-0123")

    outcome = await webhook.send(page())

    assert isinstance(outcome, Refused)
    assert "no_service" in str(outcome.reason)
    assert "hunter2" not in str(outcome.reason)


# --- an app ---------------------------------------------------------------------------------------------


async def test_a_page_of_an_app_can_be_answered_by_a_button_or_the_link(
    slack: FakeSlack, bot: Channel
) -> None:
    outcome = await bot.send(page())

    (post,) = slack.posts
    assert outcome == Sent(provider_ref=f"C024BE91L:{post.ts}", status_code=200)
    assert post.buttons["acknowledge"]["value"] == TOKEN
    assert post.buttons["open"]["url"] == ACK_URL


async def test_without_a_signing_secret_there_is_only_the_link(slack: FakeSlack) -> None:
    channel = build_channel("slack", {"url": slack.api_url, "token": slack.token})
    await channel.send(page())
    await channel.close()

    assert set(slack.posts[0].buttons) == {"open"}


@pytest.mark.parametrize("kind", [MessageKind.ACKNOWLEDGED, MessageKind.RESOLVED, MessageKind.CANCELLED])
async def test_the_answer_changes_the_message_and_takes_its_buttons(
    slack: FakeSlack, bot: Channel, kind: MessageKind
) -> None:
    first = await bot.send(page(address="U023BECGF"))
    assert isinstance(first, Sent)

    outcome = await bot.send(page(kind, address="U023BECGF", thread_ref=first.provider_ref, by="Ben"))

    assert outcome == first
    (post,) = slack.posts
    assert post.edits == 1
    assert post.buttons == {}
    assert "Ben" in post.text


async def test_a_message_that_is_gone_is_followed_by_a_new_one(slack: FakeSlack, bot: Channel) -> None:
    outcome = await bot.send(page(MessageKind.ACKNOWLEDGED, thread_ref="C024BE91L:1.1", by="Ben"))

    assert isinstance(outcome, Sent)
    assert len(slack.posts) == 1


async def test_news_below_a_message_that_is_gone_stand_alone(slack: FakeSlack, bot: Channel) -> None:
    outcome = await bot.send(page(MessageKind.CONFIRMED, thread_ref="C024BE91L:1.1", note="Cellar"))

    assert isinstance(outcome, Sent)
    assert "thread_ts" not in slack.posts[0].body


async def test_a_yes_without_the_message_that_it_is_about_is_not_believed(
    slack: FakeSlack, bot: Channel
) -> None:
    slack.error = {"ok": True}

    outcome = await bot.send(page())

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain


async def test_news_that_asks_nothing_is_a_reply_that_the_channel_sees(
    slack: FakeSlack, bot: Channel
) -> None:
    first = await bot.send(page())
    assert isinstance(first, Sent)

    await bot.send(page(MessageKind.VERIFIED, thread_ref=first.provider_ref, level=3))

    assert slack.posts[1].body["thread_ts"] == slack.posts[0].ts
    assert slack.posts[1].body["reply_broadcast"] is True


async def test_a_repeated_page_is_a_message_of_its_own(slack: FakeSlack, bot: Channel) -> None:
    first = await bot.send(page())
    assert isinstance(first, Sent)

    await bot.send(page(thread_ref=first.provider_ref))

    assert "thread_ts" not in slack.posts[1].body
    assert slack.posts[0].edits == 0


@pytest.mark.parametrize(
    ("error", "broken"),
    [
        ({"error": "channel_not_found"}, False),
        ({"error": "is_archived"}, False),
        ({"error": "not_in_channel"}, False),
        ({"error": "invalid_auth"}, True),
        ({"error": "token_revoked"}, True),
        ({"error": "account_inactive"}, True),
        ({"error": "missing_scope", "needed": "chat:write", "provided": "users:read"}, True),
    ],
    ids=str,
)
async def test_a_no_with_status_200_is_a_no(
    slack: FakeSlack,
    bot: Channel,
    error: dict[str, Any],
    broken: bool,  # noqa: FBT001 - a column of the table
) -> None:
    slack.error = error

    outcome = await bot.send(page())

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken is broken


async def test_a_missing_scope_is_named(slack: FakeSlack, bot: Channel) -> None:
    slack.error = {"error": "missing_scope", "needed": "chat:write"}

    outcome = await bot.check()

    assert isinstance(outcome, Refused)
    assert "chat:write" in str(outcome.reason)


@pytest.mark.parametrize("error", ["a_word_of_next_year", [], None], ids=str)
async def test_a_no_that_nobody_knows_is_tried_a_few_times(
    slack: FakeSlack, bot: Channel, error: object
) -> None:
    slack.error = {"error": error}

    for told in (page(), page(MessageKind.ACKNOWLEDGED, thread_ref="C024BE91L:1.1")):
        outcome = await bot.send(told)

        assert isinstance(outcome, TryAgain)
        assert outcome.unknown


@pytest.mark.parametrize(("error", "uncertain"), [("ratelimited", False), ("internal_error", True)])
async def test_a_no_of_the_moment_is_tried_again(
    slack: FakeSlack,
    bot: Channel,
    error: str,
    uncertain: bool,  # noqa: FBT001 - a column of the table
) -> None:
    slack.error = {"error": error}

    outcome = await bot.send(page())

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain is uncertain


async def test_a_rate_limit_is_waited_for(slack: FakeSlack, bot: Channel) -> None:
    slack.behave(Behaviour.STATUS_429, times=1)

    outcome = await bot.send(page())

    assert isinstance(outcome, TryAgain)
    assert outcome.after == timedelta(seconds=77)


async def test_the_check_of_an_app_asks_who_it_is(slack: FakeSlack, bot: Channel) -> None:
    assert isinstance(await bot.check(), Sent)
    assert [one.path for one in slack.received] == ["/api/auth.test"]


# --- a press --------------------------------------------------------------------------------------------


async def test_a_press_is_an_answer_of_whoever_pressed_who_alone_is_told_what_became_of_it(
    slack: FakeSlack, bot: SlackBot
) -> None:
    sent = await bot.send(page())
    assert isinstance(sent, Sent)
    inbound = RecordingInbound()

    reply = await bot.called_back(slack.press(slack.posts[0]), inbound)

    assert reply is not None
    assert reply.status == 200
    assert inbound.answers == [
        Answer(
            event_id=f"U023BECGF:{slack.posts[0].ts}:1548426417.840180",
            sender="U023BECGF",
            acknowledges=True,
            token=TOKEN,
            thread_ref=sent.provider_ref,
        )
    ]
    said = {"channel": "C024BE91L", "user": "U023BECGF", "text": "Thank you, &lt;Anna&gt;."}
    assert slack.whispers == [said]


async def test_the_address_that_a_press_brings_along_is_never_called(slack: FakeSlack, bot: SlackBot) -> None:
    await bot.send(page())

    await bot.called_back(slack.press(slack.posts[0]), RecordingInbound())

    assert "/canary" not in {one.path for one in slack.received}


async def test_a_press_counts_when_slack_cannot_be_told_of_it(slack: FakeSlack, bot: SlackBot) -> None:
    await bot.send(page())
    slack.behave(Behaviour.RESET)
    inbound = RecordingInbound()

    assert await bot.called_back(slack.press(slack.posts[0]), inbound) is not None
    assert len(inbound.answers) == 1


async def test_a_press_that_could_not_be_written_down_is_not_confirmed(
    slack: FakeSlack, bot: SlackBot
) -> None:
    await bot.send(page())

    with pytest.raises(OSError, match="the store"):
        await bot.called_back(slack.press(slack.posts[0]), RecordingInbound(error=OSError("the store")))


async def test_what_is_not_signed_by_slack_or_was_signed_long_ago_is_nobody(
    slack: FakeSlack, bot: SlackBot
) -> None:
    await bot.send(page())
    inbound = RecordingInbound()
    good = slack.press(slack.posts[0])
    forged = replace(good, headers={**good.headers, "X-Slack-Signature": "v0=" + "0" * 64})
    changed = replace(good, body=good.body.replace(b"U023BECGF", b"U99999999"))
    bare = replace(good, headers={})
    odd = replace(
        good, headers={**good.headers, "X-Slack-Signature": "v0=é", "X-Slack-Request-Timestamp": "٣"}
    )
    old, early = (slack.press(slack.posts[0], at=time.time() + shift) for shift in (-301, 301))

    for callback in (forged, changed, bare, odd, old, early):
        assert await bot.called_back(callback, inbound) is None
    assert inbound.answers == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"ssl_check=1",
        b"payload=%7B",
        b"payload=%5B%5D",
        b"payload=%7B%22actions%22%3A%5B%5D%7D",
        b"\xff",
    ],
)
async def test_what_slack_says_besides_is_passed_over(slack: FakeSlack, bot: SlackBot, body: bytes) -> None:
    inbound = RecordingInbound()

    reply = await bot.called_back(slack.signed(body), inbound)

    assert reply is not None
    assert inbound.answers == []


async def test_the_link_that_was_opened_is_no_answer(slack: FakeSlack) -> None:
    channel = build_channel("slack", {"url": slack.hook_url})
    await channel.send(page())
    await channel.close()
    settings = {"url": slack.api_url, "token": slack.token, "signing_secret": slack.signing_secret}
    bot, inbound = build_channel("slack", settings), RecordingInbound()
    assert isinstance(bot, TakesCallbacks)

    await bot.called_back(slack.press(slack.posts[0]), inbound)

    assert inbound.answers == []


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["C024BE91L", "U023BECGF", "#alarms", " #büro-alarm "])
def test_channels_and_members_are_addresses(address: str) -> None:
    assert formed_address("slack", address, None) == address.strip()


@pytest.mark.parametrize("address", ["", "anna", "@anna", "#", "#a b", "+491701234567", "<!channel>"])
def test_what_names_nobody_is_refused(address: str) -> None:
    with pytest.raises(AddressInvalid):
        formed_address("slack", address, None)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"url": "hooks.slack.example"},
        {"url": "https://x:y@hooks.example/1"},
        {"url": "https://h.example", "signing_secret": "x"},
    ],
    ids=str,
)
def test_settings_that_name_neither_a_webhook_nor_an_app_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ChannelConfigError):
        build_channel("slack", settings)


def test_the_examples_in_the_documentation_can_be_built() -> None:
    found = examples_of("slack")

    assert len(found) == 2
    for example in found:
        build_channel("slack", example)
