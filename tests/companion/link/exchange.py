"""What a Home Assistant says of its panel, and what the companion makes of it: the alarm, and what people are told."""

from functools import partial
from typing import Any

from companion.alarms.model import Alarm
from companion.alarms.store import list_alarms
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from tests.builders import Engine
from tests.fakes.clock import FrozenClock

AT = "2026-11-20T12:00:00+00:00"
PENDING = {
    "kind": "alarm_pending",
    "at": AT,
    "uid": "b1",
    "area": "home",
    "name": "Ground floor",
    "zone": "Front door",
    "until": "2026-11-20T12:00:30+00:00",
}
CLEARED = {"kind": "pending_cleared", "at": AT, "uid": "b1", "by": "Anna"}
DISARMED = {"kind": "alarm_disarmed", "at": AT, "uid": "b1", "by": "Anna"}
TRIPPED = {"kind": "zone_tripped", "at": AT, "uid": "b1", "zone": "Hall motion"}
JPEG, PNG, WEBP = b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"
"""How pictures begin."""


def alarm_raised(uid: str, **values: Any) -> dict[str, Any]:
    return {
        "kind": "alarm_raised",
        "at": "2026-11-20T12:00:00+00:00",
        "uid": uid,
        "area": "home",
        "name": "Ground floor",
        "alarm_kind": "burglary",
        "zones": ["Front door"],
        "silent": False,
        "test": False,
        "message": None,
        **values,
    }


def decide(kind: str, **values: Any) -> dict[str, Any]:
    return {"kind": kind, "at": AT, "alarm_id": None, "uid": None, "by": "Anna", "note": None, **values}


async def the_alarm(db: Database) -> Alarm:
    [alarm] = await db.read(partial(list_alarms, ALL_SITES))
    return alarm


async def pass_time(engine: Engine, clock: FrozenClock, seconds: float) -> None:
    """Let the time pass, and the companion do what is due then."""
    clock.advance(seconds)
    await engine.escalate()
    await engine.dispatch()


def heard(engine: Engine) -> dict[str, list[str]]:
    """Return what each channel was told, as kinds of messages; those of one moment go out in any order."""
    return {
        name: sorted(message.kind.value for message in channel.messages)
        for name, channel in engine.pool.channels.items()
    }


def porter_told(*kinds: str) -> dict[str, list[str]]:
    """Return what is heard when the ticket and the porter were told this, and the guard nothing."""
    return {"zammad": sorted(kinds), "signal": sorted(kinds), "sms": []}
