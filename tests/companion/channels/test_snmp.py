"""SNMP at a real snmptrapd: what a manager is told in each version, what it proves, and a MIB that its tools can read."""

import _socket
import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, override

import pytest
from hypothesis import given, strategies as st

from companion.channels.base import Channel, MessageKind, Refused, Sent, TryAgain
from companion.channels.registry import ChannelConfigError, build_channel
from companion.channels.snmp.engine import PERIOD_S, engine_clock
from companion.channels.snmp.notification import NUMBERS, cut, date_and_time, notification
from companion.channels.snmp.settings import DOCUMENTATION
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.pages import examples_of
from tests.fakes.snmptrapd import AUTH, ENGINE, PRIVACY, Snmptrapd, running_snmptrapd

TRAP_OID = ".1.3.6.1.6.3.1.1.4.1.0"
MIBS = Path(__file__).parents[2] / "fakes" / "mibs"
USM = {"auth_passphrase": AUTH, "privacy_passphrase": PRIVACY}
WAYS = {
    "v2c trap": {"version": "2c", "community": "public", "notify": "trap"},
    "v2c inform": {"version": "2c", "community": "public"},
    "v3 trap": {"user": "trapper", "notify": "trap", "engine_id": ENGINE, **USM},
    "v3 inform": {"user": "informer", "auth": "sha512", **USM},
}


@pytest.fixture
async def manager(tmp_path: Path) -> AsyncIterator[Snmptrapd]:
    async with running_snmptrapd(tmp_path) as running:
        yield running


@asynccontextmanager
async def channel(url: str, **config: Any) -> AsyncIterator[Channel]:
    built = await asyncio.to_thread(build_channel, "snmp", {"url": url, **config})
    yield built
    await built.close()


def numbered(objects: dict[str, str]) -> dict[int, str]:
    """Return our objects by their number in the MIB."""
    ours = f".{DOCUMENTATION}.1."
    return {
        int(oid.removeprefix(ours).split(".")[0]): value
        for oid, value in objects.items()
        if oid.startswith(ours)
    }


# --- what a manager is told -----------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
async def test_a_manager_is_told_in_every_version(manager: Snmptrapd, way: str) -> None:
    async with channel(manager.url, **WAYS[way]) as snmp:
        outcome = await snmp.send(message())
        told = await manager.next()

    objects = numbered(told)
    assert told[TRAP_OID] == f".{DOCUMENTATION}.0.1"
    assert objects[1] == message().alarm_id
    assert objects[3] == message().code
    assert objects[4] == "1"
    assert objects[5] == "ALARM: Panic key: Reception"
    assert objects[6] == "Reception, Main office"
    assert bytes.fromhex(objects[8])[:7] == bytes((0x07, 0xEA, 11, 20, 22, 14, 5))
    assert objects[11] == "2"
    assert outcome == Sent(provider_ref=objects[2])
    assert ACK_URL not in str(told)


async def test_an_event_has_one_number_in_every_repeat_and_another_event_another(manager: Snmptrapd) -> None:
    told = []
    async with channel(manager.url, **WAYS["v2c inform"]) as snmp:
        for one in (
            message(),
            message(may_have_been_sent=True),
            message(MessageKind.ACKNOWLEDGED, thread_ref="1", idempotency_key="key-2", by="Anna"),
        ):
            await snmp.send(one)
            told.append(await manager.next())

    first, repeat, answer = map(numbered, told)
    assert first[2] == repeat[2] != answer[2]
    assert first[1] == answer[1]
    assert answer[9] == "Anna"
    assert told[2][TRAP_OID] == f".{DOCUMENTATION}.0.2"


async def test_objects_stand_below_an_enterprise_number_of_ones_own(manager: Snmptrapd) -> None:
    own = "1.3.6.1.4.1.99999.7"
    async with channel(manager.url, base_oid=own, **WAYS["v2c inform"]) as snmp:
        await snmp.send(message(MessageKind.TEST, title=""))
        told = await manager.next()

    assert told[TRAP_OID] == f".{own}.0.7"
    assert told[f".{own}.1.11.0"] == "1"


async def test_news_wait_for_the_alarm_itself(manager: Snmptrapd) -> None:
    async with channel(manager.url, **WAYS["v2c inform"]) as snmp:
        outcome = await snmp.send(message(MessageKind.RESOLVED))

    assert isinstance(outcome, TryAgain)
    assert outcome.after is not None


async def test_many_at_once_all_arrive(manager: Snmptrapd) -> None:
    async with channel(manager.url, **WAYS["v3 inform"]) as snmp:
        outcomes = await asyncio.gather(*(snmp.send(message(idempotency_key=f"k{n}")) for n in range(8)))
        told = [numbered(await manager.next())[2] for _ in outcomes]

    assert {type(one) for one in outcomes} == {Sent}
    assert len(set(told)) == 8


