"""What a sensor most likely guards: the kind of zone and the modes, by its domain and device class."""

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass as Binary
from homeassistant.components.cover.const import CoverDeviceClass
from homeassistant.const import ATTR_DEVICE_CLASS, Platform
from homeassistant.core import HomeAssistant, split_entity_id
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..core.panel.config import ArmMode, ZoneKind

KINDS: Mapping[str | None, ZoneKind] = {
    Binary.DOOR: ZoneKind.ENTRY_EXIT,
    Binary.GARAGE_DOOR: ZoneKind.ENTRY_EXIT,
    CoverDeviceClass.GARAGE: ZoneKind.ENTRY_EXIT,
    CoverDeviceClass.GATE: ZoneKind.ENTRY_EXIT,
    Binary.OPENING: ZoneKind.INSTANT,
    Binary.WINDOW: ZoneKind.INSTANT,
    Binary.VIBRATION: ZoneKind.INSTANT,
    Binary.SOUND: ZoneKind.INSTANT,
    Binary.LOCK: ZoneKind.INSTANT,
    Binary.MOTION: ZoneKind.FOLLOWER,
    Binary.OCCUPANCY: ZoneKind.FOLLOWER,
    Binary.PRESENCE: ZoneKind.FOLLOWER,
    Binary.MOVING: ZoneKind.FOLLOWER,
    Binary.SMOKE: ZoneKind.FIRE,
    Binary.HEAT: ZoneKind.FIRE,
    Binary.GAS: ZoneKind.GAS,
    Binary.CO: ZoneKind.GAS,
    Binary.MOISTURE: ZoneKind.WATER,
    Binary.TAMPER: ZoneKind.TAMPER,
    Binary.SAFETY: ZoneKind.ALWAYS,
}
LIKELY = frozenset(
    {
        Binary.DOOR,
        Binary.GARAGE_DOOR,
        Binary.OPENING,
        Binary.WINDOW,
        Binary.MOTION,
        Binary.OCCUPANCY,
        Binary.SMOKE,
        Binary.HEAT,
        Binary.GAS,
        Binary.CO,
        Binary.MOISTURE,
    }
)
"""Device classes that are chosen beforehand."""
ZONE_DOMAINS = (
    Platform.BINARY_SENSOR,
    Platform.COVER,
    Platform.LOCK,
    Platform.SWITCH,
    "input_boolean",
    Platform.SENSOR,
)
INSIDE_IS_FREE = frozenset({ArmMode.HOME, ArmMode.NIGHT})
"""Modes with people inside: followers are not guarded there."""


def device_class(hass: HomeAssistant, entity_id: str) -> str | None:
    """Return an entity's device class, also of one that has not come up yet."""
    entry = er.async_get(hass).async_get(entity_id)
    if entry is not None and (found := entry.device_class or entry.original_device_class):
        return found
    state = hass.states.get(entity_id)
    return None if state is None else state.attributes.get(ATTR_DEVICE_CLASS)


def kind_of(hass: HomeAssistant, entity_id: str) -> ZoneKind:
    """Return the kind of zone that an entity most likely is."""
    return KINDS.get(device_class(hass, entity_id), ZoneKind.INSTANT)


def name_of(hass: HomeAssistant, entity_id: str) -> str:
    """Return what a zone of one entity is called."""
    state = hass.states.get(entity_id)
    return split_entity_id(entity_id)[1].replace("_", " ").capitalize() if state is None else state.name


def guarding_modes(kind: ZoneKind, modes: Iterable[str]) -> list[str]:
    """Return those of the modes that most likely guard a zone of this kind; none where it is always guarded."""
    if kind.always_guarded:
        return []
    return [mode for mode in modes if not (kind is ZoneKind.FOLLOWER and ArmMode(mode) in INSIDE_IS_FREE)]


def zone_data(
    hass: HomeAssistant, *, area_id: str, entity_ids: list[str], modes: Iterable[str], name: str | None = None
) -> dict[str, Any]:
    """Return a zone of one or more entities with the defaults of the first."""
    kind = kind_of(hass, entity_ids[0])
    helpers = siblings(hass, entity_ids)
    return {
        "name": name or name_of(hass, entity_ids[0]),
        "area": area_id,
        "entities": list(entity_ids),
        "kind": kind.value,
        "modes": guarding_modes(kind, modes),
        "battery_entities": helpers[Binary.BATTERY],
        "tamper_entities": [] if kind is ZoneKind.TAMPER else helpers[Binary.TAMPER],
    }


def siblings(hass: HomeAssistant, entity_ids: Iterable[str]) -> dict[str, list[str]]:
    """Return the battery and tamper entities of the devices that the entities belong to."""
    registry = er.async_get(hass)
    found: dict[str, list[str]] = {Binary.BATTERY: [], Binary.TAMPER: []}
    known = (registry.async_get(entity_id) for entity_id in entity_ids)
    devices = {entry.device_id for entry in known if entry is not None and entry.device_id is not None}
    for device_id in sorted(devices):
        for entry in er.async_entries_for_device(registry, device_id):
            about = entry.device_class or entry.original_device_class
            if about in found and entry.domain in (Platform.BINARY_SENSOR, Platform.SENSOR):
                found[about].append(entry.entity_id)
    return found


def suggested(hass: HomeAssistant, taken: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the entities that may become zones, and those of them that most likely should.

    Left out are those that are in a zone already and our own.
    """
    registry, used = er.async_get(hass), set(taken)
    possible: list[str] = []
    for state in hass.states.async_all(ZONE_DOMAINS):
        entry = registry.async_get(state.entity_id)
        if state.entity_id in used or (entry is not None and entry.platform == DOMAIN):
            continue
        possible.append(state.entity_id)
    likely = [
        entity_id
        for entity_id in sorted(possible)
        if entity_id.startswith("binary_sensor.") and device_class(hass, entity_id) in LIKELY
    ]
    return sorted(possible), likely
