"""Whether an alarm is open, an area ready, something wrong, and whether the companion is there."""

from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from .alarm_entity import AlarmEntity
from .core.panel.config import AlarmKind, ArmMode, TroubleKind, ZoneKind
from .core.panel.effects import NotReady
from .core.windows import Window, WindowKind, current
from .entity import AlarmBrokerEntity, AreaEntity, CalendarsEntity, HouseholdEntity, SystemEntity
from .link.client import LinkClient
from .system.issues import async_report_duress_in_logbook
from .types import AlarmBrokerConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add them; the companion's only where there is one."""
    entities: list[BinarySensorEntity] = [AlarmActive(entry), Duress(entry), AnyoneHome(entry)]
    entities += [WindowRuns(entry, kind) for kind in WindowKind]
    if (link := entry.runtime_data.link) is not None:
        entities.append(CompanionConnected(entry, link))
    async_add_entities(entities)
    if entry.runtime_data.system.config.hides_status:
        return
    async_add_entities([TroublePresent(entry), Tampered(entry)])
    for area_id, area in entry.runtime_data.system.panel_config.areas.items():
        async_add_entities(
            [AlarmMemory(entry, area_id), *(ReadyToArm(entry, area_id, mode) for mode in area.modes)],
            config_subentry_id=area_id,
        )


class AlarmActive(AlarmEntity, BinarySensorEntity):
    """On while somebody still has to see to an alarm."""

    _attr_device_class = BinarySensorDeviceClass.SAFETY
    _unrecorded_attributes = frozenset({"alarms"})

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        """Follow the alarms of the entry."""
        super().__init__(entry, "alarm_active")

    @property
    @override
    def is_on(self) -> bool:
        return bool(self._alarms.open_alarms)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"alarms": [self._described(alarm) for alarm in self._alarms.open_alarms]}


class CompanionConnected(AlarmBrokerEntity, BinarySensorEntity):
    """Whether the companion hears us now."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, entry: AlarmBrokerConfigEntry, link: LinkClient) -> None:
        """Follow the link."""
        super().__init__(entry, "companion_connected")
        self._link = link

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._link.changes.subscribe(self.async_write_ha_state))

    @property
    @override
    def is_on(self) -> bool:
        return self._link.connected


class AnyoneHome(HouseholdEntity, BinarySensorEntity):
    """On while somebody is home, or may be; unknown while nobody can say."""

    _attr_device_class = BinarySensorDeviceClass.PRESENCE

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        """Follow the household."""
        super().__init__(entry, "anyone_home")

    @property
    @override
    def is_on(self) -> bool | None:
        return self.household.anyone_home

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        state = self.household.state
        return {
            "people": {
                self.household.name(person_id): person.place.value
                for person_id, person in state.persons.items()
            },
            "empty_since": None if state.empty_since is None else state.empty_since.isoformat(),
            "arming_at": None if state.arm_at is None else state.arm_at.due_at.isoformat(),
        }


class WindowRuns(CalendarsEntity, BinarySensorEntity):
    """On while a calendar window of a kind runs."""

    def __init__(self, entry: AlarmBrokerConfigEntry, kind: WindowKind) -> None:
        """Follow the calendars."""
        super().__init__(entry, f"window_{kind.value}")
        self._kind = kind

    @property
    @override
    def is_on(self) -> bool:
        return bool(self._running())

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        window = next(iter(self._running()), None)
        return {
            "title": None if window is None else ", ".join(window.titles),
            "until": None if window is None else window.end.isoformat(),
        }

    def _running(self) -> list[Window]:
        return [
            window for window in current(self.calendars.shown, dt_util.utcnow()) if window.kind is self._kind
        ]


class TroublePresent(SystemEntity, BinarySensorEntity):
    """On while anything is wrong; its attribute lists what, and where."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _unrecorded_attributes = frozenset({"troubles"})

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        """Follow the troubles."""
        super().__init__(entry, "trouble")

    @override
    def _shows(self) -> object:
        return self.system.state.troubles

    @property
    @override
    def is_on(self) -> bool:
        return bool(self.system.state.troubles)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {
            "troubles": [
                {
                    "kind": trouble.kind.value,
                    "source": trouble.source or None,
                    "zone": None if trouble.zone_id is None else self.system.zone_name(trouble.zone_id),
                }
                for trouble in sorted(
                    self.system.state.troubles, key=lambda one: (one.kind, one.zone_id or "", one.source)
                )
            ]
        }


