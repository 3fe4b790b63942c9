"""What an alarm is."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from companion.alarms.dedup import Dedup
from companion.directory.model import DeviceKind
from companion.escalation.policy import Policy


class Status(StrEnum):
    """Where an alarm is in its life."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


OPEN = frozenset({Status.TRIGGERED, Status.ACKNOWLEDGED})
SURE_LEVEL = 2
"""The validation level from which those who were paged are told of it: somebody is there, or very likely."""
MISSING = "missing"
"""The detail that names what the directory does not know of a device: its person, room or site."""
SO = "yes"
"""The value of a detail that says only that something is so; its sentence is in `companion.texts`."""
CONFIRMED_BY = "confirmed_by"
"""The detail of a confirmed alarm that names the second zone."""


class Source(StrEnum):
    """What raised an alarm."""

    PANEL = "panel"
    YEALINK = DeviceKind.YEALINK.value
    API = "api"


class AlarmKind(StrEnum):
    """What sort of trouble it is."""

    PANIC = "panic"
    DURESS = "duress"
    MEDICAL = "medical"
    FIRE = "fire"
    GAS = "gas"
    WATER = "water"
    BURGLARY = "burglary"
    TAMPER = "tamper"
    TECHNICAL = "technical"


LIFE = frozenset({AlarmKind.PANIC, AlarmKind.DURESS, AlarmKind.MEDICAL, AlarmKind.FIRE, AlarmKind.GAS})
"""A life may depend on it."""


class Severity(StrEnum):
    """How loud to be."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Change(StrEnum):
    """What has just happened to an alarm; also the event names of its journal."""

    RAISED = "raised"
    PRESSED_AGAIN = "pressed_again"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"
    ESCALATED = "escalated"
    EXHAUSTED = "exhausted"
    NOBODY_REACHED = "nobody_reached"
    NOTED = "noted"
    ZONE_TRIPPED = "zone_tripped"
    CONFIRMED = "confirmed"
    EVIDENCE = "evidence"
    ESCALATION_ASKED = "escalation_asked"
    PUSH_UNCONFIRMED = "push_unconfirmed"
    ANSWERED_AGAIN = "answered_again"
    REPLY_REFUSED = "reply_refused"
    """Somebody answered whom the directory does not know by that address: nothing else has happened."""
    REOPENED = "reopened"
    DELIVERY_SENT = "delivery_sent"
    DELIVERY_DELIVERED = "delivery_delivered"
    DELIVERY_READ = "delivery_read"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERY_RETRIED = "delivery_retried"
    FAILED_OVER = "failed_over"
    FOLDED = "folded"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who did something, through what."""

    name: str | None
    via: str
    """yealink, ack_page, api, dashboard, home_assistant, push, service, escalation, dispatch, …"""


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """A request to raise an alarm, enriched with what the directory knows."""

    source: Source
    kind: AlarmKind
    title: str
    severity: Severity = Severity.CRITICAL
    test: bool = False
    site_id: str | None = None
    site: str | None = None
    timezone: str = "UTC"
    room: str | None = None
    person: str | None = None
    device_id: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    uid: str | None = None
    policy: Policy | None = None
    dedup: Dedup | None = None
    """What it is recognised by when it comes again; None: it is always a new alarm."""
    hold: timedelta = timedelta(0)
    """It is written down at once, and nobody is told before this is over (abort window)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """What a camera saw, as a browser shows it."""

    media_type: str
    data: bytes = field(repr=False)


class PictureShows(BaseModel):
    """What the picture that is kept of an alarm shows; its bytes have a table of their own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera: str | None
    taken_at: datetime | None


class Evidence(BaseModel):
    """How sure an alarm is by now, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: int
    """0 to 4, the validation level in the manner of ANSI/TMA-AVS-01."""
    reasons: tuple[str, ...]
    """Codes of `Texts.findings`; sentences where a Home Assistant knows no codes yet."""
    camera: str | None
    label: str | None
    """What the camera recognised."""
    score: float | None
    """How sure the camera's recognition is, 0 to 1."""
    taken_at: datetime | None
    link: str | None
    """Where the recording is, for people at home."""
    highest: int = 0
    """The highest level that there was so far."""
    picture: PictureShows | None = None
    """None: there is none, or it was kept long enough."""


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One occurrence that needs an answer. The fields are the columns of its table."""

    id: str
    version: int
    status: Status
    source: Source
    kind: AlarmKind
    severity: Severity
    title: str
    test: bool
    site_id: str | None
    site: str | None
    timezone: str
    room: str | None
    person: str | None
    device_id: str | None
    details: Mapping[str, Any]
    uid: str | None
    presses: int
    policy: Policy | None
    round: int
    step: int
    steps_run: int
    next_due_at: datetime | None
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    exhausted_at: datetime | None
    held_until: datetime | None
    """The end of the panel's abort window; None: it was told at once."""
    evidence: Evidence | None

    @property
    def source_key(self) -> str:
        """Return what is the same for alarms of one source, kind and severity: a flood of one hides no other.

        Where a life may depend on it, also the place and the person are the same.
        """
        same = [self.source, self.kind, self.severity, self.test, self.site_id, self.device_id]
        if self.is_urgent:
            same += [self.room, self.person, self.title]
        return hashlib.sha256(repr(same).encode(errors="replace")).hexdigest()[:16]

    @property
    def is_urgent(self) -> bool:
        """Return whether it goes before everything else: a life may depend on it, and it is no drill."""
        return self.kind in LIFE and not self.test

    @property
    def is_grave(self) -> bool:
        """Return whether to be told of it once more is better than to be told once too little."""
        return self.kind in LIFE or self.severity is Severity.CRITICAL

    def is_held(self, now: datetime) -> bool:
        """Return whether nobody but the panel that raised it may know of it yet."""
        return self.held_until is not None and now < self.held_until

    @property
    def awaits_reaction(self) -> bool:
        """Return whether it was triggered again after the answer, and whoever answered has not reacted yet."""
        return self.status is Status.ACKNOWLEDGED and self.next_due_at is not None

    @property
    def needs_answer(self) -> bool:
        """Return whether people are paged about it."""
        return self.status is Status.TRIGGERED or self.awaits_reaction


@dataclass(frozen=True, kw_only=True)
class JournalEntry:
    """One line of the append-only record."""

    id: int
    alarm_id: str
    at: datetime
    event: Change
    actor: str | None
    via: str
    detail: Mapping[str, Any]


def hidden_at_panel(alarm: Alarm) -> bool:
    """Return whether nobody at the panel may learn of the alarm: a duress code, or a silent one."""
    return alarm.kind is AlarmKind.DURESS or (alarm.source is Source.PANEL and "silent" in alarm.details)
