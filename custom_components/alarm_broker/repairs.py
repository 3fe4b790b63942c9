"""What Home Assistant's repairs page says: the companion is away, zones are guarded by nobody, duress can be read."""

from collections.abc import Sequence
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import COMPANION_AWAY_AFTER, DOMAIN

COMPANION_AWAY = "companion_away"
HOMELESS_ZONES = "homeless_zones"
DURESS_IN_LOGBOOK = "duress_in_logbook"


@callback
def async_report_away(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Tell a person that alarms are not escalated at present."""
    _report(hass, entry, COMPANION_AWAY, minutes=str(int(COMPANION_AWAY_AFTER.total_seconds() // 60)))


@callback
def async_clear_away(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take it back."""
    _clear(hass, entry, COMPANION_AWAY)


@callback
def async_report_homeless(hass: HomeAssistant, entry: ConfigEntry, zones: Sequence[str]) -> None:
    """Tell a person about zones that nobody guards; take it back when there are none."""
    if zones:
        _report(hass, entry, HOMELESS_ZONES, zones=", ".join(zones))
    else:
        _clear(hass, entry, HOMELESS_ZONES)


@callback
def async_report_duress_in_logbook(hass: HomeAssistant, entry: ConfigEntry, entity_id: str) -> CALLBACK_TYPE:
    """Tell a person that the logbook shows the duress sensor; return what takes it back.

    An entity cannot keep itself out of the logbook: only the logbook's own configuration can.
    """
    # Not imported: without the recorder, which it needs, there is no logbook, and we run all the same.
    logbook: Any = hass.data.get("logbook")
    if logbook is not None and (logbook.entity_filter is None or logbook.entity_filter(entity_id)):
        _report(hass, entry, DURESS_IN_LOGBOOK, ir.IssueSeverity.WARNING, entity_id=entity_id)
    return lambda: _clear(hass, entry, DURESS_IN_LOGBOOK)


def _report(
    hass: HomeAssistant,
    entry: ConfigEntry,
    what: str,
    severity: ir.IssueSeverity = ir.IssueSeverity.ERROR,
    **named: str,
) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{what}_{entry.entry_id}",
        is_fixable=False,
        is_persistent=False,
        severity=severity,
        translation_key=what,
        translation_placeholders={"title": entry.title, **named},
    )


def _clear(hass: HomeAssistant, entry: ConfigEntry, what: str) -> None:
    ir.async_delete_issue(hass, DOMAIN, f"{what}_{entry.entry_id}")
