"""Due escalation steps, each in the transaction that also says when the next one is due."""

from companion.alarms.commands import Unit
from companion.store.alarms import due_alarms

BATCH = 50
"""Alarms in one transaction: bounds how long an acknowledgement may wait for it."""


def run_due(unit: Unit) -> int:
    """Run the due step of every alarm that has one and return how many ran (BATCH: there may be more).

    The alarm is locked and seen as triggered in the same transaction that writes the deliveries, so an
    acknowledgement is either before the step, which then does not run, or after it, and then withdraws its pages.
    """
    alarms = due_alarms(unit.conn, unit.now, BATCH)
    for alarm in alarms:
        unit.run_step(alarm)
    return len(alarms)
