"""The actions about who is home and what calendars say."""

from datetime import timedelta
from typing import Any

import probatio as vol
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry, verify_domain_control
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..core.verification import Level
from ..core.windows import Window
from ..system.callers import HOME_ASSISTANT, async_caller
from ..system.errors import invalid
from ..types import AlarmBrokerConfigEntry, RuntimeData
from .answer import ATTR_ALARM_ID, ATTR_NOTE, MAX_NOTE

ATTR_MINUTES, ATTR_LEVEL = "minutes", "level"

ENTRY = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}
POSTPONE_SCHEMA = vol.Schema(
    {**ENTRY, vol.Optional(ATTR_MINUTES): vol.All(vol.Coerce(int), vol.Range(min=1, max=1440))}
)
VALIDATE_SCHEMA = vol.Schema(
    {
        **ENTRY,
        vol.Optional(ATTR_ALARM_ID): cv.string,
        vol.Required(ATTR_LEVEL): vol.All(vol.Coerce(int), vol.Range(min=0, max=4)),
        vol.Optional(ATTR_NOTE): vol.All(cv.string, vol.Length(max=MAX_NOTE)),
    }
)


@callback
def async_setup_household_services(hass: HomeAssistant) -> None:
    """Register them."""
    register, controlled = hass.services.async_register, verify_domain_control(DOMAIN)
    register(DOMAIN, "postpone_arming", controlled(_async_postpone), schema=POSTPONE_SCHEMA)
    register(DOMAIN, "call_off_arming", controlled(_async_call_off), schema=vol.Schema(ENTRY))
    register(
        DOMAIN,
        "refresh_calendars",
        controlled(_async_refresh),
        schema=vol.Schema(ENTRY),
        supports_response=SupportsResponse.OPTIONAL,
    )
    register(
        DOMAIN,
        "get_windows",
        controlled(_async_windows),
        schema=vol.Schema(ENTRY),
        supports_response=SupportsResponse.ONLY,
    )
    register(DOMAIN, "validate", controlled(_async_validate), schema=VALIDATE_SCHEMA)


def _data(call: ServiceCall) -> RuntimeData:
    entry: AlarmBrokerConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID)
    )
    return entry.runtime_data


async def _async_postpone(call: ServiceCall) -> None:
    minutes = call.data.get(ATTR_MINUTES)
    delay = None if minutes is None else timedelta(minutes=minutes)
    household = _data(call).household
    if not household.async_postpone(await async_caller(call.hass, call.context) or HOME_ASSISTANT, delay):
        raise invalid("no_arming_announced")


async def _async_call_off(call: ServiceCall) -> None:
    household = _data(call).household
    if not household.async_call_off(await async_caller(call.hass, call.context) or HOME_ASSISTANT):
        raise invalid("no_arming_announced")


async def _async_refresh(call: ServiceCall) -> ServiceResponse:
    calendars = _data(call).calendars
    failed = await calendars.async_refresh()
    return {"windows": list(map(_shown, calendars.shown)), "not_readable": list[Any](failed)}


async def _async_windows(call: ServiceCall) -> ServiceResponse:
    return {"windows": list(map(_shown, _data(call).calendars.shown))}


async def _async_validate(call: ServiceCall) -> None:
    data = _data(call)
    named = call.data.get(ATTR_ALARM_ID)
    latest = data.verification.latest
    alarm = None if named is None else data.alarms.find(named)
    uid = alarm.id if alarm is not None else named or (None if latest is None else latest.uid)
    by = await async_caller(call.hass, call.context) or HOME_ASSISTANT
    level = Level(call.data[ATTR_LEVEL])
    if uid is None or not await data.verification.async_validate(
        uid, level, by=by, note=call.data.get(ATTR_NOTE)
    ):
        raise invalid("alarm_unknown", alarm_id=str(named or "-"))


def _shown(window: Window) -> dict[str, Any]:
    return {
        "kind": window.kind.value,
        "start": dt_util.as_local(window.start).isoformat(),
        "end": dt_util.as_local(window.end).isoformat(),
        "title": ", ".join(window.titles),
    }
