from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from companion.channels.base import Channel, MessageKind, Refused, Sent, TryAgain
from companion.channels.registry import build_channel
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.pages import examples_of
from tests.fakes.discord import FakeDiscord


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as server:
        yield server


@pytest.fixture(params=["", "?thread_id=1234567890"], ids=["channel", "thread"])
async def channel(discord: FakeDiscord, request: pytest.FixtureRequest) -> AsyncIterator[Channel]:
    channel = build_channel("discord", {"url": discord.hook_url + request.param})
    yield channel
    await channel.close()


async def test_an_alarm_is_a_message_with_an_embed(discord: FakeDiscord, channel: Channel) -> None:
    outcome = await channel.send(message())

    ((number, posted),) = discord.messages.items()
    assert outcome == Sent(provider_ref=number, status_code=200)
    assert posted["content"] == "**ALARM: Panic key: Reception**"
    (embed,) = posted["embeds"]
    assert embed["description"] == f"**[Acknowledge here]({ACK_URL})**"
    assert embed["fields"][0] == {"name": "Where", "value": "Reception, Main office", "inline": False}


async def test_nothing_in_an_alarm_calls_anybody_or_is_mark_up(
    discord: FakeDiscord, channel: Channel
) -> None:
    await channel.send(message(title="@everyone <@&1> *b* [x](https://evil.example)", person="@here"))

    (posted,) = discord.messages.values()
    assert posted["allowed_mentions"] == {"parse": []}
    for call in ("@everyone", "@here", "<@&1>"):
        assert call not in str(posted)
    assert r"\*b\* \[x\](https://evil.example)" in posted["content"]


@pytest.mark.parametrize("letter", ["x", "*", "@", "😀"])
async def test_the_longest_message_stays_within_the_limits(
    discord: FakeDiscord, channel: Channel, letter: str
) -> None:
    details = {f"{letter * 40}{number}": letter * 500 for number in range(20)}
    long = message(title=letter * 500, note=letter * 900, person=letter * 300, details=details)

    assert isinstance(await channel.send(long), Sent)
    (posted,) = discord.messages.values()
    assert ACK_URL in posted["embeds"][0]["description"]


@pytest.mark.parametrize("kind", [MessageKind.ACKNOWLEDGED, MessageKind.RESOLVED, MessageKind.CANCELLED])
async def test_the_answer_changes_the_message(
    discord: FakeDiscord, channel: Channel, kind: MessageKind
) -> None:
    first = await channel.send(message())
    assert isinstance(first, Sent)

    outcome = await channel.send(message(kind, thread_ref=first.provider_ref, by="Ben"))

    assert outcome == first
    assert discord.edits == 1
    (posted,) = discord.messages.values()
    assert "Ben" in str(posted)
    assert ACK_URL not in str(posted)


async def test_a_message_that_was_deleted_is_followed_by_a_new_one(
    discord: FakeDiscord, channel: Channel
) -> None:
    outcome = await channel.send(message(MessageKind.ACKNOWLEDGED, thread_ref="110", by="Ben"))

    assert isinstance(outcome, Sent)
    assert len(discord.messages) == 1


@pytest.mark.parametrize(
    ("status", "body", "broken"),
    [
        (404, {"message": "Unknown Webhook", "code": 10015}, True),
        (401, {"message": "Invalid Webhook Token", "code": 50027}, True),
        (400, {"message": "Invalid Form Body", "code": 50035}, False),
    ],
)
async def test_what_will_never_pass_is_refused(
    discord: FakeDiscord,
    channel: Channel,
    status: int,
    body: dict[str, object],
    broken: bool,  # noqa: FBT001 - a column of the table
) -> None:
    discord.error = (status, body)

    outcome = await channel.send(message())

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken is broken
    assert str(body["message"]) in str(outcome.reason)
    assert "hunter2" not in str(outcome.reason)


@pytest.mark.parametrize(
    ("wait", "after"),
    [(64.57, timedelta(seconds=64.57)), (1e12, timedelta(days=7)), ("soon", None), (float("nan"), None)],
)
async def test_a_rate_limit_says_how_long(
    discord: FakeDiscord, channel: Channel, wait: object, after: timedelta | None
) -> None:
    discord.error = (429, {"message": "You are being rate limited.", "retry_after": wait, "global": False})

    outcome = await channel.send(message())

    assert isinstance(outcome, TryAgain)
    assert outcome.after == after


async def test_the_check_asks_for_the_webhook_and_tells_nobody(
    discord: FakeDiscord, channel: Channel
) -> None:
    assert await channel.check() == Sent(provider_ref=None, status_code=200)
    assert discord.messages == {}

    discord.error = (404, {"message": "Unknown Webhook", "code": 10015})
    outcome = await channel.check()
    assert isinstance(outcome, Refused)
    assert outcome.channel_broken


def test_the_example_in_the_documentation_can_be_built() -> None:
    (example,) = examples_of("discord")

    build_channel("discord", example)
