"""What all config entries share about buttons: whose a pressed one is, and what is pressed while nobody listens."""

from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .actions import IssuedButtons
from .messages import ACTION_PREFIX

ACTION_EVENT = "mobile_app_notification_action"
MISSED_KEPT = 20
MISSED_FOR = timedelta(minutes=2)
"""A reload takes less; what was pressed longer ago its owner has given up."""


class PressInbox:
    """Listens from the start of Home Assistant to its end."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin to listen."""
        self._buttons: dict[str, IssuedButtons] = {}
        self._missed: deque[Event[Any]] = deque(maxlen=MISSED_KEPT)
        hass.bus.async_listen(ACTION_EVENT, self._pressed)

    @callback
    def async_listens(
        self, entry_id: str, buttons: IssuedButtons
    ) -> tuple[Sequence[Event[Any]], CALLBACK_TYPE]:
        """Note that an entry listens now; return what was missed, and what to call when it does no more."""
        self._buttons[entry_id] = buttons
        missed = [event for event in self._missed if dt_util.utcnow() - event.time_fired <= MISSED_FOR]
        self._missed.clear()

        @callback
        def stop() -> None:
            self._buttons.pop(entry_id, None)

        return missed, stop

    def answers_for(self, word: str) -> str | None:
        """Return the entry whose button it is; for one that nobody has sent, the first that listens."""
        known = (entry_id for entry_id, buttons in self._buttons.items() if buttons.knows(word))
        return next(known, next(iter(self._buttons), None))

    @callback
    def _pressed(self, event: Event[Any]) -> None:
        if not self._buttons and str(event.data.get("action")).startswith(ACTION_PREFIX):
            self._missed.append(event)


PRESS_INBOX: HassKey[PressInbox] = HassKey("alarm_broker_presses")
