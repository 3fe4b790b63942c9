"""A calendar of Home Assistant's own, in which people write, change their minds, and which can be out of reach."""

from datetime import UTC, date, datetime
from typing import Any

from homeassistant.components.calendar import CalendarEntity
from homeassistant.components.calendar.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.house import subentry

CALENDAR = "calendar.family"
MORNING = datetime(2026, 7, 10, 6, 0, tzinfo=UTC)
"""Eight o'clock in Berlin, a Friday."""


class Agenda:
    """A local calendar."""

    def __init__(self, hass: HomeAssistant, name: str = "Family") -> None:
        self._hass = hass
        self.entity_id = f"calendar.{name.lower()}"
        self._entry = MockConfigEntry(
            domain="local_calendar", title=name, data={"calendar_name": name, "storage_key": name.lower()}
        )
        self._entry.add_to_hass(hass)

    async def open(self) -> None:
        """Be there."""
        assert await self._hass.config_entries.async_setup(self._entry.entry_id)
        await settle(self._hass)

    async def close(self) -> None:
        """Be out of reach."""
        assert await self._hass.config_entries.async_unload(self._entry.entry_id)
        await settle(self._hass)

    async def write(self, title: str, start: date | str, end: date | str, *, rrule: str | None = None) -> str:
        """Enter an event, a time being the premises' wall clock; return its id."""
        before = await self._uids()
        event = self._event(title, start, end) | ({} if rrule is None else {"rrule": rrule})
        await self._entity.async_create_event(**event)
        await settle(self._hass)
        [uid] = await self._uids() - before
        return uid

    async def change(self, uid: str, title: str, start: date | str, end: date | str) -> None:
        """Enter something else in its place."""
        await self._entity.async_update_event(uid, self._event(title, start, end))
        await settle(self._hass)

    async def strike(self, uid: str) -> None:
        """Delete an event."""
        await self._entity.async_delete_event(uid)
        await settle(self._hass)

    @property
    def _entity(self) -> CalendarEntity:
        entity = self._hass.data[DATA_COMPONENT].get_entity(self.entity_id)
        assert entity is not None
        return entity

    async def _uids(self) -> set[str]:
        ages = datetime(2000, 1, 1, tzinfo=dt_util.UTC), datetime(2050, 1, 1, tzinfo=dt_util.UTC)
        return {str(one.uid) for one in await self._entity.async_get_events(self._hass, *ages)}

    def _event(self, title: str, start: date | str, end: date | str) -> dict[str, Any]:
        return {"summary": title, "dtstart": _moment(start), "dtend": _moment(end)}


def rule(kind: str, *words: str, calendar: str = CALENDAR, **data: Any) -> Any:
    """Return a rule that makes windows of a kind."""
    return subentry(
        "calendar", f"rule_{kind}", name=kind.title(), kind=kind, calendar=calendar, words=list(words), **data
    )


async def settle(hass: HomeAssistant) -> None:
    """Let everything be read and told."""
    await hass.async_block_till_done(wait_background_tasks=True)


def _moment(text: date | str) -> date | datetime:
    """Return a day, or a time on the premises' wall clock."""
    if isinstance(text, date):
        return text
    if len(text) == len("2026-07-10"):
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt_util.get_default_time_zone())
