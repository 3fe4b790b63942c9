"""From the config entry's options to what the panel core and its shell work with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_DEVICE_CLASS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .code_hashes import CodeUser
from .panel.config import (
    AlarmKind,
    AreaConfig,
    ArmMode,
    CodePolicy,
    ModeConfig,
    PanelConfig,
    ZoneConfig,
    ZoneKind,
)

AREA_ID = "home"
"""The one area that the config flow creates."""

ALARM_KINDS: Mapping[str | None, AlarmKind] = {
    BinarySensorDeviceClass.SMOKE: AlarmKind.FIRE,
    BinarySensorDeviceClass.HEAT: AlarmKind.FIRE,
    BinarySensorDeviceClass.GAS: AlarmKind.GAS,
    BinarySensorDeviceClass.CO: AlarmKind.GAS,
    BinarySensorDeviceClass.MOISTURE: AlarmKind.WATER,
    BinarySensorDeviceClass.TAMPER: AlarmKind.TAMPER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemConfig:
    """The panel as the user set it up."""

    area_id: str
    area_name: str
    users: tuple[CodeUser, ...]
    code_format: str
    """`number` or `text`."""
    code_arm_required: bool
    modes: Mapping[ArmMode, ModeConfig]
    zone_kinds: Mapping[str, ZoneKind]
    zone_entities: Mapping[str, tuple[str, ...]]
    """The entities of each zone; one of them open means that the zone is open."""


def system_config_from_entry(entry: ConfigEntry[Any]) -> SystemConfig:
    """Return the panel's configuration from a config entry's options."""
    options = entry.options
    modes = {ArmMode(mode): _mode_config(values) for mode, values in options["modes"].items()}
    always = frozenset(options.get("always_sensors", ()))
    entry_exit = frozenset(options.get("entry_sensors", ()))
    guarded = frozenset[str]().union(*(mode.zones for mode in modes.values()))
    zone_ids = sorted(guarded | always)
    return SystemConfig(
        area_id=AREA_ID,
        area_name=options["area_name"],
        users=tuple(CodeUser(user["name"], user["code_hash"]) for user in options["users"]),
        code_format=options["code_format"],
        code_arm_required=options["code_arm_required"],
        modes=modes,
        zone_kinds={zone_id: _zone_kind(zone_id, always, entry_exit) for zone_id in zone_ids},
        zone_entities={zone_id: (zone_id,) for zone_id in zone_ids},
    )


def panel_config(hass: HomeAssistant, config: SystemConfig) -> PanelConfig:
    """Return the core's configuration; a 24-hour zone's device class says what kind of alarm it raises."""
    area = AreaConfig(area_id=config.area_id, name=config.area_name, modes=config.modes)
    zones = {
        zone_id: ZoneConfig(
            zone_id=zone_id,
            area_id=config.area_id,
            kind=kind,
            alarm_kind=_alarm_kind(hass, config.zone_entities[zone_id])
            if kind is ZoneKind.ALWAYS
            else AlarmKind.BURGLARY,
        )
        for zone_id, kind in config.zone_kinds.items()
    }
    codes = CodePolicy(
        arm_required=config.code_arm_required and bool(config.users), disarm_required=bool(config.users)
    )
    return PanelConfig(areas={area.area_id: area}, zones=zones, codes=codes)


def _mode_config(values: Mapping[str, Any]) -> ModeConfig:
    return ModeConfig(
        zones=frozenset(values["sensors"]),
        exit_delay=timedelta(seconds=values["exit_delay"]),
        entry_delay=timedelta(seconds=values["entry_delay"]),
        # A siren time of nothing would be an alarm that is over before anybody sees it.
        siren_time=timedelta(seconds=max(1, values["siren_time"])),
    )


def _zone_kind(zone_id: str, always: frozenset[str], entry_exit: frozenset[str]) -> ZoneKind:
    if zone_id in always:
        return ZoneKind.ALWAYS
    return ZoneKind.ENTRY_EXIT if zone_id in entry_exit else ZoneKind.INSTANT


def _alarm_kind(hass: HomeAssistant, entity_ids: Iterable[str]) -> AlarmKind:
    classes = (_device_class(hass, entity_id) for entity_id in entity_ids)
    return next((ALARM_KINDS[name] for name in classes if name in ALARM_KINDS), AlarmKind.BURGLARY)


def _device_class(hass: HomeAssistant, entity_id: str) -> str | None:
    entry = er.async_get(hass).async_get(entity_id)
    if entry is not None and (device_class := entry.device_class or entry.original_device_class):
        return device_class
    state = hass.states.get(entity_id)
    return None if state is None else state.attributes.get(ATTR_DEVICE_CLASS)
