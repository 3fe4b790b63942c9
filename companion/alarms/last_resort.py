"""Whom an alarm tells that nobody has answered: its policy's own last resort, and the installation's if that reaches nobody."""

from sqlalchemy.engine import Connection

from companion.alarms import paging
from companion.alarms.model import Alarm
from companion.alarms.paging import PagingConfig, ResolvedTarget
from companion.directory import store as directory
from companion.dispatch.delivery import Delivery, Reader
from companion.dispatch.readers import told_with
from companion.escalation import plan
from companion.store.scope import ALL_SITES


def first(conn: Connection, alarm: Alarm, rules: PagingConfig) -> list[ResolvedTarget]:
    """Return the addresses of the policy's own last resort, and the installation's where those tell no person."""
    own = paging.resolve(conn, () if alarm.policy is None else alarm.policy.last_resort)
    if any(not rules.kind_of(item.channel_kind).records for item in own):
        return own
    return [*own, *_installations(conn)]


def wider(conn: Connection, refused: Delivery) -> list[ResolvedTarget]:
    """Return whom the installation's last resort tells beyond what was told with a page: each address is told once.

    Whose first address was told already, for whomever, is told over their next one.
    """
    told = told_with(conn, refused)
    found = []
    for item in _installations(conn):
        if (item.channel_id, item.address) not in told:
            found.append(item)
        elif item.person_id is not None:
            way = paging.next_page(conn, refused, Reader(item.person_id, item.position))
            found += [way.point] if way.point is not None and way.is_new else []
    return found


def _installations(conn: Connection) -> list[ResolvedTarget]:
    everywhere = directory.last_resort(ALL_SITES, conn)
    return [] if everywhere is None else paging.resolve(conn, plan.everybody(everywhere))
