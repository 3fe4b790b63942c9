"""Codes that are over by themselves: they are users like others, made by an action and removed when they are spent."""

from datetime import datetime

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

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
