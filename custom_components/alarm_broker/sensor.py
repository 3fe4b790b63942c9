"""The latest alarm, which zones are open, and when a delay ends."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .core.household.state import HouseholdState, Mark, PersonState, Presence
from .core.verification import Level
from .core.windows import current_or_next
from .entity import AlarmEntity, AreaEntity, HubDescription, HubEntity, person_device
from .link.companion_events import Status
from .types import AlarmBrokerConfigEntry, RuntimeData

PARALLEL_UPDATES = 0

NO_ALARM = "none"


@dataclass(frozen=True, kw_only=True)
class HubSensorDescription(HubDescription, SensorEntityDescription):
    """A sensor of the hub, with what reads its value."""

    value_fn: Callable[[RuntimeData], str | int | datetime | None]


def _next_window(data: RuntimeData) -> dict[str, Any]:
    """Return the window that runs, or else the next one."""
    now = dt_util.utcnow()
    window = current_or_next(data.calendars.shown, now)
    return {
        "start": None if window is None else window.start.isoformat(),
        "end": None if window is None else window.end.isoformat(),
        "title": None if window is None else ", ".join(window.titles),
        "kind": None if window is None else window.kind.value,
        "running": window is not None and window.covers(now),
    }


def _why_so_sure(data: RuntimeData) -> dict[str, Any]:
    """Return the evidence of the latest alarm, where it may be seen."""
    latest = data.verification.latest
    hides = data.system.config.hides_status
    return {} if latest is None or hides else data.verification.record(latest)


def _mark(key: str, mark_of: Callable[[HouseholdState], Mark | None]) -> HubSensorDescription:
    """Describe a sensor of who came or went, and when."""

    def name(data: RuntimeData) -> str | None:
        mark = mark_of(data.household.state)
        return None if mark is None else data.household.name(mark.person_id)

    def moment(data: RuntimeData) -> dict[str, Any]:
        mark = mark_of(data.household.state)
        return {"at": None if mark is None else mark.at.isoformat()}

    return HubSensorDescription(
        key=key, follows_fn=lambda data: data.household.changes.subscribe, value_fn=name, attributes_fn=moment
    )


def _whereabouts(person_id: str) -> HubSensorDescription:
    """Describe a sensor of where somebody is, as the alarm system believes it."""

    def person(data: RuntimeData) -> PersonState | None:
        return data.household.state.persons.get(person_id)

    return HubSensorDescription(
        key="whereabouts",
        device_class=SensorDeviceClass.ENUM,
        options=[place.value for place in Presence],
        follows_fn=lambda data: data.household.changes.subscribe,
        value_fn=lambda data: None if (found := person(data)) is None else found.place.value,
        attributes_fn=lambda data: {
            "since": None if (found := person(data)) is None else found.since.isoformat()
        },
    )


HUB_SENSORS = (
    HubSensorDescription(
        key="people_home",
        follows_fn=lambda data: data.household.changes.subscribe,
        value_fn=lambda data: len(data.household.people_home),
        attributes_fn=lambda data: {"people": data.household.people_home},
    ),
    _mark("last_left", lambda state: state.last_left),
    _mark("first_arrived", lambda state: state.first_arrived),
    # When the calendar window that runs began, or the next one begins.
    HubSensorDescription(
        key="next_window",
        device_class=SensorDeviceClass.TIMESTAMP,
        follows_fn=lambda data: data.calendars.changes.subscribe,
        value_fn=lambda data: (
            None
            if (window := current_or_next(data.calendars.shown, dt_util.utcnow())) is None
            else window.start
        ),
        attributes_fn=_next_window,
    ),
    # How sure the latest alarm is, and why.
    HubSensorDescription(
        key="validation_level",
        device_class=SensorDeviceClass.ENUM,
        options=[str(int(level)) for level in Level],
        follows_fn=lambda data: data.verification.changes.subscribe,
        value_fn=lambda data: (
            None if (latest := data.verification.latest) is None else str(int(latest.level))
        ),
        attributes_fn=_why_so_sure,
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add them."""
    async_add_entities([LatestAlarm(entry), *(HubSensor(entry, one) for one in HUB_SENSORS)])
    for person_id in entry.runtime_data.household.config.persons:
        async_add_entities([PersonSensor(entry, person_id)], config_subentry_id=person_id)
    for area_id in entry.runtime_data.system.panel_config.areas:
        async_add_entities([DelayEnd(entry, area_id)], config_subentry_id=area_id)
        if not entry.runtime_data.system.config.hides_status:
            async_add_entities([OpenZones(entry, area_id)], config_subentry_id=area_id)


class LatestAlarm(AlarmEntity, SensorEntity):
    """The status of the alarm that was raised last."""

    _attr_device_class = SensorDeviceClass.ENUM

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
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


class HubSensor(HubEntity, SensorEntity):
    """A sensor of which its description says everything."""

    entity_description: HubSensorDescription
    _unrecorded_attributes = frozenset({"candidates", "judgements"})

    @property
    @override
    def native_value(self) -> str | int | datetime | None:
        return self.entity_description.value_fn(self.data)


class PersonSensor(HubSensor):
    """Where somebody is, at the device of that person."""

    def __init__(self, entry: AlarmBrokerConfigEntry, person_id: str) -> None:
        super().__init__(entry, _whereabouts(person_id))
        self._attr_unique_id = f"{entry.entry_id}_{person_id}_whereabouts"
        self._attr_device_info = person_device(entry, person_id)


class OpenZones(AreaEntity, SensorEntity):
    """How many zones of an area are open, and which."""

    _unrecorded_attributes = frozenset({"zones"})

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
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
        super().__init__(entry, area_id, "delay_end")

    @property
    @override
    def native_value(self) -> datetime | None:
        return self._shows()

    @override
    def _shows(self) -> datetime | None:
        return self._area.delay_end
