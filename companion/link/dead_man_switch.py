"""The dead-man switch: an entry delay that nothing more is heard of becomes an alarm."""

import logging
from datetime import datetime

from sqlalchemy.engine import Connection

from companion.alarms.due import run_each
from companion.alarms.model import Actor, AlarmKind
from companion.alarms.panel import panel_trigger
from companion.alarms.transaction import AlarmTransaction
from companion.link import store as link
from companion.link.said import new_zones
from companion.link.store import Pending
from companion.store.scope import ALL_SITES

_LOGGER = logging.getLogger(__name__)

BATCH = 50
RAISED_BY = "companion"

_WATCH = Actor(name=None, via="watch")


def run_due(unit: AlarmTransaction) -> int:
    """Raise the alarm of every entry delay whose time and grace are over and return how many there were.

    Home Assistant's own word about the same `uid`, if it still comes, finds this alarm.
    """
    return run_each(
        unit,
        link.due_pendings(unit.scope, unit.conn, unit.now, BATCH),
        lambda pending: _raise(unit, pending),
        postpone=lambda pending, until: link.postpone_pending(unit.scope, unit.conn, pending, until),
        failed=lambda _: "The alarm of an ended entry delay could not be raised",
    )


def _raise(unit: AlarmTransaction, pending: Pending) -> None:
    trigger = panel_trigger(
        pending.scope,
        unit.conn,
        instance=pending.instance,
        uid=pending.uid,
        kind=AlarmKind.BURGLARY,
        area=pending.body["name"],
        zones=pending.body["zones"],
        raised_by=RAISED_BY,
    )
    raised = unit.raise_alarm(trigger, _WATCH)
    new_zones(unit, raised.alarm.id, pending.body["zones"])
    link.clear_pending(unit.scope, unit.conn, pending.instance, pending.uid)
    _LOGGER.warning("%s: Home Assistant went silent during an entry delay", raised.alarm.id)


def next_due(conn: Connection) -> datetime | None:
    """Return when the next entry delay must have been answered for."""
    return link.next_pending_at(ALL_SITES, conn)
