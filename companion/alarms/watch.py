"""The dead-man switch: an entry delay that nothing more is heard of becomes an alarm."""

import logging
from datetime import datetime

from sqlalchemy.engine import Connection

from companion.alarms.commands import Unit
from companion.alarms.model import Actor, AlarmKind
from companion.alarms.panel import panel_trigger
from companion.store import link

_LOGGER = logging.getLogger(__name__)

BATCH = 50
RAISED_BY = "companion: Home Assistant went silent during the entry delay"

_WATCH = Actor(name=None, via="watch")


def run_due(unit: Unit) -> int:
    """Raise the alarm of every entry delay whose time and grace are over and return how many there were.

    Home Assistant's own word about the same `uid`, if it still comes, finds this alarm.
    """
    pendings = link.due_pendings(unit.conn, unit.now, BATCH)
    for pending in pendings:
        trigger = panel_trigger(
            unit.conn,
            instance=pending.instance,
            site_id=pending.site_id,
            uid=pending.uid,
            kind=AlarmKind.BURGLARY,
            area=pending.body["name"],
            zones=[pending.body["zone"]],
            raised_by=RAISED_BY,
        )
        raised = unit.raise_alarm(trigger, _WATCH)
        link.clear_pending(unit.conn, pending.instance, pending.uid)
        _LOGGER.warning("%s: Home Assistant went silent during an entry delay", raised.alarm.id)
    return len(pendings)


def next_due(conn: Connection) -> datetime | None:
    """Return when the next entry delay must have been answered for."""
    return link.next_pending_at(conn)
