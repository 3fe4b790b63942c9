"""What an existing Alarmo configuration becomes here, and an honest list of what does not come along.

The file is Alarmo's own storage (`.storage/alarmo.storage`, versions 3 to 7). It is only read, never changed.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant, split_entity_id
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util.ulid import ulid_now

from .code_hashes import BCRYPT
from .const import (
    CODE_FORMAT_NUMBER,
    CODE_FORMAT_TEXT,
    OPTION_CODE_FORMAT,
    OPTION_MASTER,
    SUBENTRY_AREA,
    SUBENTRY_GROUP,
    SUBENTRY_USER,
    SUBENTRY_ZONE,
)
from .panel.config import Action, ZoneKind
from .panel.profiles import DEFAULTS

FILE = "alarmo.storage"
VERSIONS = range(3, 8)
MODES: Mapping[str, str] = {
    "armed_away": "away",
    "armed_home": "home",
    "armed_night": "night",
    "armed_vacation": "vacation",
    "armed_custom_bypass": "custom_bypass",
}
MAY = (Action.BYPASS, Action.CLEAR_MEMORY, Action.WALK_TEST)

type KindOf = Callable[[str], ZoneKind]


class NotReadableError(Exception):
    """The file is of a version that nobody here knows, or damaged."""


@dataclass(slots=True)
class AlarmoImport:
    """What comes along, ready for a config entry, and what does not."""

    options: dict[str, Any] = field(default_factory=dict)
    subentries: list[ConfigSubentryData] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Sentences for the preview: what does not map, or maps to something else."""

    def names(self, kind: str) -> str:
        """Return the names of everything of a kind."""
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


def parse(stored: Mapping[str, Any], kind_of: KindOf) -> AlarmoImport:
    """Return what Alarmo's storage becomes; `kind_of` says what a sensor is by its device class.

    Raises NotReadableError rather than taking half of something.
    """
    if stored.get("version") not in VERSIONS:
        raise NotReadableError(
            f"version {stored.get('version')!r} is not one of {VERSIONS[0]} to {VERSIONS[-1]}"
        )
    try:
        data = stored["data"]
        found = AlarmoImport()
        areas = _areas(found, data["areas"], bool(data["config"]["code_arm_required"]))
        zones = _sensors(found, data.get("sensors", []), areas, kind_of)
        _groups(found, data.get("sensor_groups", []), zones)
        _users(found, data.get("users", []), areas)
        _config(found, data["config"], automations=len(data.get("automations", [])))
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise NotReadableError(f"it is damaged: {err!r}") from err
    return found


def _areas(found: AlarmoImport, areas: list[Mapping[str, Any]], code_to_arm: bool) -> dict[str, str]:  # noqa: FBT001 - one caller
    """Take the areas; return our ids by theirs."""
    ids: dict[str, str] = {}
    for area in areas:
        modes: dict[str, dict[str, Any]] = {}
        for theirs, times in area["modes"].items():
            if not times["enabled"]:
                continue
            siren = int(times["trigger_time"] or 0)
            if siren == 0:
                siren = DEFAULTS["siren_time"]
                found.notes.append(
                    f"{area['name']}: the siren of {MODES[theirs]} had no end; it gets {siren} seconds."
                )
            modes[MODES[theirs]] = {
                "exit_delay": int(times["exit_time"] or 0),
                "entry_delay": int(times["entry_time"] or 0),
                "siren_time": siren,
                "code_to_arm": code_to_arm,
            }
        if not modes:
            found.notes.append(f"{area['name']}: no mode is enabled; the area is left out, with its sensors.")
            continue
        ids[area["area_id"]] = found.add(SUBENTRY_AREA, {"name": area["name"], "modes": modes})
    return ids


def _sensors(
    found: AlarmoImport, sensors: list[Mapping[str, Any]], areas: Mapping[str, str], kind_of: KindOf
) -> dict[str, str]:
    """Take the sensors as zones; return our ids by entity id."""
    ids: dict[str, str] = {}
    for sensor in sensors:
        entity_id = sensor["entity_id"]
        if sensor.get("area") not in areas:
            found.notes.append(f"{entity_id}: its area does not come along; neither does it.")
            continue
        if not sensor.get("enabled", True):
            found.notes.append(f"{entity_id}: disabled in Alarmo; left out.")
            continue
        kind = _kind(sensor, kind_of)
        delay = sensor.get("entry_delay")
        zone = {
            "name": sensor.get("name") or split_entity_id(entity_id)[1].replace("_", " ").capitalize(),
            "area": areas[sensor["area"]],
            "entities": [entity_id],
            "kind": kind.value,
            "modes": [] if kind.always_guarded else [MODES[mode] for mode in sensor.get("modes", [])],
            "entry_delay": None if delay is None else int(delay),
            "bypassable": not kind.life_safety,
            "auto_bypass": bool(sensor.get("auto_bypass")),
            "allow_open": bool(sensor.get("allow_open")),
            "final_set": bool(sensor.get("arm_on_close")) and kind is ZoneKind.ENTRY_EXIT,
            "hold": int(sensor.get("delay_on") or 0),
        }
        if sensor.get("trigger_unavailable"):
            found.notes.append(
                f"{entity_id}: an unavailable sensor is a trouble here and stands in the way of arming; it does "
                "not trigger the alarm."
            )
        if sensor.get("auto_bypass_modes"):
            found.notes.append(f"{entity_id}: the automatic bypass holds in all modes, not only in some.")
        ids[entity_id] = found.add(SUBENTRY_ZONE, zone)
    return ids


