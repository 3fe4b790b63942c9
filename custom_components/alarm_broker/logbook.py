"""What happened at the panel as sentences, with who. Nothing about a duress code can come here."""

from collections.abc import Callable
from typing import Any

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN, EVENT_ACTIVITY
from .texts.logbook import sentence


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, str]]], None],
) -> None:
    """Describe the event that each activity fires, in Home Assistant's language: a logbook has but one."""
    async_describe_event(DOMAIN, EVENT_ACTIVITY, lambda event: described(event, hass.config.language))


@callback
def described(event: Event[Any], language: str) -> dict[str, str]:
    """Return name and sentence of one activity."""
    data = event.data
    line = {
        LOGBOOK_ENTRY_NAME: str(data.get("area") or data.get("title")),
        LOGBOOK_ENTRY_MESSAGE: sentence(data, language),
        LOGBOOK_ENTRY_ICON: "mdi:shield-home",
    }
    if entity_id := data.get("entity_id"):
        line[LOGBOOK_ENTRY_ENTITY_ID] = entity_id
    return line
