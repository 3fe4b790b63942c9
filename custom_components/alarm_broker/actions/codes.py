"""The actions that add and remove temporary codes: users like others, which remove themselves when they are over."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import probatio as vol
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import ATTR_CODE, ATTR_CONFIG_ENTRY_ID, ATTR_NAME
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry, async_register_admin_service
from homeassistant.util import dt as dt_util

from ..codes.hashing import async_hash_code
from ..codes.maintenance import spent_users
from ..codes.rules import async_refusal
from ..const import DOMAIN, SUBENTRY_USER
from ..core.panel.config import Action
from ..core.panel.profiles import LIMITS
from ..flows.profile import profile_of, takes_digits
from ..flows.subentries.user import stored_codes
from ..system.errors import invalid
from ..system.reload import async_settled, async_until_reloaded
from ..types import AlarmBrokerConfigEntry

ATTR_FROM, ATTR_UNTIL, ATTR_USES, ATTR_AREAS, ATTR_ACTIONS = (
    "valid_from",
    "valid_until",
    "uses",
    "areas",
    "actions",
)
ADD_SCHEMA = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Required(ATTR_NAME): cv.string,
        vol.Required(ATTR_CODE): cv.string,
        vol.Optional(ATTR_FROM): cv.datetime,
        vol.Optional(ATTR_UNTIL): cv.datetime,
        vol.Optional(ATTR_USES): vol.All(vol.Coerce(int), vol.Range(min=1, max=1000)),
        vol.Optional(ATTR_AREAS, default=list): vol.All(cv.ensure_list, [cv.string]),
        vol.Optional(ATTR_ACTIONS, default=[Action.ARM.value, Action.DISARM.value]): vol.All(
            cv.ensure_list, [vol.In([action.value for action in Action])]
        ),
    }
)
REMOVE_SCHEMA = vol.Schema(
    {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string, vol.Required(ATTR_NAME): cv.string}
)


@callback
def async_setup_code_services(hass: HomeAssistant) -> None:
    """Register them, for administrators."""
    async_register_admin_service(
        hass, DOMAIN, "add_code", _async_add, schema=ADD_SCHEMA, supports_response=SupportsResponse.OPTIONAL
    )
    async_register_admin_service(
        hass,
        DOMAIN,
        "remove_code",
        _async_remove,
        schema=REMOVE_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _async_add(call: ServiceCall) -> ServiceResponse:
    hass, data = call.hass, call.data
    entry = await _async_entry(call)
    # A code that is over makes room for the next of its name, as for the cleaner of every week.
    spent = spent_users(entry, entry.runtime_data.system.state)
    users = [user for user in _users(entry) if user not in spent]
    user = _validated(entry, data, users)
    least = LIMITS[profile_of(entry.options)].least_digits
    refused = await async_refusal(
        hass,
        data[ATTR_CODE],
        duress=False,
        others=stored_codes(users),
        digits=takes_digits(entry.options),
        least=least,
    )
    if refused is not None:
        raise invalid(refused.value, least=str(least))
    code_hash = await async_hash_code(hass, data[ATTR_CODE], like=[user.data["code_hash"] for user in users])
    user |= {"code_hash": code_hash, "code_length": len(data[ATTR_CODE])}
    added = ConfigSubentry(
        data=MappingProxyType(user), subentry_type=SUBENTRY_USER, title=user["name"], unique_id=None
    )
    async with async_until_reloaded(entry):
        for one in spent:
            # It may have removed itself while the code was being hashed.
            if one.subentry_id in entry.subentries:
                hass.config_entries.async_remove_subentry(entry, one.subentry_id)
        hass.config_entries.async_add_subentry(entry, added)
    return {key: user[key] for key in ("name", "valid_until", "uses")}


def _validated(
    entry: AlarmBrokerConfigEntry, data: Mapping[str, Any], users: Iterable[ConfigSubentry]
) -> dict[str, Any]:
    """Return the user as it is stored, without the code. Raises ServiceValidationError for what makes no sense."""
    name = data[ATTR_NAME].strip()
    begin: datetime | None = data.get(ATTR_FROM)
    until: datetime | None = data.get(ATTR_UNTIL)
    if not name:
        raise invalid("code_name_missing")
    if any(user.title.casefold() == name.casefold() for user in users):
        raise invalid("code_name_taken", name=name)
    if until is None and ATTR_USES not in data:
        raise invalid("code_never_ends")
    if until is not None and dt_util.as_utc(until) <= dt_util.utcnow():
        raise invalid("code_over_already")
    if until is not None and begin is not None and dt_util.as_utc(until) <= dt_util.as_utc(begin):
        raise invalid("code_ends_before_it_begins")
    return {
        "name": name,
        "duress": False,
        "enabled": True,
        "areas": _area_ids(entry, data[ATTR_AREAS]),
        "actions": data[ATTR_ACTIONS],
        "valid_from": None if begin is None else begin.isoformat(),
        "valid_until": None if until is None else until.isoformat(),
        "uses": data.get(ATTR_USES),
        "temporary": True,
    }


async def _async_remove(call: ServiceCall) -> ServiceResponse:
    entry = await _async_entry(call)
    name = call.data[ATTR_NAME].strip()
    for user in _users(entry):
        if user.data.get("temporary") and user.title.casefold() == name.casefold():
            async with async_until_reloaded(entry):
                call.hass.config_entries.async_remove_subentry(entry, user.subentry_id)
            return {"name": user.title}
    raise invalid("code_name_unknown", name=name)


async def _async_entry(call: ServiceCall) -> AlarmBrokerConfigEntry:
    """Return the panel that is meant; one that is being reloaded, as each changed code does, is waited for."""
    await async_settled(call.hass)
    entry: AlarmBrokerConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID)
    )
    return entry


def _users(entry: AlarmBrokerConfigEntry) -> list[ConfigSubentry]:
    return [one for one in entry.subentries.values() if one.subentry_type == SUBENTRY_USER]


def _area_ids(entry: AlarmBrokerConfigEntry, names: list[str]) -> list[str]:
    areas = entry.runtime_data.system.panel_config.areas
    known = {area.name.casefold(): area_id for area_id, area in areas.items()}
    for name in names:
        if name.strip().casefold() not in known:
            raise invalid("area_unknown", area=name)
    return [known[name.strip().casefold()] for name in names]
