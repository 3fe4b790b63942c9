"""What phones read, in the languages that are spoken here. Pure."""

from collections.abc import Mapping

from ..core.panel.config import TroubleKind
from ..link.protocol import Status
from ..push.actions import PushAction, RefusedPress
from ..system.activity import ActivityKind

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
        "verified": "Verified alarm",
        "zones": "{count} zones: {zones}",
        "where": "Where",
        "who": "Who",
        "by": "By",
        "kept": "Kept: it is passed on as soon as the companion is back.",
        "aborted": "Nobody outside was told.",
        "duress": "Duress code",
        "silent": "Silent alarm",
        "silent_hint": "Nobody at the panel knows. Do not call there.",
        "pending": "Entry delay",
        "disarm_by": "Disarm by {until}",
        "level": "Validation level {level}: {words}",
        "level_0": "nothing to respond to",
        "level_1": "a signal, no more",
        "level_2": "somebody is there",
        "level_3": "a break-in",
        "level_4": "a danger to life",
        "seen": "{camera}: {label} {percent} %",
        "open": "Open: {zones}",
        "code": "Code",
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
        "verified": "Verifizierter Alarm",
        "zones": "{count} Zonen: {zones}",
        "where": "Wo",
        "who": "Wer",
        "by": "Von",
        "kept": "Vorgemerkt: wird weitergegeben, sobald der Begleitdienst wieder da ist.",
        "aborted": "Außerhalb wurde niemand verständigt.",
        "duress": "Code unter Zwang",
        "silent": "Stiller Alarm",
        "silent_hint": "An der Anlage weiß niemand davon. Dort nicht anrufen.",
        "pending": "Eingangsverzögerung",
        "disarm_by": "Unscharf schalten bis {until}",
        "level": "Bestätigungsstufe {level}: {words}",
        "level_0": "nichts zu tun",
        "level_1": "nur ein Signal",
        "level_2": "jemand ist dort",
        "level_3": "ein Einbruch",
        "level_4": "Gefahr für Menschen",
        "seen": "{camera}: {label} {percent} %",
        "open": "Offen: {zones}",
        "code": "Code",
    },
}
BUTTONS: Mapping[str, Mapping[str, str]] = {
    "en": {
        PushAction.ACKNOWLEDGE: "Acknowledge",
        PushAction.DISARM: "Disarm",
        PushAction.DISARM_WITH_CODE: "Disarm with code",
        PushAction.SILENCE: "Silence siren",
        PushAction.ESCALATE: "Escalate now",
        PushAction.FALSE_ALARM: "False alarm",
        PushAction.ARM: "Arm",
        PushAction.FORCE_ARM: "Arm anyway",
        PushAction.POSTPONE: "Postpone",
        PushAction.CALL_OFF: "Do not arm",
        "call": "Call {number}",
    },
    "de": {
        PushAction.ACKNOWLEDGE: "Bestätigen",
        PushAction.DISARM: "Unscharf schalten",
        PushAction.DISARM_WITH_CODE: "Unscharf mit Code",
        PushAction.SILENCE: "Sirene aus",
        PushAction.ESCALATE: "Jetzt eskalieren",
        PushAction.FALSE_ALARM: "Fehlalarm",
        PushAction.ARM: "Scharf schalten",
        PushAction.FORCE_ARM: "Trotzdem scharf schalten",
        PushAction.POSTPONE: "Später",
        PushAction.CALL_OFF: "Nicht scharf schalten",
        "call": "{number} anrufen",
    },
}
NOTICES: Mapping[str, Mapping[ActivityKind, str]] = {
    "en": {
        ActivityKind.LOCKOUT: "Too many wrong codes: the panel takes none for a while.",
        ActivityKind.ZONE_SHUT_DOWN: "Raised too many alarms and is left out until disarming: {zones}",
        ActivityKind.TROUBLE: "Trouble: {trouble}",
        ActivityKind.TROUBLE_CLEARED: "All right again: {trouble}",
        ActivityKind.ARM_REMINDER: "Nobody is home, and not armed is: {areas}.",
        ActivityKind.AUTO_ARM_ANNOUNCED: "Nobody is home. Armed at {until}: {areas}.",
        ActivityKind.AUTO_ARM_FAILED: "Could not be armed by itself. {reason}",
        ActivityKind.ARRIVED_WHILE_ARMED: "{by} has come home, and armed is: {areas}.",
        ActivityKind.CODE_USED: "A code was used during the vacation: {by}.",
        ActivityKind.STATE_UNKNOWN: (
            "Lost after a damaged file: whether armed or not ({areas}). "
            "Only smoke, water and the like are guarded. Disarm with a code, then arm again."
        ),
    },
    "de": {
        ActivityKind.LOCKOUT: "Zu viele falsche Codes: die Anlage nimmt vorerst keinen an.",
        ActivityKind.ZONE_SHUT_DOWN: "Zu oft ausgelöst, bis zum Unscharfschalten ausgelassen: {zones}",
        ActivityKind.TROUBLE: "Störung: {trouble}",
        ActivityKind.TROUBLE_CLEARED: "Wieder in Ordnung: {trouble}",
        ActivityKind.ARM_REMINDER: "Niemand ist zu Hause, und nicht scharf ist: {areas}.",
        ActivityKind.AUTO_ARM_ANNOUNCED: "Niemand ist zu Hause. Scharf um {until}: {areas}.",
        ActivityKind.AUTO_ARM_FAILED: "Ließ sich nicht von selbst scharf schalten. {reason}",
        ActivityKind.ARRIVED_WHILE_ARMED: "{by} ist nach Hause gekommen, und scharf ist: {areas}.",
        ActivityKind.CODE_USED: "Im Urlaub wurde ein Code benutzt: {by}.",
        ActivityKind.STATE_UNKNOWN: (
            "Nach einer beschädigten Datei ist unbekannt, ob scharf oder nicht ({areas}). "
            "Bewacht wird nur Rauch, Wasser und dergleichen. Mit Code unscharf schalten, dann wieder scharf."
        ),
    },
}
REFUSED: Mapping[str, Mapping[RefusedPress, str]] = {
    "en": {
        RefusedPress.FORGED: "This button is unknown here. Nothing was done.",
        RefusedPress.REPLAYED: "This button was used already. Nothing more was done.",
        RefusedPress.LATE: "This button came too late. Nothing was done.",
        RefusedPress.NOT_YOURS: "This button was sent to somebody else. Nothing was done.",
    },
    "de": {
        RefusedPress.FORGED: "Diese Taste ist hier unbekannt. Nichts wurde getan.",
        RefusedPress.REPLAYED: "Diese Taste war schon benutzt. Nichts weiter wurde getan.",
        RefusedPress.LATE: "Diese Taste kam zu spät. Nichts wurde getan.",
        RefusedPress.NOT_YOURS: "Diese Taste war für jemand anderen. Nichts wurde getan.",
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
        TroubleKind.CALENDAR: "not readable for too long",
        TroubleKind.CAMERA: "camera server out of reach",
    },
    "de": {
        TroubleKind.LOST: "kein Signal",
        TroubleKind.BATTERY: "Batterie schwach",
        TroubleKind.TAMPER: "Gehäuse geöffnet",
        TroubleKind.JAM: "Funk gestört",
        TroubleKind.HEARTBEAT: "zu lange nicht gemeldet",
        TroubleKind.COMPANION: "Begleitdienst nicht erreichbar",
        TroubleKind.POWER: "kein Netzstrom",
        TroubleKind.CALENDAR: "zu lange nicht lesbar",
        TroubleKind.CAMERA: "Kameraserver nicht erreichbar",
    },
}
CONFIRMED = "Confirmed: more than one zone."
PANEL_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "en": {},
    "de": {
        "Raised by hand.": "Von Hand ausgelöst.",
        "Raised by ": "Ausgelöst von ",
        CONFIRMED: "Bestätigt: mehr als eine Zone.",
        "Exit error: still open when the exit delay ended.": "Beim Scharfschalten noch offen.",
        "Recent closing: the area had just been armed.": "Der Bereich war gerade erst scharf geschaltet worden.",
        "The entry delay ran out while Home Assistant was not running.": (
            "Die Eingangsverzögerung lief ab, während Home Assistant nicht lief."
        ),
    },
}
"""What the panel adds to an alarm, it says in English, as the companion's responders read it."""


def known_language(language: str) -> str:
    """Return the language to use for what Home Assistant or a person speaks."""
    return "de" if language.startswith("de") else "en"


def of_the_panel(message: str, language: str) -> str:
    """Return what the panel adds to an alarm in another language."""
    for sentence, translated in PANEL_SENTENCES[known_language(language)].items():
        message = message.replace(sentence, translated)
    return message
