"""What people read of a trouble: one title and one piece of advice for each kind, in English and German. Pure.

The kinds are those of `companion.troubles.model.TroubleKind`; a fact that is missing is shown as `?`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from companion.channels.labels import alarm_title, is_german


@dataclass(frozen=True)
class TroubleText:
    """One kind of trouble in one language; `{subject}` and the trouble's facts may stand in it."""

    title: str
    advice: str


class _Known(dict[str, object]):
    """The facts that there are, and a question mark for the others."""

    def __missing__(self, name: str) -> str:
        return "?"


ENGLISH: Mapping[str, TroubleText] = {
    "channel_refuses": TroubleText(
        "Channel {subject} takes no messages",
        "The last {failures} tries failed: {reason}. People are told over their other contacts, if they have any. "
        "Look at the provider and at the channel's settings; /admin/channels shows when it works again.",
    ),
    "alarm_told_nobody": TroubleText(
        "Nobody was told of an alarm: {subject}",
        "Its policy led to no address that can be used. See to the alarm now, then give its site a policy, or the "
        "installation a last resort.",
    ),
    "site_reaches_nobody": TroubleText(
        "Alarms of {subject} would tell nobody",
        "{cause} Give the site a policy whose steps lead to a contact on a channel that is switched on.",
    ),
    "step_reached_nobody": TroubleText(
        "A step of an alarm reached nobody: {subject}",
        "Every address of the step refused, or its people have none. The next step was told instead. See to the alarm "
        "now, then look at the addresses and channels of whom the step names.",
    ),
    "alarm_unanswered": TroubleText(
        "Nobody has answered an alarm, and there is nobody left to tell: {subject}",
        "See to the alarm now. Then name a last resort in its policy, or in the installation.",
    ),
    "key_reaches_nobody": TroubleText(
        "The panic key {subject} leads to nobody",
        "{cause} Give the device or its site a policy that leads to a contact on a channel that is "
        "switched on, or the installation a last resort.",
    ),
    "panel_reaches_nobody": TroubleText(
        "Alarms of Home Assistant {subject} would tell nobody",
        "They belong to no site. Give it an API key for its site, or the installation a last resort.",
    ),
    "panel_unknown": TroubleText(
        "Home Assistant {subject} does not know whether it is armed",
        "The file of its panel was lost: {areas}. Last heard: {last_known}. Only smoke, gas, water, tamper and panic are "
        "guarded. Look after the house; then disarm there with a code, or confirm the repair in Home Assistant.",
    ),
}
GERMAN: Mapping[str, TroubleText] = {
    "channel_refuses": TroubleText(
        "Kanal {subject} nimmt keine Nachrichten an",
        "Die letzten {failures} Versuche schlugen fehl: {reason}. Wer andere Kontakte hat, wird über diese benachrichtigt. "
        "Anbieter und Einstellungen des Kanals prüfen; /admin/channels zeigt, wann er wieder geht.",
    ),
    "alarm_told_nobody": TroubleText(
        "Von einem Alarm hat niemand erfahren: {subject}",
        "Seine Regel führte zu keiner brauchbaren Adresse. Jetzt nach dem Alarm sehen, dann dem Standort eine Regel geben "
        "oder der Installation einen letzten Ausweg (last_resort).",
    ),
    "site_reaches_nobody": TroubleText(
        "Alarme von {subject} würden niemanden erreichen",
        "{cause} Dem Standort eine Regel geben, deren Schritte zu einem Kontakt auf einem eingeschalteten "
        "Kanal führen.",
    ),
    "step_reached_nobody": TroubleText(
        "Ein Schritt eines Alarms hat niemanden erreicht: {subject}",
        "Alle Adressen des Schritts lehnten ab, oder seine Personen haben keine. Stattdessen wurde der nächste Schritt "
        "benachrichtigt. Jetzt nach dem Alarm sehen, dann die Adressen und Kanäle der Genannten prüfen.",
    ),
    "alarm_unanswered": TroubleText(
        "Ein Alarm ist ohne Antwort, und niemand ist mehr zu benachrichtigen: {subject}",
        "Jetzt nach dem Alarm sehen. Dann in seiner Regel oder in der Installation einen letzten Ausweg (last_resort) nennen.",
    ),
    "key_reaches_nobody": TroubleText(
        "Die Paniktaste {subject} führt zu niemandem",
        "{cause} Dem Gerät oder seinem Standort eine Regel geben, die zu einem Kontakt auf einem "
        "eingeschalteten Kanal führt, oder der Installation einen letzten Ausweg (last_resort).",
    ),
    "panel_reaches_nobody": TroubleText(
        "Alarme von Home Assistant {subject} würden niemanden erreichen",
        "Sie gehören zu keinem Standort. Ihm einen API-Schlüssel für seinen Standort geben oder der Installation einen "
        "letzten Ausweg (last_resort).",
    ),
    "panel_unknown": TroubleText(
        "Home Assistant {subject} weiß nicht, ob scharf ist",
        "Die Datei seiner Alarmanlage ging verloren: {areas}. Zuletzt gehört: {last_known}. Bewacht werden nur Rauch, Gas, "
        "Wasser, Sabotage und Panik. Nach dem Haus sehen; dann dort mit Code unscharf schalten oder in Home Assistant die "
        "Reparatur bestätigen.",
    ),
}


CAUSES_IN_ENGLISH: Mapping[str, str] = {
    "no_policy": "There is no policy for them.",
    "no_contact": "Their policy leads to no contact on a channel that is switched on.",
}
CAUSES_IN_GERMAN: Mapping[str, str] = {
    "no_policy": "Es gibt keine Regel für sie.",
    "no_contact": "Ihre Regel führt zu keinem Kontakt auf einem eingeschalteten Kanal.",
}
"""What `companion.directory.reach.Cause` means to a reader."""


def trouble_title(kind: str, *, subject: str, facts: Mapping[str, object], language: str) -> str:
    """Return what is wrong, in one line; a kind without a text is named by its code.

    The subject may be an alarm's title, whose `source` is among the facts then.
    """
    subject = alarm_title(subject, str(facts.get("source", "")), language)
    text = _texts(language).get(kind)
    if text is None:
        return f"{kind}: {subject}"
    title = text.title.format_map(_Known({**facts, "subject": subject}))
    return f"{title} {_and_more(language).format(facts['more'])}" if "more" in facts else title


def trouble_advice(kind: str, *, facts: Mapping[str, object], language: str) -> str:
    """Return what to do about it; for a kind without a text, what is known."""
    text = _texts(language).get(kind)
    if text is None:
        return ", ".join(f"{name}: {value}" for name, value in facts.items())
    cause = cause_text(str(facts.get("cause", "?")), language)
    return text.advice.format_map(_Known({**facts, "cause": cause}))


def cause_text(cause: str, language: str) -> str:
    """Return why nobody would be told."""
    causes = CAUSES_IN_GERMAN if is_german(language) else CAUSES_IN_ENGLISH
    return causes.get(cause, f"({cause})")


def _and_more(language: str) -> str:
    return "(und {} weitere)" if _texts(language) is GERMAN else "(and {} more)"


def _texts(language: str) -> Mapping[str, TroubleText]:
    return GERMAN if is_german(language) else ENGLISH
