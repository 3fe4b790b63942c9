"""SIA DC-09 at a real receiver: events, their frames byte for byte, and everything that a station can say."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from companion.channels.base import Message, MessageKind, Refused, Sent, TryAgain
from companion.channels.registry import ChannelConfigError, build_channel
from companion.channels.sia.events import CODES
from companion.channels.sia.frames import Frame, build, crc, parse
from companion.channels.sia.sender import CommunicationTrouble, SiaChannel
from tests.companion.channels.messages import message
from tests.companion.channels.pages import examples_of
from tests.fakes.inbound import RecordingInbound
from tests.fakes.ports import free_port
from tests.fakes.station import ACCOUNT, RealStation, Station, real_station

KEY = "A1B2C3D4E5F60718"
SAMPLE_TIME = datetime(2026, 11, 20, 21, 19, 22, tzinfo=UTC)


@asynccontextmanager
async def channel(url: str, **config: Any) -> AsyncIterator[SiaChannel]:
    settings = {"url": url, "account": ACCOUNT, "reply_s": 3, "tries": 2}
    built = build_channel("sia", settings | config)
    assert isinstance(built, SiaChannel)
    yield built
    await built.close()


def news(kind: MessageKind, **changes: Any) -> Message:
    return message(kind, thread_ref="0001", idempotency_key=f"of {kind}", **changes)


# --- frames ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "raw"),
    [
        (
            Frame(id="SIA-DCS", sequence=1, account="1234", data="#1234|Nri1/BA003", at=SAMPLE_TIME),
            b'\n7CA0003C"SIA-DCS"0001R0L0#1234[#1234|Nri1/BA003]_21:19:22,11-20-2026\r',
        ),
        (Frame(id="ACK", sequence=1, account="1234"), b'\nDBE70014"ACK"0001R0L0#1234[]\r'),
    ],
    ids=["event", "answer"],
)
def test_frames_are_those_that_were_seen_on_the_wire(frame: Frame, raw: bytes) -> None:
    assert build(frame) == raw
    assert parse(raw) == frame


def test_the_checksum_is_crc_16_arc() -> None:
    assert crc(b"123456789") == 0xBB3D


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="[]"), max_size=40)
NUMBER = st.text("0123456789ABCDEF", min_size=1, max_size=6)
FRAMES = st.builds(
    Frame,
    id=st.sampled_from(["SIA-DCS", "ADM-CID", "NULL", "ACK", "NAK", "DUH", "RSP"]),
    sequence=st.integers(0, 9999),
    receiver=NUMBER,
    line=NUMBER,
    account=st.text("0123456789ABCDEF", max_size=16),
    data=TEXT,
    extended=st.lists(TEXT, max_size=3).map(tuple),
    at=st.none()
    | st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
        lambda at: at.replace(microsecond=0)
    ),
    encrypted=st.booleans(),
)


@given(FRAMES, st.sampled_from([16, 24, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_what_is_written_is_what_is_read(frame: Frame, key: bytes) -> None:
    raw = build(frame, key)

    assert parse(raw, key) == frame
    if frame.encrypted:
        assert parse(raw) is None
        assert raw.count(b"[") == 1
        assert len(raw.partition(b"[")[2].rstrip(b"\r")) % 32 == 0


@given(FRAMES, st.integers(0, 200), st.integers(1, 255))
def test_a_damaged_frame_is_none(frame: Frame, place: int, flip: int) -> None:
    raw = bytearray(build(frame, KEY.encode()))
    place = 1 + place % (len(raw) - 2)
    raw[place] ^= flip

    # Only what writes the same number another way is still whole: the case of a hexadecimal digit.
    assert parse(bytes(raw), KEY.encode()) in {None, frame}


@given(
    st.binary(max_size=300)
    | st.builds(lambda head, rest: b"\n0000" + head + rest, st.binary(max_size=20), st.binary(max_size=60))
    | st.text(max_size=80).map(lambda text: _summed(text.encode()))
)
def test_no_noise_is_too_much(noise: bytes) -> None:
    found = parse(noise, KEY.encode())

    assert found is None or isinstance(found, Frame)


def _summed(content: bytes) -> bytes:
    content = b'"' + content
    return b"\n%04X%04X%b\r" % (crc(content), len(content) & 0xFFFF, content)


# --- a real receiver ------------------------------------------------------------------------------------


@pytest.mark.parametrize("over", ["tcp", "udp"])
@pytest.mark.parametrize("key", [None, KEY, KEY * 2], ids=["plain", "128 bits", "256 bits"])
@pytest.mark.parametrize("form", ["sia-dcs", "adm-cid"])
async def test_a_station_takes_an_alarm(over: str, key: str | None, form: str) -> None:
    async with (
        real_station(over=over, key=key) as station,
        channel(station.url, key=key, format=form, zones={"Reception": 7}) as sia,
    ):
        outcome = await sia.send(message(alarm_kind="panic"))
        event = await told(station)

    assert (event.code, event.account, event.ri) == ("PA", ACCOUNT, "007" if form == "adm-cid" else "1")
    assert outcome == Sent(provider_ref=event.sequence)
    assert event.encrypted is (key is not None)


async def told(station: RealStation) -> Any:
    async with asyncio.timeout(20):
        return await station.events.get()


@pytest.mark.parametrize(
    ("kind", "form"),
    # pysiaalarm's table lacks 154 of Contact ID, water.
    [
        (kind, form)
        for kind in (*CODES, None)
        for form in ("sia-dcs", "adm-cid")
        if (kind, form) != ("water", "adm-cid")
    ],
)
async def test_each_sort_of_alarm_has_a_code_that_the_station_knows(form: str, kind: str | None) -> None:
    async with real_station() as station, channel(station.url, format=form) as sia:
        outcomes = [
            await sia.send(message(alarm_kind=kind)),
            await sia.send(news(MessageKind.RESOLVED, alarm_kind=kind)),
            await sia.send(news(MessageKind.CANCELLED, alarm_kind=kind)),
        ]

    assert [type(one) for one in outcomes] == [Sent] * 3


async def test_what_becomes_of_an_alarm_is_told_in_the_stations_words() -> None:
    codes = []
    async with real_station() as station, channel(station.url) as sia:
        for one in (
            message(alarm_kind="burglary"),
            news(MessageKind.VERIFIED, alarm_kind="burglary"),
            news(MessageKind.RESOLVED, alarm_kind="burglary"),
            news(MessageKind.CANCELLED, alarm_kind="burglary"),
            news(MessageKind.CANCELLED, alarm_kind="fire"),
            message(MessageKind.TEST, title="", idempotency_key="t"),
            message(test=True, idempotency_key="x"),
            message(MessageKind.TROUBLE, trouble="x", idempotency_key="y"),
            message(MessageKind.TROUBLE_OVER, trouble="x", idempotency_key="z"),
        ):
            assert isinstance(await sia.send(one), Sent)
            codes.append((await told(station)).code)
        silent = [
            await sia.send(news(kind, alarm_kind="fire"))
            for kind in (MessageKind.ACKNOWLEDGED, MessageKind.NOTE, MessageKind.VERIFIED)
        ]

    assert codes == ["BA", "BV", "BR", "BC", "FC", "RP", "BX", "YX", "YZ"]
    assert silent == [Sent(provider_ref="0001")] * 3
    assert station.events.empty()


async def test_the_check_tests_the_link_without_an_event() -> None:
    async with Station([ack]).running() as station, channel(station.url) as sia:
        checked = await sia.check()

    assert isinstance(checked, Sent)
    found = parse(station.heard[0])
    assert found is not None
    assert (found.id, found.sequence, found.data) == ("NULL", 0, "")


# --- what a station can say -----------------------------------------------------------------------------


def ack(heard: bytes, name: str = "ACK") -> bytes:
    frame = parse(heard)
    assert frame is not None
    return build(Frame(id=name, sequence=frame.sequence, account=frame.account))


def nothing(_: bytes) -> bytes:
    return b""


def duh(heard: bytes) -> bytes:
    return ack(heard, "DUH")


def of_another(heard: bytes) -> bytes:
    frame = parse(heard)
    assert frame is not None
    return build(Frame(id="ACK", sequence=frame.sequence % 9999 + 1, account=frame.account))


async def test_an_alarm_that_got_no_answer_is_sent_again_byte_for_byte() -> None:
    async with Station([nothing, ack]).running() as station, channel(station.url, reply_s=0.3) as sia:
        outcome = await sia.send(message())

    first, second = station.heard
    assert first == second
    assert isinstance(outcome, Sent)


@pytest.mark.parametrize("noise", [b"\n\r", b"None", b'\nDBE80014"ACK"0001R0L0#1234[]\r', b"\xff" * 2000])
async def test_what_makes_no_sense_is_no_answer(noise: bytes) -> None:
    async with Station([lambda _: noise]).running() as station, channel(station.url, reply_s=0.2) as sia:
        outcome = await sia.send(message())

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain


@pytest.mark.parametrize("answer", [of_another, nothing])
async def test_an_answer_to_another_frame_is_none(answer: Callable[[bytes], bytes]) -> None:
    async with Station([answer]).running() as station, channel(station.url, reply_s=0.2) as sia:
        outcome = await sia.send(message())

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain


async def test_with_a_key_an_answer_that_anybody_could_give_is_none() -> None:
    def forged(heard: bytes) -> bytes:
        frame = parse(heard, KEY.encode())
        assert frame is not None
        return build(Frame(id="ACK", sequence=frame.sequence, account=frame.account))

    async with Station([forged]).running() as station, channel(station.url, key=KEY, reply_s=0.2) as sia:
        outcome = await sia.send(message())

    assert isinstance(outcome, TryAgain)


async def test_a_station_whose_clock_differs_gets_the_event_at_its_time() -> None:
    theirs = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)

    def nak(_: bytes) -> bytes:
        return build(Frame(id="NAK", sequence=0, at=theirs))

    async with Station([nak, ack]).running() as station, channel(station.url) as sia:
        outcome = await sia.send(message())

    first, second = map(parse, station.heard)
    assert first is not None
    assert second is not None
    assert isinstance(outcome, Sent)
    assert second.at == theirs
    assert (first.sequence, first.data) == (second.sequence, second.data)


async def test_a_station_that_does_not_know_us_breaks_the_channel() -> None:
    async with real_station() as station, channel(station.url, account="9999") as sia:
        outcome = await sia.send(message())

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken


@pytest.mark.parametrize("answer", [duh, lambda _: b'"DUH"'], ids=["whole", "bare"])
async def test_an_event_that_is_not_understood_is_not_said_again(answer: Callable[[bytes], bytes]) -> None:
    async with Station([answer]).running() as station, channel(station.url) as sia:
        outcome = await sia.send(message())

    assert isinstance(outcome, Refused)
    assert not outcome.channel_broken
    assert len(station.heard) == 1


async def test_each_attempt_of_a_delivery_has_its_number_and_each_delivery_another() -> None:
    async with Station([ack]).running() as station:
        for _ in range(2):  # as after a restart, or from another replica
            async with channel(station.url) as sia:
                await sia.send(message(idempotency_key="a"))
                await sia.send(message(idempotency_key="b"))
                await sia.send(message(idempotency_key="a", may_have_been_sent=True))

    numbers = [frame.sequence for frame in map(parse, station.heard) if frame is not None]
    a, b, again = numbers[:3]
    assert a == again != b
    assert numbers[3:] == numbers[:3]
    assert all(1 <= one <= 9999 for one in numbers)


async def test_deliveries_that_would_share_a_number_do_not() -> None:
    async with Station([ack]).running() as station, channel(station.url) as sia:
        for number in range(150):
            await sia.send(message(idempotency_key=f"key {number}"))

    numbers = [frame.sequence for frame in map(parse, station.heard) if frame is not None]
    assert len(set(numbers)) == 150


# --- the second receiver --------------------------------------------------------------------------------


async def test_the_second_receiver_takes_what_the_first_one_does_not_answer() -> None:
    async with (
        Station([nothing]).running() as first,
        Station([ack]).running() as second,
        channel(first.url, second_url=second.url, reply_s=0.2) as sia,
    ):
        outcome = await sia.send(message())

    assert isinstance(outcome, Sent)
    assert "second" in str(outcome.warning)
    assert {*first.heard} == {*second.heard}


async def test_a_station_that_cannot_be_reached_was_not_told() -> None:
    nowhere = f"tcp://127.0.0.1:{free_port()}"
    async with channel(nowhere, second_url=nowhere) as sia:
        outcome = await sia.send(message())

    assert isinstance(outcome, TryAgain)
    assert not outcome.uncertain
    assert "Connection refused" in str(outcome.reason)


async def test_a_silent_second_receiver_is_told_before_it_is_needed() -> None:
    nowhere = f"tcp://127.0.0.1:{free_port()}"
    async with Station([ack]).running() as first, channel(first.url, second_url=nowhere) as sia:
        checked = await sia.check()

    assert isinstance(checked, Sent)
    assert "second receiver" in str(checked.warning)


# --- supervision ----------------------------------------------------------------------------------------


async def test_the_line_is_polled_until_it_falls_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion.channels.sia.sender.SILENT_POLLS", 2)
    settings = {"poll_s": 10, "reply_s": 0.1, "tries": 1}
    pauses: list[float] = []
    pause = asyncio.sleep

    async def at_once(seconds: float) -> None:
        pauses.append(seconds)
        await pause(0)

    monkeypatch.setattr("companion.channels.sia.sender.asyncio.sleep", at_once)
    async with Station([ack, ack, nothing]).running() as station, channel(station.url, **settings) as sia:
        with pytest.raises(CommunicationTrouble):
            await sia.listen(RecordingInbound())

    frames = [parse(one) for one in station.heard]
    assert [frame.id for frame in frames if frame is not None] == ["NULL"] * 4
    assert {*pauses} == {10}


async def test_a_line_that_is_not_supervised_is_left_alone() -> None:
    async with Station([ack]).running() as station, channel(station.url) as sia:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(sia.listen(RecordingInbound()), 0.05)

    assert station.heard == []


# --- where it connects to, and settings -----------------------------------------------------------------


@pytest.mark.parametrize("over", ["tcp", "udp"])
async def test_a_name_of_what_no_channel_may_call_is_not_called(
    monkeypatch: pytest.MonkeyPatch, over: str
) -> None:
    async def metadata(*_: Any) -> list[dict[str, Any]]:
        return [{"hostname": "m", "host": "169.254.169.254", "port": 1, "family": 2, "proto": 6, "flags": 0}]

    monkeypatch.setattr("companion.channels.resolver.ChannelResolver.resolve", metadata)
    async with channel(f"{over}://metadata.example:1") as sia:
        outcome = await sia.send(message())

    assert isinstance(outcome, Refused)
    assert str(outcome.reason) == "not sent: no channel may call this address"


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"url": "tcp://receiver.example"}, "a host and a port"),
        ({"url": "http://receiver.example:1"}, "url"),
        ({"second_url": "tcp://169.254.169.254:1"}, "no channel may call"),
        ({"account": "xyz"}, "account"),
        ({"account": "12"}, "account"),
        ({"key": "short"}, "16, 24 or 32"),
        ({"key": "zz" * 16, "key_is_hex": True}, "16, 24 or 32"),
        ({"reply_s": 20, "tries": 2}, "25 seconds"),
        ({"poll_s": 1}, "poll_s"),
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_told_at_once(config: dict[str, Any], why: str) -> None:
    with pytest.raises(ChannelConfigError, match=why) as refused:
        build_channel("sia", {"url": "tcp://receiver.example:10002", "account": "1234", **config})
    assert "short" not in re.sub(r"shorter", "", str(refused.value))


def test_the_example_in_the_documentation_can_be_used() -> None:
    [shown] = examples_of("sia")

    assert isinstance(build_channel("sia", shown), SiaChannel)
