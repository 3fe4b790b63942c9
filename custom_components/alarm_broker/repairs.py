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
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry),
        is_fixable=False,
        is_persistent=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=COMPANION_AWAY,
        translation_placeholders={
            "title": entry.title,
            "minutes": str(int(COMPANION_AWAY_AFTER.total_seconds() // 60)),
        },
    )


@callback
def async_clear_away(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take it back."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry))


@callback
def async_report_homeless(hass: HomeAssistant, entry: ConfigEntry, zones: Sequence[str]) -> None:
    """Tell a person about zones that nobody guards since their area was removed; take it back when there are none."""
    issue_id = f"{HOMELESS_ZONES}_{entry.entry_id}"
    if not zones:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        is_persistent=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=HOMELESS_ZONES,
        translation_placeholders={"title": entry.title, "zones": ", ".join(zones)},
    )


@callback
def async_report_duress_in_logbook(hass: HomeAssistant, entry: ConfigEntry, entity_id: str) -> CALLBACK_TYPE:
    """Tell a person that the logbook shows the duress sensor; return what takes it back.

    An entity cannot keep itself out of the logbook: only the logbook's own configuration can.
    """
    issue_id = f"{DURESS_IN_LOGBOOK}_{entry.entry_id}"
    # Not imported: without the recorder, which it needs, there is no logbook, and we run all the same.
    logbook: Any = hass.data.get("logbook")
    if logbook is not None and (logbook.entity_filter is None or logbook.entity_filter(entity_id)):
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            is_persistent=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=DURESS_IN_LOGBOOK,
            translation_placeholders={"title": entry.title, "entity_id": entity_id},
        )
    return lambda: ir.async_delete_issue(hass, DOMAIN, issue_id)


def _issue_id(entry: ConfigEntry) -> str:
    return f"{COMPANION_AWAY}_{entry.entry_id}"
