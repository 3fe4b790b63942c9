"""The logbook's sentences, in the languages that are spoken here. Pure."""

from collections.abc import Mapping
from typing import Any

from ..core.panel.config import AlarmKind, ArmMode
from ..system.activity import ActivityKind as Kind
from .activity import MODES
from .push import TEXTS, TROUBLES, known_language

SENTENCES: Mapping[str, Mapping[Kind, str]] = {
    "en": {
        Kind.ARMING: "is being armed{mode}{by}",
        Kind.ARMED: "was armed{mode}{by}",
        Kind.DISARMED: "was disarmed{by}",
        Kind.PENDING: "began the entry delay{zones}",
        Kind.EXIT_ERROR: "was not closed when the exit delay ended{zones}",
        Kind.TRIGGERED: "raised a {alarm_kind} alarm{raised}",
        Kind.ZONE_TRIPPED: "had another zone trip{zones}",
        Kind.CONFIRMED: "had its alarm confirmed by a second zone{zones}",
        Kind.ALARM_ABORTED: "had its alarm aborted in time{by}; nobody outside was told",
        Kind.ALARM_CANCELLED: "had its alarm cancelled as false{by}",
        Kind.ARMING_REFUSED: "could not be armed{by}{why}",
        Kind.WRONG_CODE: "got a wrong code{from}{wanted}",
        Kind.CODE_REFUSED: "refused a code{from}{wanted}{why}",
        Kind.LOCKOUT: "takes no code for a while: too many were wrong",
        Kind.ARMED_WITH_FAULT: "was armed in spite of a fault{by}{why}",
        Kind.BYPASSED: "left out {names} ({reason}){by}",
        Kind.UNBYPASSED: "guards {names} again{who}",
        Kind.ZONE_SHUT_DOWN: "left out {names} after too many alarms",
        Kind.TROUBLE: "has a trouble: {trouble}",
        Kind.TROUBLE_CLEARED: "is free of a trouble: {trouble}",
        Kind.WALK_TEST_STARTED: "began a walk test{who}",
        Kind.WALK_TEST_ENDED: "ended its walk test{who}{never_seen}",
        Kind.MEMORY_CLEARED: "had its alarm memory cleared{by}",
        Kind.CHIME: "chimed{zones}",
        Kind.SILENCED: "had its siren silenced{by}",
        Kind.CODE_USED: "took a code{from} on vacation",
        Kind.EVERYONE_LEFT: "is empty: {person} left last",
        Kind.FIRST_ARRIVED: "is not empty any more: {person} came",
        Kind.ARRIVED_WHILE_ARMED: "is armed, and {person} came home",
        Kind.ARM_REMINDER: "is not armed, and nobody is home",
        Kind.AUTO_ARM_ANNOUNCED: "will be armed{mode} as nobody is home",
        Kind.AUTO_ARM_DROPPED: "will not be armed by itself after all{who}",
        Kind.AUTO_ARM_FAILED: "could not be armed{mode} by itself: {reason}",
        Kind.WINDOW_STARTED: "began a {window} window: {event_title}",
        Kind.WINDOW_ENDED: "ended a {window} window",
        Kind.VERIFIED: "had its alarm verified: level {level}{who}",
        Kind.STATE_UNKNOWN: "does not know whether it was armed: its file is lost",
        Kind.PUSH_REFUSED: "refused a push action{from}: {reason}",
        Kind.PUSH_UNCONFIRMED: "told of an alarm, and no phone confirmed it",
    },
    "de": {
        Kind.ARMING: "wird scharf geschaltet{mode}{by}",
        Kind.ARMED: "wurde scharf geschaltet{mode}{by}",
        Kind.DISARMED: "wurde unscharf geschaltet{by}",
        Kind.PENDING: "begann die Eingangsverzögerung{zones}",
        Kind.EXIT_ERROR: "war am Ende der Ausgangsverzögerung nicht geschlossen{zones}",
        Kind.TRIGGERED: "meldet Alarm ({alarm_kind}){raised}",
        Kind.ZONE_TRIPPED: "meldet eine weitere Zone{zones}",
        Kind.CONFIRMED: "meldet den Alarm als bestätigt durch eine zweite Zone{zones}",
        Kind.ALARM_ABORTED: (
            "hat keinen Alarm mehr: rechtzeitig abgebrochen{by}; außerhalb wurde niemand verständigt"
        ),
        Kind.ALARM_CANCELLED: "hat keinen Alarm mehr: als Fehlalarm abgebrochen{by}",
        Kind.ARMING_REFUSED: "ließ sich{from} nicht scharf schalten{why}",
        Kind.WRONG_CODE: "bekam einen falschen Code{from}{wanted}",
        Kind.CODE_REFUSED: "nahm einen Code{from}{wanted} nicht an{why}",
        Kind.LOCKOUT: "nimmt vorerst keinen Code an: zu viele waren falsch",
        Kind.ARMED_WITH_FAULT: "wurde trotz einer Störung scharf geschaltet{by}{why}",
        Kind.BYPASSED: "lässt {names} aus: {reason}{who}",
        Kind.UNBYPASSED: "überwacht {names} wieder{who}",
        Kind.ZONE_SHUT_DOWN: "lässt {names} nach zu vielen Alarmen aus",
        Kind.TROUBLE: "hat eine Störung: {trouble}",
        Kind.TROUBLE_CLEARED: "hat eine Störung weniger: {trouble}",
        Kind.WALK_TEST_STARTED: "begann einen Gehtest{who}",
        Kind.WALK_TEST_ENDED: "beendete den Gehtest{who}{never_seen}",
        Kind.MEMORY_CLEARED: "hat einen leeren Alarmspeicher: gelöscht{by}",
        Kind.CHIME: "gab einen Gong{zones}",
        Kind.SILENCED: "ist wieder still: Sirene abgestellt{by}",
        Kind.CODE_USED: "nahm im Urlaub einen Code{from} an",
        Kind.EVERYONE_LEFT: "ist leer: {person} ging zuletzt",
        Kind.FIRST_ARRIVED: "ist nicht mehr leer: {person} kam",
        Kind.ARRIVED_WHILE_ARMED: "ist scharf, und {person} kam nach Hause",
        Kind.ARM_REMINDER: "ist nicht scharf, und niemand ist zu Hause",
        Kind.AUTO_ARM_ANNOUNCED: "wird scharf geschaltet{mode}, da niemand zu Hause ist",
        Kind.AUTO_ARM_DROPPED: "wird nun doch nicht von selbst scharf geschaltet{who}",
        Kind.AUTO_ARM_FAILED: "ließ sich nicht von selbst scharf schalten{mode}: {reason}",
        Kind.WINDOW_STARTED: "begann ein Zeitfenster ({window}): {event_title}",
        Kind.WINDOW_ENDED: "beendete ein Zeitfenster ({window})",
        Kind.VERIFIED: "hat einen verifizierten Alarm: Stufe {level}{who}",
        Kind.STATE_UNKNOWN: "weiß nicht, ob scharf war: die Datei ist verloren",
        Kind.PUSH_REFUSED: "nahm einen Tastendruck{from} nicht an: {reason}",
        Kind.PUSH_UNCONFIRMED: "meldete einen Alarm, und kein Telefon hat ihn bestätigt",
    },
}
FRAMES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "mode": " {}",
        "by": " by {}",
        "from": " from {}",
        "wanted": " {}",
        "who": " ({})",
        "listed": ": {}",
        "set_off": ", set off by {}",
        "set_off_by_hand": ", set off by hand",
        "never_seen": "; never seen: {}",
        "all_seen": "; every zone was seen",
        "somebody": "somebody",
        "changed": "changed",
    },
    "de": {
        "mode": " ({})",
        "by": " durch {}",
        "from": " von {}",
        "wanted": " {}",
        "who": " ({})",
        "listed": ": {}",
        "set_off": ", ausgelöst durch {}",
        "set_off_by_hand": ", ausgelöst von Hand",
        "never_seen": "; nie gesehen: {}",
        "all_seen": "; jede Zone wurde gesehen",
        "somebody": "jemand",
        "changed": "hat sich geändert",
    },
}
"""What is said only where there is something to say."""

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "manual": "asked for",
        "auto": "was open",
        "allowed_open": "may be open",
        "after_alarm": "still open after the alarm",
        "forged": "unknown here",
        "replayed": "used already",
        "late": "too late",
        "not_yours": "sent to somebody else",
        "disabled": "the code is disabled",
        "not_yet": "the code is not valid yet",
        "expired": "the code is not valid any more",
        "outside_hours": "the code is not valid at this time",
        "used_up": "the code is used up",
        "no_window": "the code is good only in a calendar window",
        "not_allowed": "the code may not do this",
        "code_needed": "it takes a code",
        "locked_out": "no code is taken for a while",
        "alarm_ongoing": "an alarm is going on",
        "state_unknown": "nobody knows whether it was armed",
        "mode_unknown": "there is no such mode",
        "nothing_to_repeat": "it was never armed before",
        "not_bypassable": "may not be left out",
        "wanted_arm": "to arm",
        "wanted_disarm": "to disarm",
        "wanted_silence": "to silence the siren",
        "wanted_bypass": "to leave a zone out",
        "wanted_unbypass": "to guard a zone again",
        "wanted_clear_memory": "to clear the alarm memory",
        "wanted_walk_test": "for the walk test",
        "wanted_look": "to look",
    },
    "de": {
        **{mode: MODES["de"][mode] for mode in ArmMode},
        **{kind: TEXTS["de"][kind] for kind in AlarmKind if kind is not AlarmKind.DURESS},
        "guest": "Gäste",
        "cleaning": "Reinigung oder Handwerk",
        "quiet": "Ruhe",
        "manual": "auf Wunsch",
        "auto": "stand offen",
        "forced": "erzwungen",
        "allowed_open": "darf offen sein",
        "after_alarm": "nach dem Alarm noch offen",
        "forged": "hier unbekannt",
        "replayed": "schon benutzt",
        "late": "zu spät",
        "not_yours": "an jemand anderen gesendet",
        "disabled": "der Code ist deaktiviert",
        "not_yet": "der Code gilt noch nicht",
        "expired": "der Code gilt nicht mehr",
        "outside_hours": "der Code gilt nicht um diese Zeit",
        "used_up": "der Code ist aufgebraucht",
        "no_window": "der Code gilt nur in einem Zeitfenster aus dem Kalender",
        "not_allowed": "der Code darf das nicht",
        "code_needed": "dafür braucht es einen Code",
        "locked_out": "vorerst wird kein Code angenommen",
        "alarm_ongoing": "ein Alarm läuft",
        "state_unknown": "niemand weiß, ob scharf war",
        "mode_unknown": "diesen Modus gibt es nicht",
        "nothing_to_repeat": "war noch nie scharf",
        "not_bypassable": "darf nicht ausgelassen werden",
        "wanted_arm": "zum Scharfschalten",
        "wanted_disarm": "zum Unscharfschalten",
        "wanted_silence": "zum Abstellen der Sirene",
        "wanted_bypass": "zum Auslassen einer Zone",
        "wanted_unbypass": "zum Einbeziehen einer Zone",
        "wanted_clear_memory": "zum Löschen des Alarmspeichers",
        "wanted_walk_test": "für den Gehtest",
        "wanted_look": "zum Nachsehen",
    },
}
"""What is said of a value otherwise than by its own name."""


