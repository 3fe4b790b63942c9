"""What an existing Alarmo configuration becomes here, and an honest list of what does not come along.

The file is Alarmo's own storage (`.storage/alarmo.storage`, versions 3 to 7). It is only read, never changed.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant, callback, split_entity_id
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util.ulid import ulid_now

from ...codes.hashing import BCRYPT
from ...const import (
    OPTION_CODE_FORMAT,
    OPTION_MASTER,
    SUBENTRY_AREA,
    SUBENTRY_GROUP,
    SUBENTRY_USER,
    SUBENTRY_ZONE,
)
from ...core.panel.config import Action, CodeFormat, ZoneKind
from ...core.panel.profiles import DEFAULTS
from ...system.config import Sensing
from ...system.zone_sensors import is_open
from .notes import ImportNote, Note

FILE = "alarmo.storage"
VERSIONS = range(3, 8)
MODES: Mapping[str, str] = {
    "armed_away": "away",
    "armed_home": "home",
    "armed_night": "night",
    "armed_vacation": "vacation",
    "armed_custom_bypass": "custom_bypass",
}
LEAST_LENGTH = 4
"""Of a code whose length Alarmo has not stored: its form takes none that is shorter."""
LOWERING = (Action.DISARM, Action.BYPASS, Action.CLEAR_MEMORY, Action.WALK_TEST, Action.LOOK)
"""What goes with the right to disarm: each of them can leave something unguarded."""

GROUP_WINDOW_S = 600
"""Alarmo's own, where a group has none stored."""

type KindOf = Callable[[str], ZoneKind]


class NotReadableError(Exception):
    """The file is of a version that nobody here knows, or damaged."""


@dataclass(slots=True)
class AlarmoImport:
    """What comes along, ready for a config entry, and what does not."""

    options: dict[str, Any] = field(default_factory=dict)
    subentries: list[ConfigSubentryData] = field(default_factory=list)
    notes: list[ImportNote] = field(default_factory=list)
    """For the preview: what does not map, or maps to something else."""
    doubtful_tampers: list[str] = field(default_factory=list)
    """Sensors that Alarmo calls tamper and Home Assistant does not: people took their front door for one."""

    def data(self, kind: str) -> list[Mapping[str, Any]]:
        """Return the data of the subentries of a kind that were made so far, in Alarmo's order."""
        return [one["data"] for one in self.subentries if one["subentry_type"] == kind]

    def note(self, note: Note, **about: str) -> None:
        """Remark something, once."""
        one = ImportNote(note, about)
        if one not in self.notes:
            self.notes.append(one)

    def names(self, kind: str) -> str:
        """Return their names as the preview shows them; a dash for none."""
        return ", ".join(one["title"] for one in self.subentries if one["subentry_type"] == kind) or "-"

    def add(self, kind: str, data: Mapping[str, Any], *, subentry_id: str | None = None) -> str:
        """Take one subentry, and return its id."""
        subentry_id = subentry_id or ulid_now()
        draft: dict[str, Any] = {
            "subentry_type": kind,
            "subentry_id": subentry_id,
            "title": data["name"],
            "unique_id": None,
            "data": dict(data),
        }
        self.subentries.append(draft)  # type: ignore[arg-type] # the entry takes a given id, which the type does not name
        return subentry_id


@dataclass(frozen=True, slots=True)
class _Zone:
    """A sensor that has become a zone."""

    zone_id: str
    name: str
    kind: ZoneKind
    area_id: str


async def async_is_there(hass: HomeAssistant) -> bool:
    """Return whether Alarmo has been set up here."""
    return await hass.async_add_executor_job(_path(hass).is_file)


async def async_read(hass: HomeAssistant) -> dict[str, Any]:
    """Return Alarmo's storage. Raises NotReadableError."""

    def read() -> dict[str, Any]:
        try:
            stored = json.loads(_path(hass).read_text(encoding="utf-8"))
        except (OSError, ValueError) as err:
            raise NotReadableError(str(err)) from err
        if not isinstance(stored, dict):
            raise NotReadableError("it is not an object")
        return stored

    return await hass.async_add_executor_job(read)


