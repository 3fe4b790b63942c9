import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from companion.channels.base import Channel, MessageKind, Refused, Sent, TryAgain
from companion.channels.registry import ChannelConfigError, build_channel
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.pages import examples_of
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.teams import FakeTeams


@pytest.fixture
async def teams() -> AsyncIterator[FakeTeams]:
    async with FakeTeams() as server:
        yield server


@pytest.fixture
async def channel(teams: FakeTeams) -> AsyncIterator[Channel]:
    channel = build_channel("teams", {"url": teams.flow_url})
    yield channel
    await channel.close()


async def test_an_alarm_is_a_card_with_a_link_to_answer(teams: FakeTeams, channel: Channel) -> None:
    outcome = await channel.send(message())

    assert outcome == Sent(provider_ref=None, status_code=202)
    (card,) = teams.cards
    lines = card.text.split("\n")
    assert lines[:2] == ["ALARM: Panic key: Reception", "Where: Reception, Main office"]
    (action,) = card.content["actions"]
    assert (action["title"], action["url"]) == ("Acknowledge here", ACK_URL)


async def test_news_asks_for_nothing(teams: FakeTeams, channel: Channel) -> None:
    await channel.send(message(MessageKind.ACKNOWLEDGED, by="Ben"))

    assert "Ben" in teams.cards[0].text
    assert "actions" not in teams.cards[0].content


async def test_what_an_alarm_says_is_shown_as_it_is(teams: FakeTeams, channel: Channel) -> None:
    odd = "**bold** [x](https://evil.example) <at>everyone</at> \\ _"
    await channel.send(message(title=odd, person=odd))

    assert teams.cards[0].text.count(odd) == 2


@pytest.mark.parametrize("letter", ["x", "ü", "😀"])
async def test_the_longest_message_stays_below_20_kb_and_keeps_what_counts(
    teams: FakeTeams, channel: Channel, letter: str
) -> None:
    details = {f"{letter * 40}{number}": letter * 500 for number in range(20)}
    long = message(title=letter * 500, note=letter * 900, person=letter * 300, details=details)

    assert isinstance(await channel.send(long), Sent)
    assert "Where: Reception" in teams.cards[0].text
    assert "actions" in teams.cards[0].content


@pytest.mark.parametrize(
    ("status", "broken"),
    [(401, True), (403, True), (404, True), (410, True), (413, False)],
)
async def test_a_workflow_that_says_no(
    teams: FakeTeams,
    channel: Channel,
    status: int,
    broken: bool,  # noqa: FBT001 - a column of the table
) -> None:
    teams.error = (status, {"error": {"code": "WorkflowNotFound", "message": f"No flow at {teams.flow_url}"}})

    outcome = await channel.send(message())

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken is broken
    assert "No flow" in str(outcome.reason)
    assert "hunter2" not in str(outcome.reason)


async def test_too_many_at_once_are_tried_again(teams: FakeTeams, channel: Channel) -> None:
    teams.behave(Behaviour.STATUS_429, times=1)

    assert isinstance(await channel.send(message()), TryAgain)


async def test_the_check_tells_nobody_and_says_that_it_proves_little(
    teams: FakeTeams, channel: Channel
) -> None:
    outcome = await channel.check()

    assert isinstance(outcome, Sent)
    assert "test message" in str(outcome.warning)
    assert [(one.method, one.path) for one in teams.received] == [("GET", "/")]


async def test_the_check_warns_of_an_address_that_stopped(
    teams: FakeTeams, monkeypatch: pytest.MonkeyPatch
) -> None:
    def here(_host: str, *_args: Any, **_options: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", teams.port))]

    monkeypatch.setattr("companion.channels.resolver.socket.getaddrinfo", here)
    host = "prod-12.westeurope.logic.azure.com"
    channel = build_channel("teams", {"url": f"http://{host}:{teams.port}/workflows/x?sig=y"})

    outcome = await channel.check()
    await channel.close()

    assert isinstance(outcome, Sent)
    assert "30 November 2025" in str(outcome.warning)


@pytest.mark.parametrize(
    "url",
    [
        "https://house.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4",
        "https://outlook.office.com/webhook/1",
        "https://outlook.office365.com/webhook/1",
    ],
)
def test_the_address_of_a_retired_connector_is_refused_with_what_to_do(url: str) -> None:
    with pytest.raises(ChannelConfigError, match="make the workflow") as raised:
        build_channel("teams", {"url": url})

    assert "office.com/" not in str(raised.value)


def test_the_example_in_the_documentation_can_be_built() -> None:
    (example,) = examples_of("teams")

    build_channel("teams", example)