def sentence(data: Mapping[str, Any], language: str) -> str:
    """Return what an event of the panel tells, as a person reads it after the name of the area."""
    known = known_language(language)
    frames = FRAMES[known]
    kind = str(data.get("kind"))
    if kind not in SENTENCES[known]:
        return frames["changed"]

    def framed(frame: str, said: str) -> str:
        return frames[frame].format(said) if said else ""

    by, names = str(data.get("by") or ""), ", ".join(data.get("zones") or ())
    set_off = frames["set_off"].format(by) if by else "" if names else frames["set_off_by_hand"]
    told = {key: _word(data.get(key), known) for key in ("alarm_kind", "reason", "window")}
    return SENTENCES[known][Kind(kind)].format(
        **told,
        mode=framed("mode", _word(data.get("mode"), known)),
        by=framed("by", by),
        who=framed("who", by),
        person=by or frames["somebody"],
        names=names,
        zones=framed("listed", names),
        wanted=framed("wanted", _word(data.get("wanted") and f"wanted_{data['wanted']}", known)),
        why=framed("listed", ", ".join(_reasons(data, names, known))),
        raised=framed("listed", names) + set_off,
        never_seen=framed("never_seen", names) or frames["all_seen"],
        trouble=_trouble(data.get("trouble"), names or data.get("source"), known),
        event_title=data.get("event_title"),
        level=data.get("level"),
        **{"from": framed("from", by)},
    )


def _reasons(data: Mapping[str, Any], names: str, language: str) -> list[str]:
    """Return what stood in the way: zones, troubles, or what was wrong with the wish itself."""
    troubles = [
        _trouble(one["kind"], one["zone"] or one["source"], language)
        for one in data.get("trouble_details") or ()
    ]
    return [one for one in (names, *troubles, _word(data.get("problem"), language)) if one]


def _trouble(kind: Any, where: str | None, language: str) -> str:
    words = TROUBLES[language].get(kind, str(kind))
    return f"{where} ({words})" if where else words


def _word(value: Any, language: str) -> str:
    """Return a value in words; of what there are none for, its name. A sentence is told as it is."""
    text = str(value or "")
    return WORDS[language].get(text, text if " " in text else text.replace("_", " "))