@callback
def async_check_signals(hass: HomeAssistant, found: AlarmoImport) -> None:
    """Remark what Home Assistant cannot tell of a zone now: it would stand in the way of arming."""
    registry = er.async_get(hass)
    for zone in found.data(SUBENTRY_ZONE):
        for entity_id in zone["entities"]:
            state = hass.states.get(entity_id)
            if state is None and registry.async_get(entity_id) is None:
                found.note(Note.SENSOR_GONE, sensor=entity_id)
            elif is_open(state, Sensing(entities=(entity_id,))) is None:
                found.note(Note.SENSOR_SILENT, sensor=entity_id)


def parse(
    stored: Mapping[str, Any], kind_of: KindOf, *, tampers: AbstractSet[str] = frozenset()
) -> AlarmoImport:
    """Return what Alarmo's storage becomes; `kind_of` says what a sensor is by its device class.

    Of the sensors that Alarmo alone calls tamper, those in `tampers` are. What Alarmo's own schema calls optional may
    be missing. Raises NotReadableError rather than taking half of something.
    """
    if stored.get("version") not in VERSIONS:
        raise NotReadableError(
            f"version {stored.get('version')!r} is not one of {VERSIONS[0]} to {VERSIONS[-1]}"
        )
    try:
        data = stored["data"]
        found = AlarmoImport()
        config = data["config"]
        areas = _areas(found, data["areas"], bool(config.get("code_arm_required")))
        zones = _sensors(found, data.get("sensors") or [], areas, kind_of, tampers)
        _groups(found, data.get("sensor_groups") or [], zones)
        _users(found, data.get("users") or [], areas, digits=config.get("code_format") != CodeFormat.TEXT)
        _config(found, config, automations=len(data.get("automations") or []))
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise NotReadableError(f"it is damaged: {err!r}") from err
    return found


def _areas(found: AlarmoImport, areas: list[Mapping[str, Any]], code_to_arm: bool) -> dict[str, str]:  # noqa: FBT001 - one caller
    """Take the areas; return our ids by theirs."""
    ids: dict[str, str] = {}
    for area in areas:
        modes: dict[str, dict[str, Any]] = {}
        for theirs, times in (area.get("modes") or {}).items():
            if theirs not in MODES or not times.get("enabled"):
                continue
            siren = int(times.get("trigger_time") or 0)
            if siren == 0:
                siren = DEFAULTS["siren_time"]
                found.note(Note.SIREN_ENDLESS, area=area["name"], seconds=str(siren))
            modes[MODES[theirs]] = {
                "exit_delay": int(times.get("exit_time") or 0),
                "entry_delay": int(times.get("entry_time") or 0),
                "siren_time": siren,
                "code_to_arm": code_to_arm,
            }
        if not modes:
            found.note(Note.AREA_WITHOUT_MODES, area=area["name"])
            continue
        ids[area["area_id"]] = found.add(SUBENTRY_AREA, {"name": area["name"], "modes": modes})
    return ids


def _sensors(
    found: AlarmoImport,
    sensors: list[Mapping[str, Any]],
    areas: Mapping[str, str],
    kind_of: KindOf,
    tampers: AbstractSet[str],
) -> dict[str, _Zone]:
    """Take the sensors as zones; return them by entity id."""
    zones: dict[str, _Zone] = {}
    armed = {
        one["subentry_id"]: one["data"]["modes"]  # type: ignore[typeddict-item] # the given id, as in `add`
        for one in found.subentries
    }
    taken = [sensor for sensor in sensors if _comes_along(found, sensor, areas)]
    for sensor in taken:
        entity_id = sensor["entity_id"]
        kind = _kind(found, sensor, taken, kind_of, tampers)
        modes = [MODES[one] for one in sensor.get("modes") or [] if one in MODES]
        delay = sensor.get("entry_delay") if kind is ZoneKind.ENTRY_EXIT else None
        zone: dict[str, Any] = {
            "name": sensor.get("name") or split_entity_id(entity_id)[1].replace("_", " ").capitalize(),
            "area": areas[sensor["area"]],
            "entities": [entity_id],
            "kind": kind.value,
            "modes": [] if kind.always_guarded else modes,
            "entry_delay": None if delay is None else int(delay),
            "bypassable": not kind.life_safety,
            "auto_bypass": bool(sensor.get("auto_bypass")),
            "allow_open": bool(sensor.get("allow_open")),
            "final_set": bool(sensor.get("arm_on_close")) and kind is ZoneKind.ENTRY_EXIT,
            "hold": int(sensor.get("delay_on") or 0),
        }
        _note_differences(found, sensor, kind)
        if not kind.always_guarded and not set(modes) & set(armed[zone["area"]]):
            found.note(Note.SENSOR_UNGUARDED, sensor=entity_id)
        zones[entity_id] = _Zone(found.add(SUBENTRY_ZONE, zone), zone["name"], kind, zone["area"])
    return zones


