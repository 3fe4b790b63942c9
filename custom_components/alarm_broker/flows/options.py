"""The system's settings: general, the rules and their profile, and what troubles do."""

import re
from collections.abc import Mapping
from typing import Any

import probatio as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
    TimeSelector,
)

from ..const import (
    CODE_FORMAT_NUMBER,
    CODE_FORMAT_TEXT,
    LOST_AFTER_S,
    OPTION_ANNOUNCE,
    OPTION_AUTO_ARM,
    OPTION_AUTO_ARM_MODE,
    OPTION_AUTO_STAY,
    OPTION_AWAY_AFTER,
    OPTION_CALENDAR_STALE,
    OPTION_CALL_NUMBER,
    OPTION_CODE_FORMAT,
    OPTION_DURESS_TARGETS,
    OPTION_EVIDENCE_AFTER,
    OPTION_EVIDENCE_BEFORE,
    OPTION_EVIDENCE_DAYS,
    OPTION_EXIT_RESTART,
    OPTION_GUEST_MODE,
    OPTION_JAM_ENTITIES,
    OPTION_LOST_AFTER,
    OPTION_LOST_PERSON_AFTER,
    OPTION_MASTER,
    OPTION_NOTIFY_TARGETS,
    OPTION_POSTPONE,
    OPTION_POWER_ENTITIES,
    OPTION_PROFILE,
    OPTION_PUSH_CONFIRM,
    OPTION_QUIET_FROM,
    OPTION_QUIET_TO,
    OPTION_REMIND,
    OPTION_REMIND_AFTER,
    OPTION_TRIGGER_KIND,
    OPTION_TROUBLE,
    OPTION_UNKNOWN_MEANS,
    PUSH_CONFIRM_S,
)
from ..core.household.state import UnknownMeans
from ..core.panel.config import AlarmKind, ArmMode, TroubleEffect, TroubleKind
from ..core.panel.profiles import DEFAULTS, LIMITS, Profile, default_effect
from ..household.config import PRESENCE_DEFAULTS
from ..verification.config import EVIDENCE_DEFAULTS
from .notify import notify_errors, notify_schema
from .profile import as_text, profile_of, violations
from .subentries.base import number, translated

RULES = {
    "abort_window": "s",
    "cancel_window": "s",
    "confirm_window": "s",
    "swinger_trips": None,
    "lockout_attempts": None,
    "lockout_time": "s",
}
PRESENCE_NUMBERS = (
    OPTION_REMIND_AFTER,
    OPTION_ANNOUNCE,
    OPTION_POSTPONE,
    OPTION_AWAY_AFTER,
    OPTION_LOST_PERSON_AFTER,
    OPTION_CALENDAR_STALE,
)
PHONE_NUMBER = re.compile(r"\+?[0-9](?:[ ()/.-]*[0-9]){2,19}")
"""As people write it; emergency numbers are short."""
TROUBLE_FIELDS = {f"trouble_{kind.value}": kind for kind in TroubleKind}


