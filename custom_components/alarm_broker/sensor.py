"""The latest alarm, which zones are open, and when a delay ends."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .alarm_entity import AlarmEntity
from .core.household.state import HouseholdState, Mark, Presence
from .core.verification import Level
from .core.windows import current_or_next
from .entity import AlarmBrokerEntity, AreaEntity, CalendarsEntity, HouseholdEntity, person_device
from .link.protocol import Status
from .types import AlarmBrokerConfigEntry
from .verification.model import Evidence

PARALLEL_UPDATES = 0

NO_ALARM = "none"


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add them."""
    async_add_entities(
        [
            LatestAlarm(entry),
            PeopleHome(entry),
            Marked(entry, "last_left", lambda state: state.last_left),
            Marked(entry, "first_arrived", lambda state: state.first_arrived),
            NextWindow(entry),
            ValidationLevel(entry),
        ]
    )
    for person_id in entry.runtime_data.household.config.persons:
        async_add_entities([Whereabouts(entry, person_id)], config_subentry_id=person_id)
    for area_id in entry.runtime_data.system.panel_config.areas:
        async_add_entities([DelayEnd(entry, area_id)], config_subentry_id=area_id)
        if not entry.runtime_data.system.config.hides_status:
            async_add_entities([OpenZones(entry, area_id)], config_subentry_id=area_id)


class LatestAlarm(AlarmEntity, SensorEntity):
    """The status of the alarm that was raised last."""

    _attr_device_class = SensorDeviceClass.ENUM

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        """Follow the alarms of the entry."""
        super().__init__(entry, "latest_alarm")
        self._attr_options = [NO_ALARM, *(status.value for status in Status)]
        self._system = entry.runtime_data.system
        self._sounding: dict[str, Any] = {}

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._system.subscriptions.subscribe(self._async_panel_changed))

    @callback
    def _async_panel_changed(self) -> None:
        # Only an alarm that sounds: whatever else the panel does changes nothing here.
        if self._sounds() != self._sounding:
            self.async_write_ha_state()

    @property
    @override
    def native_value(self) -> str:
        latest = next(iter(self._alarms.visible), None)
        return NO_ALARM if latest is None else latest.status.value

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        latest = next(iter(self._alarms.visible), None)
        self._sounding = self._sounds()
        return {} if latest is None else {**self._described(latest), **self._sounding}

    def _sounds(self) -> dict[str, Any]:
        """Return which zones of the latest alarm have tripped by now and when its siren ends, while it sounds here."""
        latest = next(iter(self._alarms.visible), None)
        for area in self._system.state.areas.values():
            if latest is None or area.siren is None:
                continue
            for alarm in area.siren.alarms:
                if alarm.uid == latest.id:
                    zones = self._system.wording.zone_names(alarm.zones) if self._names_zones else ()
                    return {"zones": list(zones), "siren_end": area.siren.until.due_at.isoformat()}
        return {} if latest is None else {"zones": [], "siren_end": None}


class PeopleHome(HouseholdEntity, SensorEntity):
    """How many people are known to be home, and who."""

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        """Follow the household."""
        super().__init__(entry, "people_home")

    @property
    @override
    def native_value(self) -> int:
        return len(self.household.people_home)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"people": self.household.people_home}


class Marked(HouseholdEntity, SensorEntity):
    """Who came or went, and when."""

    def __init__(
        self, entry: AlarmBrokerConfigEntry, key: str, mark: Callable[[HouseholdState], Mark | None]
    ) -> None:
        """Follow the household; `mark` is what it remembers of this."""
        super().__init__(entry, key)
        self._mark_in = mark

    @property
    @override
    def native_value(self) -> str | None:
        mark = self._mark_in(self.household.state)
        return None if mark is None else self.household.name(mark.person_id)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        mark = self._mark_in(self.household.state)
        return {"at": None if mark is None else mark.at.isoformat()}


class Whereabouts(HouseholdEntity, SensorEntity):
    """Where somebody is, as the alarm system believes it."""

    _attr_device_class = SensorDeviceClass.ENUM
    _attr_options = [place.value for place in Presence]  # noqa: RUF012 - how Home Assistant has it

    def __init__(self, entry: AlarmBrokerConfigEntry, person_id: str) -> None:
        """Follow one person."""
        super().__init__(entry, "whereabouts")
        self._attr_unique_id = f"{entry.entry_id}_{person_id}_whereabouts"
        self._attr_device_info = person_device(entry, person_id)
        self._person_id = person_id

    @property
    @override
    def native_value(self) -> str | None:
        person = self.household.state.persons.get(self._person_id)
        return None if person is None else person.place.value

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        person = self.household.state.persons.get(self._person_id)
        return {"since": None if person is None else person.since.isoformat()}


class NextWindow(CalendarsEntity, SensorEntity):
    """When the calendar window that runs began, or the next one begins."""

    _attr_device_class = SensorDeviceClass.TIMESTAMP

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        """Follow the calendars."""
        super().__init__(entry, "next_window")

    @property
    @override
    def native_value(self) -> datetime | None:
        window = current_or_next(self.calendars.shown, dt_util.utcnow())
        return None if window is None else window.start

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        now = dt_util.utcnow()
        window = current_or_next(self.calendars.shown, now)
        return {
            "start": None if window is None else window.start.isoformat(),
            "end": None if window is None else window.end.isoformat(),
            "title": None if window is None else ", ".join(window.titles),
            "kind": None if window is None else window.kind.value,
            "running": window is not None and window.covers(now),
        }


class ValidationLevel(AlarmBrokerEntity, SensorEntity):
    """How sure the latest alarm is, from 0 to 4, and why."""

    _attr_device_class = SensorDeviceClass.ENUM
    _attr_options = [str(int(level)) for level in Level]  # noqa: RUF012 - how Home Assistant has it
    _unrecorded_attributes = frozenset({"candidates", "judgements"})

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        """Follow the evidence."""
        super().__init__(entry, "validation_level")
        self._verification = entry.runtime_data.verification
        self._hides = entry.runtime_data.system.config.hides_status

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._verification.changes.subscribe(self._changed))

    @callback
    def _changed(self, _evidence: Evidence) -> None:
        self.async_write_ha_state()

    @property
    @override
    def native_value(self) -> str | None:
        latest = self._verification.latest
        return None if latest is None else str(int(latest.level))

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        latest = self._verification.latest
        return {} if latest is None or self._hides else self._verification.record(latest)


class OpenZones(AreaEntity, SensorEntity):
    """How many zones of an area are open, and which."""

    _unrecorded_attributes = frozenset({"zones"})

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
        """Follow the area."""
        super().__init__(entry, area_id, "open_zones")

    @property
    @override
    def native_value(self) -> int:
        return len(self._shows())

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"zones": self._shows()}

    @override
    def _shows(self) -> list[str]:
        return self._names(self.system.state.open_zones)


class DelayEnd(AreaEntity, SensorEntity):
    """When the exit delay, the entry delay or the siren ends, for a countdown."""

    _attr_device_class = SensorDeviceClass.TIMESTAMP
    _attr_entity_registry_enabled_default = False

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
        """Follow the area."""
        super().__init__(entry, area_id, "delay_end")

    @property
    @override
    def native_value(self) -> datetime | None:
        return self._shows()

    @override
    def _shows(self) -> datetime | None:
        return self._area.delay_end
