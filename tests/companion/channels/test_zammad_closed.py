"""A ticket that is closed in Zammad is said to its alarm, once, and never by ourselves."""

import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, strategies as st

from companion.channels.base import Answer, Callback
from companion.channels.registry import build_channel
from companion.channels.zammad.sender import ZammadChannel
from tests.companion.channels.pages import examples_of
from tests.fakes.inbound import RecordingInbound
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.zammad import FakeZammad

SECRET = "token-of-the-webhook"
URL = "https://alarm.example/v1/channels/zammad/callback"
ERIKA = {"id": 5, "login": "erika", "firstname": "Erika", "lastname": "Muster"}


@pytest.fixture
async def zammad() -> AsyncIterator[FakeZammad]:
    async with FakeZammad() as server:
        yield server


def channel_for(url: str, **changes: Any) -> ZammadChannel:
    settings = {"url": url, "token": "zammad-token", "group": "Alarm", "customer": "alarm@site.example"}
    channel = build_channel("zammad", {**settings, "webhook_token": SECRET, **changes})
    assert isinstance(channel, ZammadChannel)
    return channel


@pytest.fixture
async def channel(zammad: FakeZammad) -> AsyncIterator[ZammadChannel]:
    channel = channel_for(zammad.url)
    yield channel
    await channel.close()


def tells(secret: str = SECRET, delivery: str = "d-1", **ticket: Any) -> Callback:
    """Return what the trigger's webhook sends of a ticket that Erika has closed."""
    known = {"id": 7, "number": "4711", "title": "ALARM", "state": "closed", "state_id": 4}
    by = {"updated_by": ERIKA, "updated_by_id": 5, "updated_at": "2026-11-20T22:20:00.000Z"}
    return signed({"ticket": {**known, **by, **ticket}, "article": {}}, secret, delivery)


def signed(document: Any, secret: str = SECRET, delivery: str = "d-1") -> Callback:
    body = json.dumps(document).encode()
    digest = hmac.digest(secret.encode(), body, "sha1").hex()
    headers = {
        "X-Hub-Signature": f"sha1={digest}",
        "X-Zammad-Delivery": delivery,
        "X-Zammad-Trigger": "Alarm closed",
    }
    return Callback(method="POST", url=URL, query={}, headers=headers, body=body)


@pytest.mark.parametrize("on_close", ["note", "acknowledge"])
async def test_a_closed_ticket_is_said_to_its_alarm_with_who_closed_it(
    zammad: FakeZammad, on_close: str
) -> None:
    channel, inbound = channel_for(zammad.url, on_close=on_close), RecordingInbound()

    reply = await channel.called_back(tells(), inbound)
    await channel.close()

    assert reply is not None
    assert reply.status == 200
    assert inbound.answers == [
        Answer(
            event_id="d-1",
            sender="",
            acknowledges=on_close == "acknowledge",
            words="closed (Erika Muster)",
            thread_ref="7",
        )
    ]


async def test_nothing_is_written_into_the_ticket_for_it(zammad: FakeZammad, channel: ZammadChannel) -> None:
    await channel.called_back(tells(), RecordingInbound())

    assert {one.method for one in zammad.received} == {"GET"}


async def test_what_our_own_user_closes_is_passed_over(channel: ZammadChannel) -> None:
    inbound = RecordingInbound()

    reply = await channel.called_back(tells(updated_by_id=3), inbound)

    assert reply is not None
    assert reply.status == 200
    assert inbound.answers == []


async def test_zammad_is_asked_once_who_we_are(zammad: FakeZammad, channel: ZammadChannel) -> None:
    for number in range(3):
        await channel.called_back(tells(delivery=f"d-{number}"), RecordingInbound())

    assert len(zammad.requests("GET", "/api/v1/users/me")) == 1


async def test_as_long_as_nobody_knows_who_we_are_zammad_says_it_again(
    zammad: FakeZammad, channel: ZammadChannel
) -> None:
    zammad.behave(Behaviour.STATUS_503, times=1)
    inbound = RecordingInbound()

    first = await channel.called_back(tells(), inbound)
    second = await channel.called_back(tells(), inbound)

    assert first is not None
    assert second is not None
    assert (first.status, second.status) == (503, 200)
    assert len(inbound.answers) == 1


@pytest.mark.parametrize("state", ["open", "merged", "pending close", None, 4], ids=str)
async def test_a_ticket_that_is_not_closed_says_nothing(channel: ZammadChannel, state: Any) -> None:
    inbound = RecordingInbound()

    assert await channel.called_back(tells(state=state), inbound) is not None
    assert inbound.answers == []


async def test_a_house_may_have_its_own_name_for_closed(zammad: FakeZammad) -> None:
    channel, inbound = channel_for(zammad.url, closed_state="erledigt"), RecordingInbound()

    await channel.called_back(tells(state={"id": 9, "name": "Erledigt"}, updated_by="erika"), inbound)
    await channel.close()

    assert [one.words for one in inbound.answers] == ["Erledigt (erika)"]


async def test_what_zammad_has_not_signed_is_not_believed(zammad: FakeZammad, channel: ZammadChannel) -> None:
    good, inbound = tells(), RecordingInbound()
    changed = good.body.replace(b"4711", b"4712")
    forged = [
        tells(secret="another-token"),
        Callback(method="POST", url=URL, query={}, headers=good.headers, body=changed),
        Callback(method="POST", url=URL, query={}, headers={}, body=good.body),
    ]

    assert [await channel.called_back(one, inbound) for one in forged] == [None] * 3
    assert inbound.answers == []
    assert zammad.received == []


async def test_a_channel_without_a_token_for_it_believes_nobody(zammad: FakeZammad) -> None:
    channel = channel_for(zammad.url, webhook_token=None)

    assert await channel.called_back(tells(), RecordingInbound()) is None


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["ticket", "id", "state"]), inner),
    )
)
async def test_whatever_is_signed_is_answered(document: Any) -> None:
    channel = channel_for("http://127.0.0.1:9", connect_timeout_s=0.1)

    reply = await channel.called_back(signed(document), RecordingInbound())

    assert reply is not None
    assert reply.status == 200


def test_the_example_of_the_documentation_is_a_channel() -> None:
    [example] = examples_of("zammad")

    assert isinstance(build_channel("zammad", example), ZammadChannel)
