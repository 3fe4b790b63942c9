"""What the import of an Alarmo configuration has to say: what does not come along, or means something else here. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Note(StrEnum):
    """One kind of remark; its sentences are in `SENTENCES`."""

    SIREN_ENDLESS = "siren_endless"
    AREA_WITHOUT_MODES = "area_without_modes"
    SENSOR_ORPHANED = "sensor_homeless"
    SENSOR_DISABLED = "sensor_disabled"
    SENSOR_GONE = "sensor_gone"
    SENSOR_SILENT = "sensor_silent"
    SENSOR_UNGUARDED = "sensor_unguarded"
    TAMPER_DOUBTED = "tamper_doubted"
    UNAVAILABLE_IS_TROUBLE = "blind_is_trouble"
    BYPASS_IN_ALL_MODES = "bypass_in_all_modes"
    FOLLOWER = "follower"
    ALWAYS_GUARDED = "always_guarded"
    CLOSED_AT_ARMING = "closed_at_arming"
    OPENED_WHILE_LEAVING = "opened_while_leaving"
    FINAL_DOOR_ONLY_ENTRY = "final_door_only_entry"
    GROUP_SAVES_LIVES = "group_saves_lives"
    GROUP_TOO_SMALL = "group_too_small"
    GROUP_OVER_AREAS = "group_over_areas"
    GROUP_ON_THE_WAY_IN = "group_on_the_way_in"
    USER_WITHOUT_CODE = "user_without_code"
    USER_WITHOUT_AREA = "user_without_area"
    USER_LOSES_AREA = "user_loses_area"
    USER_OVERRIDE = "user_override"
    USER_CODE_LENGTH = "user_code_length"
    USER_TEXT_CODE = "user_text_code"
    DISARMING_TAKES_CODE = "disarming_takes_code"
    CHANGING_TAKES_CODE = "changing_takes_code"
    STAYS_ARMED = "stays_armed"
    MQTT = "mqtt"
    AUTOMATIONS = "automations"


@dataclass(frozen=True, slots=True)
class ImportNote:
    """One remark for the preview."""

    note: Note
    about: Mapping[str, str] = field(default_factory=dict)
    """What its sentence names."""


SENTENCES: Mapping[str, Mapping[Note, str]] = {
    "en": {
        Note.SIREN_ENDLESS: "{area}: a siren without an end gets one, after {seconds} seconds.",
        Note.AREA_WITHOUT_MODES: "{area}: no mode is enabled; the area is left out, with its sensors.",
        Note.SENSOR_ORPHANED: "{sensor}: its area does not come along; neither does it.",
        Note.SENSOR_DISABLED: "{sensor}: disabled in Alarmo; left out.",
        Note.SENSOR_GONE: (
            "{sensor}: Home Assistant knows no such sensor; its zone has no signal and stands in the way of arming until "
            "another one is chosen for it, or it is removed."
        ),
        Note.SENSOR_SILENT: (
            "{sensor}: gives no signal now (unavailable); until it does, it stands in the way of arming."
        ),
        Note.SENSOR_UNGUARDED: "{sensor}: no mode of its area guards it; choose modes for its zone, or nothing does.",
        Note.TAMPER_DOUBTED: (
            "{sensor}: called tamper in Alarmo, which its device class does not say; it comes along guarded only while "
            "armed, as before. Choose it below if it is a tamper contact, to be guarded always."
        ),
        Note.UNAVAILABLE_IS_TROUBLE: (
            "{sensor}: an unavailable sensor is a trouble here and stands in the way of arming; it does not trigger "
            "the alarm."
        ),
        Note.BYPASS_IN_ALL_MODES: "{sensor}: the automatic bypass holds in all modes, not only in some.",
        Note.FOLLOWER: (
            "{sensor}: has the entry delay only after a door on the way in has opened; without that it triggers at "
            "once."
        ),
        Note.ALWAYS_GUARDED: "{sensor}: a zone of this kind is always guarded here, also while disarmed.",
        Note.CLOSED_AT_ARMING: (
            "{sensor}: must be closed when arming begins; Alarmo let it stand open until the exit delay ended."
        ),
        Note.OPENED_WHILE_LEAVING: (
            "Opening a zone during the exit delay does not stop the arming; one that is still open at its end starts "
            "the entry delay."
        ),
        Note.FINAL_DOOR_ONLY_ENTRY: "{sensor}: closing it does not end the exit delay; only an entry door does that.",
        Note.GROUP_SAVES_LIVES: "{group}: {sensors} cannot be in a group, and always triggers alone.",
        Note.GROUP_TOO_SMALL: "{group}: too few of its sensors come along; the group is left out, they trigger alone.",
        Note.GROUP_OVER_AREAS: "{group}: its sensors are in several areas; the group is left out, they trigger alone.",
        Note.GROUP_ON_THE_WAY_IN: (
            "{group}: {sensors} cannot be in a group, being on the way in; the group is left out, all trigger alone."
        ),
        Note.USER_WITHOUT_CODE: "{user}: has no code; the user is left out.",
        Note.USER_WITHOUT_AREA: "{user}: none of the user's areas comes along; the user is left out.",
        Note.USER_LOSES_AREA: "{user}: not all of the user's areas come along; the code works in the others.",
        Note.USER_OVERRIDE: "{user}: the override code is an ordinary one here; to arm with open zones, force it.",
        Note.USER_CODE_LENGTH: (
            "{user}: how long the code is has not been stored; set it anew before you set a duress code."
        ),
        Note.USER_TEXT_CODE: (
            "{user}: the code has letters, and the panel asks for digits. Set the code anew, or change the panel's codes "
            "to text under Configure."
        ),
        Note.DISARMING_TAKES_CODE: "Disarming takes a code here as soon as one user has one.",
        Note.CHANGING_TAKES_CODE: "Changing the mode while armed takes a code here as soon as one user has one.",
        Note.STAYS_ARMED: "After the siren an area stays armed here, also with a zone open; it never disarms itself.",
        Note.MQTT: "MQTT does not come along: use automations on the panel's entities.",
        Note.AUTOMATIONS: (
            "{count} notifications and actions do not come along: choose notify targets, and write automations on "
            "the panel's events or take the blueprints."
        ),
    },
    "de": {
        Note.SIREN_ENDLESS: "{area}: eine Sirene ohne Ende bekommt eines, nach {seconds} Sekunden.",
        Note.AREA_WITHOUT_MODES: "{area}: kein Modus ist aktiv; der Bereich entfällt samt seinen Sensoren.",
        Note.SENSOR_ORPHANED: "{sensor}: der Bereich wird nicht übernommen, der Sensor also auch nicht.",
        Note.SENSOR_DISABLED: "{sensor}: in Alarmo deaktiviert; entfällt.",
        Note.SENSOR_GONE: (
            "{sensor}: diesen Sensor kennt Home Assistant nicht; seine Zone hat kein Signal und steht dem Scharfschalten "
            "im Weg, bis ein anderer für sie gewählt oder sie entfernt wird."
        ),
        Note.SENSOR_SILENT: (
            "{sensor}: gibt gerade kein Signal (nicht verfügbar); bis dahin steht er dem Scharfschalten im Weg."
        ),
        Note.SENSOR_UNGUARDED: (
            "{sensor}: kein Modus seines Bereichs überwacht ihn; ohne gewählte Modi tut das auch seine Zone nicht."
        ),
        Note.TAMPER_DOUBTED: (
            "{sensor}: heißt in Alarmo Sabotage, was seine Geräteklasse nicht sagt; er wird wie bisher nur im scharfen "
            "Zustand überwacht. Ist er ein Sabotagekontakt, bitte unten wählen: dann wird er immer überwacht."
        ),
        Note.UNAVAILABLE_IS_TROUBLE: (
            "{sensor}: ein nicht verfügbarer Sensor ist hier eine Störung und steht dem Scharfschalten im Weg; er löst "
            "keinen Alarm aus."
        ),
        Note.BYPASS_IN_ALL_MODES: "{sensor}: wird in allen Modi von selbst ausgelassen, nicht nur in einigen.",
        Note.FOLLOWER: (
            "{sensor}: verzögert nur, nachdem eine Tür auf dem Weg hinein geöffnet wurde; sonst löst er sofort aus."
        ),
        Note.ALWAYS_GUARDED: "{sensor}: eine Zone dieser Art wird hier immer überwacht, auch unscharf.",
        Note.CLOSED_AT_ARMING: (
            "{sensor}: muss geschlossen sein, wenn das Scharfschalten beginnt; bei Alarmo durfte er bis zum Ende der "
            "Ausgangsverzögerung offen sein."
        ),
        Note.OPENED_WHILE_LEAVING: (
            "Eine Zone, die während der Ausgangsverzögerung geöffnet wird, bricht das Scharfschalten nicht ab; ist sie "
            "am Ende noch offen, beginnt die Eingangsverzögerung."
        ),
        Note.FINAL_DOOR_ONLY_ENTRY: (
            "{sensor}: Schließen beendet die Ausgangsverzögerung nicht; das kann nur eine Eingangstür."
        ),
        Note.GROUP_SAVES_LIVES: "{group}: {sensors} darf in keiner Gruppe sein und löst immer allein aus.",
        Note.GROUP_TOO_SMALL: (
            "{group}: zu wenige ihrer Sensoren werden übernommen; die Gruppe entfällt, sie lösen allein aus."
        ),
        Note.GROUP_OVER_AREAS: (
            "{group}: ihre Sensoren sind in mehreren Bereichen; die Gruppe entfällt, sie lösen allein aus."
        ),
        Note.GROUP_ON_THE_WAY_IN: (
            "{group}: {sensors} liegt auf dem Weg hinein und darf in keiner Gruppe sein; die Gruppe entfällt, alle "
            "lösen allein aus."
        ),
        Note.USER_WITHOUT_CODE: "{user}: hat keinen Code; der Benutzer entfällt.",
        Note.USER_WITHOUT_AREA: "{user}: keiner der Bereiche wird übernommen; der Benutzer entfällt.",
        Note.USER_LOSES_AREA: (
            "{user}: nicht alle Bereiche werden übernommen; der Code gilt in den übrigen."
        ),
        Note.USER_OVERRIDE: (
            "{user}: der Code zum Übergehen ist hier ein gewöhnlicher; mit offenen Zonen lässt sich das Scharfschalten "
            "erzwingen."
        ),
        Note.USER_CODE_LENGTH: (
            "{user}: die Länge des Codes ist nicht gespeichert; bitte neu setzen, bevor ein Zwangscode gesetzt wird."
        ),
        Note.USER_TEXT_CODE: (
            "{user}: der Code hat Buchstaben, und die Anlage verlangt Ziffern. Bitte den Code neu setzen oder unter "
            "Konfigurieren auf Text umstellen."
        ),
        Note.DISARMING_TAKES_CODE: "Unscharfschalten verlangt hier einen Code, sobald ein Benutzer einen hat.",
        Note.CHANGING_TAKES_CODE: (
            "Ein Moduswechsel im scharfen Zustand verlangt hier einen Code, sobald ein Benutzer einen hat."
        ),
        Note.STAYS_ARMED: (
            "Nach der Sirene bleibt ein Bereich hier scharf, auch mit offener Zone; er schaltet sich nie selbst unscharf."
        ),
        Note.MQTT: "MQTT wird nicht übernommen: dafür gibt es Automationen mit den Entitäten der Anlage.",
        Note.AUTOMATIONS: (
            "{count} Benachrichtigungen und Aktionen werden nicht übernommen: Empfänger wählen und Automationen auf die "
            "Ereignisse der Anlage schreiben oder die Vorlagen nehmen."
        ),
    },
}


def sentence(one: ImportNote, language: str) -> str:
    """Return a remark as a person reads it."""
    return SENTENCES["de" if language.startswith("de") else "en"][one.note].format(**one.about)
