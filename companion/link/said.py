"""By what something is recognised that a Home Assistant says again: a new stream repeats what was not confirmed."""

import hashlib
from collections.abc import Iterable

from companion.alarms.transaction import AlarmTransaction
from companion.link import store as link


def event_id(*said: object) -> str:
    """Return what is the same when the same is said again."""
    return hashlib.sha256(repr(said).encode(errors="replace")).hexdigest()


def new_zones(unit: AlarmTransaction, alarm_id: str, zones: Iterable[str]) -> list[str]:
    """Return the zones of a raised alarm that were not named before, and keep that they are now.

    Kept one by one: of their names in one line nobody can say where one ends, as a name may have a comma.
    """
    return [
        zone
        for zone in dict.fromkeys(zones)
        if link.hear(unit.scope, unit.conn, alarm_id, event_id("raised", zone))
    ]