# --- a restart ------------------------------------------------------------------------------------------


async def test_a_manager_believes_our_traps_after_a_restart_without_anything_kept(
    manager: Snmptrapd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a new container, whose temporary folder is empty: there pysnmp would begin to count its boots anew."""
    counted = tmp_path / "0" / "__pysnmp" / f"0x{ENGINE}" / "boots"
    counted.parent.mkdir(parents=True)
    counted.write_text("50")
    for number in range(3):
        empty = tmp_path / str(number)
        empty.mkdir(exist_ok=True)
        monkeypatch.setattr("tempfile.tempdir", str(empty))
        async with channel(manager.url, **WAYS["v3 trap"]) as snmp:
            await snmp.send(message())
            assert numbered(await manager.next())[1] == message().alarm_id


async def test_replicas_with_one_engine_id_are_both_believed(manager: Snmptrapd) -> None:
    async with channel(manager.url, **WAYS["v3 trap"]) as one, channel(manager.url, **WAYS["v3 trap"]) as two:
        for number, sender in enumerate((one, two, one, two)):
            await sender.send(message(idempotency_key=f"key-{number}"))
            await manager.next()


@given(st.lists(st.floats(min_value=1.7e9, max_value=3.5e9), min_size=2, max_size=5))
def test_the_engines_clock_goes_only_forward_and_stays_in_its_31_bits(moments: list[float]) -> None:
    clocks = [engine_clock(one) for one in sorted(moments)]

    assert clocks == sorted(clocks)
    assert all(0 < boots < 2**31 - 1 and 0 <= seconds < PERIOD_S for boots, seconds in clocks)


# --- what goes wrong ------------------------------------------------------------------------------------


async def test_an_inform_that_nobody_confirms_may_have_arrived(unused_udp_port: int) -> None:
    url = f"udp://127.0.0.1:{unused_udp_port}"
    async with channel(url, reply_s=0.3, repeats=0, **WAYS["v2c inform"]) as snmp:
        outcome = await snmp.send(message())

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain


@pytest.mark.parametrize(
    "wrong", [{"user": "nobody"}, {"auth_passphrase": "wrong-passphrase"}], ids=["user", "passphrase"]
)
async def test_credentials_that_a_manager_refuses_break_the_channel(
    manager: Snmptrapd, wrong: dict[str, str]
) -> None:
    async with channel(manager.url, **WAYS["v3 inform"] | wrong) as snmp:
        outcome = await snmp.send(message())

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert "credentials" in str(outcome.reason)
    assert "passphrase" not in str(outcome)


class Noise(asyncio.DatagramProtocol):
    """Answers everything with the same bytes."""

    def __init__(self, says: bytes) -> None:
        self._says = says
        self._transport: asyncio.DatagramTransport | None = None

    @override
    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    @override
    def datagram_received(self, data: bytes, addr: Any) -> None:
        assert self._transport is not None
        self._transport.sendto(self._says, addr)


@pytest.mark.parametrize(
    "says", [b"", b"\x00", b"0\x82\xff\xff", b"\x30\x03\x02\x01\x01", b"x" * 60000], ids=range(5)
)
async def test_an_answer_that_makes_no_sense_is_none(says: bytes) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Noise(says), local_addr=("127.0.0.1", 0))
    url = f"udp://127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    async with channel(url, reply_s=0.3, repeats=0, **WAYS["v2c inform"]) as snmp:
        outcome = await snmp.send(message())
    transport.close()

    assert isinstance(outcome, TryAgain)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("metadata.example", "not sent: no channel may call this address"),
        ("nms.invalid", "could not connect: the server's name was not found"),
    ],
)
async def test_a_name_is_looked_up_and_looked_at_by_us(
    monkeypatch: pytest.MonkeyPatch, name: str, expected: str
) -> None:
    def look_up(host: str, *args: Any, **kwargs: Any) -> Any:
        if host.endswith(".invalid"):
            raise socket.gaierror
        return _socket.getaddrinfo("169.254.169.254" if "meta" in host else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    async with channel(f"udp://{name}", **WAYS["v2c trap"]) as snmp:
        outcomes = [await snmp.send(message()), await snmp.check()]

    assert [str(getattr(one, "reason", None)) for one in outcomes] == [expected] * 2


async def test_pysnmp_is_given_the_address_that_was_looked_at(
    manager: Snmptrapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def once(host: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(host)
        if host == "rebinding.example":
            host = "127.0.0.1" if asked.count(host) == 1 else "169.254.169.254"
        return _socket.getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    async with channel(f"udp://rebinding.example:{manager.port}", **WAYS["v2c inform"]) as snmp:
        outcome = await snmp.send(message())

    assert isinstance(outcome, Sent)
    assert asked.count("rebinding.example") == 1


async def test_the_check_says_that_traps_prove_nothing() -> None:
    async with (
        channel("udp://127.0.0.1", **WAYS["v2c trap"]) as trap,
        channel("udp://127.0.0.1", **WAYS["v2c inform"]) as inform,
    ):
        of_trap, of_inform = await trap.check(), await inform.check()

    assert isinstance(of_trap, Sent)
    assert "confirmed by nobody" in str(of_trap.warning)
    assert of_inform == Sent(provider_ref=None)


# --- the MIB --------------------------------------------------------------------------------------------


def translated(name: str, tmp_path: Path) -> str:
    """Return what the real tool says of a name, in strict mode."""
    ours = str(files("companion.channels.snmp"))
    command = ["snmptranslate", "-Pu", "-M", f"{MIBS}:{ours}", "-m", "ALARM-BROKER-MIB", "-On", name]
    done = subprocess.run(  # noqa: S603 # of the system's own tool
        command,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin", "SNMP_PERSISTENT_DIR": str(tmp_path)},
    )
    assert (done.stderr.replace(f"Created directory: {tmp_path}/cert_indexes\n", ""), done.returncode) == (
        "",
        0,
    )
    return done.stdout.strip()


def test_the_tools_of_a_manager_read_the_mib(tmp_path: Path) -> None:
    names = [
        "abAlarmRaised", "abAlarmAcknowledged", "abAlarmResolved", "abAlarmCancelled", "abAlarmUpdated",
        "abAlarmUnanswered", "abTest", "abTrouble", "abTroubleOver",
    ]  # fmt: skip
    found = {name: translated(f"ALARM-BROKER-MIB::{name}", tmp_path) for name in names}

    assert found == {name: f".{DOCUMENTATION}.0.{number}" for number, name in enumerate(names, 1)}
    assert set(NUMBERS.values()) == set(range(1, len(names) + 1))
    assert set(NUMBERS) == set(MessageKind)


def test_each_object_that_is_sent_stands_in_the_mib(tmp_path: Path) -> None:
    names = [
        "abAlarmId", "abEventNumber", "abAlarmCode", "abSeverity", "abTitle", "abWhere", "abSource", "abSince",
        "abBy", "abNote", "abIsTest",
    ]  # fmt: skip
    assert len(names) == len(notification(message()).objects)
    assert [translated(f"ALARM-BROKER-MIB::{name}", tmp_path) for name in names] == [
        f".{DOCUMENTATION}.1.{number}" for number in range(1, len(names) + 1)
    ]


# --- sizes ----------------------------------------------------------------------------------------------


@given(st.text(max_size=300), st.integers(min_value=0, max_value=210))
def test_a_text_is_cut_to_its_bytes_between_characters(text: str, limit: int) -> None:
    written = cut(text, limit)

    assert len(written) <= limit
    written.decode()


async def test_the_longest_notification_fits_into_a_datagram() -> None:
    received: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    class Measure(asyncio.DatagramProtocol):
        @override
        def datagram_received(self, data: bytes, addr: Any) -> None:
            received.set_result(data)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Measure, local_addr=("127.0.0.1", 0))
    url = f"udp://127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    long = "😀" * 1000
    base = "1.3.6.1.4.1" + ".4294967295" * 4
    async with channel(url, base_oid=base, **WAYS["v3 trap"]) as snmp:
        await snmp.send(message(title=long, site=long, room=long, source=long, by=long, note=long))
        async with asyncio.timeout(10):
            size = len(await received)
    transport.close()

    assert 900 < size < 1400


def test_a_time_is_written_in_utc() -> None:
    assert date_and_time(datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)) == bytes.fromhex(
        "07ea03010c1e05002b0000"
    )


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"version": "2c"}, "needs a community"),
        ({}, "needs a user"),
        ({"user": "u", "auth_passphrase": "short"}, "auth_passphrase"),
        ({"user": "u", "privacy_passphrase": "long-enough"}, "needs an auth_passphrase"),
        ({"user": "u", "community": "public"}, "for version 2c"),
        ({"user": "u", "notify": "trap"}, "a new one is 80007ed905"),
        ({"user": "u", "engine_id": "7f00"}, "engine_id"),
        ({"user": "u", "base_oid": "1.3.6.1.4.1.x"}, "base_oid"),
        ({"user": "u", "base_oid": "1.3.6.1.4.1.9999999999"}, "below 4294967296"),
        ({"user": "u", "url": "http://nms.example"}, "url"),
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_told_at_once(config: dict[str, Any], why: str) -> None:
    with pytest.raises(ChannelConfigError, match=why):
        build_channel("snmp", {"url": "udp://nms.example", **config})


def test_the_examples_in_the_documentation_can_be_used() -> None:
    examples = examples_of("snmp")

    assert len(examples) == 2
    for one in examples:
        assert callable(build_channel("snmp", one).send)