def _kind(sensor: Mapping[str, Any], kind_of: KindOf) -> ZoneKind:
    by_class = kind_of(sensor["entity_id"])
    if sensor.get("always_on"):
        return by_class if by_class.always_guarded else ZoneKind.ALWAYS
    match sensor.get("type"):
        case "environmental" if by_class.always_guarded:
            return by_class
        case "tamper":
            return ZoneKind.TAMPER
        case "motion" if sensor.get("use_entry_delay", True):
            return ZoneKind.FOLLOWER
        case "door" if sensor.get("use_entry_delay", True):
            return ZoneKind.ENTRY_EXIT
        case _:
            return ZoneKind.ENTRY_EXIT if sensor.get("use_exit_delay") else ZoneKind.INSTANT


def _groups(found: AlarmoImport, groups: list[Mapping[str, Any]], zones: Mapping[str, str]) -> None:
    for group in groups:
        members = [zones[entity_id] for entity_id in group["entities"] if entity_id in zones]
        required = max(2, int(group.get("event_count") or 2))
        if len(members) < required:
            found.notes.append(f"{group['name']}: too few of its sensors come along; the group is left out.")
            continue
        entry_zones = [
            one["title"]
            for one in found.subentries
            if one.get("subentry_id") in members and one["data"]["kind"] == ZoneKind.ENTRY_EXIT
        ]
        if entry_zones:
            found.notes.append(
                f"{group['name']}: {', '.join(entry_zones)} cannot be in a group, being on the way in."
            )
            continue
        found.add(
            SUBENTRY_GROUP,
            {
                "name": group["name"],
                "zones": members,
                "required": required,
                "window": int(group["timeout"]),
            },
        )


def _users(found: AlarmoImport, users: list[Mapping[str, Any]], areas: Mapping[str, str]) -> None:
    for user in users:
        hashed = _bcrypt(user["code"])
        if hashed is None:
            found.notes.append(f"{user['name']}: has no code; the user is left out.")
            continue
        actions = [Action.ARM] if user.get("can_arm") else []
        actions += [Action.DISARM] if user.get("can_disarm") else []
        limit = [areas[area_id] for area_id in user.get("area_limit") or [] if area_id in areas]
        found.add(
            SUBENTRY_USER,
            {
                "name": user["name"],
                "code_hash": hashed,
                "code_length": int(user.get("code_length") or 4),
                "duress": False,
                "enabled": user.get("enabled", True),
                "areas": limit,
                "actions": [action.value for action in (*actions, *MAY)],
            },
        )
        if user.get("is_override_code"):
            found.notes.append(
                f"{user['name']}: the override code is an ordinary one here; to arm with open zones, force it."
            )


def _config(found: AlarmoImport, config: Mapping[str, Any], *, automations: int) -> None:
    text = config.get("code_format") == CODE_FORMAT_TEXT
    found.options = {
        OPTION_CODE_FORMAT: CODE_FORMAT_TEXT if text else CODE_FORMAT_NUMBER,
        OPTION_MASTER: bool(config.get("master", {}).get("enabled", True)),
    }
    if not config.get("code_disarm_required", True):
        found.notes.append("Disarming takes a code here as soon as one user has one.")
    if config.get("disarm_after_trigger"):
        found.notes.append("After the siren the area stays armed here; it does not disarm itself.")
    if config.get("mqtt", {}).get("enabled"):
        found.notes.append("MQTT does not come along: use automations on the panel's entities.")
    if automations:
        found.notes.append(
            f"{automations} notifications and actions do not come along: choose notify targets, and write "
            "automations on the panel's events or take the blueprints."
        )


def _bcrypt(code: str) -> str | None:
    """Return the mark and the bcrypt hash that Alarmo keeps in base64, or None for no code."""
    try:
        hashed = base64.b64decode(code, validate=True).decode("ascii")
    except binascii.Error, UnicodeDecodeError:
        return None
    return f"{BCRYPT}{hashed}" if hashed.startswith("$2") else None


def _path(hass: HomeAssistant) -> Path:
    return Path(hass.config.path(STORAGE_DIR, FILE))