class AlarmBrokerOptionsFlow(OptionsFlow):
    """One form each; what breaks the profile cannot be saved."""

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what to change."""
        return self.async_show_menu(
            step_id="init", menu_options=["general", "rules", "troubles", "presence", "evidence"]
        )

    async def async_step_general(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change codes, notifications and the master."""
        errors: dict[str, str] = {}
        found = ""
        targets = (OPTION_NOTIFY_TARGETS, OPTION_DURESS_TARGETS)
        if user_input is not None and not (
            errors := notify_errors(user_input, *targets) | _number_errors(user_input)
        ):
            # An emptied field is not in the form's answer.
            changed = {
                **self.config_entry.options,
                **user_input,
                OPTION_CALL_NUMBER: re.sub(r"[^+0-9]", "", user_input.get(OPTION_CALL_NUMBER, "")) or None,
                OPTION_PUSH_CONFIRM: int(user_input[OPTION_PUSH_CONFIRM]),
            }
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
                vol.Required(OPTION_PUSH_CONFIRM, default=PUSH_CONFIRM_S): number(0, 600, "s"),
                vol.Optional(OPTION_CALL_NUMBER): TextSelector(TextSelectorConfig(type=TextSelectorType.TEL)),
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
                vol.Required(OPTION_TRIGGER_KIND, default=AlarmKind.BURGLARY.value): translated(
                    "alarm_kind", [kind.value for kind in AlarmKind if kind is not AlarmKind.DURESS]
                ),
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

    async def async_step_presence(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change what follows from people who leave and come home."""
        errors: dict[str, str] = {}
        options = self.config_entry.options
        if user_input is not None and (OPTION_QUIET_FROM in user_input) != (OPTION_QUIET_TO in user_input):
            errors["base"] = "quiet_needs_both"
        elif user_input is not None:
            numbers = {field: int(user_input[field]) for field in PRESENCE_NUMBERS}
            emptied = dict.fromkeys((OPTION_GUEST_MODE, OPTION_QUIET_FROM, OPTION_QUIET_TO))
            return self.async_create_entry(data={**options, **emptied, **user_input, **numbers})
        defaults = PRESENCE_DEFAULTS
        times = {field: vol.Required(field, default=defaults[field]) for field in PRESENCE_NUMBERS}
        schema = vol.Schema(
            {
                vol.Required(OPTION_REMIND, default=defaults[OPTION_REMIND]): BooleanSelector(),
                times[OPTION_REMIND_AFTER]: number(0, 240, "min"),
                vol.Optional(OPTION_QUIET_FROM): TimeSelector(),
                vol.Optional(OPTION_QUIET_TO): TimeSelector(),
                vol.Required(OPTION_AUTO_ARM, default=defaults[OPTION_AUTO_ARM]): BooleanSelector(),
                vol.Required(OPTION_AUTO_ARM_MODE, default=defaults[OPTION_AUTO_ARM_MODE]): translated(
                    "arm_mode", [mode.value for mode in ArmMode]
                ),
                times[OPTION_ANNOUNCE]: number(10, 3600, "s"),
                times[OPTION_POSTPONE]: number(1, 1440, "min"),
                vol.Optional(OPTION_GUEST_MODE): EntitySelector(
                    EntitySelectorConfig(domain=["input_boolean", "switch", "binary_sensor"])
                ),
                vol.Required(OPTION_UNKNOWN_MEANS, default=defaults[OPTION_UNKNOWN_MEANS]): translated(
                    "unknown_means", [meaning.value for meaning in UnknownMeans]
                ),
                times[OPTION_AWAY_AFTER]: number(0, 3600, "s"),
                times[OPTION_LOST_PERSON_AFTER]: number(1, 1440, "min"),
                times[OPTION_CALENDAR_STALE]: number(1, 720, "h"),
            }
        )
        return self._form("presence", schema, user_input or options, errors, "")

    async def async_step_evidence(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change how long alarms are looked after, and how long their pictures are kept."""
        options = self.config_entry.options
        if user_input is not None:
            return self.async_create_entry(
                data={**options, **{field: int(value) for field, value in user_input.items()}}
            )
        schema = vol.Schema(
            {
                vol.Required(
                    OPTION_EVIDENCE_BEFORE, default=EVIDENCE_DEFAULTS[OPTION_EVIDENCE_BEFORE]
                ): number(0, 300, "s"),
                vol.Required(OPTION_EVIDENCE_AFTER, default=EVIDENCE_DEFAULTS[OPTION_EVIDENCE_AFTER]): number(
                    5, 600, "s"
                ),
                vol.Required(OPTION_EVIDENCE_DAYS, default=EVIDENCE_DEFAULTS[OPTION_EVIDENCE_DAYS]): number(
                    0, 3650, "d"
                ),
            }
        )
        return self._form("evidence", schema, options, {}, "")

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


def _number_errors(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the number that phones are to call."""
    typed = answer.get(OPTION_CALL_NUMBER)
    return (
        {} if typed is None or PHONE_NUMBER.fullmatch(typed) else {OPTION_CALL_NUMBER: "not_a_phone_number"}
    )
