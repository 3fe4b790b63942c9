"""What Home Assistant's repairs page says: the companion is away or in trouble, zones nobody guards, duress that shows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import COMPANION_AWAY_AFTER, DOMAIN

COMPANION_AWAY = "companion_away"
ORPHANED_ZONES = "homeless_zones"
DURESS_IN_LOGBOOK = "duress_in_logbook"
LEFT_OUT = "left_out"
PANEL_FROM_COPY = "panel_from_copy"
PANEL_UNKNOWN = "panel_unknown"
EVIDENCE = "evidence"
_UNREADABLE = "unreadable_"
_WARNING = ir.IssueSeverity.WARNING


@callback
def async_clear_all(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take back everything that was said about an entry: it is gone."""
    for domain, issue_id in tuple(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.endswith(f"_{entry.entry_id}"):
            ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_report_away(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Tell a person that alarms are not escalated at present."""
    report(hass, entry, COMPANION_AWAY, minutes=str(int(COMPANION_AWAY_AFTER.total_seconds() // 60)))


@callback
def async_clear_away(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take it back."""
    _clear(hass, entry, COMPANION_AWAY)


@callback
def async_report_unreadable(hass: HomeAssistant, entry: ConfigEntry, what: str, kept: Path) -> None:
    """Tell a person that something was forgotten as its file could not be read, and where that is."""
    report(hass, entry, f"{_UNREADABLE}{what}", _WARNING, translation_key="unreadable_file", kept=str(kept))


@callback
def async_clear_unreadable(hass: HomeAssistant, entry: ConfigEntry, what: str) -> None:
    """Take it back: the file has been read again."""
    _clear(hass, entry, f"{_UNREADABLE}{what}")


@callback
def async_show_from_copy(hass: HomeAssistant, entry: ConfigEntry, *, is_so: bool) -> None:
    """Tell a person that the panel goes on with the copy of its file, which may be a moment older."""
    if is_so:
        report(hass, entry, PANEL_FROM_COPY, _WARNING)
    else:
        _clear(hass, entry, PANEL_FROM_COPY)


@callback
def async_show_unknown(hass: HomeAssistant, entry: ConfigEntry, areas: Sequence[str]) -> None:
    """Ask a person to look after areas of which nobody knows whether they were armed; take it back for none."""
    if areas:
        report(hass, entry, PANEL_UNKNOWN, ir.IssueSeverity.CRITICAL, areas=", ".join(areas))
    else:
        _clear(hass, entry, PANEL_UNKNOWN)


@callback
def async_show_left_out(hass: HomeAssistant, entry: ConfigEntry, names: Sequence[str]) -> None:
    """Tell a person which parts this version cannot read and does without; take it back when there are none."""
    if names:
        report(hass, entry, LEFT_OUT, parts=", ".join(names))
    else:
        _clear(hass, entry, LEFT_OUT)


@callback
def async_report_orphaned(hass: HomeAssistant, entry: ConfigEntry, zones: Sequence[str]) -> None:
    """Tell a person about zones that nobody guards; take it back when there are none."""
    if zones:
        report(hass, entry, ORPHANED_ZONES, zones=", ".join(zones))
    else:
        _clear(hass, entry, ORPHANED_ZONES)


@callback
def async_report_duress_in_logbook(hass: HomeAssistant, entry: ConfigEntry, entity_id: str) -> CALLBACK_TYPE:
    """Tell a person that the logbook shows the duress sensor; return what takes it back.

    An entity cannot keep itself out of the logbook: only the logbook's own configuration can.
    """
    # Not imported: without the recorder, which it needs, there is no logbook, and we run all the same.
    logbook: Any = hass.data.get("logbook")
    if logbook is not None and (logbook.entity_filter is None or logbook.entity_filter(entity_id)):
        report(hass, entry, DURESS_IN_LOGBOOK, _WARNING, entity_id=entity_id)
    return lambda: _clear(hass, entry, DURESS_IN_LOGBOOK)


def report(
    hass: HomeAssistant,
    entry: ConfigEntry,
    what: str,
    severity: ir.IssueSeverity = ir.IssueSeverity.ERROR,
    *,
    translation_key: str | None = None,
    **named: str,
) -> None:
    """Tell a person of something about an entry; `named` fills the text, whose key is `what` unless another is given."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{what}_{entry.entry_id}",
        is_fixable=what == PANEL_UNKNOWN,
        data={"entry_id": entry.entry_id},
        is_persistent=False,
        severity=severity,
        translation_key=translation_key or what,
        translation_placeholders={"title": entry.title, **named},
    )


def _clear(hass: HomeAssistant, entry: ConfigEntry, what: str) -> None:
    ir.async_delete_issue(hass, DOMAIN, f"{what}_{entry.entry_id}")
