"""What the settings and the modes are called where a sentence names them, as in the forms. Pure."""

from collections.abc import Mapping

from ..core.panel.config import ArmMode

MODES: Mapping[str, Mapping[ArmMode, str]] = {
    "en": {
        ArmMode.AWAY: "Away",
        ArmMode.HOME: "Home",
        ArmMode.NIGHT: "Night",
        ArmMode.VACATION: "Vacation",
        ArmMode.CUSTOM_BYPASS: "Custom bypass",
    },
    "de": {
        ArmMode.AWAY: "Abwesend",
        ArmMode.HOME: "Anwesend",
        ArmMode.NIGHT: "Nacht",
        ArmMode.VACATION: "Urlaub",
        ArmMode.CUSTOM_BYPASS: "Benutzerdefiniert",
    },
}
FIELDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "exit_delay": "Exit delay",
        "entry_delay": "Entry delay",
        "siren_time": "Siren time",
        "abort_window": "Abort window",
        "cancel_window": "Cancel window",
        "confirm_window": "Confirmation time",
        "exit_restart": "Restart the exit delay on coming back",
        "swinger_trips": "Alarms until a zone is shut down",
        "lockout_attempts": "Wrong codes until the lockout",
        "lockout_time": "Lockout",
        "trouble_battery": "Battery low",
        "trouble_calendar": "Calendar not readable",
        "trouble_camera": "Camera server out of reach",
        "trouble_companion": "Companion out of reach",
        "trouble_heartbeat": "Sensor not heard of for too long",
        "trouble_jam": "Radio jammed",
        "trouble_lost": "Sensor without a signal",
        "trouble_power": "No mains power",
        "trouble_tamper": "Housing opened",
        "code": "Code",
    },
    "de": {
        "exit_delay": "Ausgangsverzögerung",
        "entry_delay": "Eingangsverzögerung",
        "siren_time": "Sirenendauer",
        "abort_window": "Abbruchfenster",
        "cancel_window": "Rücknahmefenster",
        "confirm_window": "Bestätigungszeit",
        "exit_restart": "Ausgangsverzögerung beim Zurückkommen neu beginnen",
        "swinger_trips": "Alarme, bis eine Zone ausgelassen wird",
        "lockout_attempts": "Falsche Codes bis zur Sperre",
        "lockout_time": "Sperre",
        "trouble_battery": "Batterie schwach",
        "trouble_calendar": "Kalender nicht lesbar",
        "trouble_camera": "Kameraserver nicht erreichbar",
        "trouble_companion": "Begleitdienst nicht erreichbar",
        "trouble_heartbeat": "Sensor zu lange nicht gemeldet",
        "trouble_jam": "Funk gestört",
        "trouble_lost": "Sensor ohne Signal",
        "trouble_power": "Kein Netzstrom",
        "trouble_tamper": "Gehäuse geöffnet",
        "code": "Code",
    },
}
"""Of what a profile limits."""
ALLOWED: Mapping[str, Mapping[str, str]] = {
    "en": {"on": "on", "ask, block": "ask or block"},
    "de": {"on": "ein", "ask, block": "nachfragen oder verhindern"},
}
"""What a profile allows and is no number."""
