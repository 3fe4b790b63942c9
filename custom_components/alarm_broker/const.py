"""Names and limits that several files of the integration share."""

import logging
from datetime import timedelta
from typing import Final

DOMAIN: Final = "alarm_broker"
LOGGER = logging.getLogger(__package__)

EVENT_HAPPENED: Final = "alarm_broker_event"
"""Fired on the bus for each thing that happens at the panel, for the logbook."""

SIGNAL_HAPPENED: Final = "alarm_broker_happened"
"""Sent within Home Assistant for the same, which nobody outside can forge."""

SUBENTRY_AREA: Final = "area"
SUBENTRY_GROUP: Final = "group"
SUBENTRY_USER: Final = "user"
SUBENTRY_ZONE: Final = "zone"

# Options (the system's settings) as the flows write them and the panel reads them.
OPTION_ABORT_WINDOW: Final = "abort_window"
OPTION_AUTO_STAY: Final = "auto_stay"
OPTION_CANCEL_WINDOW: Final = "cancel_window"
OPTION_CODE_FORMAT: Final = "code_format"
OPTION_CONFIRM_WINDOW: Final = "confirm_window"
OPTION_DURESS_TARGETS: Final = "duress_targets"
OPTION_EXIT_RESTART: Final = "exit_restart"
OPTION_JAM_ENTITIES: Final = "jam_entities"
OPTION_LOCKOUT_ATTEMPTS: Final = "lockout_attempts"
OPTION_LOCKOUT_TIME: Final = "lockout_time"
OPTION_LOST_AFTER: Final = "lost_after"
OPTION_MASTER: Final = "master"
OPTION_NOTIFY_TARGETS: Final = "notify_targets"
OPTION_POWER_ENTITIES: Final = "power_entities"
OPTION_PROFILE: Final = "profile"
OPTION_SWINGER_TRIPS: Final = "swinger_trips"
OPTION_TROUBLE: Final = "trouble"

CODE_FORMAT_NUMBER: Final = "number"
CODE_FORMAT_TEXT: Final = "text"
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOST_AFTER_S: Final = 300

# How long the companion may be out of reach before its word is called unknown, and before a person should look.
LINK_GRACE: Final = timedelta(seconds=30)
COMPANION_AWAY_AFTER: Final = timedelta(minutes=5)

CHANGES: Final = ("raised", "acknowledged", "resolved", "cancelled", "escalated", "exhausted")
