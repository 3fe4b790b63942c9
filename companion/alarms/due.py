"""Runs what is due, one after the other: one that cannot be run must not stop the others."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from companion.alarms.transaction import AlarmTransaction
from companion.store.sql import is_row_held, perhaps_lost_race

_LOGGER = logging.getLogger(__name__)

TRY_AGAIN_AFTER = timedelta(seconds=10)
"""When something that could not be run is tried again."""
HELD_AGAIN_AFTER = timedelta(seconds=1)
"""When something that needs a row which somebody else holds is tried again."""


def run_each[T](
    unit: AlarmTransaction,
    found: Sequence[T],
    run: Callable[[T], None],
    *,
    postpone: Callable[[T, datetime], None],
    failed: Callable[[T], str],
    again_after: timedelta = TRY_AGAIN_AFTER,
) -> int:
    """Run all that was found, each in a savepoint of its own, and return how many were looked at.

    What fails is logged in the words of `failed` and postponed until the given time. After a row that somebody else holds, the rest
    waits for the next turn: it has waited long enough, and what has run is committed now.
    """
    for count, item in enumerate(found, start=1):
        taken = len(unit.taken)
        try:
            with unit.conn.begin_nested():
                run(item)
        except Exception as err:
            held = is_row_held(err)
            if perhaps_lost_race(err) and not held:
                raise
            _LOGGER.exception("%s; trying again", failed(item))
            del unit.taken[taken:]
            postpone(item, unit.now + (HELD_AGAIN_AFTER if held else again_after))
            if held:
                return count
    return len(found)
