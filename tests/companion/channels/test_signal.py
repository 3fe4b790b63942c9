import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web

from companion.channels.base import Channel, MessageKind, Receipt, Refused, Sent, TryAgain
from companion.channels.registry import build_channel
from companion.channels.signal.receipts import ReceiptsLostError
from companion.channels.signal.sender import SignalChannel
from tests.companion.channels.messages import ACK_URL, PICTURE, message
from tests.fakes.inbound import RecordingInbound, listening
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.signal import FakeSignal


@pytest.fixture
async def signal() -> AsyncIterator[FakeSignal]:
    async with FakeSignal() as server:
        yield server


def channel_for(signal: FakeSignal, **changes: object) -> SignalChannel:
    settings = {
        "url": signal.url,
        "number": signal.number,
        "timeout_s": 10,
        **changes,
    }
    channel = build_channel("signal", settings)
    assert isinstance(channel, SignalChannel)
    return channel


@pytest.fixture
async def channel(signal: FakeSignal) -> AsyncIterator[SignalChannel]:
    channel = channel_for(signal)
    yield channel
    await channel.close()


async def test_a_person_gets_a_styled_message_with_the_link(signal: FakeSignal, channel: Channel) -> None:
    outcome = await channel.send(message())

    (sent,) = signal.messages
    assert outcome == Sent(provider_ref=str(sent.timestamp), status_code=201, receipt_follows=True)
    assert sent.recipient == "+491701234567"
    assert sent.request["text_mode"] == "styled"
    assert sent.text.startswith("**ALARM: Panic key: Reception**\n")
    assert ACK_URL in sent.text


async def test_a_page_shows_the_picture(signal: FakeSignal, channel: Channel) -> None:
    await channel.send(message(picture=PICTURE))

    (sent,) = signal.messages
    head, _, data = sent.request["base64_attachments"][0].partition(",")
    assert head == "data:image/jpeg;filename=camera.jpg;base64"
    assert base64.b64decode(data) == PICTURE.data


async def test_a_group_gets_it_as_one_recipient(signal: FakeSignal, channel: Channel) -> None:
    outcome = await channel.send(message(address="group.QUJDRA=="))

    assert isinstance(outcome, Sent)
    assert signal.received[0].body["recipients"] == ["group.QUJDRA=="]


async def test_news_quote_the_first_message(signal: FakeSignal, channel: Channel) -> None:
    first = await channel.send(message())
    assert isinstance(first, Sent)

    await channel.send(message(MessageKind.ACKNOWLEDGED, thread_ref=first.provider_ref, by="Anna"))

    request = signal.messages[1].request
    assert request["quote_timestamp"] == signal.messages[0].timestamp
    assert request["quote_author"] == signal.number
    assert request["quote_message"] == "ALARM: Panic key: Reception"
    assert "Anna" in request["message"]


async def test_a_repeat_is_marked_as_perhaps_one(signal: FakeSignal, channel: Channel) -> None:
    signal.behave(Behaviour.TAKE_AND_RESET, times=1)

    first = await channel.send(message())
    await channel.send(message(may_have_been_sent=True))

    assert isinstance(first, TryAgain)
    assert first.uncertain
    assert "repeat" not in signal.messages[0].text
    assert "may be a repeat" in signal.messages[1].text


async def test_an_unregistered_number_is_refused_and_the_channel_is_fine(
    signal: FakeSignal, channel: Channel
) -> None:
    signal.unregistered.add("+491701234567")

    outcome = await channel.send(message())

    assert isinstance(outcome, Refused)
    assert not outcome.channel_broken
    assert "Unregistered" in str(outcome.reason)


async def test_a_captcha_breaks_the_channel_and_says_what_to_do(signal: FakeSignal, channel: Channel) -> None:
    signal.captcha = True

    outcome = await channel.send(message())

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert "rate-limit-challenge" in str(outcome.reason)
    assert "5ec12a47" not in str(outcome.reason)


async def test_the_rate_limit_of_a_proxy_is_waited_for(signal: FakeSignal, channel: Channel) -> None:
    signal.behave(Behaviour.STATUS_429, times=1)

    outcome = await channel.send(message())

    assert isinstance(outcome, TryAgain)
    assert outcome.after == timedelta(seconds=77)


