"""What a phone shows about an alarm: title, message and the data that makes it heard. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .happenings import Happening, HappeningKind
from .link.book import Alarm
from .link.protocol import Status
from .panel.config import TroubleKind

TEXTS: Mapping[str, Mapping[str, str]] = {
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
        "aborted": "Nobody outside was told.",
        "duress": "Duress code",
        "silent": "Silent alarm",
        "silent_hint": "Nobody at the panel knows. Do not call there.",
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
        "aborted": "Außerhalb wurde niemand verständigt.",
        "duress": "Code unter Zwang",
        "silent": "Stiller Alarm",
        "silent_hint": "An der Anlage weiß niemand davon. Dort nicht anrufen.",
    },
}
NOTICES: Mapping[str, Mapping[HappeningKind, str]] = {
    "en": {
        HappeningKind.LOCKOUT: "Too many wrong codes: the panel takes none for a while.",
        HappeningKind.ZONE_SHUT_DOWN: "Raised too many alarms and is left out until disarming: {zones}",
        HappeningKind.TROUBLE: "Trouble: {trouble}",
        HappeningKind.TROUBLE_CLEARED: "All right again: {trouble}",
    },
    "de": {
        HappeningKind.LOCKOUT: "Zu viele falsche Codes: die Anlage nimmt vorerst keinen an.",
        HappeningKind.ZONE_SHUT_DOWN: "Zu oft ausgelöst, bis zum Unscharfschalten ausgelassen: {zones}",
        HappeningKind.TROUBLE: "Störung: {trouble}",
        HappeningKind.TROUBLE_CLEARED: "Wieder in Ordnung: {trouble}",
    },
}
TROUBLES: Mapping[str, Mapping[TroubleKind, str]] = {
    "en": {
        TroubleKind.LOST: "no signal",
        TroubleKind.BATTERY: "battery low",
        TroubleKind.TAMPER: "housing opened",
        TroubleKind.JAM: "radio jammed",
        TroubleKind.HEARTBEAT: "not heard of for too long",
        TroubleKind.COMPANION: "companion out of reach",
        TroubleKind.POWER: "no mains power",
    },
    "de": {
        TroubleKind.LOST: "kein Signal",
        TroubleKind.BATTERY: "Batterie schwach",
        TroubleKind.TAMPER: "Gehäuse geöffnet",
        TroubleKind.JAM: "Funk gestört",
        TroubleKind.HEARTBEAT: "zu lange nicht gemeldet",
        TroubleKind.COMPANION: "Begleitdienst nicht erreichbar",
        TroubleKind.POWER: "kein Netzstrom",
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
    texts = _texts(language)
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
    if alarm.aborted and alarm.status is Status.CANCELLED:
        # ANSI/SIA CP-01, abort annunciation: whoever disarmed in time learns that nothing was sent.
        lines.append(texts["aborted"])
    loud = alarm.status is Status.TRIGGERED and kept_for is None
    data: dict[str, Any] = {"tag": alarm.id, "group": "alarm_broker", **(_LOUD if loud else _QUIET)}
    if action is not None:
        data["actions"] = [{"action": action, "title": texts["action"]}]
    return PushMessage(title=heading, message="\n".join(lines), data=data)


def silent_message(alarm: Alarm, *, language: str) -> PushMessage:
    """Return what those learn who may know of a silent alarm."""
    texts = _texts(language)
    kind = texts.get(alarm.alarm_kind, alarm.alarm_kind)
    lines = [alarm.title, *filter(None, [alarm.message]), texts["silent_hint"]]
    data = {"tag": alarm.id, "group": "alarm_broker", **_LOUD}
    return PushMessage(title=f"{texts['silent']}: {kind}", message="\n".join(lines), data=data)


def notice_message(happening: Happening, *, title: str, language: str) -> PushMessage | None:
    """Return the short notice about something that is no alarm, or None for what phones are not bothered with."""
    known = _language(language)
    if (text := NOTICES[known].get(happening.kind)) is None:
        return None
    trouble = happening.data.get("trouble")
    where = ", ".join(happening.zones) or happening.data.get("source") or ""
    said = TROUBLES[known][TroubleKind(trouble)] if trouble else ""
    message = text.format(zones=where, trouble=f"{where}: {said}" if where else said)
    data = {"tag": f"alarm_broker_{happening.kind.value}_{where}", "group": "alarm_broker", **_QUIET}
    return PushMessage(title=title, message=message, data=data)


def _texts(language: str) -> Mapping[str, str]:
    return TEXTS[_language(language)]


def _language(language: str) -> str:
    return "de" if language.startswith("de") else "en"


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
