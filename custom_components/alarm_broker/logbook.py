"""What happened at the panel as sentences, with who. Nothing about a duress code can come here."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN, EVENT_HAPPENED
from .happenings import HappeningKind as Kind

SENTENCES: Mapping[str, str] = {
    Kind.ARMING: "is being armed {mode}",
    Kind.ARMED: "was armed {mode}",
    Kind.DISARMED: "was disarmed",
    Kind.PENDING: "began the entry delay: {zones}",
    Kind.EXIT_ERROR: "was not closed when the exit delay ended: {zones}",
    Kind.TRIGGERED: "raised a {alarm_kind} alarm: {zones}",
    Kind.ZONE_TRIPPED: "had another zone trip: {zones}",
    Kind.CONFIRMED: "had its alarm confirmed by a second zone: {zones}",
    Kind.ALARM_ABORTED: "had its alarm aborted in time; nobody outside was told",
    Kind.ALARM_CANCELLED: "had its alarm cancelled as false",
    Kind.ARMING_REFUSED: "could not be armed: {zones}",
    Kind.WRONG_CODE: "got a wrong code",
    Kind.CODE_REFUSED: "refused a code that is not valid for this",
    Kind.LOCKOUT: "takes no code for a while: too many were wrong",
    Kind.ARMED_WITH_FAULT: "was armed in spite of a fault: {faults}",
    Kind.BYPASSED: "left out {zones} ({reason})",
    Kind.UNBYPASSED: "guards again {zones}",
    Kind.ZONE_SHUT_DOWN: "left out {zones} after too many alarms",
    Kind.TROUBLE: "has a trouble: {zones} {trouble}",
    Kind.TROUBLE_CLEARED: "is free of a trouble: {zones} {trouble}",
    Kind.WALK_TEST_STARTED: "began a walk test",
    Kind.WALK_TEST_ENDED: "ended its walk test; never seen: {zones}",
    Kind.MEMORY_CLEARED: "had its alarm memory cleared",
    Kind.CHIME: "chimed: {zones}",
    Kind.SILENCED: "had its siren silenced",
    Kind.CODE_USED: "took a code on vacation",
    Kind.EVERYONE_LEFT: "is empty: the last one left",
    Kind.FIRST_ARRIVED: "is not empty any more: somebody came",
    Kind.ARRIVED_WHILE_ARMED: "is armed, and somebody came home",
    Kind.ARM_REMINDER: "is not armed, and nobody is home",
    Kind.AUTO_ARM_ANNOUNCED: "will be armed {mode} as nobody is home",
    Kind.AUTO_ARM_DROPPED: "will not be armed by itself after all",
    Kind.AUTO_ARM_FAILED: "could not be armed {mode} by itself: {reason}",
    Kind.WINDOW_STARTED: "began a {window} window: {event_title}",
    Kind.WINDOW_ENDED: "ended a {window} window",
    Kind.VERIFIED: "had its alarm verified: level {level}",
    Kind.PUSH_REFUSED: "refused a push action: {reason}",
    Kind.PUSH_UNCONFIRMED: "told of an alarm, and no phone confirmed it",
}


@callback
def async_describe_events(
    _hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, str]]], None],
) -> None:
    """Describe the event that each happening fires."""
    async_describe_event(DOMAIN, EVENT_HAPPENED, described)


@callback
def described(event: Event[Any]) -> dict[str, str]:
    """Return name and sentence of one happening."""
    data = event.data
    words = {
        "mode": str(data.get("mode") or "").replace("_", " "),
        "zones": ", ".join(data.get("zones") or ()) or "nothing",
        "faults": ", ".join((*(data.get("zones") or ()), *(data.get("troubles") or ()))),
        "alarm_kind": data.get("alarm_kind"),
        "reason": str(data.get("reason") or "").replace("_", " "),
        **{key: data.get(key) for key in ("trouble", "window", "event_title", "level")},
    }
    sentence = SENTENCES.get(str(data.get("kind")), "changed").format(**words)
    by = f" by {data['by']}" if data.get("by") else ""
    return {
        LOGBOOK_ENTRY_NAME: str(data.get("area") or data.get("title")),
        LOGBOOK_ENTRY_MESSAGE: f"{sentence}{by}",
        LOGBOOK_ENTRY_ICON: "mdi:shield-home",
    }
