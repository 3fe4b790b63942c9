"""The actions with which a person, or an automation, answers an alarm."""

from functools import partial

import probatio as vol  # what core uses; voluptuous is only its alias there, without its types
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry, verify_domain_control

from ..const import DOMAIN
from ..link.alarm import Alarm
from ..link.events import Decision
from ..link.registry import AlarmRegistry
from ..system.callers import HOME_ASSISTANT, async_caller
from ..system.errors import invalid
from ..types import AlarmBrokerConfigEntry

ATTR_ALARM_ID = "alarm_id"
ATTR_NOTE = "note"
MAX_NOTE = 1000

DECISIONS = (Decision.ACKNOWLEDGE, Decision.RESOLVE, Decision.CANCEL)

SCHEMA = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Optional(ATTR_ALARM_ID): cv.string,
        vol.Optional(ATTR_NOTE): vol.All(cv.string, vol.Length(max=MAX_NOTE)),
    }
)


ESCALATE_SCHEMA = vol.Schema(
    {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string, vol.Optional(ATTR_ALARM_ID): cv.string}
)


@callback
def async_setup_answer_services(hass: HomeAssistant) -> None:
    """Register the actions; they say so when no entry is loaded, and are for users who may control the panel."""
    controlled = verify_domain_control(DOMAIN)
    for decision in DECISIONS:
        hass.services.async_register(
            DOMAIN,
            decision.value,
            controlled(partial(_async_answer, decision)),
            schema=SCHEMA,
            supports_response=SupportsResponse.OPTIONAL,
        )
    hass.services.async_register(
        DOMAIN,
        "escalate",
        controlled(_async_escalate),
        schema=ESCALATE_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _async_answer(decision: Decision, call: ServiceCall) -> ServiceResponse:
    entry: AlarmBrokerConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID)
    )
    data = entry.runtime_data
    alarm = _alarm(data.alarms, call.data.get(ATTR_ALARM_ID))
    by = await async_caller(call.hass, call.context) or HOME_ASSISTANT
    await data.alarms.async_answer(alarm, decision, by=by, via="service", note=call.data.get(ATTR_NOTE))
    return {
        "alarm_id": alarm.alarm_id or alarm.id,
        # False: kept on disk, and passed on as soon as the companion is back.
        "passed_on": data.link is None or data.link.connected,
    }


async def _async_escalate(call: ServiceCall) -> ServiceResponse:
    entry: AlarmBrokerConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID)
    )
    data = entry.runtime_data
    if data.link is None:
        raise invalid("no_companion")
    alarm = _alarm(data.alarms, call.data.get(ATTR_ALARM_ID))
    by = await async_caller(call.hass, call.context) or HOME_ASSISTANT
    await data.alarms.async_answer(alarm, Decision.ESCALATE, by=by, via="service")
    return {"alarm_id": alarm.alarm_id or alarm.id, "passed_on": data.link.connected}


def _alarm(alarms: AlarmRegistry, alarm_id: str | None) -> Alarm:
    """Return the alarm that is meant: the named one, else the latest open one."""
    if alarm_id is not None:
        if (named := alarms.find(alarm_id)) is None:
            raise invalid("alarm_unknown", alarm_id=alarm_id)
        return named
    if not (open_alarms := alarms.open_alarms):
        raise invalid("no_open_alarm")
    return open_alarms[0]
