"""The system's settings: general, the rules and their profile, and what troubles do."""

from collections.abc import Mapping
from typing import Any

import probatio as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.helpers.selector import BooleanSelector, EntitySelector, EntitySelectorConfig

from .const import (
    CODE_FORMAT_NUMBER,
    CODE_FORMAT_TEXT,
    LOST_AFTER_S,
    OPTION_AUTO_STAY,
    OPTION_CODE_FORMAT,
    OPTION_DURESS_TARGETS,
    OPTION_EXIT_RESTART,
    OPTION_JAM_ENTITIES,
    OPTION_LOST_AFTER,
    OPTION_MASTER,
    OPTION_NOTIFY_TARGETS,
    OPTION_POWER_ENTITIES,
    OPTION_PROFILE,
    OPTION_TROUBLE,
)
from .notify_forms import notify_errors, notify_schema
from .panel.config import TroubleEffect, TroubleKind
from .panel.profiles import DEFAULTS, LIMITS, Profile, default_effect
from .profile_check import as_text, profile_of, violations
from .subentries.base import number, translated

RULES = {
    "abort_window": "s",
    "cancel_window": "s",
    "confirm_window": "s",
    "swinger_trips": None,
    "lockout_attempts": None,
    "lockout_time": "s",
}
TROUBLE_FIELDS = {f"trouble_{kind.value}": kind for kind in TroubleKind}


class AlarmBrokerOptionsFlow(OptionsFlow):
    """One form each; what breaks the profile cannot be saved."""

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what to change."""
        return self.async_show_menu(step_id="init", menu_options=["general", "rules", "troubles"])

    async def async_step_general(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change codes, notifications and the master."""
        errors: dict[str, str] = {}
        found = ""
        targets = (OPTION_NOTIFY_TARGETS, OPTION_DURESS_TARGETS)
        if user_input is not None and not (errors := notify_errors(user_input, *targets)):
            changed = {**self.config_entry.options, **user_input}
            if not (found := as_text(violations(self.config_entry, changed))):
                return self.async_create_entry(data=changed)
            errors["base"] = "profile_violated"
        formats = [CODE_FORMAT_NUMBER, CODE_FORMAT_TEXT]
        schema = vol.Schema(
            {
                vol.Required(OPTION_CODE_FORMAT, default=CODE_FORMAT_NUMBER): translated(
                    "code_format", formats
                ),
                vol.Required(OPTION_MASTER, default=True): BooleanSelector(),
                **notify_schema(self.hass, *targets).schema,
            }
        )
        return self._form("general", schema, user_input or self.config_entry.options, errors, found)

    async def async_step_rules(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change the profile and the rules."""
        errors: dict[str, str] = {}
        options, found = self.config_entry.options, ""
        if user_input is not None:
            numbers = {field: int(user_input[field]) for field in RULES}
            changed = {**options, **user_input, **numbers}
            if not (found := as_text(violations(self.config_entry, changed))):
                return self.async_create_entry(data=changed)
            errors["base"] = "profile_violated"
        widest = LIMITS[Profile.DEFAULT].ranges
        schema = vol.Schema(
            {
                vol.Required(OPTION_PROFILE, default=Profile.DEFAULT.value): translated(
                    "profile", [profile.value for profile in Profile]
                ),
                **{
                    vol.Required(field, default=DEFAULTS[field]): number(*widest[field], unit)
                    for field, unit in RULES.items()
                },
                vol.Required(OPTION_EXIT_RESTART, default=True): BooleanSelector(),
                vol.Required(OPTION_AUTO_STAY, default=False): BooleanSelector(),
            }
        )
        return self._form("rules", schema, user_input or options, errors, found)

    async def async_step_troubles(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change what troubles do to arming, and what tells of them."""
        errors: dict[str, str] = {}
        options, found = self.config_entry.options, ""
        if user_input is not None:
            changed = {
                **options,
                OPTION_TROUBLE: {kind.value: user_input[field] for field, kind in TROUBLE_FIELDS.items()},
                OPTION_LOST_AFTER: int(user_input[OPTION_LOST_AFTER]),
                OPTION_POWER_ENTITIES: user_input[OPTION_POWER_ENTITIES],
                OPTION_JAM_ENTITIES: user_input[OPTION_JAM_ENTITIES],
            }
            if not (found := as_text(violations(self.config_entry, changed))):
                return self.async_create_entry(data=changed)
            errors["base"] = "profile_violated"
        effects = [effect.value for effect in TroubleEffect]
        chosen = options.get(OPTION_TROUBLE, {})
        values = user_input or {
            **options,
            **{
                field: chosen.get(kind.value, default_effect(profile_of(options), kind).value)
                for field, kind in TROUBLE_FIELDS.items()
            },
        }
        sensors = EntitySelector(EntitySelectorConfig(domain="binary_sensor", multiple=True))
        schema = vol.Schema(
            {vol.Required(field): translated("trouble_effect", effects) for field in TROUBLE_FIELDS}
            | {
                vol.Required(OPTION_LOST_AFTER, default=LOST_AFTER_S): number(0, 86400, "s"),
                vol.Optional(OPTION_POWER_ENTITIES, default=list): sensors,
                vol.Optional(OPTION_JAM_ENTITIES, default=list): sensors,
            }
        )
        return self._form("troubles", schema, values, errors, found)

    def _form(
        self,
        step_id: str,
        schema: vol.Schema,
        values: Mapping[str, Any],
        errors: dict[str, str],
        found: str,
    ) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, values),
            errors=errors,
            description_placeholders={"violations": found},
        )
