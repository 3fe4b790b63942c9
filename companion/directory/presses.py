"""All that a pressed key needs to know, in one query: it is the hottest path of the house."""

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.store.scope import Scope
from companion.store.statements import Statement
from companion.store.tables import device, person, policy, room, site

_own, _sites = policy.alias("own"), policy.alias("sites")

_QUERY = (
    sa.select(
        device.c.id,
        device.c.name,
        device.c.test,
        device.c.enabled,
        device.c.site_id,
        device.c.minute_started_at,
        device.c.minute_count,
        site.c.name.label("site"),
        site.c.timezone,
        room.c.name.label("room"),
        person.c.name.label("person"),
        _own.c.body.label("own_policy"),
        _sites.c.body.label("site_policy"),
    )
    .outerjoin_from(device, site, site.c.id == device.c.site_id)
    .outerjoin(room, room.c.id == device.c.room_id)
    .outerjoin(person, person.c.id == device.c.person_id)
    .outerjoin(_own, _own.c.id == device.c.policy_id)
    .outerjoin(_sites, _sites.c.id == site.c.policy_id)
    .where(device.c.token_hash == sa.bindparam("token_hash"))
    .with_for_update(of=device)
)


@lru_cache
def _statement(scope: Scope) -> Statement:
    return Statement(scope.own(_QUERY, device.c.site_id))


class PressedDevice(NamedTuple):
    """A device with the names it stands for and the policies that its alarms may follow."""

    id: str
    name: str
    test: bool
    enabled: bool
    site_id: str | None
    minute_started_at: datetime | None
    minute_count: int
    site: str | None
    timezone: str | None
    room: str | None
    person: str | None
    own_policy: dict[str, Any] | None
    site_policy: dict[str, Any] | None


def pressed_device(scope: Scope, conn: Connection, token_hash: str) -> PressedDevice | None:
    """Return the device with this token and keep other presses of it waiting until the commit; None if there is none."""
    row = _statement(scope).first(conn, {"token_hash": token_hash})
    return None if row is None else PressedDevice(*row)
