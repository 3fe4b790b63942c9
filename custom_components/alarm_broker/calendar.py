"""A calendar of the windows that follow from other calendars, so that people see what the panel goes by."""

from datetime import datetime
from typing import override

from homeassistant.components.calendar import CalendarEntity, CalendarEvent
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .core.windows import Window, current_or_next
from .entity import AlarmBrokerEntity
from .types import AlarmBrokerConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add it."""
    async_add_entities([WindowCalendar(entry)])


class WindowCalendar(AlarmBrokerEntity, CalendarEntity):
    """Vacation, guests, cleaning and quiet, as the panel sees them."""

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        super().__init__(entry, "windows")
        self._calendars = entry.runtime_data.calendars

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._calendars.changes.subscribe(self.async_write_ha_state))

    @property
    @override
    def event(self) -> CalendarEvent | None:
        window = current_or_next(self._calendars.shown, dt_util.utcnow())
        return None if window is None else _event(window)

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        return [
            _event(window)
            for window in self._calendars.shown
            if window.start < end_date and window.end > start_date
        ]


def _event(window: Window) -> CalendarEvent:
    return CalendarEvent(
        start=dt_util.as_local(window.start),
        end=dt_util.as_local(window.end),
        summary=", ".join(title for title in window.titles if title) or window.kind.value,
        description=window.kind.value,
    )
