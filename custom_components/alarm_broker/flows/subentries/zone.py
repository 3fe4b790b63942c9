"""Zones: many at once from suggested entities, and everything about one of them."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import probatio as vol
from homeassistant.config_entries import ConfigSubentry, SubentryFlowResult
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    TextSelector,
)

from ...const import SUBENTRY_AREA, SUBENTRY_GROUP, SUBENTRY_ZONE
from ...core.option_spec import OptionSpec, specs_of
from ...core.panel.config import ArmMode, ZoneConfig, ZoneKind
from ...core.panel.profiles import mode_violations
from ...system.config import Sensing, Supervised
from ..fields import fields_of, may_be_left_out, stored
from ..profile import abort_window_of, as_text, profile_of
from ..zones import ZONE_DOMAINS, name_of, suggested, zone_data
from .base import PanelSubentryFlow, flat, folded, nested, translated

FIELD_AREA, FIELD_ENTITIES, FIELD_TOGETHER = "area", "entities", "together"
OPTIONS: Mapping[str, tuple[OptionSpec, ...]] = {
    "arming": tuple(spec for spec in specs_of(ZoneConfig) if spec.section == "arming"),
    "tripping": tuple(spec for spec in specs_of(ZoneConfig) if spec.section == "tripping"),
    "reading": specs_of(Sensing),
    "supervision": specs_of(Supervised),
}
"""The options that each section of the form asks for."""
SECTIONS: Mapping[str, tuple[str, ...]] = {
    name: tuple(spec.key for spec in specs) for name, specs in OPTIONS.items()
}


class ZoneFlow(PanelSubentryFlow):
    """New zones take two clicks; changing one shows everything."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer the entities that are not in a zone yet, the likely ones chosen already."""
        areas = self.others(SUBENTRY_AREA)
        if not areas:
            return self.async_abort(reason="no_area")
        errors: dict[str, str] = {}
        taken = self._taken()
        if user_input is not None:
            entity_ids: list[str] = user_input[FIELD_ENTITIES]
            if entity_ids:
                return self._created(user_input[FIELD_AREA], entity_ids, together=user_input[FIELD_TOGETHER])
            errors[FIELD_ENTITIES] = "no_entities"
        possible, likely = suggested(self.hass, taken)
        schema = vol.Schema(
            {
                vol.Required(FIELD_AREA): self.area_selector(),
                vol.Required(FIELD_ENTITIES): EntitySelector(
                    EntitySelectorConfig(multiple=True, include_entities=possible)
                ),
                vol.Required(FIELD_TOGETHER, default=False): BooleanSelector(),
            }
        )
        values = user_input or {FIELD_AREA: areas[0].subentry_id, FIELD_ENTITIES: likely}
        return self.form("user", schema, values, errors)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show everything about the zone."""
        errors: dict[str, str] = {}
        current = self._get_reconfigure_subentry()
        found, group = "", self._group()
        if user_input is not None:
            data = _data(user_input)
            errors, found = self._errors(data)
            errors |= self._group_errors(data, group)
            if not errors:
                return self.keep(data)
        values = user_input or nested(self._shown(current.data), SECTIONS)
        named = {"group": "" if group is None else group.title, "zone": current.title}
        return self.form("reconfigure", self._schema(), values, errors, violations=found, **named)

    def _shown(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return a zone as its form shows it: with the modes that its area still has."""
        return {
            "bypassable": not ZoneKind(data["kind"]).life_safety,
            **data,
            "modes": [mode for mode in data["modes"] if mode in self._area_modes(data)],
        }

    def _created(self, area_id: str, entity_ids: list[str], *, together: bool) -> SubentryFlowResult:
        """Create one zone an entity, or one of all."""
        modes = self.entry.subentries[area_id].data["modes"]
        names = {one.title for one in self.others(SUBENTRY_ZONE)}
        zones = [
            zone_data(
                self.hass, area_id=area_id, entity_ids=group, modes=modes, name=self._free(names, group[0])
            )
            for group in ([entity_ids] if together else [[entity_id] for entity_id in entity_ids])
        ]
        for data in zones[1:]:
            self.hass.config_entries.async_add_subentry(
                self.entry,
                ConfigSubentry(
                    data=MappingProxyType(data),
                    subentry_type=SUBENTRY_ZONE,
                    title=data["name"],
                    unique_id=None,
                ),
            )
        return self.async_create_entry(title=zones[0]["name"], data=zones[0])

    def _free(self, names: set[str], entity_id: str) -> str:
        """Return a name that no zone has yet, and take it."""
        wanted = name_of(self.hass, entity_id)
        name = wanted
        count = 2
        while name in names:
            name, count = f"{wanted} {count}", count + 1
        names.add(name)
        return name

    def _taken(self) -> dict[str, str]:
        return {
            entity_id: zone.title
            for zone in self.others(SUBENTRY_ZONE)
            for entity_id in zone.data["entities"]
        }

    def _errors(self, data: Mapping[str, Any]) -> tuple[dict[str, str], str]:
        """Return what is wrong with a zone by field, and what the profile says."""
        errors: dict[str, str] = {}
        taken = self._taken()
        kind = ZoneKind(data["kind"])
        if (wrong := self.name_error(SUBENTRY_ZONE, data["name"])) is not None:
            errors["name"] = wrong
        if not data["entities"]:
            errors["entities"] = "no_entities"
        elif any(entity_id in taken for entity_id in data["entities"]):
            errors["entities"] = "entity_taken"
        if (wrong := self._mode_error(data)) is not None:
            errors["modes"] = wrong
        if kind.life_safety and (data.get("trips", 1) > 1 or data.get("bypassable")):
            errors["base"] = "life_safety"
        if data.get("silent") and kind is not ZoneKind.PANIC:
            errors["base"] = "only_panic_is_silent"
        if data.get("final_set") and kind is not ZoneKind.ENTRY_EXIT:
            errors["base"] = "final_door_is_entry"
        if data.get("entry_delay") is None:
            return errors, ""
        options = self.entry.options
        found = as_text(
            mode_violations(
                profile_of(options), {"entry_delay": data["entry_delay"]}, abort_window_of(options)
            )
        )
        if found:
            errors["base"] = "profile_violated"
        return errors, found

    def _mode_error(self, data: Mapping[str, Any]) -> str | None:
        """Return what is wrong with the modes, or None: one that the area does not have guards nothing."""
        if ZoneKind(data["kind"]).always_guarded:
            return None
        unknown = [mode for mode in data["modes"] if mode not in self._area_modes(data)]
        if len(unknown) == len(data["modes"]):
            return "never_guarded"
        return "mode_not_in_area" if unknown else None

    def _area_modes(self, data: Mapping[str, Any]) -> Collection[str]:
        """Return the modes of a zone's area; of one that is gone, those that the zone was guarded in."""
        area = self.entry.subentries.get(data[FIELD_AREA])
        modes: Collection[str] = (data if area is None else area.data)["modes"]
        return modes

    def _group(self) -> ConfigSubentry | None:
        """Return the group that names the zone among its members: a zone is in one at most."""
        own = self._get_reconfigure_subentry().subentry_id
        return next((one for one in self.others(SUBENTRY_GROUP) if own in one.data["zones"]), None)

    def _group_errors(self, data: Mapping[str, Any], group: ConfigSubentry | None) -> dict[str, str]:
        """Return what its group forbids a zone to become: the others would wait for it in vain."""
        if group is None:
            return {}
        if not ZoneKind(data["kind"]).groupable:
            return {"kind": "kind_in_group"}
        current = self._get_reconfigure_subentry()
        areas = {
            zone.data["area"]
            for zone in self.others(SUBENTRY_ZONE)
            if zone.subentry_id in group.data["zones"]
        }
        moved = data[FIELD_AREA] != current.data[FIELD_AREA]
        return {FIELD_AREA: "area_in_group"} if moved and areas - {data[FIELD_AREA]} else {}

    def _schema(self) -> vol.Schema:
        profile = profile_of(self.entry.options)
        sections = {
            vol.Required(name): folded(fields_of(specs, profile=profile, marker=may_be_left_out))
            for name, specs in OPTIONS.items()
        }
        return vol.Schema(
            {
                vol.Required("name"): TextSelector(),
                vol.Required(FIELD_AREA): self.area_selector(),
                vol.Required(FIELD_ENTITIES): EntitySelector(
                    EntitySelectorConfig(domain=list(ZONE_DOMAINS), multiple=True)
                ),
                vol.Required("kind"): translated("zone_kind", [kind.value for kind in ZoneKind]),
                vol.Optional("modes", default=list): translated(
                    "arm_mode", [mode.value for mode in ArmMode], multiple=True
                ),
                **sections,
            }
        )


def _data(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return the zone that an answered form describes."""
    data = flat(user_input, tuple(SECTIONS))
    data["name"] = data["name"].strip()
    if ZoneKind(data["kind"]).always_guarded:
        data["modes"] = []
    for specs in OPTIONS.values():
        data.update(stored(specs, data))
    return data
