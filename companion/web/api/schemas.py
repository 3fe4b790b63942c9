"""What the API says about alarms."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import Field

from companion.alarms.model import Alarm, AlarmKind, Change, Evidence, JournalEntry, Severity, Source, Status
from companion.channels.base import MessageKind
from companion.dispatch.delivery import Attempt, Delivery, State
from companion.texts.reasons import spelled_out
from companion.web.http.route import Output


class EvidenceOut(Output):
    """How sure an alarm is by now, and why."""

    level: int
    """0 to 4, the validation level in the manner of ANSI/TMA-AVS-01."""
    reasons: list[str]
    camera: str | None
    label: str | None
    score: float | None
    taken_at: datetime | None
    link: str | None
    picture: bool

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Return what is said about `evidence`."""
        same = evidence.model_dump(exclude={"reasons", "picture", "highest"})
        return cls(**same, reasons=list(evidence.reasons), picture=evidence.picture is not None)


class AlarmOut(Output):
    """An alarm as it is now."""

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
    uid: str | None
    details: dict[str, Any]
    presses: int
    policy_id: str | None
    steps_run: int
    next_due_at: datetime | None
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    exhausted_at: datetime | None
    held_until: datetime | None
    evidence: EvidenceOut | None

    @classmethod
    def of(cls, alarm: Alarm) -> Self:
        """Return what is said about `alarm`."""
        return cls(**_alarm_fields(alarm))


class AttemptOut(Output):
    """One try to deliver."""

    number: int
    started_at: datetime
    finished_at: datetime
    outcome: str
    status_code: int | None
    provider_ref: str | None
    error: str | None
    """Why it failed, in English."""
    error_code: str | None = None
    error_facts: dict[str, Any] = Field(default_factory=dict)
    """The same for programs."""

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        """Return what is said about `attempt`."""
        return cls(**_own_fields(cls, spelled_out(vars(attempt))))


class DeliveryOut(Output):
    """One message to one address, with its tries."""

    id: str
    kind: MessageKind
    occurrence: str
    channel_id: str
    person_id: str | None
    recipient: str
    address: str
    state: State
    due_at: datetime
    uncertain: bool
    provider_ref: str | None
    last_error: str | None
    """Why the last try failed, or what to know although it worked, in English."""
    last_error_code: str | None = None
    last_error_facts: dict[str, Any] = Field(default_factory=dict)
    """The same for programs."""
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    attempts: list[AttemptOut]

    @classmethod
    def of(cls, delivery: Delivery, attempts: list[Attempt]) -> Self:
        """Return what is said about `delivery`."""
        own = vars(delivery) | {"attempts": [AttemptOut.of(one) for one in attempts]}
        return cls(**_own_fields(cls, spelled_out(own)))


class JournalLine(Output):
    """One line of the record."""

    at: datetime
    event: Change
    actor: str | None
    via: str
    detail: dict[str, Any]

    @classmethod
    def of(cls, entry: JournalEntry) -> Self:
        """Return what is said about `entry`."""
        return cls(
            at=entry.at, event=entry.event, actor=entry.actor, via=entry.via, detail=spelled_out(entry.detail)
        )


class AlarmDetail(AlarmOut):
    """An alarm with its record."""

    journal: list[JournalLine]
    deliveries: list[DeliveryOut]

    @classmethod
    def with_record(
        cls,
        alarm: Alarm,
        journal: list[JournalEntry],
        deliveries: list[tuple[Delivery, list[Attempt]]],
    ) -> Self:
        """Return all that is said about `alarm`."""
        return cls(
            **_alarm_fields(alarm),
            journal=[JournalLine.of(entry) for entry in journal],
            deliveries=[DeliveryOut.of(delivery, attempts) for delivery, attempts in deliveries],
        )


class AlarmPage(Output):
    """Alarms, newest first."""

    alarms: list[AlarmOut]
    next: str | None
    """Give it as `before` to get the next page; null: this was the last one."""


def _own_fields(kind: type[Output], values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in kind.model_fields if name in values}


def _alarm_fields(alarm: Alarm) -> dict[str, Any]:
    same = {name: getattr(alarm, name) for name in AlarmOut.model_fields if name != "policy_id"}
    return same | {
        "evidence": None if alarm.evidence is None else EvidenceOut.of(alarm.evidence),
        "policy_id": None if alarm.policy is None else alarm.policy.id,
        "details": dict(alarm.details),
    }