class Tampered(SystemEntity, BinarySensorEntity):
    """On while a housing is open or a tamper zone is."""

    _attr_device_class = BinarySensorDeviceClass.TAMPER

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        """Follow troubles and tamper zones."""
        super().__init__(entry, "tamper")

    @override
    def _shows(self) -> object:
        return self.is_on

    @property
    @override
    def is_on(self) -> bool:
        state, zones = self.system.state, self.system.panel_config.zones
        return any(trouble.kind is TroubleKind.TAMPER for trouble in state.troubles) or any(
            zones[zone_id].kind is ZoneKind.TAMPER for zone_id in state.open_zones
        )


class Duress(SystemEntity, BinarySensorEntity):
    """On from the use of a duress code until somebody clears the alarm memory with a code that is none.

    Disabled and hidden unless wanted: whoever stands beside the victim may look at the dashboard.
    """

    _attr_device_class = BinarySensorDeviceClass.SAFETY
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False
    _attr_entity_registry_visible_default = False

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        """Follow the silent alarms."""
        super().__init__(entry, "duress")
        self._entry = entry

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        # The logbook may be set up after us.
        self.async_on_remove(async_at_started(self.hass, self._async_look_at_logbook))

    @callback
    def _async_look_at_logbook(self, hass: HomeAssistant) -> None:
        self.async_on_remove(async_report_duress_in_logbook(hass, self._entry, self.entity_id))

    @override
    def _shows(self) -> object:
        return self.is_on

    @property
    @override
    def is_on(self) -> bool:
        return any(
            alarm.kind is AlarmKind.DURESS
            for area in self.system.state.areas.values()
            for alarm in area.silent
        )


class AlarmMemory(AreaEntity, BinarySensorEntity):
    """On while there is an alarm in the memory that nobody has cleared."""

    _unrecorded_attributes = frozenset({"alarms"})

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
        """Follow the area."""
        super().__init__(entry, area_id, "alarm_memory")

    @property
    @override
    def is_on(self) -> bool:
        return bool(self._area.memory)

    @override
    def _shows(self) -> object:
        return self._area.memory

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {
            "alarms": [
                {
                    "kind": alarm.kind.value,
                    "raised_at": alarm.raised_at.isoformat(),
                    "zones": [self.system.zone_name(zone_id) for zone_id in alarm.zones],
                    "confirmed": alarm.confirmed,
                }
                for alarm in reversed(self._area.memory)
            ]
        }


class ReadyToArm(AreaEntity, BinarySensorEntity):
    """On while the area could be armed in a mode; its attributes name what stands in the way."""

    _unrecorded_attributes = frozenset({"open_zones", "blind_zones", "troubles"})

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str, mode: ArmMode) -> None:
        """Follow the area."""
        super().__init__(entry, area_id, f"ready_{mode.value}")
        self._mode = mode
        self._reason: NotReady | None = None

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self._look()

    @property
    @override
    def is_on(self) -> bool:
        return self._reason is None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        reason, wording = self._reason or NotReady(), self.system.wording
        return {
            "open_zones": list(wording.zone_names(reason.open_zones)),
            "blind_zones": list(wording.zone_names(reason.blind_zones)),
            "troubles": [wording.trouble(trouble) for trouble in reason.troubles],
        }

    @override
    def _shows(self) -> object:
        self._look()
        return self._reason, self.available

    def _look(self) -> None:
        if self.available:
            self._reason = self.system.readiness(self._area_id, self._mode)
