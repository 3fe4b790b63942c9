"""The form field for notify targets."""

from collections.abc import Mapping
from typing import Any

import probatio as vol
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.util import slugify

from ..core.option_spec import NotifyTargets
from ..push.recipients import MOBILE_APP


def notify_schema(hass: HomeAssistant, field: str) -> vol.Schema:
    """Return a form with one field, a choice of the notify entities and services of this Home Assistant."""
    return vol.Schema({vol.Optional(field, default=list): target_selector(hass)})


def target_selector(hass: HomeAssistant) -> SelectSelector:
    """Return a choice of whom to notify: phones first, then notify entities, by name; others can be typed."""
    options = [SelectOptionDict(value=value, label=label) for value, label in _targets(hass).items()]
    return SelectSelector(
        SelectSelectorConfig(
            options=options, multiple=True, custom_value=True, mode=SelectSelectorMode.DROPDOWN
        )
    )


def _targets(hass: HomeAssistant) -> dict[str, str]:
    """Return the names of all targets; a phone is its action alone, which knows buttons, and not its entity too."""
    services = hass.services.async_services_for_domain(Platform.NOTIFY)
    names = {
        f"{MOBILE_APP}_{slugify(str(app.data.get('device_name', '')))}": app.title
        for app in hass.config_entries.async_entries(MOBILE_APP)
    }
    phones = {
        f"{Platform.NOTIFY}.{name}": names.get(name, name.removeprefix(f"{MOBILE_APP}_"))
        for name in services
        if name.startswith(f"{MOBILE_APP}_")
    }
    registry = er.async_get(hass)
    known = {state: registry.async_get(state.entity_id) for state in hass.states.async_all(Platform.NOTIFY)}
    others = {
        state.entity_id: state.name
        for state, entry in known.items()
        if entry is None or entry.platform != MOBILE_APP
    }
    return {**_by_name(phones), **_by_name(others)}


def _by_name(names: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(names.items(), key=lambda one: one[1].casefold()))


def notify_errors(form: Mapping[str, Any], field: str) -> dict[str, str]:
    """Return what is wrong with a form about whom to notify."""
    wrong = NotifyTargets().wrong(form[field])
    return {} if wrong is None else {field: wrong}
