"""Due escalation steps, each in the transaction that also says when the next one is due."""

from datetime import datetime
from typing import Any

from sqlalchemy.engine import Row

from companion.alarms.due import run_each
from companion.alarms.store import change_alarm, due_alarms, to_alarm
from companion.alarms.transaction import AlarmTransaction

BATCH = 50
"""Alarms in one transaction: bounds how long an acknowledgement may wait for it."""


def run_due(unit: AlarmTransaction) -> int:
    """Run the due step of every alarm that has one and return how many ran (BATCH: there may be more).

    The alarm is locked and seen as triggered in the same transaction that writes the deliveries, so an
    acknowledgement is either before the step, which then does not run, or after it, and then withdraws its pages.
    """

    def postpone(row: Row[Any], until: datetime) -> None:
        change_alarm(unit.scope, unit.conn, row.id, next_due_at=until)

    return run_each(
        unit,
        due_alarms(unit.scope, unit.conn, unit.now, BATCH),
        lambda row: unit.run_step(to_alarm(row)),
        postpone=postpone,
        failed=lambda row: f"The due step of alarm {row.id} could not be run",
    )
