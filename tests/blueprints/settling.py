"""Letting everything happen that needs no more time, while automations wait for what the future brings.

Home Assistant's own `async_block_till_done` waits for a delay in an automation for ever when the clock is a test's.
"""

import asyncio
import time
from collections.abc import Iterator
from types import CodeType
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import script

WAITING = frozenset(
    {
        "_async_step_delay",
        "_async_step_wait_for_trigger",
        "_async_wait_with_optional_timeout",
        # These two wait for another task, which is looked at by itself.
        "_async_run_long_action",
        "async_run",
    }
)
"""What of `helpers/script.py` a run is in while it only waits."""


async def settle(hass: HomeAssistant, *_: Any, **__: Any) -> None:
    """Wait until nothing goes on but automations that wait for time to pass or for something to happen."""
    quiet = tries = 0
    while quiet < 10:
        tries += 1
        await asyncio.sleep(0)
        busy = [task for task in _concerned(hass) if not _only_waits(task)]
        quiet = 0 if busy else quiet + 1
        assert tries < 5000, f"never comes to rest: {[list(_awaits(task)) for task in busy]}"
        if busy:
            # In a thread: the loop's own clock may stand still.
            await asyncio.to_thread(time.sleep, 0.001)


def _concerned(hass: HomeAssistant) -> set[asyncio.Future[Any]]:
    runs = {task for task in asyncio.all_tasks() if any(map(_of_script, _awaits(task)))}
    waited_for = hass._tasks  # noqa: SLF001 # what `async_block_till_done` waits for
    return {task for task in waited_for | runs if not task.done()} - {asyncio.current_task()}


def _only_waits(task: asyncio.Future[Any]) -> bool:
    within = [code for code in _awaits(task) if code.co_filename != asyncio.tasks.__file__]
    return bool(within) and _of_script(within[-1]) and within[-1].co_name in WAITING


def _of_script(code: CodeType) -> bool:
    return code.co_filename == script.__file__


def _awaits(task: asyncio.Future[Any]) -> Iterator[CodeType]:
    """Yield the functions that a task is in, from the outermost to the one that waits."""
    inner = task.get_coro() if isinstance(task, asyncio.Task) else None
    while inner is not None:
        if (code := getattr(inner, "cr_code", None)) is not None:
            yield code
        inner = getattr(inner, "cr_await", None)