def _comes_along(found: AlarmoImport, sensor: Mapping[str, Any], areas: Mapping[str, str]) -> bool:
    if sensor.get("area") not in areas:
        found.note(Note.SENSOR_ORPHANED, sensor=sensor["entity_id"])
        return False
    if not sensor.get("enabled", True):
        found.note(Note.SENSOR_DISABLED, sensor=sensor["entity_id"])
        return False
    return True


def _kind(
    found: AlarmoImport,
    sensor: Mapping[str, Any],
    sensors: list[Mapping[str, Any]],
    kind_of: KindOf,
    tampers: AbstractSet[str],
) -> ZoneKind:
    entity_id = sensor["entity_id"]
    by_class = kind_of(entity_id)
    theirs = sensor.get("type")
    if theirs == "tamper":
        if sensor.get("always_on") or by_class is ZoneKind.TAMPER or entity_id in tampers:
            return ZoneKind.TAMPER
        # Alarmo guarded it in its modes only. Here a tamper contact sounds when somebody comes home to a disarmed house.
        found.doubtful_tampers.append(entity_id)
        found.note(Note.TAMPER_DOUBTED, sensor=entity_id)
    if sensor.get("always_on"):
        return by_class if by_class.always_guarded else ZoneKind.ALWAYS
    if theirs == "environmental" and by_class.always_guarded:
        return by_class
    if not _delayed(sensor, "entry"):
        return ZoneKind.INSTANT
    # A follower takes a door before it. Where no door is guarded too, it is itself the way in.
    if theirs == "motion" and set(sensor.get("modes") or []) <= _entry_modes(sensors, sensor["area"]):
        return ZoneKind.FOLLOWER
    return ZoneKind.ENTRY_EXIT


def _delayed(sensor: Mapping[str, Any], which: str) -> bool:
    """Return whether the exit or the entry delay counts for a sensor; version 3 says so of both at once."""
    return bool(sensor.get(f"use_{which}_delay", not sensor.get("immediate", False)))


def _entry_modes(sensors: list[Mapping[str, Any]], area_id: str) -> set[str]:
    """Return the modes in which a door on the way in is guarded."""
    doors = (
        sensor
        for sensor in sensors
        if sensor.get("area") == area_id
        and sensor.get("type") not in ("motion", "tamper", "environmental")
        and not sensor.get("always_on")
        and _delayed(sensor, "entry")
    )
    return {mode for door in doors for mode in door.get("modes") or []}


def _note_differences(found: AlarmoImport, sensor: Mapping[str, Any], kind: ZoneKind) -> None:
    entity_id = sensor["entity_id"]
    if kind is ZoneKind.FOLLOWER:
        found.note(Note.FOLLOWER, sensor=entity_id)
    if kind.always_guarded and not sensor.get("always_on"):
        found.note(Note.ALWAYS_GUARDED, sensor=entity_id)
    if not kind.always_guarded and not _delayed(sensor, "exit"):
        found.note(Note.OPENED_WHILE_LEAVING)
    if kind is ZoneKind.INSTANT and _delayed(sensor, "exit"):
        found.note(Note.CLOSED_AT_ARMING, sensor=entity_id)
    if sensor.get("arm_on_close") and kind is not ZoneKind.ENTRY_EXIT:
        found.note(Note.FINAL_DOOR_ONLY_ENTRY, sensor=entity_id)
    if sensor.get("trigger_unavailable"):
        found.note(Note.UNAVAILABLE_IS_TROUBLE, sensor=entity_id)
    some = sensor.get("auto_bypass_modes")
    if sensor.get("auto_bypass") and some is not None and set(sensor.get("modes") or []) - set(some):
        found.note(Note.BYPASS_IN_ALL_MODES, sensor=entity_id)


