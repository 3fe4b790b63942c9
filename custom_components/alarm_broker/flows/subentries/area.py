"""An area: its name, its modes, and the times of each mode."""

from collections.abc import Mapping
from typing import Any

import probatio as vol
from homeassistant.config_entries import ConfigSubentry, SubentryFlowResult
from homeassistant.helpers.selector import TextSelector

from ...const import SUBENTRY_AREA, SUBENTRY_ZONE
from ...core.panel.config import ArmMode, ZoneKind
from ...core.panel.profiles import TIMES
from ..fields import fields_of, stored, without_default
from ..profile import area_violations, as_text, profile_of
from ..zones import guarding_modes
from .base import PanelSubentryFlow, choice, folded, translated

MODES = [mode.value for mode in ArmMode]
FIELD_NAME, FIELD_MODES = "name", "modes"


def mode_defaults() -> dict[str, Any]:
    """Return the times of a new mode."""
    return {spec.key: spec.default for spec in TIMES}


class AreaFlow(PanelSubentryFlow):
    """Which modes, their times, and which zones a mode guards that is added to an area with zones."""

    def __init__(self) -> None:
        self._name = ""
        self._modes: list[str] = []
        self._times: dict[str, Any] = {}

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the name and the modes."""
        return await self._async_basics("user", user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change the name and the modes."""
        return await self._async_basics("reconfigure", user_input)

    async def async_step_times(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the times of each mode; the profile says what is allowed."""
        options, errors, found = self.entry.options, dict[str, str](), ""
        if user_input is not None:
            modes = {mode: stored(TIMES, user_input[mode]) for mode in self._modes}
            if not (found := as_text(area_violations(options, modes, self._name))):
                self._times = modes
                return await self.async_step_zones()
            errors["base"] = "profile_violated"
        known: Mapping[str, Any] = {} if self.current is None else self.current.data["modes"]
        values = user_input or {mode: {**mode_defaults(), **known.get(mode, {})} for mode in self._modes}
        fields = fields_of(TIMES, profile=profile_of(options), marker=without_default)
        schema = vol.Schema({vol.Required(mode): folded(fields, collapsed=False) for mode in self._modes})
        return self.form("times", schema, values, errors, violations=found)

    async def async_step_zones(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which zones each added mode guards: without any it would guard nothing, and look as if it did."""
        zones, added = self._zones(), self._added()
        if user_input is not None or not zones or not added:
            return self._kept(user_input or {})
        titles = {zone.subentry_id: zone.title for zone in zones}
        likely = {
            mode: [zone.subentry_id for zone in zones if guarding_modes(ZoneKind(zone.data["kind"]), [mode])]
            for mode in added
        }
        schema = vol.Schema(
            {vol.Optional(mode, default=list): choice(titles, multiple=True) for mode in added}
        )
        return self.form("zones", schema, likely, {})

    def _added(self) -> list[str]:
        """Return the modes that the area has not had yet."""
        known = {} if self.current is None else self.current.data["modes"]
        return [mode for mode in self._modes if mode not in known]

    def _zones(self) -> list[ConfigSubentry]:
        """Return the area's zones that are guarded only in modes; a new area has none."""
        return [
            zone
            for zone in self.others(SUBENTRY_ZONE)
            if self.current is not None
            and zone.data["area"] == self.current.subentry_id
            and not ZoneKind(zone.data["kind"]).always_guarded
        ]

    def _kept(self, guarded: Mapping[str, list[str]]) -> SubentryFlowResult:
        """Keep the area, and with it what each added mode guards."""
        for zone in self._zones():
            modes = [mode for mode in zone.data["modes"] if mode not in guarded]
            modes += [mode for mode, zone_ids in guarded.items() if zone.subentry_id in zone_ids]
            self.hass.config_entries.async_update_subentry(
                self.entry, zone, data={**zone.data, "modes": modes}
            )
        return self.keep({"name": self._name, "modes": self._times})

    async def _async_basics(self, step_id: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            if (wrong := self.name_error(SUBENTRY_AREA, user_input[FIELD_NAME])) is not None:
                errors[FIELD_NAME] = wrong
            elif not user_input[FIELD_MODES]:
                errors[FIELD_MODES] = "no_modes"
            else:
                self._name = user_input[FIELD_NAME].strip()
                self._modes = [mode for mode in MODES if mode in user_input[FIELD_MODES]]
                return await self.async_step_times()
        current = self.current
        values = user_input or (
            {FIELD_MODES: ["away", "home"]}
            if current is None
            else {FIELD_NAME: current.title, FIELD_MODES: list(current.data["modes"])}
        )
        schema = vol.Schema(
            {
                vol.Required(FIELD_NAME): TextSelector(),
                vol.Required(FIELD_MODES): translated("arm_mode", MODES, multiple=True),
            }
        )
        return self.form(step_id, schema, values, errors)
