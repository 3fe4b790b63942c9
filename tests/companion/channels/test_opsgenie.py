from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from companion.channels.base import MessageKind, Refused, Sent, TryAgain
from companion.channels.opsgenie.sender import OpsgenieChannel
from companion.channels.registry import build_channel
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.pages import examples_of
from tests.fakes.inbound import RecordingInbound
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.opsgenie import FakeOpsgenie

ALIAS = f"alarm-broker:{message().alarm_id}"


@pytest.fixture
async def opsgenie() -> AsyncIterator[FakeOpsgenie]:
    async with FakeOpsgenie() as server:
        yield server


@pytest.fixture
async def channel(opsgenie: FakeOpsgenie) -> AsyncIterator[OpsgenieChannel]:
    settings = {"url": opsgenie.url, "api_key": opsgenie.api_key, "webhook_secret": opsgenie.webhook_secret}
    channel = build_channel("opsgenie", settings)
    assert isinstance(channel, OpsgenieChannel)
    yield channel
    await channel.close()


async def test_an_alarm_is_an_alert_with_all_that_is_known(
    opsgenie: FakeOpsgenie, channel: OpsgenieChannel
) -> None:
    outcome = await channel.send(message())

    assert outcome == Sent(provider_ref=ALIAS, status_code=202)
    alert = opsgenie.alerts[ALIAS]
    assert alert.message == "ALARM: Panic key: Reception"
    assert (alert.body["priority"], alert.body["entity"]) == ("P1", "Reception, Main office")
    assert alert.body["details"]["Who"] == "Max Müller"
    assert ACK_URL in alert.body["description"]


async def test_repeats_are_the_same_alert(opsgenie: FakeOpsgenie, channel: OpsgenieChannel) -> None:
    opsgenie.behave(Behaviour.TAKE_AND_RESET, times=1)
    assert isinstance(await channel.send(message()), TryAgain)
    await channel.send(message(may_have_been_sent=True))

    assert [one.count for one in opsgenie.alerts.values()] == [2]


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (MessageKind.VERIFIED, "open"),
        (MessageKind.ACKNOWLEDGED, "acknowledged"),
        (MessageKind.RESOLVED, "closed"),
        (MessageKind.CANCELLED, "closed"),
    ],
)
async def test_the_alert_goes_on_as_the_alarm_does(
    opsgenie: FakeOpsgenie, channel: OpsgenieChannel, kind: MessageKind, state: str
) -> None:
    await channel.send(message())

    outcome = await channel.send(message(kind, by="Ben " * 60, level=2, thread_ref=ALIAS))

    assert isinstance(outcome, Sent)
    alert = opsgenie.alerts[ALIAS]
    assert alert.state == state
    assert "Ben" in alert.notes[0]
    assert alert.count == 1


async def test_the_longest_message_stays_within_the_limits(channel: OpsgenieChannel) -> None:
    details = {f"Detail {number}": "v" * 500 for number in range(20)}
    long = message(title="T" * 2000, site="S" * 900, person="p" * 900, note="n" * 900, details=details)

    assert isinstance(await channel.send(long), Sent)


async def test_a_wrong_key_breaks_the_channel(opsgenie: FakeOpsgenie) -> None:
    channel = build_channel("opsgenie", {"url": opsgenie.url, "api_key": "hunter3"})
    outcomes = [await channel.send(message()), await channel.check()]
    await channel.close()

    for outcome in outcomes:
        assert isinstance(outcome, Refused)
        assert outcome.channel_broken


async def test_the_check_tells_nobody(opsgenie: FakeOpsgenie, channel: OpsgenieChannel) -> None:
    assert isinstance(await channel.check(), Sent)
    assert opsgenie.alerts == {}


# --- back -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["Acknowledge", "Close"])
async def test_who_acknowledges_there_has_answered_here(
    opsgenie: FakeOpsgenie, channel: OpsgenieChannel, action: str
) -> None:
    inbound = RecordingInbound()

    for _ in range(2):  # a request that is repeated is the same event
        assert await channel.called_back(opsgenie.does(action, ALIAS), inbound) is not None

    (answer,) = inbound.answers
    assert (answer.sender, answer.acknowledges) == ("anna@house.example", True)
    assert (answer.thread_ref, answer.words) == (ALIAS, message().code)


async def test_what_we_did_ourselves_and_what_is_of_others_is_no_answer(
    opsgenie: FakeOpsgenie, channel: OpsgenieChannel
) -> None:
    inbound = RecordingInbound()

    for callback in (
        opsgenie.does("Acknowledge", ALIAS, source={"name": "Alarm Broker", "type": "API"}),
        opsgenie.does("Acknowledge", "another"),
        opsgenie.does("Create", ALIAS),
        replace(opsgenie.does("Acknowledge", ALIAS), body=b"["),
    ):
        assert await channel.called_back(callback, inbound) is not None
    assert inbound.answers == []


async def test_what_does_not_bring_our_secret_is_nobody(
    opsgenie: FakeOpsgenie, channel: OpsgenieChannel
) -> None:
    inbound = RecordingInbound()
    good = opsgenie.does("Acknowledge", ALIAS)

    for headers in ({}, {"X-Alarm-Broker-Secret": "another"}, {"X-Alarm-Broker-Secret": ""}):
        assert await channel.called_back(replace(good, headers=headers), inbound) is None
    without = build_channel("opsgenie", {"url": opsgenie.url, "api_key": "k"})
    assert isinstance(without, OpsgenieChannel)
    assert await without.called_back(good, inbound) is None
    await without.close()
    assert inbound.answers == []


def test_the_example_in_the_documentation_can_be_built() -> None:
    (example,) = examples_of("opsgenie")

    build_channel("opsgenie", example)
