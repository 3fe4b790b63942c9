"""Whether an alarm is open, an area ready, something wrong, and whether the companion is there."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity, BinarySensorEntityDescription
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from .core.panel.config import AlarmKind, ArmMode, TroubleKind, ZoneKind
from .core.panel.effects import NotReady
from .core.windows import Window, WindowKind, current
from .entity import AlarmEntity, AreaEntity, HubDescription, HubEntity
from .link.client import LinkClient
from .system.issues import async_report_duress_in_logbook
from .types import AlarmBrokerConfigEntry, RuntimeData

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class HubBinarySensorDescription(HubDescription, BinarySensorEntityDescription):
    """A binary sensor of the hub."""

    value_fn: Callable[[RuntimeData], bool | None]


def _who_is_where(data: RuntimeData) -> dict[str, Any]:
    household, state = data.household, data.household.state
    return {
        "people": {
            household.name(person_id): person.place.value for person_id, person in state.persons.items()
        },
        "empty_since": None if state.empty_since is None else state.empty_since.isoformat(),
        "arming_at": None if state.arm_at is None else state.arm_at.due_at.isoformat(),
    }


def _troubles(data: RuntimeData) -> dict[str, Any]:
    system = data.system
    return {
        "troubles": [
            {
                "kind": trouble.kind.value,
                "source": trouble.source or None,
                "zone": None if trouble.zone_id is None else system.zone_name(trouble.zone_id),
            }
            for trouble in sorted(
                system.state.troubles, key=lambda one: (one.kind, one.zone_id or "", one.source)
            )
        ]
    }


def _is_tampered(data: RuntimeData) -> bool:
    """Return whether a housing is open, or a tamper zone."""
    state, zones = data.system.state, data.system.panel_config.zones
    return any(trouble.kind is TroubleKind.TAMPER for trouble in state.troubles) or any(
        zones[zone_id].kind is ZoneKind.TAMPER for zone_id in state.open_zones
    )


def _is_under_duress(data: RuntimeData) -> bool:
    return any(
        alarm.kind is AlarmKind.DURESS for area in data.system.state.areas.values() for alarm in area.silent
    )


def _window(kind: WindowKind) -> HubBinarySensorDescription:
    """Describe what is on while a calendar window of a kind runs."""

    def running(data: RuntimeData) -> list[Window]:
        return [window for window in current(data.calendars.shown, dt_util.utcnow()) if window.kind is kind]

    def attributes(data: RuntimeData) -> dict[str, Any]:
        window = next(iter(running(data)), None)
        return {
            "title": None if window is None else ", ".join(window.titles),
            "until": None if window is None else window.end.isoformat(),
        }

    return HubBinarySensorDescription(
        key=f"window_{kind.value}",
        follows_fn=lambda data: data.calendars.changes.subscribe,
        value_fn=lambda data: bool(running(data)),
        attributes_fn=attributes,
    )


def _companion_connected(link: LinkClient) -> HubBinarySensorDescription:
    """Describe what is on while the companion hears us."""
    return HubBinarySensorDescription(
        key="companion_connected",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        follows_fn=lambda _data: link.changes.subscribe,
        value_fn=lambda _data: link.connected,
    )


HUB_SENSORS = (
    # On while somebody is home, or may be; unknown while nobody can say.
    HubBinarySensorDescription(
        key="anyone_home",
        device_class=BinarySensorDeviceClass.PRESENCE,
        follows_fn=lambda data: data.household.changes.subscribe,
        value_fn=lambda data: data.household.anyone_home,
        attributes_fn=_who_is_where,
    ),
    *(_window(kind) for kind in WindowKind),
)
STATUS_SENSORS = (
    HubBinarySensorDescription(
        key="trouble",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        follows_fn=lambda data: data.system.subscriptions.subscribe,
        value_fn=lambda data: bool(data.system.state.troubles),
        attributes_fn=_troubles,
    ),
    HubBinarySensorDescription(
        key="tamper",
        device_class=BinarySensorDeviceClass.TAMPER,
        follows_fn=lambda data: data.system.subscriptions.subscribe,
        value_fn=_is_tampered,
    ),
)
"""Where status may be seen."""
DURESS = HubBinarySensorDescription(
    key="duress",
    device_class=BinarySensorDeviceClass.SAFETY,
    entity_category=EntityCategory.DIAGNOSTIC,
    # Disabled and hidden unless wanted: whoever stands beside the victim may look at the dashboard.
    entity_registry_enabled_default=False,
    entity_registry_visible_default=False,
    follows_fn=lambda data: data.system.subscriptions.subscribe,
    value_fn=_is_under_duress,
)


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add them; the companion's only where there is one."""
    async_add_entities([AlarmActive(entry), Duress(entry), *_described(entry, HUB_SENSORS)])
    if (link := entry.runtime_data.link) is not None:
        async_add_entities(_described(entry, [_companion_connected(link)]))
    if entry.runtime_data.system.config.hides_status:
        return
    async_add_entities(_described(entry, STATUS_SENSORS))
    for area_id, area in entry.runtime_data.system.panel_config.areas.items():
        async_add_entities(
            [AlarmMemory(entry, area_id), *(ReadyToArm(entry, area_id, mode) for mode in area.modes)],
            config_subentry_id=area_id,
        )


def _described(
    entry: AlarmBrokerConfigEntry, descriptions: Iterable[HubBinarySensorDescription]
) -> list[HubBinarySensor]:
    return [HubBinarySensor(entry, description) for description in descriptions]


class HubBinarySensor(HubEntity, BinarySensorEntity):
    """A binary sensor of which its description says everything."""

    entity_description: HubBinarySensorDescription
    _unrecorded_attributes = frozenset({"troubles"})

    @property
    @override
    def is_on(self) -> bool | None:
        return self.entity_description.value_fn(self.data)


class Duress(HubBinarySensor):
    """On from the use of a duress code until somebody clears the alarm memory with a code that is none."""

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        super().__init__(entry, DURESS)
        self._entry = entry

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        # The logbook may be set up after us.
        self.async_on_remove(async_at_started(self.hass, self._async_look_at_logbook))

    @callback
    def _async_look_at_logbook(self, hass: HomeAssistant) -> None:
        self.async_on_remove(async_report_duress_in_logbook(hass, self._entry, self.entity_id))


class AlarmActive(AlarmEntity, BinarySensorEntity):
    """On while somebody still has to see to an alarm."""

    _attr_device_class = BinarySensorDeviceClass.SAFETY
    _unrecorded_attributes = frozenset({"alarms"})

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        super().__init__(entry, "alarm_active")

    @property
    @override
    def is_on(self) -> bool:
        return bool(self._alarms.open_alarms)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"alarms": [self._described(alarm) for alarm in self._alarms.open_alarms]}


class AlarmMemory(AreaEntity, BinarySensorEntity):
    """On while there is an alarm in the memory that nobody has cleared."""

    _unrecorded_attributes = frozenset({"alarms"})

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
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
        super().__init__(entry, area_id, f"ready_{mode.value}")
        self._mode = mode
        self._reason: NotReady | None = None

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
            "blind_zones": list(wording.zone_names(reason.unavailable_zones)),
            "troubles": [wording.trouble(trouble) for trouble in reason.troubles],
        }

    @override
    def _shows(self) -> object:
        self._reason = self.system.readiness(self._area_id, self._mode)
        return self._reason
