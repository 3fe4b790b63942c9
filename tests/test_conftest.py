"""What the tests' own fixtures hold."""

import asyncio
from collections.abc import Callable

import pytest

WAYS: list[Callable[[asyncio.AbstractEventLoop], object]] = [
    lambda loop: loop.call_soon(print),
    lambda loop: loop.call_later(60, print),
    lambda loop: loop.create_task(asyncio.sleep(0)),
]


@pytest.mark.filterwarnings("ignore:coroutine 'sleep' was never awaited")
@pytest.mark.parametrize("give_work", WAYS, ids=["a callback", "a timer", "a task"])
async def test_a_loop_takes_no_work_from_another_thread(
    give_work: Callable[[asyncio.AbstractEventLoop], object],
) -> None:
    loop = asyncio.get_running_loop()

    with pytest.raises(RuntimeError, match="call_soon_threadsafe"):
        await asyncio.to_thread(give_work, loop)
