"""From the config entry's options and subentries to what the panel core and its shell work with."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.util import dt as dt_util

from ..codes.hashing import CodeUser
from ..const import (
    OPTION_TROUBLE,
    SUBENTRY_AREA,
    SUBENTRY_GROUP,
    SUBENTRY_USER,
    SUBENTRY_ZONE,
    WEEKDAYS,
)
from ..core.option_spec import (
    Profile,
    choice,
    duration,
    entities,
    flag,
    optional_duration,
    optional_measure,
    read_options,
    within,
)
from ..core.panel.config import (
    Action,
    AreaConfig,
    ArmMode,
    CodeFormat,
    CodePolicy,
    GroupConfig,
    ModeConfig,
    PanelConfig,
    Rules,
    TroubleEffect,
    TroubleKind,
    UserConfig,
    ZoneConfig,
    ZoneKind,
)
from ..core.panel.profiles import LIMITS, effect_spec
from ..core.windows import WindowKind
from .unreadable_parts import UnreadableParts


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensing:
    """How a zone's entities are read."""

    entities: Sequence[str]
    """One of them open means that the zone is open."""
    invert: bool = flag(default=False)
    above: float | None = optional_measure(within(-1e6, 1e6))
    below: float | None = optional_measure(within(-1e6, 1e6))


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """What else tells of a zone's troubles than its entities falling silent."""

    battery_entities: Sequence[str] = entities("binary_sensor", "sensor")
    tamper_entities: Sequence[str] = entities("binary_sensor", "sensor")
    heartbeat: timedelta | None = optional_duration("h", within(1, 168), key="heartbeat_hours")
    """Not heard of for so long is a trouble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemConfig:
    """The panel as the user set it up."""

    panel: PanelConfig
    code_users: tuple[CodeUser, ...]
    code_format: CodeFormat = choice(CodeFormat.NUMBER, "code_format", section="general")
    master: bool = flag(default=True, section="general")
    """A panel over all areas is wanted."""
    hides_status: bool
    """Zones, troubles and the memory are not shown (EN 50131-1)."""
    zone_names: Mapping[str, str]
    sensing: Mapping[str, Sensing]
    supervised: Mapping[str, Supervised]
    """Only the zones of which there is something to supervise."""
    lost_after: timedelta = duration(300, "s", within(0, 86400), section="troubles")
    """A sensor that says nothing for so long is lost."""
    power_entities: Sequence[str] = entities("binary_sensor", section="troubles")
    """Off means no mains power."""
    jam_entities: Sequence[str] = entities("binary_sensor", section="troubles")
    """On means that radio is jammed."""
    orphaned_zones: tuple[str, ...] = field(default=())
    """Names of zones that nobody guards: their area is gone, or all its modes that had them."""


def system_config_from_entry(entry: ConfigEntry[Any], unreadable: UnreadableParts) -> SystemConfig:
    """Return the panel's configuration; what names something that is gone, or cannot be read, is left out."""
    options = entry.options
    rules = Rules(**unreadable.options(Rules, options))
    limits = LIMITS[rules.profile]
    read: dict[str, tuple[ZoneConfig, Sensing, Supervised | None]] = {}

    def read_zone(zone: ConfigSubentry) -> None:
        read[zone.subentry_id] = _zone(zone), _sensing(zone.data), _supervised(zone.data)

    all_zones = unreadable.readable(_subentries(entry, SUBENTRY_ZONE), read_zone)
    areas = unreadable.readable(_subentries(entry, SUBENTRY_AREA), lambda area: _area(area, all_zones))
    area_ids = {area.subentry_id for area in areas}
    zones = [zone for zone in all_zones if zone.data["area"] in area_ids]
    users = unreadable.readable(_subentries(entry, SUBENTRY_USER), _user, lambda user: user.data["code_hash"])
    groups = unreadable.readable(_subentries(entry, SUBENTRY_GROUP), lambda group: _groups([group], zones))
    # Also with users that cannot be read: nobody may come in because their code is not known any more.
    takes_codes = bool(_subentries(entry, SUBENTRY_USER))
    panel = PanelConfig(
        areas={area.subentry_id: _area(area, zones) for area in areas},
        zones={zone.subentry_id: read[zone.subentry_id][0] for zone in zones},
        codes=CodePolicy(
            disarm_required=takes_codes,
            always_required=takes_codes and limits.always_code,
            look_required=takes_codes and limits.hides_status,
            yields_to_entry=not limits.blocks_all_keypads,
            **unreadable.options(CodePolicy, options),
        ),
        users={user.subentry_id: _user(user) for user in users},
        groups=_groups(groups, zones),
        rules=replace(rules, trouble=_trouble_effects(options, rules.profile, unreadable)),
        timezone=dt_util.get_default_time_zone(),
    )
    return SystemConfig(
        panel=panel,
        code_users=tuple(CodeUser(user.subentry_id, user.data["code_hash"]) for user in users),
        hides_status=limits.hides_status,
        zone_names={zone.subentry_id: zone.title for zone in zones},
        sensing={zone.subentry_id: read[zone.subentry_id][1] for zone in zones},
        supervised={
            zone.subentry_id: one for zone in zones if (one := read[zone.subentry_id][2]) is not None
        },
        orphaned_zones=tuple(zone.title for zone in all_zones if not _is_guarded(zone, panel)),
        **unreadable.options(SystemConfig, options),
    )


