"""The dead-man switch: an entry delay that nothing more is heard of becomes an alarm."""

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.commands import Unit
from companion.alarms.model import Actor, AlarmKind
from companion.alarms.panel import panel_trigger
from companion.store import link
from companion.store.link import Pending

_LOGGER = logging.getLogger(__name__)

BATCH = 50
TRY_AGAIN_AFTER = timedelta(seconds=10)
RAISED_BY = "companion: Home Assistant went silent during the entry delay"

_WATCH = Actor(name=None, via="watch")


def run_due(unit: Unit) -> int:
    """Raise the alarm of every entry delay whose time and grace are over and return how many there were.

    Home Assistant's own word about the same `uid`, if it still comes, finds this alarm.
    """
    pendings = link.due_pendings(unit.conn, unit.now, BATCH)
    for pending in pendings:
        taken = len(unit.taken)
        try:
            with unit.conn.begin_nested():
                _raise(unit, pending)
        except sa.exc.DBAPIError:
            raise
        except Exception:
            # One that cannot be raised must not stop the others.
            _LOGGER.exception("The alarm of an ended entry delay could not be raised; trying again")
            del unit.taken[taken:]
            link.postpone_pending(unit.conn, pending, unit.now + TRY_AGAIN_AFTER)
    return len(pendings)


def _raise(unit: Unit, pending: Pending) -> None:
    trigger = panel_trigger(
        unit.conn,
        instance=pending.instance,
        site_id=pending.site_id,
        uid=pending.uid,
        kind=AlarmKind.BURGLARY,
        area=pending.body["name"],
        zones=pending.body["zones"],
        raised_by=RAISED_BY,
    )
    raised = unit.raise_alarm(trigger, _WATCH)
    link.clear_pending(unit.conn, pending.instance, pending.uid)
    _LOGGER.warning("%s: Home Assistant went silent during an entry delay", raised.alarm.id)


def next_due(conn: Connection) -> datetime | None:
    """Return when the next entry delay must have been answered for."""
    return link.next_pending_at(conn)
