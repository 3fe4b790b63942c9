"""What codes are called in the reader's language, and the titles that are made of them. Pure.

The record keeps codes and what was said when it happened; a reader gets it in their own words.
"""

from collections.abc import Mapping
from typing import Final

_GERMAN: Final[Mapping[str, str]] = {
    # severities
    "critical": "kritisch",
    "high": "hoch",
    "normal": "normal",
    "low": "niedrig",
    # sources, and through what somebody acted
    "panel": "Alarmanlage",
    "yealink": "Paniktaste",
    "tag": "Notfallmarke",
    "access": "Zutrittskontrolle",
    "heartbeat": "Lebenszeichen",
    "rule": "Regel",
    "api": "Programm (API)",
    "ack_page": "Antwortseite",
    "dashboard": "Leitstand",
    "home_assistant": "Home Assistant",
    "push": "Mitteilung",
    "service": "Aktion",
    "escalation": "Eskalation",
    "dispatch": "Versand",
    # kinds
    "panic": "Notruf",
    "duress": "Bedrohung",
    "medical": "medizinischer Notfall",
    "fire": "Feuer",
    "gas": "Gas",
    "water": "Wasser",
    "burglary": "Einbruch",
    "tamper": "Sabotage",
    "technical": "Störung",
    # states of alarms, deliveries, attempts, areas
    "triggered": "ausgelöst",
    "acknowledged": "übernommen",
    "resolved": "erledigt",
    "cancelled": "abgebrochen",
    "pending": "wartet",
    "processing": "wird gesendet",
    "sent": "gesendet",
    "delivered": "zugestellt",
    "failed": "fehlgeschlagen",
    "error": "aufgegeben",
    "uncertain": "ungewiss",
    "cut_off": "abgerissen",
    "armed": "scharf",
    "disarmed": "unscharf",
    "arming": "wird scharf",
    "away": "abwesend",
    "home": "anwesend",
    "night": "Nacht",
    "vacation": "Urlaub",
    "custom_bypass": "angepasst",
    # lines of the journal
    "raised": "ausgelöst",
    "pressed_again": "erneut ausgelöst",
    "reopened": "wieder offen",
    "escalated": "Schritt ausgeführt",
    "exhausted": "niemand hat geantwortet",
    "nobody_reached": "niemand erreicht",
    "noted": "Notiz",
    "zone_tripped": "weitere Zone",
    "confirmed": "bestätigt",
    "evidence": "Bild oder Befund",
    "escalation_asked": "nächster Schritt verlangt",
    "push_unconfirmed": "Mitteilung unbestätigt",
    "answered_again": "erneut geantwortet",
    "delivery_sent": "Nachricht gesendet",
    "delivery_delivered": "Nachricht zugestellt",
    "delivery_failed": "Nachricht aufgegeben",
    "delivery_retried": "Nachricht erneut gesendet",
    "failed_over": "anderer Kontakt",
    "folded": "zusammengefasst",
    # kinds of messages
    "page": "Alarm",
    "note": "Notiz",
    "verified": "verifiziert",
    "test": "Test",
    "trouble": "Störung",
    "trouble_over": "Störung vorbei",
    # details
    "zones": "Zonen",
    "zone": "Zone",
    "message": "Hinweis",
    "silent": "still",
    "raised_by": "gemeldet von",
    "confirmed_by": "bestätigt durch",
    "missing": "unbekannt",
    "device": "Gerät",
    "mac": "MAC",
    "ip": "IP",
    "model": "Modell",
    "firmware": "Firmware",
    "user": "Benutzer",
    "active_url": "aktive URL",
    "active_user": "aktiver Benutzer",
    "active_host": "aktiver Server",
    "local": "eigene Nummer",
    "remote": "Gegenstelle",
    "room": "Raum",
    "person": "Person",
    "site": "Standort",
    "title": "Titel",
    "told": "benachrichtigt",
    "told_with": "gemeldet mit",
    "together_with": "zusammen mit",
    "step": "Schritt",
    "recipient": "Empfänger",
    "channel": "Kanal",
    "kind": "Art",
    "reason": "Grund",
    "instead": "stattdessen",
    "warning": "Warnung",
    "after_failover": "nach anderem Kontakt",
    "link_of": "Link von",
    "tripped_at": "gemeldet um",
    "said_at": "gesagt um",
    "people": "Personen",
    "after_s": "nach Sekunden",
    "decision": "Entscheidung",
    "level": "Stufe",
    "reasons": "Gründe",
    "camera": "Kamera",
    "label": "erkannt",
    "score": "Sicherheit",
    "taken_at": "aufgenommen um",
    "link": "Link",
    "picture": "Bild",
}

_TITLES: Final[Mapping[str, str]] = {
    "Panic key": "Paniktaste",
    "Burglary": "Einbruch",
    "Panic": "Notruf",
    "Fire": "Feuer",
    "Gas": "Gas",
    "Water": "Wasser",
    "Tamper": "Sabotage",
    "Duress code": "Bedrohungscode",
    "Medical emergency": "Medizinischer Notfall",
    "Fault": "Störung",
}
"""How titles begin that `triggers.yealink` and `alarms.panel` make, before the colon."""
_OURS: Final = frozenset({"yealink", "panel"})
_ROOM_UNKNOWN: Final = ", room unknown"
_VALUES: Final[Mapping[str, str]] = {
    "yes: nobody at the panel knows of this alarm": "ja: an der Anlage weiß niemand von diesem Alarm",
    "The house is in its vacation window": "Das Haus ist in seinem Urlaubszeitraum",
}


def primary(language: str) -> str:
    """Return the language of a tag such as `de-AT`: `de`."""
    return language.strip().lower().replace("_", "-").split("-")[0]


def is_german(language: str) -> bool:
    """Return whether the language tag is a German one, such as `de-AT`."""
    return primary(language) == "de"


def label(code: str, language: str) -> str:
    """Return what a code is called; what is no code of ours (a detail that a program sent) stays as it is."""
    if is_german(language):
        return _GERMAN.get(code, code)
    return code.replace("_", " ") if code in _GERMAN else code


def alarm_title(title: str, source: str, language: str) -> str:
    """Return the title in the reader's language, as far as it was made here and not by a person or a program."""
    kind, colon, where = title.partition(": ")
    if not (is_german(language) and source in _OURS and colon and kind in _TITLES):
        return title
    if source == "yealink" and where.endswith(_ROOM_UNKNOWN):
        where = f"{where.removesuffix(_ROOM_UNKNOWN)}, Raum unbekannt"
    return f"{_TITLES[kind]}: {where}"


def detail(name: str, value: str, language: str) -> tuple[str, str]:
    """Return a detail of an alarm as label and value."""
    if not is_german(language):
        return label(name, language), value
    if name == "missing":
        value = ", ".join(label(part, language) for part in value.split(", "))
    return label(name, language), _VALUES.get(value, value)