def _subentries(entry: ConfigEntry[Any], kind: str) -> list[ConfigSubentry]:
    return [subentry for subentry in entry.subentries.values() if subentry.subentry_type == kind]


def _area(subentry: ConfigSubentry, zones: Iterable[ConfigSubentry]) -> AreaConfig:
    own = [zone for zone in zones if zone.data["area"] == subentry.subentry_id]
    return AreaConfig(
        area_id=subentry.subentry_id,
        name=subentry.title,
        modes={
            ArmMode(mode): ModeConfig(
                zones=frozenset(zone.subentry_id for zone in own if mode in zone.data.get("modes", ())),
                # A siren time of nothing would be an alarm that is over before anybody sees it.
                **read_options(ModeConfig, {**times, "siren_time": max(1, times["siren_time"])}),
            )
            for mode, times in subentry.data["modes"].items()
        },
    )


def _zone(subentry: ConfigSubentry) -> ZoneConfig:
    data = subentry.data
    kind = ZoneKind(data["kind"])
    return ZoneConfig(
        zone_id=subentry.subentry_id,
        area_id=data["area"],
        kind=kind,
        **read_options(ZoneConfig, {"bypassable": not kind.life_safety, **data}),
    )


def _sensing(data: Mapping[str, Any]) -> Sensing:
    return Sensing(entities=data["entities"], **read_options(Sensing, data))


def _supervised(data: Mapping[str, Any]) -> Supervised | None:
    found = Supervised(**read_options(Supervised, data))
    supervises = found.battery_entities or found.tamper_entities or found.heartbeat is not None
    return found if supervises else None


def _user(subentry: ConfigSubentry) -> UserConfig:
    data = subentry.data
    areas, weekdays = data.get("areas"), data.get("weekdays")
    uses = data.get("uses")
    return UserConfig(
        user_id=subentry.subentry_id,
        name=data["name"],
        duress=data.get("duress", False),
        enabled=data.get("enabled", True),
        areas=frozenset(areas) if areas else None,
        actions=frozenset(map(Action, data["actions"])) if "actions" in data else frozenset(Action),
        valid_from=_local(data.get("valid_from")),
        valid_until=_local(data.get("valid_until")),
        weekdays=frozenset(map(WEEKDAYS.index, weekdays)) if weekdays else None,
        time_from=_clock(data.get("time_from")),
        time_to=_clock(data.get("time_to")),
        uses=None if uses is None else int(uses),
        windows=frozenset(map(WindowKind, data.get("windows") or ())),
    )


def _groups(subentries: Iterable[ConfigSubentry], zones: Iterable[ConfigSubentry]) -> dict[str, GroupConfig]:
    areas = {zone.subentry_id: zone.data["area"] for zone in zones if ZoneKind(zone.data["kind"]).groupable}
    groups = (
        GroupConfig(
            group_id=subentry.subentry_id,
            zones=_members(subentry.data["zones"], areas),
            **read_options(GroupConfig, subentry.data),
        )
        for subentry in subentries
    )
    # A group that has lost too many zones could never alarm: its zones go back to alarming alone.
    return {group.group_id: group for group in groups if len(group.zones) >= group.required}


def _members(zone_ids: Iterable[str], areas: Mapping[str, str]) -> frozenset[str]:
    """Return those of a group's zones that may wait for each other, given the areas of all that may be grouped.

    Whatever is stored, no zone may be silenced by it: one that was made a front door or a smoke detector since, or
    was moved away from the others, alarms alone.
    """
    known = [zone_id for zone_id in zone_ids if zone_id in areas]
    together = Counter(areas[zone_id] for zone_id in known).most_common(1)
    return frozenset(zone_id for zone_id in known if areas[zone_id] == together[0][0])


def _trouble_effects(
    options: Mapping[str, Any], profile: Profile, unreadable: UnreadableParts
) -> dict[TroubleKind, TroubleEffect]:
    chosen = options.get(OPTION_TROUBLE, {})
    return {kind: unreadable.option(effect_spec(profile, kind), chosen) for kind in TroubleKind}


def _is_guarded(zone: ConfigSubentry, panel: PanelConfig) -> bool:
    area = panel.areas.get(zone.data["area"])
    if area is None or ZoneKind(zone.data["kind"]).always_guarded:
        return area is not None
    return any(zone.subentry_id in mode.zones for mode in area.modes.values())


def _clock(text: str | None) -> time | None:
    return None if text is None else time.fromisoformat(text)


def _local(text: str | None) -> datetime | None:
    """Return a stored moment; one without a time zone is the house's wall clock."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt_util.get_default_time_zone())
