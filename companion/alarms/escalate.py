"""Due escalation steps, each in the transaction that also says when the next one is due."""

import logging
from datetime import timedelta

import sqlalchemy as sa

from companion.alarms.store import due_alarms, to_alarm
from companion.alarms.transaction import (
    AlarmTransaction,
)
from companion.store import tables
from companion.store.sql import is_row_held, perhaps_lost_race

_LOGGER = logging.getLogger(__name__)

BATCH = 50
"""Alarms in one transaction: bounds how long an acknowledgement may wait for it."""
TRY_AGAIN_AFTER = timedelta(seconds=10)
"""When a step that could not be run is tried again."""
HELD_AGAIN_AFTER = timedelta(seconds=1)
"""When a step that needs a row which somebody else holds is tried again."""


def run_due(unit: AlarmTransaction) -> int:
    """Run the due step of every alarm that has one and return how many ran (BATCH: there may be more).

    The alarm is locked and seen as triggered in the same transaction that writes the deliveries, so an
    acknowledgement is either before the step, which then does not run, or after it, and then withdraws its pages.
    """
    rows = due_alarms(unit.conn, unit.now, BATCH)
    for count, row in enumerate(rows, start=1):
        taken = len(unit.taken)
        try:
            with unit.conn.begin_nested():
                unit.run_step(to_alarm(row))
        except Exception as err:
            held = is_row_held(err)
            if perhaps_lost_race(err) and not held:
                raise
            # One alarm that cannot go on must not stop the others.
            _LOGGER.exception("The due step of alarm %s could not be run; trying again", row.id)
            del unit.taken[taken:]
            unit.conn.execute(
                sa.update(tables.alarm)
                .where(tables.alarm.c.id == row.id)
                .values(next_due_at=unit.now + (HELD_AGAIN_AFTER if held else TRY_AGAIN_AFTER))
            )
            if held:
                return count  # it has waited long enough: the others' steps are committed now, or run in the next turn
    return len(rows)
