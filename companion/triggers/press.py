"""A device is pressed: its token, and what it says of itself, become an alarm. What every such device shares."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from companion.alarms.dedup import device_key, of_device
from companion.alarms.model import MISSING, Actor, Alarm, AlarmKind, Source, Trigger
from companion.alarms.store import repeats_unanswered
from companion.alarms.transaction import AlarmTransaction
from companion.directory.presses import PressedDevice, pressed_device
from companion.directory.store import touch_device
from companion.escalation.policy import Policy
from companion.escalation.routing import Candidates, choose
from companion.ids import token_hash

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """What a kind of device means by being pressed, and what this one said of itself."""

    source: Source
    kind: AlarmKind
    head: str
    """What the title begins with; one of `TitleTexts.heads`, in English."""
    context: Mapping[str, str]


@dataclass(frozen=True)
class Accepted:
    """The alarm the press stands for; `created` is False for a repeated press."""

    alarm: Alarm
    created: bool
    missing: tuple[str, ...] = ()
    """Which of person, room and site a responder is not told, as the directory does not know them."""


@dataclass(frozen=True)
class UnknownToken:
    """No device has this token, or the device is switched off."""


@dataclass(frozen=True)
class NobodyToTell:
    """The alarm is raised and written down, but neither the device nor its site has a policy, and there is no last resort."""

    device: str
    alarm: Alarm
    missing: tuple[str, ...]


@dataclass(frozen=True)
class RateLimited:
    """Too many presses within a minute; those before have raised an alarm that still waits for its answer."""

    retry_after_s: int


type Press = Accepted | UnknownToken | NobodyToTell | RateLimited


def press(unit: AlarmTransaction, token: str, pressed: Pressed, *, window_s: float, per_minute: int) -> Press:
    """Raise the alarm of the device with this token, once within `window_s` seconds from the first press.

    Whatever the directory does not know of the device: somebody pressed for help.
    """
    device = pressed_device(unit.scope, unit.conn, token_hash(token))
    if device is None or not device.enabled:
        return UnknownToken()
    started_at, count = _counted(device.minute_started_at, device.minute_count, unit.now)
    touch_device(
        unit.scope,
        unit.conn,
        device.id,
        now=unit.now,
        context=pressed.context,
        minute_started_at=started_at,
        minute_count=count,
    )
    missing = tuple(name for name in ("person", "room", "site") if getattr(device, name) is None)
    # A limit must not hold back an emergency: only what would be counted and told to nobody is refused.
    if count > per_minute and repeats_unanswered(unit.scope, unit.conn, device_key(device.id), unit.now):
        return RateLimited(max(1, ceil((started_at + MINUTE - unit.now).total_seconds())))
    trigger = _trigger(device, pressed, missing, window_s)
    raised = unit.raise_alarm(trigger, Actor(name=device.person, via=pressed.source.value))
    if raised.alarm.policy is None:
        return NobodyToTell(device.name, raised.alarm, missing)
    return Accepted(raised.alarm, raised.created, missing)


def _counted(started_at: datetime | None, count: int, now: datetime) -> tuple[datetime, int]:
    """Return the running minute and how many presses it has with this one.

    A press that waited for another process may be a little older than the minute; a clock set far back starts a new one.
    """
    if started_at is None or not -MINUTE < now - started_at < MINUTE:
        return now, 1
    return started_at, count + 1


def _trigger(device: PressedDevice, pressed: Pressed, missing: tuple[str, ...], window_s: float) -> Trigger:
    policy = choose(Candidates(device=device.own_policy, site=device.site_policy))
    return Trigger(
        source=pressed.source,
        kind=pressed.kind,
        title=f"{pressed.head}: {device.room or f'{device.name}, room unknown'}",
        test=device.test,
        site_id=device.site_id,
        site=device.site,
        timezone=device.timezone or "UTC",
        room=device.room,
        person=device.person,
        device_id=device.id,
        details={
            **pressed.context,
            "device": device.name,
            **({MISSING: ", ".join(missing)} if missing else {}),
        },
        policy=None if policy is None else Policy.model_validate(policy),
        dedup=of_device(device.id, timedelta(seconds=window_s)),
    )
