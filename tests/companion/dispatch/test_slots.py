"""The places of a channel: by urgency, one kept for what is urgent, none lost however a wait ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from companion.dispatch.delivery import Urgency
from companion.dispatch.slots import Slots


class Sends:
    """Sends that hold their place until they are told to end."""

    def __init__(self, size: int) -> None:
        self.slots = Slots(size)
        self.begun: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, name: str, urgency: Urgency) -> None:
        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._send(name, urgency))
        await settled()

    async def _send(self, name: str, urgency: Urgency) -> None:
        async with self.slots.place(urgency):
            self.begun.append(name)
            await self.ends[name].wait()

    async def end(self, name: str) -> None:
        self.ends[name].set()
        await settled()

    async def end_all(self) -> None:
        for one in self.ends.values():
            one.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    async def give_up(self, name: str) -> None:
        self.tasks[name].cancel()
        with suppress(asyncio.CancelledError):
            await self.tasks[name]


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[int], Sends]]:
    """Makes sends that are let end with the test."""
    made: list[Sends] = []

    def make(size: int) -> Sends:
        made.append(Sends(size))
        return made[-1]

    yield make
    for sends in made:
        await sends.end_all()


async def settled() -> None:
    """Let every task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_place_is_kept_for_what_is_urgent(opened: Callable[[int], Sends]) -> None:
    sends = opened(3)
    for number in range(5):
        await sends.start(f"low {number}", Urgency.LOW)

    await sends.start("panic", Urgency.LIFE)

    assert sends.begun == ["low 0", "low 1", "panic"]


async def test_a_channel_of_one_place_lets_the_most_urgent_in_next(opened: Callable[[int], Sends]) -> None:
    sends = opened(1)
    for name, urgency in [
        ("first", Urgency.REST),
        ("low", Urgency.LOW),
        ("burglary", Urgency.ALARM),
        ("panic", Urgency.LIFE),
    ]:
        await sends.start(name, urgency)

    for name in ("first", "panic", "burglary"):
        await sends.end(name)

    assert sends.begun == ["first", "panic", "burglary", "low"]


async def test_of_equals_the_first_to_come_goes_first(opened: Callable[[int], Sends]) -> None:
    sends = opened(1)
    for number in range(3):
        await sends.start(str(number), Urgency.LIFE)

    await sends.end("0")
    await sends.end("1")

    assert sends.begun == ["0", "1", "2"]


async def test_a_wait_that_is_given_up_keeps_no_place(opened: Callable[[int], Sends]) -> None:
    sends = opened(2)
    for name in ("first", "second", "third"):
        await sends.start(name, Urgency.LOW)

    await sends.give_up("second")
    await sends.end("first")

    assert sends.begun == ["first", "third"]


async def test_who_is_let_in_and_cancelled_at_once_gives_the_place_back() -> None:
    slots = Slots(1)
    entered = asyncio.Event()

    async def hold() -> None:
        async with slots.place(Urgency.LIFE):
            entered.set()

    waiting = asyncio.create_task(hold())
    async with slots.place(Urgency.LIFE):
        await settled()
    waiting.cancel()  # before its task has run again
    with suppress(asyncio.CancelledError):
        await waiting

    await asyncio.wait_for(asyncio.create_task(hold()), 5)
    assert entered.is_set()


@given(st.integers(1, 4), st.lists(st.tuples(st.sampled_from(Urgency), st.booleans()), max_size=20))
def test_never_more_than_there_are_places_and_in_the_end_everybody_has_had_one(
    size: int, wanted: list[tuple[Urgency, bool]]
) -> None:
    async def walk() -> None:
        sends = Sends(size)
        for number, (urgency, gives_up) in enumerate(wanted):
            await sends.start(str(number), urgency)
            if gives_up and str(number) not in sends.begun:
                await sends.give_up(str(number))
        for _ in wanted:
            for name in list(sends.begun):
                await sends.end(name)
        stayed = [str(number) for number in range(len(wanted)) if not sends.tasks[str(number)].cancelled()]
        assert sorted(sends.begun) == sorted(stayed)
        assert sends.slots.ordinary == 0

    asyncio.run(walk())
