"""The form field for notify targets."""

from collections.abc import Mapping
from typing import Any

import probatio as vol
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import SelectSelector, SelectSelectorConfig, SelectSelectorMode


def notify_schema(hass: HomeAssistant, *fields: str) -> vol.Schema:
    """Return a form about whom to notify: phones first, then notify entities; others can be typed."""
    services = hass.services.async_services_for_domain(Platform.NOTIFY)
    phones = sorted(f"{Platform.NOTIFY}.{name}" for name in services if name.startswith("mobile_app_"))
    entities = sorted(hass.states.async_entity_ids(Platform.NOTIFY))
    targets = SelectSelector(
        SelectSelectorConfig(
            options=[*phones, *entities], multiple=True, custom_value=True, mode=SelectSelectorMode.DROPDOWN
        )
    )
    return vol.Schema({vol.Optional(field, default=list): targets for field in fields})


def notify_errors(form: Mapping[str, Any], *fields: str) -> dict[str, str]:
    """Return what is wrong with a form about whom to notify."""
    prefix = f"{Platform.NOTIFY}."
    return {
        field: "not_a_notify_target"
        for field in fields
        if any(not target.startswith(prefix) or target == prefix for target in form[field])
    }