@pytest.mark.parametrize(
    ("said", "uncertain"),
    [
        ("Failed to send message due to a network error: timeout while connecting", True),
        ("Failed to send message: java.net.SocketException: Broken pipe", True),
        ("Network is unreachable", False),
        ("Service unavailable", False),
        ("Failed to send message", False),
        ("StatusCode: 429 (Rate limited)", False),
        ("Something that this version does not know", False),
    ],
)
async def test_signal_out_of_reach_behind_the_bridge_is_tried_again(
    signal: FakeSignal,
    channel: Channel,
    said: str,
    uncertain: bool,  # noqa: FBT001 - a column of the table
) -> None:
    signal.error = (400, said)

    outcome = await channel.send(message())

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain is uncertain


@pytest.mark.parametrize("tokens", [[], [""], None])
async def test_a_rate_limit_without_a_challenge_may_have_been_delivered_and_asks_for_no_captcha(
    signal: FakeSignal, channel: Channel, tokens: list[str] | None
) -> None:
    signal.error = (429, "Failed to send message due to rate limiting. Use the attached challenge tokens")
    signal.challenge_tokens = tokens

    outcome = await channel.send(message())

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain
    assert "captcha" not in str(outcome.reason)


async def test_members_of_a_group_who_did_not_get_it_are_counted(
    signal: FakeSignal, channel: Channel
) -> None:
    signal.not_reached = [
        {"number": "+491700000008", "reason": "UNREGISTERED_FAILURE"},
        {"number": "+491700000009", "reason": "IDENTITY_FAILURE"},
    ]

    outcome = await channel.send(message(address="group.YWJj"))

    assert isinstance(outcome, Sent)
    assert str(outcome.warning) == "2 members of the group did not get it"


async def test_what_the_bridge_cannot_find_is_final_whatever_its_trace_says(
    signal: FakeSignal, channel: Channel
) -> None:
    signal.error = (404, "not found at org.example.Connection.send(Connection.java:1)")

    assert isinstance(await channel.send(message()), Refused)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "Failed to send message: CAPTCHA proof required for recipient"),
        (400, "User +4930123456 is not registered."),
    ],
)
async def test_what_a_human_must_put_right_breaks_the_channel(
    signal: FakeSignal, channel: Channel, status: int, said: str
) -> None:
    signal.error = (status, said)

    outcome = await channel.send(message())

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_the_word_captcha_in_an_error_of_a_server_is_not_signals(
    signal: FakeSignal, channel: Channel, status: int
) -> None:
    signal.error = (status, "upstream failed: captcha.service timed out")

    assert isinstance(await channel.send(message()), TryAgain)


async def test_no_word_makes_a_final_status_pass(signal: FakeSignal, channel: Channel) -> None:
    signal.error = (404, "java.net.ConnectException: connection timed out")

    assert isinstance(await channel.send(message()), Refused)


@pytest.mark.parametrize(
    "said", ["Untrusted Identity for +491701234567", "Invalid group id", "Unregistered user"]
)
async def test_what_concerns_one_recipient_leaves_the_channel_whole(
    signal: FakeSignal, channel: Channel, said: str
) -> None:
    signal.error = (400, said)

    outcome = await channel.send(message())

    assert isinstance(outcome, Refused)
    assert not outcome.channel_broken
    assert said in str(outcome.reason)


async def test_a_number_the_bridge_does_not_have_breaks_the_channel(signal: FakeSignal) -> None:
    channel = channel_for(signal, number="+499999999")

    sent, checked = await channel.send(message()), await channel.check()
    await channel.close()

    assert isinstance(sent, Refused)
    assert sent.channel_broken
    assert isinstance(checked, Refused)
    assert checked.channel_broken


async def test_a_header_for_the_proxy_goes_with_every_request(signal: FakeSignal) -> None:
    channel = channel_for(signal, header_name="X-Api-Key", header_value="abcdef")

    await channel.send(message())
    await channel.close()

    assert signal.received[0].headers["X-Api-Key"] == "abcdef"


async def test_the_check_is_content_in_json_rpc_mode(channel: Channel) -> None:
    assert await channel.check() == Sent(provider_ref=None, status_code=200)


async def test_the_check_warns_of_a_mode_without_receipts(signal: FakeSignal, channel: Channel) -> None:
    signal.mode = "normal"

    outcome = await channel.check()

    assert isinstance(outcome, Sent)
    assert "json-rpc" in str(outcome.warning)


@pytest.fixture
async def inbound(channel: SignalChannel) -> AsyncIterator[RecordingInbound]:
    """Hears what the channel hears."""
    async with listening(channel) as hearing:
        yield hearing


