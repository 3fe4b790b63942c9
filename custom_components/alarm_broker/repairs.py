"""What Home Assistant's repairs page says about the companion."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import COMPANION_AWAY_AFTER, DOMAIN

COMPANION_AWAY = "companion_away"


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


def _issue_id(entry: ConfigEntry) -> str:
    return f"{COMPANION_AWAY}_{entry.entry_id}"
