"""What the dashboard says, in German. Its templates are written in English, each text inside `t("…")`. Pure."""

from collections.abc import Mapping
from typing import Final

from companion.channels.labels import alarm_title, is_german, label

GERMAN: Final[Mapping[str, str]] = {
    ", and {n} tests": ", und {n} Tests",
    "Acknowledge": "Übernehmen",
    "Acknowledged": "Übernommen",
    "Add the note": "Notiz hinzufügen",
    "Alarm": "Alarm",
    "Alarms": "Alarme",
    "All alarms": "Alle Alarme",
    "All of it {n} times, {span} apart": "Das Ganze {n}-mal, im Abstand von {span}",
    "Answer": "Antwort",
    "Areas": "Bereiche",
    "Attempts": "Versuche",
    "Back to the overview": "Zurück zur Übersicht",
    "Begins with ab_operate_ or ab_admin_. Make one with: alarm-broker key create": "Beginnt mit ab_operate_ oder "
    "ab_admin_. Einen neuen macht: alarm-broker key create",
    "Channel": "Kanal",
    "Channels": "Kanäle",
    "Closed": "Beendet",
    "Contact points": "Kontakte",
    "Contact points, first one first": "Kontakte, der erste zuerst",
    "Deliveries": "Nachrichten",
    "Details": "Einzelheiten",
    "Device": "Gerät",
    "Devices": "Geräte",
    "Do the next step now": "Nächsten Schritt jetzt ausführen",
    "Due": "Fällig",
    "False alarm": "Fehlalarm",
    "Held until": "Zurückgehalten bis",
    "Home Assistant": "Home Assistant",
    "Instance": "Instanz",
    "Key": "Schlüssel",
    "Language": "Sprache",
    "Last attempt": "Letzter Versuch",
    "Last heard": "Zuletzt gehört",
    "Last outcome": "Letztes Ergebnis",
    "Limits": "Grenzen",
    "Log in": "Anmelden",
    "Log out": "Abmelden",
    "Logged in with the key “{name}”": "Angemeldet mit dem Schlüssel „{name}“",
    "More open alarms": "Weitere offene Alarme",
    "Next page": "Nächste Seite",
    "Next step": "Nächster Schritt",
    "No Home Assistant has linked yet.": "Noch kein Home Assistant hat sich verbunden.",
    "No channel is set up: nobody would be told.": "Kein Kanal ist eingerichtet: Niemand würde benachrichtigt.",
    "No channel is set up: nobody would be told. Apply a directory with": "Kein Kanal ist eingerichtet: Niemand würde "
    "benachrichtigt. Ein Verzeichnis übernehmen mit",
    "No connection: what stands here is old.": "Keine Verbindung: Was hier steht, ist alt.",
    "No device yet. Apply a directory with": "Noch kein Gerät. Ein Verzeichnis übernehmen mit",
    "No open alarm.": "Kein offener Alarm.",
    "No such alarm.": "Kein solcher Alarm.",
    "Nobody has been told.": "Niemand wurde benachrichtigt.",
    "Nobody yet. Apply a directory with": "Noch niemand. Ein Verzeichnis übernehmen mit",
    "None yet.": "Noch keiner.",
    "Note": "Notiz",
    "Once; given up {span} after the last step": "Einmal; aufgegeben {span} nach dem letzten Schritt",
    "Open alarms": "Offene Alarme",
    "Overview": "Übersicht",
    "Pages": "Seiten",
    "People": "Personen",
    "Person": "Person",
    "Policy": "Regel",
    "Raised": "Ausgelöst",
    "Real or test": "Echt oder Test",
    "Recent alarms": "Letzte Alarme",
    "Resolve": "Erledigt",
    "See to this": "Bitte ansehen",
    "Show": "Anzeigen",
    "Show what is new": "Neues anzeigen",
    "Site": "Standort",
    "Source": "Quelle",
    "State": "Zustand",
    "Status": "Status",
    "This alarm has no policy.": "Dieser Alarm hat keine Regel.",
    "This key is not known or was revoked.": "Dieser Schlüssel ist nicht bekannt oder wurde widerrufen.",
    "This key may only read: it needs the role operate or admin.": "Dieser Schlüssel darf nur lesen: Er braucht die "
    "Rolle operate oder admin.",
    "Timeline": "Verlauf",
    "To": "An",
    "Times triggered": "Wie oft ausgelöst",
    "Unsent": "Ungesendet",
    "What": "Was",
    "What next": "Wie weiter",
    "What, from where": "Was, woher",
    "When": "Wann",
    "When nobody has answered:": "Wenn niemand geantwortet hat:",
    "Where": "Wo",
    "Who": "Wer",
    "abort window: disarmed before that, nobody is told": "Abbruchfrist: Wird vorher unscharf geschaltet, erfährt es niemand",
    "acknowledged": "übernommen",
    "acknowledged, not closed": "übernommen, nicht beendet",
    "after {span}": "nach {span}",
    "answered after {span}": "beantwortet nach {span}",
    "any": "alle",
    "at once": "sofort",
    "broken": "gestört",
    "by": "von",
    "by itself": "von selbst",
    "cancelled": "abgebrochen",
    "cannot be reached": "nicht erreichbar",
    "channels without trouble": "Kanäle ohne Störung",
    "dispatcher, nothing overdue": "Versand, nichts überfällig",
    "dispatcher, oldest due {span} ago": "Versand, ältestes fällig seit {span}",
    "fine": "in Ordnung",
    "held until": "zurückgehalten bis",
    "late": "zu spät",
    "look": "ansehen",
    "may have been sent twice": "vielleicht doppelt gesendet",
    "never": "nie",
    "next step due now": "nächster Schritt jetzt fällig",
    "next step in {span}": "nächster Schritt in {span}",
    "no": "nein",
    "nobody answered": "niemand hat geantwortet",
    "none": "keine",
    "none told yet": "noch keine gemeldet",
    "none yet": "noch keine",
    "not used yet": "noch nicht benutzt",
    "nothing": "nichts",
    "of": "von",
    "on time": "pünktlich",
    "open": "offen",
    "ready": "bereit",
    "real": "echt",
    "resolved": "erledigt",
    "status": "Status",
    "switched off": "ausgeschaltet",
    "test": "Test",
    "test only": "nur Test",
    "triggered again": "erneut ausgelöst",
    "unknown": "unbekannt",
    "waiting": "ohne Antwort",
    "waiting for an answer": "ohne Antwort",
    "without": "ohne",
    "{n} at once, {span} each": "{n} zugleich, je {span}",
    "yes": "ja",
    # what the parts between an alarm and a person are called
    "channel": "Kanal",
    "directory": "Verzeichnis",
    "dispatcher": "Versand",
    "key": "Taste",
    "panel": "Alarmanlage",
    "person": "Person",
    "site": "Standort",
    "trouble": "Störung",
    # how the parts between an alarm and a person are
    " and no ": " und kein ",
    "channel that is switched on": "eingeschalteter Kanal",
    "contact": "Kontakt",
    "policy": "Regelwerk",
    "There is no {what}: nobody would be told. Apply a directory.": "Es gibt kein {what}: Niemand würde benachrichtigt. "
    "Ein Verzeichnis übernehmen.",
    "Nobody is told when something is wrong with the service: name `operators` in `installation`.": "Niemand erfährt, wenn "
    "mit dem Dienst etwas nicht stimmt: `operators` in `installation` nennen.",
    "There are people to tell and ways to do it.": "Es gibt Personen und Wege zu ihnen.",
    "Alarms of {name} would tell nobody. {cause} See to its policy, or `last_resort`.": "Alarme von {name} würden niemanden "
    "erreichen. {cause} Regel prüfen, oder `last_resort`.",
    "{title}, since {at}.": "{title}, seit {at}.",
    "Nothing is overdue.": "Nichts ist überfällig.",
    "{messages} deliveries and {steps} escalation steps are overdue, the oldest by {s:.0f} s. Is a dispatcher running?": ""
    "{messages} Nachrichten und {steps} Eskalationsschritte sind überfällig, der älteste seit {s:.0f} s. Läuft ein Versand?",
    "It is switched off.": "Er ist ausgeschaltet.",
    "It was never tried: `alarm-broker check`, or send a test message over it.": "Er wurde nie erprobt: `alarm-broker check`, "
    "oder eine Testnachricht senden.",
    "It has refused {tries} times in a row since {at}: {reason}.": "Seit {at} {tries}-mal in Folge abgelehnt: {reason}.",
    "Its provider answers; no message has gone over it yet.": "Der Anbieter antwortet; noch ging keine Nachricht darüber.",
    "It took a message at {at}.": "Er nahm eine Nachricht an um {at}.",
    # whom a policy tells
    "{name} over everything": "{name} über alle Kontakte",
    "{name} over {channel}": "{name} über {channel}",
}


def said(language: str, text: str) -> str:
    """Return what the English `text` is in the reader's language."""
    return GERMAN.get(text, text) if is_german(language) else text


def part_title(language: str, name: str) -> str:
    """Return what a part between an alarm and a person is called; which trouble or field it is, its own text says."""
    kind, _, which = name.partition(".")[0].partition(" ")
    word = said(language, kind)
    return word if kind == "trouble" or not which else f"{word} {which}"


def fact(language: str, source: str, name: str, value: object) -> str:
    """Return a value of a line of the journal; `source` is that of its alarm."""
    match name, value:
        case _, bool():
            return said(language, "yes" if value else "no")
        case "title", str():
            return alarm_title(value, source, language)
        case "step", str():
            turn, _, step = value.partition(".")
            return f"{int(turn) + 1}.{int(step) + 1}" if turn.isdigit() and step.isdigit() else value
        case "missing", str():
            return ", ".join(label(one, language) for one in value.split(", "))
        case _, list():
            return ", ".join(str(one) for one in value)
        case "kind" | "decision" | "reason" | "instead", str():
            return label(value, language)
        case _:
            return str(value)
