"""What responders read on their page, in English and German. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from companion.channels import render
from companion.channels.labels import is_german, primary

type Words = Mapping[str, str]

ENGLISH: Final[Words] = {
    "lang": "en",
    "triggered": "Waiting for an answer",
    "acknowledged": "Acknowledged",
    "resolved": "Resolved",
    "cancelled": "Cancelled",
    "test": "Test alarm",
    "test_means": "This is an exercise. Please answer it as you would answer a real one.",
    "where": "Where",
    "who": "Who",
    "when": "When",
    "kind": "What",
    "more": "More about it",
    "your_name": "Your name",
    "add_note": "Add a note",
    "together": "Also for {count} more from the same source, of which you were told in one message",
    "together_open": "{count} more from the same source wait for an answer",
    "note": "Note",
    "note_hint": "For example: I am there in 5 minutes.",
    "acknowledge": "Acknowledge",
    "acknowledge_means": "You say: I am on it. Nobody else is called any more.",
    "again": "It was triggered again",
    "again_means": "Somebody answered, and then it was triggered again. Say that you know of it, or others are called.",
    "again_button": "I am on it",
    "answered_by": "{name} has answered",
    "was_answered_by": "Answered by {name}",
    "closed_resolved": "This alarm is over",
    "closed_cancelled": "This was a false alarm",
    "closed_by": "Closed by {name}",
    "nothing_to_do": "There is nothing left for you to do.",
    "next": "What now",
    "next_go": "Go there, or call. If anybody is in danger, call the emergency number first.",
    "next_told": "Nobody else is called any more. Those who were told hear that somebody is on it.",
    "next_close": "When it is over, say so below.",
    "over_title": "Is it over?",
    "over_button": "It is over",
    "over_means": "The alarm is closed, and everybody who was told hears it.",
    "also_title": "Are you going too?",
    "also_note": "I am also on my way.",
    "also_button": "Tell the others",
    "also_means": "It is written down beside the alarm. It changes nothing else.",
    "evidence": "What was seen",
    "picture_of": "Picture of {camera}",
    "some_camera": "a camera",
    "label": "Seen",
    "camera": "Camera",
    "recording": "Open the recording",
    "how_sure": render.ENGLISH.how_sure,
    **{f"level_{number}": text for number, text in enumerate(render.ENGLISH.levels)},
    "said": "Answers and notes",
    "said_confirmed": "Confirmed by a second zone",
    "said_zone_tripped": "Another zone tripped",
    "said_pressed_again": "Triggered again",
    "said_reopened": "No reaction: others are called",
    "said_also": "answered too",
    "unknown-token": "This link is not known",
    "unknown-token_says": "Open the newest message once more and tap its link. If you typed the address, check it.",
    "link-expired": "This link is too old",
    "link-expired_says": "It belongs to an earlier alarm. If there is an alarm now, its message has a link of its own.",
    "too-many-requests": "Too many requests",
    "too-many-requests_says": "Wait a minute, then load this page again. If it is urgent, call.",
    "form-expired": "Nothing was changed",
    "form-expired_says": "The answer came from another site. Open the link in the message and answer there.",
    "body-too-large": "That is too much text",
    "body-too-large_says": "Go back and write a shorter note. Nothing was changed.",
    "unknown-alarm": "This alarm is not known",
    "unknown-alarm_says": "Go back to the overview; the link may be from another installation.",
    "role-too-low": "This key may not see that",
    "role-too-low_says": "Log in with a key of a higher role.",
    "one-site-only": "This key is for one site",
    "one-site-only_says": "This page is about all sites. Log in with a key for all of them.",
    "other": "That did not work",
    "other_says": "Go back and try again. If it is urgent, call: do not wait for this page.",
    "now": "just now",
    "seconds": "{n} s ago",
    "minutes": "{n} min ago",
    "hours": "{n} h ago",
    "days": "{n} days ago",
    "time": render.ENGLISH.time.removesuffix(" %Z"),
}
GERMAN: Final[Words] = {
    "lang": "de",
    "triggered": "Wartet auf Antwort",
    "acknowledged": "Übernommen",
    "resolved": "Erledigt",
    "cancelled": "Abgebrochen",
    "test": "Testalarm",
    "test_means": "Das ist eine Übung. Bitte so beantworten wie einen echten Alarm.",
    "where": "Wo",
    "who": "Wer",
    "when": "Wann",
    "kind": "Was",
    "more": "Mehr dazu",
    "your_name": "Ihr Name",
    "add_note": "Notiz hinzufügen",
    "together": "Auch für {count} weitere derselben Quelle, die in einer Nachricht gemeldet wurden",
    "together_open": "{count} weitere derselben Quelle warten auf eine Antwort",
    "note": "Notiz",
    "note_hint": "Zum Beispiel: Bin in 5 Minuten da.",
    "acknowledge": "Übernehmen",
    "acknowledge_means": "Sie sagen damit: Ich kümmere mich. Niemand sonst wird mehr gerufen.",
    "again": "Erneut ausgelöst",
    "again_means": "Jemand hatte übernommen, dann wurde erneut ausgelöst. Bitte melden, sonst werden andere gerufen.",
    "again_button": "Ich kümmere mich",
    "answered_by": "{name} kümmert sich",
    "was_answered_by": "Übernommen von {name}",
    "closed_resolved": "Dieser Alarm ist erledigt",
    "closed_cancelled": "Das war ein Fehlalarm",
    "closed_by": "Beendet von {name}",
    "nothing_to_do": "Für Sie ist nichts mehr zu tun.",
    "next": "Was jetzt",
    "next_go": "Hingehen oder anrufen. Ist jemand in Gefahr: zuerst den Notruf wählen.",
    "next_told": "Niemand sonst wird mehr gerufen. Wer gerufen war, erfährt, dass sich jemand kümmert.",
    "next_close": "Wenn es vorbei ist: unten melden.",
    "over_title": "Ist es vorbei?",
    "over_button": "Es ist vorbei",
    "over_means": "Der Alarm wird geschlossen, und alle Benachrichtigten erfahren es.",
    "also_title": "Gehen Sie auch hin?",
    "also_note": "Ich bin auch unterwegs.",
    "also_button": "Den anderen sagen",
    "also_means": "Es wird beim Alarm vermerkt. Sonst ändert sich nichts.",
    "evidence": "Was gesehen wurde",
    "picture_of": "Bild von {camera}",
    "some_camera": "einer Kamera",
    "label": "Gesehen",
    "camera": "Kamera",
    "recording": "Aufnahme öffnen",
    "how_sure": render.GERMAN.how_sure,
    **{f"level_{number}": text for number, text in enumerate(render.GERMAN.levels)},
    "said": "Antworten und Notizen",
    "said_confirmed": "Von einer zweiten Zone bestätigt",
    "said_zone_tripped": "Eine weitere Zone meldet",
    "said_pressed_again": "Erneut ausgelöst",
    "said_reopened": "Keine Reaktion: andere werden gerufen",
    "said_also": "hat auch geantwortet",
    "unknown-token": "Dieser Link ist nicht bekannt",
    "unknown-token_says": "Bitte die neueste Nachricht öffnen und ihren Link antippen. Wurde er abgetippt: noch einmal prüfen.",
    "link-expired": "Dieser Link ist zu alt",
    "link-expired_says": "Er gehört zu einem früheren Alarm. Gibt es jetzt einen, hat dessen Nachricht einen eigenen Link.",
    "too-many-requests": "Zu viele Anfragen",
    "too-many-requests_says": "Bitte eine Minute warten und neu laden. Wenn es eilt: anrufen.",
    "form-expired": "Es wurde nichts geändert",
    "form-expired_says": "Die Antwort kam von einer anderen Seite. Bitte den Link in der Nachricht öffnen und dort antworten.",
    "body-too-large": "Das ist zu viel Text",
    "body-too-large_says": "Bitte zurückgehen und eine kürzere Notiz schreiben. Es wurde nichts geändert.",
    "unknown-alarm": "Dieser Alarm ist nicht bekannt",
    "unknown-alarm_says": "Bitte zurück zur Übersicht; der Link ist vielleicht von einer anderen Installation.",
    "role-too-low": "Dieser Schlüssel darf das nicht sehen",
    "role-too-low_says": "Bitte mit einem Schlüssel mit höherer Rolle anmelden.",
    "one-site-only": "Dieser Schlüssel gilt für einen Standort",
    "one-site-only_says": "Diese Seite zeigt alle Standorte. Bitte mit einem Schlüssel für alle anmelden.",
    "other": "Das hat nicht geklappt",
    "other_says": "Bitte zurückgehen und noch einmal versuchen. Wenn es eilt: anrufen, nicht auf diese Seite warten.",
    "now": "gerade eben",
    "seconds": "vor {n} s",
    "minutes": "vor {n} Min.",
    "hours": "vor {n} Std.",
    "days": "vor {n} Tagen",
    "time": render.GERMAN.time.removesuffix(" %Z"),
}

_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "panic": ("Panic alarm", "Notruf"),
    "duress": ("Duress", "Bedrohung"),
    "medical": ("Medical emergency", "Medizinischer Notfall"),
    "fire": ("Fire", "Feuer"),
    "gas": ("Gas", "Gas"),
    "water": ("Water", "Wasser"),
    "burglary": ("Burglary", "Einbruch"),
    "tamper": ("Tamper", "Sabotage"),
    "technical": ("Fault", "Störung"),
}


def words_for(language: str) -> Words:
    """Return the words of a language tag such as `de-AT`; English for what is not translated."""
    return GERMAN if is_german(language) else ENGLISH


def preferred(accept_language: str) -> str:
    """Return the first of our languages in an Accept-Language header, else `en`.

    In the order it is written in: every browser writes the best one first.
    """
    known = (primary(part.partition(";")[0]) for part in accept_language.split(","))
    return next((language for language in known if language in {"de", "en"}), "en")


def kind_label(kind: str, words: Words) -> str:
    """Return what sort of trouble it is."""
    english, german = _KINDS[kind]
    return german if words is GERMAN else english


def ago(age: timedelta, words: Words) -> str:
    """Return how long ago something was, as roughly as people say it."""
    seconds = int(age.total_seconds())
    for unit, length in (("days", 2 * 86_400), ("hours", 2 * 3600), ("minutes", 120), ("seconds", 5)):
        if seconds >= length:
            size = {"days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1}[unit]
            return words[unit].format(n=seconds // size)
    return words["now"]
