"""Whether a trigger is a new alarm or one that is known already: a key, and for how long it means the same. Pure.

One row a key (`companion.alarms.store.claim_dedup`) decides between two triggers at the same moment, in any process.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Window:
    """For so long from the first trigger, and while the alarm is open: what comes after a false alarm is a new one."""

    lasts: timedelta


@dataclass(frozen=True)
class WhileOpen:
    """As long as the alarm is open."""


@dataclass(frozen=True)
class ForEver:
    """The key names one occurrence, whatever became of it."""


type DedupRule = Window | WhileOpen | ForEver


@dataclass(frozen=True)
class Dedup:
    """What a trigger is recognised by.

    >>> Dedup("device:desk-phone", Window(timedelta(seconds=60))).expires_at(datetime(2026, 1, 1))
    datetime.datetime(2026, 1, 1, 0, 1)
    """

    key: str
    rule: DedupRule

    def expires_at(self, now: datetime) -> datetime | None:
        """Return when the key means nothing more; None: never by itself."""
        return now + self.rule.lasts if isinstance(self.rule, Window) else None

    def means(self, *, is_open: bool) -> bool:
        """Return whether the key, which is still kept, means the alarm that it was kept for."""
        return is_open or isinstance(self.rule, ForEver)


def of_panel(instance: str, uid: str) -> Dedup:
    """Return what makes Home Assistant's `uid` one alarm, whoever raises it first."""
    return Dedup(panel_key(instance, uid), ForEver())


def panel_key(instance: str, uid: str) -> str:
    """Return the key of the alarm that this Home Assistant calls `uid`."""
    return f"ha:{instance}:{uid}"


def of_device(device_id: str, lasts: timedelta) -> Dedup:
    """Return what makes presses of one key the same alarm."""
    return Dedup(device_key(device_id), Window(lasts))


def device_key(device_id: str) -> str:
    """Return the key of the alarm that presses of this device stand for."""
    return f"device:{device_id}"
