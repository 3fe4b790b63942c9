"""Codes that change by themselves: temporary ones go when they are over, imported ones get a hash like the others'."""

from datetime import datetime

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .code_hashes import BCRYPT, async_hash_code
from .const import SUBENTRY_USER
from .panel.state import PanelState


@callback
def async_remove_spent_codes(hass: HomeAssistant, entry: ConfigEntry, state: PanelState) -> None:
    """Remove temporary users whose time or uses are over."""
    now = dt_util.utcnow()
    for subentry in list(entry.subentries.values()):
        data = subentry.data
        if subentry.subentry_type != SUBENTRY_USER or not data.get("temporary"):
            continue
        until, uses = data.get("valid_until"), data.get("uses")
        over = until is not None and dt_util.as_utc(datetime.fromisoformat(until)) <= now
        spent = uses is not None and state.uses.get(subentry.subentry_id, 0) >= uses
        if over or spent:
            hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)


async def async_renew_imported_code(hass: HomeAssistant, entry: ConfigEntry, user_id: str, code: str) -> None:
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
