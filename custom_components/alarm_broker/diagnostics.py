"""What a bug report needs, without secrets and without names of people."""

from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.core import HomeAssistant

from .types import AlarmBrokerConfigEntry

TO_REDACT = {
    "acknowledged_by",
    "call_number",
    "closed_by",
    "code_hash",
    "code_length",
    "duress",
    "duress_targets",
    "message",
    "name",
    "notify",
    "notify_targets",
    "password",
    "person",
    "room",
    "site",
    "title",
    "token",
    "trackers",
    "trouble",
    "unique_id",
    "url",
    "username",
    "words",
}


async def async_get_config_entry_diagnostics(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry
) -> dict[str, Any]:
    """Return settings, link and alarms, redacted."""
    data = entry.runtime_data
    diagnostics: dict[str, Any] = {
        "data": dict(entry.data),
        "options": dict(entry.options),
        "subentries": [
            {"type": one.subentry_type, "data": dict(one.data)} for one in entry.subentries.values()
        ],
        "link": None,
        "alarms": [alarm.as_dict() for alarm in data.alarms.visible],
        "received": data.alarms.received,
    }
    if data.link is not None:
        diagnostics["link"] = {
            "state": data.link.state.value,
            "down_since": data.link.down_since.isoformat() if data.link.down_since else None,
            "heartbeat_s": data.link.companion.heartbeat_s if data.link.companion else None,
            "kept_events": len(data.outbox) if data.outbox is not None else 0,
        }
    redacted: dict[str, Any] = async_redact_data(diagnostics, TO_REDACT)
    return redacted