async def test_receipts_tell_what_arrived_and_what_was_read(
    signal: FakeSignal, channel: SignalChannel, inbound: RecordingInbound
) -> None:
    await signal.attached()

    outcome = await channel.send(message())
    first = await inbound.heard.get()
    await signal.report(signal.messages[0].timestamp, read=True)
    second = await inbound.heard.get()

    assert isinstance(outcome, Sent)
    assert isinstance(first, Receipt)
    assert isinstance(second, Receipt)
    assert (first.provider_ref, first.read) == (outcome.provider_ref, False)
    assert (second.provider_ref, second.read) == (outcome.provider_ref, True)


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "[]",
        {"envelope": {"dataMessage": {"message": "hello", "timestamp": 1}}},
        {"envelope": {"receiptMessage": None}},
        {"envelope": {"receiptMessage": {"when": "soon", "timestamps": [1]}}},
        {"envelope": {"receiptMessage": {"when": 10**30, "timestamps": [1]}}},
        {"envelope": {"receiptMessage": {"when": 1, "timestamps": ["x"]}}},
    ],
    ids=str,
)
async def test_a_frame_that_is_no_receipt_is_passed_over(
    signal: FakeSignal, channel: SignalChannel, frame: object, inbound: RecordingInbound
) -> None:
    await signal.attached()

    await signal.tell(frame)
    await signal.report(1700686413944)

    heard = await inbound.heard.get()
    assert isinstance(heard, Receipt)
    assert heard.provider_ref == "1700686413944"


async def test_a_quiet_socket_outlives_the_time_limits_of_requests(
    signal: FakeSignal, channel: SignalChannel, inbound: RecordingInbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    await signal.attached()
    await signal.report(41)
    await inbound.heard.get()
    await asyncio.sleep(0)  # it waits on the socket

    loop = asyncio.get_running_loop()
    so_far = loop.time
    monkeypatch.setattr(loop, "time", lambda: so_far() + 3600)
    await asyncio.sleep(0)  # whatever had a time limit is over now
    await signal.report(42)

    heard = await inbound.heard.get()
    assert isinstance(heard, Receipt)
    assert heard.provider_ref == "42"


async def test_receipts_end_when_the_bridge_hangs_up(signal: FakeSignal, channel: SignalChannel) -> None:
    following = asyncio.create_task(channel.listen(RecordingInbound()))
    await signal.attached()

    await signal.hang_up()

    await following


async def test_a_bridge_without_receipts_is_an_error_that_names_no_address(
    signal: FakeSignal, channel: SignalChannel
) -> None:
    signal.mode = "normal"

    with pytest.raises(ReceiptsLostError) as raised:
        await channel.listen(RecordingInbound())

    assert "json-rpc" in str(raised.value)
    assert signal.number not in str(raised.value)


async def test_the_receipts_are_asked_for_nowhere_else(unused_tcp_port_factory: Callable[[], int]) -> None:
    """A bridge that answers with a redirect must not get the credentials carried to another host."""
    asked: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        raise web.HTTPFound(f"http://127.0.0.1:{elsewhere_port}/there")

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.headers.get("Authorization", ""))
        return web.Response()

    bridge_port, elsewhere_port = unused_tcp_port_factory(), unused_tcp_port_factory()
    async with serving(redirect, bridge_port), serving(elsewhere, elsewhere_port):
        channel = build_channel(
            "signal",
            {
                "url": f"http://127.0.0.1:{bridge_port}",
                "number": "+4930123456",
                "header_name": "Authorization",
                "header_value": "Bearer secret",
            },
        )
        assert isinstance(channel, SignalChannel)
        with pytest.raises(ReceiptsLostError):
            await channel.listen(RecordingInbound())
        await channel.close()

    assert asked == []


@asynccontextmanager
async def serving(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]], port: int
) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield
    await runner.cleanup()


async def test_whom_signal_does_not_know_is_found_without_telling_anybody(
    signal: FakeSignal, channel: SignalChannel
) -> None:
    signal.unregistered = {"+491700000007"}
    signal.groups = ["group.YWJj"]
    asked = ["+491701234567", "+491700000007", "group.YWJj", "group.Z29uZQ==", "anna.01"]

    assert await channel.unreachable(asked) == {"+491700000007", "group.Z29uZQ=="}
    assert signal.messages == []


async def test_what_the_bridge_does_not_say_of_a_recipient_is_believed(signal: FakeSignal) -> None:
    channel = channel_for(signal, number="+4930999999", url=f"{signal.url}/elsewhere")

    assert await channel.unreachable(["+491701234567", "group.YWJj"]) == frozenset()
    await channel.close()
