"""Every kind of channel against the same list of what providers do wrong, each in the words of its own protocol.

What only HTTP providers can do beyond it stands in `test_nasty_providers.py`.
"""

import _socket
import asyncio
import logging
import socket
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import companion.channels
from companion.channels.base import Channel, Message, Sent
from companion.channels.registry import build_channel
from tests.companion.channels.cases import CASES, NOWHERE, WITHOUT_PROVIDER, At, Expected, Provider
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.subjects import MARKS
from tests.fakes.certificates import HouseCa
from tests.fakes.nasty import NastyServer
from tests.fakes.peers import Wrong
from tests.fakes.traces import Traces

EVERY_PLANE = "".join(
    chr(plane << 16 | low) for plane in range(17) for low in (0xE4, 0x301, 0x202E, 0x4E2D, 0xF600)
)
MEGABYTE = "ä 😀 <b>" * 100_000


@pytest.fixture(autouse=True)
def no_such_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(host: str, *args: Any, **kwargs: Any) -> Any:
        if host == NOWHERE:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return _socket.getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@asynccontextmanager
async def misbehaving(
    name: str, wrong: Wrong, ca: HouseCa, folder: Path, *, canary_port: int = 0, in_a_hurry: bool = True
) -> AsyncIterator[tuple[Channel, Provider]]:
    """Yield a channel, and a provider that does this to it."""
    case = CASES[name]
    tls = None
    if wrong in case.encrypted:
        tls = ca.server(folder, days=-1 if wrong is Wrong.EXPIRED else 1)
    async with case.provider(wrong, tls, canary_port) as provider:
        at = At(
            host=NOWHERE if wrong is Wrong.NO_NAME else "127.0.0.1",
            port=provider.port,
            pem=None if tls is None else ca.pem,
            in_a_hurry=in_a_hurry,
        )
        channel = await asyncio.to_thread(build_channel, case.kind, case.settings(wrong, at))
        try:
            yield channel, provider
        finally:
            await channel.close()


def told(wrong: Wrong, address: str) -> Message:
    """Return what is sent."""
    text = {Wrong.EVERY_PLANE: EVERY_PLANE, Wrong.LONG: MEGABYTE}.get(wrong)
    if text is None:
        return message(address=address)
    fields: dict[str, Any] = dict.fromkeys(("title", "person", "site", "room", "source", "note"), text)
    return message(address=address, details={"Text": text}, **fields)


def every_case() -> Iterator[tuple[str, Wrong]]:
    """Yield all that can go wrong."""
    for name, case in CASES.items():
        yield from ((name, wrong) for wrong in Wrong if isinstance(case.expected[wrong], Expected))


# --- the table ------------------------------------------------------------------------------------------


def test_every_kind_of_channel_stands_in_the_table() -> None:
    folder = Path(companion.channels.__path__[0])

    known = {one.kind for one in CASES.values()} | WITHOUT_PROVIDER.keys()
    assert known == {one.parent.name for one in folder.glob("*/sender.py")}


@pytest.mark.parametrize("name", CASES)
def test_each_of_them_is_held_against_everything_or_it_is_said_why_not(name: str) -> None:
    assert set(CASES[name].expected) == set(Wrong)


@pytest.mark.parametrize(("name", "wrong"), every_case())
async def test_whatever_a_provider_does_the_outcome_is_right_and_nothing_is_told_or_left(
    name: str, wrong: Wrong, ca: HouseCa, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    case, before = CASES[name], Traces()
    expected = case.expected[wrong]
    assert isinstance(expected, Expected)

    async with NastyServer() as canary:
        async with (
            asyncio.timeout(25),
            misbehaving(name, wrong, ca, tmp_path, canary_port=canary.port) as (channel, _),
        ):
            outcome = await channel.send(told(wrong, case.address))
        assert canary.received == []
    await before.until_gone()

    assert expected.fits(outcome), outcome
    said = f"{outcome} {caplog.text}"
    assert not [mark for mark in (*MARKS, ACK_URL) if mark in said]
    if not isinstance(outcome, Sent):
        assert 0 < len(str(outcome.reason)) <= 300
        assert "127.0.0.1" not in str(outcome.reason)


@pytest.mark.parametrize("name", CASES)
async def test_who_stops_waiting_ends_it_at_once_and_nothing_is_left(
    name: str, ca: HouseCa, tmp_path: Path
) -> None:
    before = Traces()

    async with misbehaving(name, Wrong.HANG, ca, tmp_path, in_a_hurry=False) as (channel, provider):
        sending = asyncio.create_task(channel.send(message(address=CASES[name].address)))
        async with asyncio.timeout(20):
            await provider.until_reached()
        sending.cancel()
        async with asyncio.timeout(2):  # of eight that the channel would wait
            await asyncio.wait([sending])
        assert sending.cancelled()
    await before.until_gone()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.kind != "apprise"])
async def test_an_answer_without_an_end_is_not_taken_into_memory(
    name: str, ca: HouseCa, tmp_path: Path
) -> None:
    async with misbehaving(name, Wrong.ENDLESS, ca, tmp_path) as (channel, _):
        tracemalloc.start()
        try:
            await channel.send(message(address=CASES[name].address))
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert peak < 8 * 1024 * 1024
