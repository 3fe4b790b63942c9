from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from companion.channels.base import Answer, MessageKind, Refused, Sent, TryAgain
from companion.channels.pagerduty.sender import PagerDutyChannel
from companion.channels.registry import build_channel
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.pages import examples_of
from tests.fakes.inbound import RecordingInbound
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.pagerduty import FakePagerDuty

KEY = f"alarm-broker:{message().alarm_id}"


@pytest.fixture
async def pagerduty() -> AsyncIterator[FakePagerDuty]:
    async with FakePagerDuty() as server:
        yield server


@pytest.fixture
async def channel(pagerduty: FakePagerDuty) -> AsyncIterator[PagerDutyChannel]:
    settings = {
        "url": pagerduty.url,
        "routing_key": pagerduty.routing_key,
        "webhook_secret": pagerduty.webhook_secret,
    }
    channel = build_channel("pagerduty", settings)
    assert isinstance(channel, PagerDutyChannel)
    yield channel
    await channel.close()


async def test_an_alarm_is_an_incident_with_all_that_is_known(
    pagerduty: FakePagerDuty, channel: PagerDutyChannel
) -> None:
    outcome = await channel.send(message())

    assert outcome == Sent(provider_ref=KEY, status_code=202)
    incident = pagerduty.incidents[KEY]
    assert incident.summary == "ALARM: Panic key: Reception"
    assert incident.payload["source"] == "Reception, Main office"
    assert incident.payload["severity"] == "critical"
    assert incident.payload["custom_details"]["Who"] == "Max Müller"
    assert incident.links == [{"href": ACK_URL, "text": "Acknowledge here"}]


async def test_repeats_and_what_else_becomes_known_are_the_same_incident(
    pagerduty: FakePagerDuty, channel: PagerDutyChannel
) -> None:
    pagerduty.behave(Behaviour.TAKE_AND_RESET, times=1)
    assert isinstance(await channel.send(message()), TryAgain)
    await channel.send(message(may_have_been_sent=True))
    await channel.send(message(MessageKind.VERIFIED, level=3))

    assert list(pagerduty.incidents) == [KEY]
    assert pagerduty.incidents[KEY].triggers == 3


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (MessageKind.ACKNOWLEDGED, "acknowledged"),
        (MessageKind.RESOLVED, "resolved"),
        (MessageKind.CANCELLED, "resolved"),
    ],
)
async def test_the_incident_goes_on_as_the_alarm_does(
    pagerduty: FakePagerDuty, channel: PagerDutyChannel, kind: MessageKind, state: str
) -> None:
    await channel.send(message())

    assert isinstance(await channel.send(message(kind, by="Ben")), Sent)
    assert pagerduty.incidents[KEY].state == state


async def test_a_trouble_of_the_service_is_over_under_the_same_key(
    pagerduty: FakePagerDuty, channel: PagerDutyChannel
) -> None:
    trouble = {"trouble": "channel_refuses", "title": "sms"}

    await channel.send(message(MessageKind.TROUBLE, alarm_id="one", **trouble))
    await channel.send(message(MessageKind.TROUBLE_OVER, alarm_id="two", **trouble))

    assert [one.state for one in pagerduty.incidents.values()] == ["resolved"]


async def test_the_longest_message_stays_within_the_limits(channel: PagerDutyChannel) -> None:
    details = {f"Detail {number}": "v" * 500 for number in range(20)}
    long = message(title="T" * 2000, site="S" * 900, person="p" * 900, note="n" * 900, details=details)

    assert isinstance(await channel.send(long), Sent)


async def test_nothing_known_is_still_an_incident(channel: PagerDutyChannel) -> None:
    bare = message(title="", source="", site=None, room=None, person=None, details={}, severity="odd")

    assert isinstance(await channel.send(bare), Sent)


async def test_a_wrong_integration_key_breaks_the_channel(pagerduty: FakePagerDuty) -> None:
    channel = build_channel("pagerduty", {"url": pagerduty.url, "routing_key": "hunter3" + "0" * 25})
    outcomes = [await channel.send(message()), await channel.check()]
    await channel.close()

    for outcome in outcomes:
        assert isinstance(outcome, Refused)
        assert outcome.channel_broken
        assert "routing_key" in str(outcome.reason)
        assert "hunter3" not in str(outcome.reason)


async def test_the_check_tells_nobody(pagerduty: FakePagerDuty, channel: PagerDutyChannel) -> None:
    assert isinstance(await channel.check(), Sent)
    assert pagerduty.incidents == {}


async def test_a_rate_limit_is_waited_for(pagerduty: FakePagerDuty, channel: PagerDutyChannel) -> None:
    pagerduty.behave(Behaviour.STATUS_429, times=1)

    outcome = await channel.send(message())

    assert isinstance(outcome, TryAgain)
    assert outcome.after == timedelta(seconds=77)


# --- back -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["incident.acknowledged", "incident.resolved"])
async def test_who_acknowledges_there_has_answered_here(
    pagerduty: FakePagerDuty, channel: PagerDutyChannel, event: str
) -> None:
    inbound = RecordingInbound()

    reply = await channel.called_back(pagerduty.does(event, KEY), inbound)

    assert reply is not None
    assert reply.status == 200
    assert inbound.answers == [
        Answer(
            event_id="5ac64822-4adc-4fda-ade0-410becf0de4f",
            sender="PXPGF42",
            acknowledges=True,
            words=message().code,
            thread_ref=KEY,
        )
    ]


async def test_one_of_two_signatures_is_enough_while_the_secret_changes(
    pagerduty: FakePagerDuty, channel: PagerDutyChannel
) -> None:
    inbound = RecordingInbound()
    body = pagerduty.does("incident.acknowledged", KEY).body

    await channel.called_back(pagerduty.signed(body, "another", pagerduty.webhook_secret), inbound)

    assert len(inbound.answers) == 1


async def test_what_we_did_ourselves_and_what_is_of_others_is_no_answer(
    pagerduty: FakePagerDuty, channel: PagerDutyChannel
) -> None:
    inbound = RecordingInbound()
    ours = {"id": "PI", "type": "events_api_v2_inbound_integration_reference"}

    for callback in (
        pagerduty.does("incident.acknowledged", KEY, agent=ours),
        pagerduty.does("incident.acknowledged", "srv01/HTTP"),
        pagerduty.does("incident.triggered", KEY),
        pagerduty.signed(b'{"event": {"event_type": "pagey.ping"}}', pagerduty.webhook_secret),
        pagerduty.signed(b"[", pagerduty.webhook_secret),
    ):
        assert await channel.called_back(callback, inbound) is not None
    assert inbound.answers == []


async def test_what_is_not_signed_by_pagerduty_is_nobody(
    pagerduty: FakePagerDuty, channel: PagerDutyChannel
) -> None:
    inbound = RecordingInbound()
    good = pagerduty.does("incident.acknowledged", KEY)

    for callback in (
        pagerduty.does("incident.acknowledged", KEY, secret="another"),
        replace(good, body=good.body.replace(b"PXPGF42", b"PXPGF43")),
        replace(good, headers={}),
        replace(good, headers={"X-PagerDuty-Signature": "v1=é,,v1="}),
    ):
        assert await channel.called_back(callback, inbound) is None
    assert inbound.answers == []


def test_the_example_in_the_documentation_can_be_built() -> None:
    (example,) = examples_of("pagerduty")

    build_channel("pagerduty", example)
