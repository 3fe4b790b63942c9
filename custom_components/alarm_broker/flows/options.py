"""The system's options: general, the rules and their profile, troubles, people and calendars, cameras and pictures."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import probatio as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow

from ..const import OPTION_TROUBLE
from ..core.household.state import PresenceConfig
from ..core.option_spec import Flag, Number, OptionSpec, specs_of
from ..core.panel.config import TroubleKind
from ..core.panel.profiles import RULES, effect_spec
from ..household.config import HouseholdConfig
from ..push.config import PushConfig
from ..system.config import SystemConfig
from ..verification.config import CameraSetup
from .bounds import limits_of
from .fields import field_errors, fields_of, stored, without_default
from .profile import as_text, profile_of, violations


def _of_the_system(section: str) -> tuple[OptionSpec, ...]:
    return tuple(spec for spec in specs_of(SystemConfig) if spec.section == section)


def _place(spec: OptionSpec) -> int:
    """Return where a rule stands in its form: after the profile what is counted, then the switches, then choices."""
    if spec.key == "profile":
        return 0
    return 1 if isinstance(spec.value, Number) else 2 if isinstance(spec.value, Flag) else 3


FORMS: Mapping[str, tuple[OptionSpec, ...]] = {
    "general": (*_of_the_system("general"), *specs_of(PushConfig)),
    "rules": tuple(sorted(RULES, key=_place)),
    "troubles": _of_the_system("troubles"),
    "presence": (*specs_of(PresenceConfig), *specs_of(HouseholdConfig)),
    "evidence": specs_of(CameraSetup),
}
"""The options that each form asks for, in their order; what troubles do to arming comes before the rest of theirs."""
LIMITED = frozenset({"general", "rules", "troubles"})
"""Forms that may break the profile."""


class AlarmBrokerOptionsFlow(OptionsFlow):
    """One form each; what breaks the profile cannot be saved."""

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the menu of forms."""
        return self.async_show_menu(step_id="init", menu_options=list(FORMS))

    async def async_step_general(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change codes, notifications and the master."""
        return self._step("general", user_input)

    async def async_step_rules(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change the profile and the rules."""
        return self._step("rules", user_input)

    async def async_step_troubles(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change what troubles do to arming, and what tells of them."""
        options, specs = self.config_entry.options, FORMS["troubles"]
        effects = {kind: _effect(kind, options) for kind in TroubleKind}
        fields = fields_of(effects.values(), marker=without_default) | fields_of(specs)
        if user_input is None:
            chosen = options.get(OPTION_TROUBLE, {})
            shown = {spec.key: chosen.get(kind.value, spec.default) for kind, spec in effects.items()}
            return self._form("troubles", fields, {**options, **shown})
        effect_of = {kind.value: user_input[spec.key] for kind, spec in effects.items()}
        changed = {OPTION_TROUBLE: effect_of, **stored(specs, user_input)}
        return self._kept("troubles", fields, user_input, changed)

    async def async_step_presence(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change what follows from people who leave and come home."""
        if user_input is not None and ("quiet_from" in user_input) != ("quiet_to" in user_input):
            fields = fields_of(FORMS["presence"])
            return self._form("presence", fields, user_input, {"base": "quiet_needs_both"})
        return self._step("presence", user_input)

    async def async_step_evidence(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change how long alarms are looked after, and how long their pictures are kept."""
        return self._step("evidence", user_input)

    def _step(self, step_id: str, answer: dict[str, Any] | None) -> ConfigFlowResult:
        """Show a form of which its options say everything, or keep what was answered."""
        specs = FORMS[step_id]
        fields = fields_of(specs)
        if answer is None:
            return self._form(step_id, fields, self.config_entry.options)
        if errors := field_errors(specs, answer):
            return self._form(step_id, fields, answer, errors)
        return self._kept(step_id, fields, answer, stored(specs, answer))

    def _kept(
        self, step_id: str, fields: Mapping[Any, Any], answer: Mapping[str, Any], changed: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Keep what was changed, or show the form again where that would break the profile."""
        options = {**self.config_entry.options, **changed}
        found = as_text(violations(self.config_entry, options)) if step_id in LIMITED else ""
        if not found:
            return self.async_create_entry(data=options)
        return self._form(step_id, fields, answer, {"base": "profile_violated"}, found)

    def _form(
        self,
        step_id: str,
        fields: Mapping[Any, Any],
        shown: Mapping[str, Any],
        errors: dict[str, str] | None = None,
        found: str = "",
    ) -> ConfigFlowResult:
        schema = vol.Schema(dict(fields))
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors or {},
            description_placeholders={"violations": found, **limits_of(schema)},
        )


def _effect(kind: TroubleKind, options: Mapping[str, Any]) -> OptionSpec:
    """Return what a trouble does to arming as an option of the form."""
    return replace(effect_spec(profile_of(options), kind), key=f"trouble_{kind.value}")
