"""The auditor: is anything overdue?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.dispatch.store import FOLDED, HELD, WAITS
from companion.store.tables import alarm, delivery

GRACE = timedelta(seconds=30)
"""How late something may be before it is a fault of ours."""


@dataclass(frozen=True)
class DispatchHealth:
    """What should have happened by now and has not."""

    overdue_alarms: int
    overdue_deliveries: int
    oldest_due_s: float
    """How late the latest of them is, in seconds; 0 when nothing waits."""

    @property
    def healthy(self) -> bool:
        """Return whether nothing is overdue."""
        return not (self.overdue_alarms or self.overdue_deliveries)


def dispatch_health(conn: Connection, now: datetime) -> DispatchHealth:
    """Return what is overdue at `now`."""
    late = now - GRACE
    alarms = conn.execute(
        sa.select(sa.func.count(), sa.func.min(alarm.c.next_due_at)).where(alarm.c.next_due_at <= late)
    ).one()
    # Queries of their own, each on its partial index: one with OR reads every delivery there ever was.
    count, earliest = sa.func.count(), sa.func.min(delivery.c.due_at)
    waiting = conn.execute(sa.select(count, earliest).where(WAITS, delivery.c.due_at <= late)).one()
    held = conn.execute(sa.select(count, earliest).where(HELD, delivery.c.lease_until <= late)).one()
    folded = conn.execute(sa.select(count, earliest).where(FOLDED, delivery.c.due_at <= late)).one()
    times = (alarms[1], waiting[1], held[1], folded[1])
    oldest = min((found for found in times if found is not None), default=None)
    return DispatchHealth(
        alarms[0], waiting[0] + held[0] + folded[0], 0.0 if oldest is None else (now - oldest).total_seconds()
    )
