"""What Home Assistant's repairs page says: the companion is away, zones are guarded by nobody."""

from collections.abc import Sequence

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import COMPANION_AWAY_AFTER, DOMAIN

COMPANION_AWAY = "companion_away"
HOMELESS_ZONES = "homeless_zones"


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


def _issue_id(entry: ConfigEntry) -> str:
    return f"{COMPANION_AWAY}_{entry.entry_id}"
