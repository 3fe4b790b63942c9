"""Codes that change by themselves: temporary ones go when they are over, imported ones get a hash like the others'."""

from datetime import datetime

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from ..const import SUBENTRY_USER
from ..core.panel.state import PanelState
from ..types import AlarmBrokerConfigEntry
from .hashing import BCRYPT, async_hash_code


@callback
def async_follow_known_codes(hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> CALLBACK_TYPE:
    """See to each code that was right, until the returned function is called: it may be used up, or an imported one."""

    @callback
    def known(user_id: str, code: str) -> None:
        _async_remove_spent_codes(hass, entry)
        renew = _async_renew_imported_code(hass, entry, user_id, code)
        entry.async_create_task(hass, renew, "alarm_broker renew an imported code")

    return entry.runtime_data.system.known_codes.subscribe(known)


@callback
def async_remove_codes_when_over(hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> CALLBACK_TYPE:
    """Remove the codes that are over, and each further one when its time comes, until the returned function is called."""
    waiting: list[CALLBACK_TYPE] = []

    @callback
    def look(_now: datetime) -> None:
        waiting.clear()
        _async_remove_spent_codes(hass, entry)
        ends = [end for user in _temporary(entry) if (end := _end(user)) is not None]
        if ends:
            waiting.append(async_track_point_in_utc_time(hass, look, min(ends)))

    @callback
    def stop() -> None:
        while waiting:
            waiting.pop()()

    look(dt_util.utcnow())
    return stop


@callback
def _async_remove_spent_codes(hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> None:
    """Remove temporary users whose time or uses are over.

    The panel only forgets their codes: it is not set up anew for that in the middle of the night.
    """
    data = entry.runtime_data
    for user in spent_users(entry, data.system.state):
        data.quietly_removed.append(user.subentry_id)
        data.system.async_forget_code(user.subentry_id)
        hass.config_entries.async_remove_subentry(entry, user.subentry_id)


def spent_users(entry: ConfigEntry, state: PanelState) -> list[ConfigSubentry]:
    """Return the temporary users whose time or uses are over."""
    now = dt_util.utcnow()

    def is_spent(user: ConfigSubentry) -> bool:
        end, uses = _end(user), user.data.get("uses")
        used_up = uses is not None and state.uses.get(user.subentry_id, 0) >= uses
        return used_up or (end is not None and end <= now)

    return [user for user in _temporary(entry) if is_spent(user)]


def _temporary(entry: ConfigEntry) -> list[ConfigSubentry]:
    return [
        one
        for one in entry.subentries.values()
        if one.subentry_type == SUBENTRY_USER and one.data.get("temporary")
    ]


def _end(user: ConfigSubentry) -> datetime | None:
    until = user.data.get("valid_until")
    return None if until is None else dt_util.as_utc(datetime.fromisoformat(until))


async def _async_renew_imported_code(
    hass: HomeAssistant, entry: ConfigEntry, user_id: str, code: str
) -> None:
    """Hash a code that came from Alarmo as ours are, now that it is known: each bcrypt hash costs every entry its time."""
    user = entry.subentries.get(user_id)
    if user is None or not user.data["code_hash"].startswith(BCRYPT):
        return
    others = [
        one.data["code_hash"] for one in entry.subentries.values() if one.subentry_type == SUBENTRY_USER
    ]
    renewed = {
        **user.data,
        "code_hash": await async_hash_code(hass, code, like=others),
        "code_length": len(code),
    }
    hass.config_entries.async_update_subentry(entry, user, data=renewed)
