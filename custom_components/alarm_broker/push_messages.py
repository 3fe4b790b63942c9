"""What a phone shows about an alarm: title, message and the data that makes it heard. Pure."""

from dataclasses import dataclass
from typing import Any

from .link.book import Alarm
from .link.protocol import Status

TEXTS = {
    "en": {
        Status.TRIGGERED: "Alarm",
        Status.ACKNOWLEDGED: "Acknowledged",
        Status.RESOLVED: "Resolved",
        Status.CANCELLED: "Cancelled",
        "burglary": "Burglary",
        "panic": "Panic",
        "fire": "Fire",
        "gas": "Gas",
        "water": "Water",
        "tamper": "Tamper",
        "medical": "Medical",
        "test": "TEST",
        "exhausted": "Nobody has answered",
        "action": "Acknowledge",
        "where": "Where",
        "who": "Who",
        "by": "By",
        "kept": "Kept: it is passed on as soon as the companion is back.",
    },
    "de": {
        Status.TRIGGERED: "Alarm",
        Status.ACKNOWLEDGED: "Bestätigt",
        Status.RESOLVED: "Erledigt",
        Status.CANCELLED: "Abgebrochen",
        "burglary": "Einbruch",
        "panic": "Überfall",
        "fire": "Feuer",
        "gas": "Gas",
        "water": "Wasser",
        "tamper": "Sabotage",
        "medical": "Medizinischer Notfall",
        "test": "TEST",
        "exhausted": "Niemand hat geantwortet",
        "action": "Bestätigen",
        "where": "Wo",
        "who": "Wer",
        "by": "Von",
        "kept": "Vorgemerkt: wird weitergegeben, sobald der Begleitdienst wieder da ist.",
    },
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PushMessage:
    """One notification; `data` is what the companion app of Home Assistant understands."""

    title: str
    message: str
    data: dict[str, Any]


def push_message(
    alarm: Alarm, *, language: str, action: str | None, exhausted: bool = False, kept_for: str | None = None
) -> PushMessage:
    """Return what to show for the alarm as it is.

    `action` is the id that the button sends back; `kept_for` names who answered while the companion is away.
    """
    texts = TEXTS["de" if language.startswith("de") else "en"]
    heading = texts["exhausted"] if exhausted else texts[alarm.status]
    if kind := texts.get(alarm.alarm_kind):
        heading = f"{heading}: {kind}"
    if alarm.test:
        heading = f"{texts['test']}: {heading}"
    lines = [alarm.title]
    if alarm.message:
        lines.append(alarm.message)
    if alarm.where and not alarm.local:
        lines.append(f"{texts['where']}: {alarm.where}")
    if alarm.person:
        lines.append(f"{texts['who']}: {alarm.person}")
    by = kept_for or (alarm.acknowledged_by if alarm.is_open else alarm.closed_by)
    if by:
        lines.append(f"{texts['by']}: {by}")
    if kept_for:
        lines.append(texts["kept"])
    loud = alarm.status is Status.TRIGGERED and kept_for is None
    data: dict[str, Any] = {"tag": alarm.id, "group": "alarm_broker", **(_LOUD if loud else _QUIET)}
    if action is not None:
        data["actions"] = [{"action": action, "title": texts["action"]}]
    return PushMessage(title=heading, message="\n".join(lines), data=data)


# Home Assistant companion app: critical notifications sound on a muted iPhone; ttl 0 and priority high wake an
# Android phone at once, and the channel alarm_stream sounds as an alarm clock does.
_LOUD: dict[str, Any] = {
    "ttl": 0,
    "priority": "high",
    "channel": "alarm_stream",
    "push": {
        "interruption-level": "critical",
        "sound": {"name": "default", "critical": 1, "volume": 1.0},
    },
}
_QUIET: dict[str, Any] = {"ttl": 0, "priority": "high", "channel": "alarm_updates"}
