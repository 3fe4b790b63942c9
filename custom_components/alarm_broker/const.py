"""Names and limits that several files of the integration share."""

import logging
from datetime import timedelta
from typing import Final

DOMAIN: Final = "alarm_broker"
LOGGER = logging.getLogger(__package__)

# Options (the panel's settings) as the flows write them and the panel reads them.
OPTION_ALWAYS_SENSORS: Final = "always_sensors"
OPTION_AREA_NAME: Final = "area_name"
OPTION_CODE_ARM_REQUIRED: Final = "code_arm_required"
OPTION_CODE_FORMAT: Final = "code_format"
OPTION_ENTRY_SENSORS: Final = "entry_sensors"
OPTION_MODES: Final = "modes"
OPTION_NOTIFY_TARGETS: Final = "notify_targets"
OPTION_USERS: Final = "users"

CODE_FORMAT_NUMBER: Final = "number"
CODE_FORMAT_TEXT: Final = "text"

MODES: Final = ("away", "home")

# How long the companion may be out of reach before its word is called unknown, and before a person should look.
LINK_GRACE: Final = timedelta(seconds=30)
COMPANION_AWAY_AFTER: Final = timedelta(minutes=5)

CHANGES: Final = ("raised", "acknowledged", "resolved", "cancelled", "escalated", "exhausted")
