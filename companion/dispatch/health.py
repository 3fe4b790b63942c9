"""How much there is to send and was sent, and whether anything is overdue."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.dispatch.delivery import State
from companion.dispatch.store import FOLDED, HELD, WAITS
from companion.store.tables import alarm, delivery, delivery_tally

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


def counts_by_channel_and_state(conn: Connection) -> list[tuple[str, State, int]]:
    """Return how many deliveries of each channel are in each state, of all sites."""
    place = (delivery.c.channel_id, delivery.c.state)
    kept = (delivery_tally.c.channel_id, delivery_tally.c.state)
    of_all = sa.union_all(
        sa.select(*kept, sa.func.sum(delivery_tally.c.deliveries)).group_by(*kept),
        # Waiting or held: counted along their indexes, which are as long as that is.
        *(sa.select(*place, sa.func.count()).where(there).group_by(*place) for there in (WAITS, HELD)),
    )
    rows = conn.execute(of_all).tuples()
    return [(channel_id, State(state), int(count)) for channel_id, state, count in rows if count]
