"""Names and limits that several files of the integration share."""

import logging
from datetime import timedelta
from typing import Final

DOMAIN: Final = "alarm_broker"
LOGGER = logging.getLogger(__package__)

EVENT_ACTIVITY: Final = "alarm_broker_event"
"""Fired on the bus for each thing that happens at the panel, for the logbook."""

SIGNAL_ACTIVITY: Final = "alarm_broker_happened"
"""Sent within Home Assistant for the same, which nobody outside can forge."""

SUBENTRY_AREA: Final = "area"
SUBENTRY_CALENDAR: Final = "calendar"
SUBENTRY_CAMERA: Final = "camera"
SUBENTRY_FRIGATE: Final = "frigate"
SUBENTRY_GROUP: Final = "group"
SUBENTRY_PERSON: Final = "person"
SUBENTRY_USER: Final = "user"
SUBENTRY_ZONE: Final = "zone"

OPTION_CODE_FORMAT: Final = "code_format"
OPTION_MASTER: Final = "master"
OPTION_NOTIFY_TARGETS: Final = "notify_targets"
OPTION_TROUBLE: Final = "trouble"

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# How long the companion may be out of reach before its word is called unknown, and before a person should look.
LINK_GRACE: Final = timedelta(seconds=30)
COMPANION_AWAY_AFTER: Final = timedelta(minutes=5)

CHANGES: Final = ("raised", "acknowledged", "resolved", "cancelled", "escalated", "exhausted")
