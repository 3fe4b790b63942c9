"""Triggers in plain words: what happens at the panel.

They listen to the panel itself and not to the bus, where any phone's webhook may fire any event.
"""

from collections.abc import Mapping
from typing import Any, override

import probatio as vol
from homeassistant.const import CONF_OPTIONS
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .const import SIGNAL_ACTIVITY
from .core.panel.config import AlarmKind
from .core.windows import WindowKind
from .system.activity import Activity, ActivityKind

CONF_AREAS, CONF_KINDS, CONF_WINDOWS = "areas", "kinds", "windows"
ALARM_KINDS = [kind.value for kind in AlarmKind if kind is not AlarmKind.DURESS]

WHAT: Mapping[str, frozenset[ActivityKind]] = {
    "alarm": frozenset({ActivityKind.TRIGGERED}),
    "alarm_confirmed": frozenset({ActivityKind.CONFIRMED}),
    "false_alarm": frozenset({ActivityKind.ALARM_ABORTED, ActivityKind.ALARM_CANCELLED}),
    "entry_delay": frozenset({ActivityKind.PENDING}),
    "exit_delay": frozenset({ActivityKind.ARMING}),
    "exit_error": frozenset({ActivityKind.EXIT_ERROR}),
    "arming_refused": frozenset({ActivityKind.ARMING_REFUSED}),
    "wrong_code": frozenset({ActivityKind.WRONG_CODE, ActivityKind.CODE_REFUSED}),
    "lockout": frozenset({ActivityKind.LOCKOUT}),
    "bypassed": frozenset({ActivityKind.BYPASSED, ActivityKind.ZONE_SHUT_DOWN}),
    "trouble": frozenset({ActivityKind.TROUBLE}),
    "trouble_cleared": frozenset({ActivityKind.TROUBLE_CLEARED}),
    "walk_test_ended": frozenset({ActivityKind.WALK_TEST_ENDED}),
    "chime": frozenset({ActivityKind.CHIME}),
    "verified": frozenset({ActivityKind.VERIFIED}),
    "code_used": frozenset({ActivityKind.CODE_USED}),
    "arrived_while_armed": frozenset({ActivityKind.ARRIVED_WHILE_ARMED}),
    "everyone_left": frozenset({ActivityKind.EVERYONE_LEFT}),
    "first_arrived": frozenset({ActivityKind.FIRST_ARRIVED}),
    "push_refused": frozenset({ActivityKind.PUSH_REFUSED}),
    "window_started": frozenset({ActivityKind.WINDOW_STARTED}),
    "window_ended": frozenset({ActivityKind.WINDOW_ENDED}),
}
AREAS = {vol.Optional(CONF_AREAS, default=list): vol.All(cv.ensure_list, [cv.string])}
KINDS = {vol.Optional(CONF_KINDS, default=list): vol.All(cv.ensure_list, [vol.In(ALARM_KINDS)])}
WINDOWS = {
    vol.Optional(CONF_WINDOWS, default=list): vol.All(
        cv.ensure_list, [vol.In([kind.value for kind in WindowKind])]
    )
}
CHOICES: Mapping[str, Mapping[vol.Optional, Any]] = {
    "alarm": AREAS | KINDS,
    "everyone_left": {},
    "lockout": {},
    "first_arrived": {},
    "push_refused": {},
    "window_started": WINDOWS,
    "window_ended": WINDOWS,
}
"""What can be chosen; of all others, the areas."""


class ActivityTrigger(Trigger):
    """Runs when one of some things happens at the panel; in chosen areas, or in any."""

    kinds: frozenset[ActivityKind]
    schema: vol.Schema

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        super().__init__(hass, config)
        options = config.options or {}
        self._areas = {name.casefold() for name in options.get(CONF_AREAS, ())}
        self._alarm_kinds = set(options.get(CONF_KINDS, ()))
        self._windows = set(options.get(CONF_WINDOWS, ()))

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        validated: ConfigType = cls.schema(config)
        return validated

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        @callback
        def happened(activity: Activity) -> None:
            if self._meant(activity):
                run_action(activity.as_dict(), f"{activity.kind.value} at the alarm panel")

        return async_dispatcher_connect(self._hass, SIGNAL_ACTIVITY, happened)

    def _meant(self, activity: Activity) -> bool:
        if activity.kind not in self.kinds:
            return False
        # What is about no area, as a mains failure, is about each of them.
        named = {name.casefold() for name in activity.areas.values()}
        if self._areas and named and not named & self._areas:
            return False
        if self._windows and activity.data.get("window") not in self._windows:
            return False
        return not self._alarm_kinds or activity.data.get("alarm_kind") in self._alarm_kinds


def _trigger(name: str, kinds: frozenset[ActivityKind]) -> type[ActivityTrigger]:
    choices = vol.Schema(dict(CHOICES.get(name, AREAS)))
    schema = vol.Schema({vol.Optional(CONF_OPTIONS, default=dict): choices})
    return type(
        f"{name.title().replace('_', '')}Trigger", (ActivityTrigger,), {"kinds": kinds, "schema": schema}
    )


TRIGGERS: dict[str, type[Trigger]] = {name: _trigger(name, kinds) for name, kinds in WHAT.items()}


async def async_get_triggers(_hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return them all."""
    return TRIGGERS