def _groups(found: AlarmoImport, groups: list[Mapping[str, Any]], zones: Mapping[str, _Zone]) -> None:
    for group in groups:
        name = group["name"]
        # A sensor that stands in the list twice still is one.
        members = [zones[one] for one in dict.fromkeys(group.get("entities") or []) if one in zones]
        saving = [zone for zone in members if zone.kind.life_safety]
        if saving:
            found.note(Note.GROUP_SAVES_LIVES, group=name, sensors=_names(saving))
            members = [zone for zone in members if zone not in saving]
        on_the_way_in = [zone for zone in members if zone.kind is ZoneKind.ENTRY_EXIT]
        required = max(2, int(group.get("event_count") or 2))
        if len(members) < required:
            found.note(Note.GROUP_TOO_SMALL, group=name)
        elif len({zone.area_id for zone in members}) > 1:
            found.note(Note.GROUP_OVER_AREAS, group=name)
        elif on_the_way_in:
            found.note(Note.GROUP_ON_THE_WAY_IN, group=name, sensors=_names(on_the_way_in))
        else:
            zone_ids, window = [zone.zone_id for zone in members], int(group.get("timeout") or GROUP_WINDOW_S)
            found.add(
                SUBENTRY_GROUP, {"name": name, "zones": zone_ids, "required": required, "window": window}
            )


def _names(zones: list[_Zone]) -> str:
    return ", ".join(zone.name for zone in zones)


def _users(
    found: AlarmoImport, users: list[Mapping[str, Any]], areas: Mapping[str, str], *, digits: bool
) -> None:
    for user in users:
        name = user["name"]
        hashed = _bcrypt(user.get("code") or "")
        limit = user.get("area_limit") or []
        own = [areas[area_id] for area_id in limit if area_id in areas]
        if hashed is None:
            found.note(Note.USER_WITHOUT_CODE, user=name)
            continue
        if limit and not own:
            # An empty list means all areas: a user of none must not get them.
            found.note(Note.USER_WITHOUT_AREA, user=name)
            continue
        if len(own) < len(limit):
            found.note(Note.USER_LOSES_AREA, user=name)
        if not user.get("code_length"):
            found.note(Note.USER_CODE_LENGTH, user=name)
        if digits and user.get("code_format") == CodeFormat.TEXT:
            found.note(Note.USER_TEXT_CODE, user=name)
        if user.get("is_override_code"):
            found.note(Note.USER_OVERRIDE, user=name)
        may_arm = (Action.ARM,) if user.get("can_arm") else ()
        may_lower = LOWERING if user.get("can_disarm") else ()
        found.add(
            SUBENTRY_USER,
            {
                "name": name,
                "code_hash": hashed,
                "code_length": int(user.get("code_length") or LEAST_LENGTH),
                "duress": False,
                "enabled": user.get("enabled", True),
                "areas": own,
                "actions": [action.value for action in (*may_arm, *may_lower)],
            },
        )


def _config(found: AlarmoImport, config: Mapping[str, Any], *, automations: int) -> None:
    text = config.get("code_format") == CodeFormat.TEXT
    found.options = {
        OPTION_CODE_FORMAT: (CodeFormat.TEXT if text else CodeFormat.NUMBER).value,
        OPTION_MASTER: bool((config.get("master") or {}).get("enabled", True)),
    }
    if not config.get("code_disarm_required", True):
        found.note(Note.DISARMING_TAKES_CODE)
    if not config.get("code_mode_change_required", config.get("code_arm_required")):
        found.note(Note.CHANGING_TAKES_CODE)
    if config.get("disarm_after_trigger") or not config.get("ignore_blocking_sensors_after_trigger"):
        found.note(Note.STAYS_ARMED)
    if (config.get("mqtt") or {}).get("enabled"):
        found.note(Note.MQTT)
    if automations:
        found.note(Note.AUTOMATIONS, count=str(automations))


def _bcrypt(code: str) -> str | None:
    """Return the mark and the bcrypt hash that Alarmo keeps in base64, or None for no code."""
    try:
        hashed = base64.b64decode(code, validate=True).decode("ascii")
    except binascii.Error, UnicodeDecodeError:
        return None
    return f"{BCRYPT}{hashed}" if hashed.startswith("$2") else None


def _path(hass: HomeAssistant) -> Path:
    return Path(hass.config.path(STORAGE_DIR, FILE))
