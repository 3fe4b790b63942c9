"""What Home Assistant's repairs page says of the companion's own troubles."""

from collections.abc import Mapping, Sequence

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..system.issues import report
from ..texts.language import texts_for
from .companion_events import ServiceTrouble
from .wording import trouble_subject

_TROUBLE = "service_trouble_"
SERVICE_TROUBLES: Mapping[str, tuple[str, ...]] = {
    "alarm_told_nobody": (),
    "alarm_unanswered": (),
    "channel_quota": ("reason",),
    "channel_refuses": ("failures", "reason"),
    "key_reaches_nobody": (),
    "panel_reaches_nobody": (),
    "panel_unknown": ("areas", "last_known"),
    "site_reaches_nobody": (),
    "step_reached_nobody": (),
}
"""The companion's troubles that have a text of their own, with the facts that stand in it."""


@callback
def async_show_troubles(hass: HomeAssistant, entry: ConfigEntry, troubles: Sequence[ServiceTrouble]) -> None:
    """Show exactly these troubles of the companion, one issue each."""
    shown = {f"{_TROUBLE}{trouble.key}_{entry.entry_id}": trouble for trouble in troubles}
    for domain, issue_id in tuple(ir.async_get(hass).issues):
        is_ours = issue_id.startswith(_TROUBLE) and issue_id.endswith(f"_{entry.entry_id}")
        if domain == DOMAIN and is_ours and issue_id not in shown:
            ir.async_delete_issue(hass, DOMAIN, issue_id)
    # A repair names its subject once, for everybody: in the language of the system.
    texts = texts_for(hass.config.language)
    for trouble in shown.values():
        facts = SERVICE_TROUBLES.get(trouble.trouble)
        named = {name: trouble.facts.get(name, "?") for name in facts or ()}
        if facts is None:  # of a newer companion
            named["trouble"] = trouble.trouble
        report(
            hass,
            entry,
            f"{_TROUBLE}{trouble.key}",
            ir.IssueSeverity.ERROR if trouble.severity == "error" else ir.IssueSeverity.WARNING,
            translation_key="service_trouble" if facts is None else f"service_trouble_{trouble.trouble}",
            subject=trouble_subject(trouble, texts),
            **named,
        )
