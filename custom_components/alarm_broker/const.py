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
SUBENTRY_CALENDAR: Final = "calendar"
SUBENTRY_CAMERA: Final = "camera"
SUBENTRY_FRIGATE: Final = "frigate"
SUBENTRY_GROUP: Final = "group"
SUBENTRY_PERSON: Final = "person"
SUBENTRY_USER: Final = "user"
SUBENTRY_ZONE: Final = "zone"

# Options (the system's settings) as the flows write them and the panel reads them.
OPTION_ABORT_WINDOW: Final = "abort_window"
OPTION_ANNOUNCE: Final = "announce"
OPTION_AUTO_ARM: Final = "auto_arm"
OPTION_AUTO_ARM_MODE: Final = "auto_arm_mode"
OPTION_TRIGGER_KIND: Final = "trigger_kind"
OPTION_AUTO_STAY: Final = "auto_stay"
OPTION_AWAY_AFTER: Final = "away_after"
OPTION_CALENDAR_STALE: Final = "calendar_stale_hours"
OPTION_CALL_NUMBER: Final = "call_number"
OPTION_CANCEL_WINDOW: Final = "cancel_window"
OPTION_CODE_FORMAT: Final = "code_format"
OPTION_CONFIRM_WINDOW: Final = "confirm_window"
OPTION_DURESS_TARGETS: Final = "duress_targets"
OPTION_EVIDENCE_AFTER: Final = "evidence_after"
OPTION_EVIDENCE_BEFORE: Final = "evidence_before"
OPTION_EVIDENCE_DAYS: Final = "evidence_days"
OPTION_EXIT_RESTART: Final = "exit_restart"
OPTION_GUEST_MODE: Final = "guest_mode"
OPTION_JAM_ENTITIES: Final = "jam_entities"
OPTION_LOCKOUT_ATTEMPTS: Final = "lockout_attempts"
OPTION_LOCKOUT_TIME: Final = "lockout_time"
OPTION_LOST_AFTER: Final = "lost_after"
OPTION_LOST_PERSON_AFTER: Final = "lost_person_after"
OPTION_MASTER: Final = "master"
OPTION_NOTIFY_TARGETS: Final = "notify_targets"
OPTION_POWER_ENTITIES: Final = "power_entities"
OPTION_POSTPONE: Final = "postpone"
OPTION_PROFILE: Final = "profile"
OPTION_PUSH_CONFIRM: Final = "push_confirm"
OPTION_QUIET_FROM: Final = "quiet_from"
OPTION_QUIET_TO: Final = "quiet_to"
OPTION_REMIND: Final = "remind"
OPTION_REMIND_AFTER: Final = "remind_after"
OPTION_SWINGER_TRIPS: Final = "swinger_trips"
OPTION_TROUBLE: Final = "trouble"
OPTION_UNKNOWN_MEANS: Final = "unknown_means"

CODE_FORMAT_NUMBER: Final = "number"
CODE_FORMAT_TEXT: Final = "text"
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOST_AFTER_S: Final = 300
PUSH_CONFIRM_S: Final = 30

# How long the companion may be out of reach before its word is called unknown, and before a person should look.
LINK_GRACE: Final = timedelta(seconds=30)
COMPANION_AWAY_AFTER: Final = timedelta(minutes=5)

CHANGES: Final = ("raised", "acknowledged", "resolved", "cancelled", "escalated", "exhausted")
