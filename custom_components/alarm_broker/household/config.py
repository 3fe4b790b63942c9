"""From the config entry's options and subentries to who lives here, and which calendar entries are windows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.util import dt as dt_util

from ..const import SUBENTRY_CALENDAR, SUBENTRY_PERSON
from ..core.household.state import PersonConfig, PresenceConfig
from ..core.option_spec import duration, flag, read_options, within
from ..core.windows import WindowKind, WindowRule
from ..system.unreadable_parts import UnreadableParts
from .people import Tracked


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowWork:
    """What a rule's window does besides being one."""

    left_out: frozenset[str] = frozenset()
    """Zones that are not guarded while it runs."""
    rearm: bool = flag(default=False)
    """Areas that were armed in it are armed again when it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdConfig:
    """Who lives here and what calendars say, as the user set it up."""

    presence: PresenceConfig
    tracked: tuple[Tracked, ...]
    rules: tuple[WindowRule, ...]
    work: Mapping[str, WindowWork]
    """By rule."""
    stale_after: timedelta = duration(24, "h", within(1, 720), key="calendar_stale_hours")
    """A calendar that could not be read for so long is a trouble."""


def household_config_from_entry(entry: ConfigEntry[Any], unreadable: UnreadableParts) -> HouseholdConfig:
    """Return the household of a config entry; what cannot be read is left out."""
    # Somebody without a tracker is only told, and nowhere: else the house would never be empty.
    everybody = unreadable.readable(
        (one for one in entry.subentries.values() if one.subentry_type == SUBENTRY_PERSON),
        lambda person: list(_entities(person)),
    )
    persons = [one for one in everybody if any(_entities(one))]
    calendars = unreadable.readable(
        (one for one in entry.subentries.values() if one.subentry_type == SUBENTRY_CALENDAR), _rule, _work
    )
    return HouseholdConfig(
        presence=PresenceConfig(
            persons={
                one.subentry_id: PersonConfig(
                    person_id=one.subentry_id,
                    name=one.title,
                    auto_disarm=one.data.get("auto_disarm", False),
                )
                for one in persons
            },
            timezone=dt_util.get_default_time_zone(),
            **unreadable.options(PresenceConfig, entry.options),
        ),
        tracked=tuple(Tracked(person_id=one.subentry_id, entities=tuple(_entities(one))) for one in persons),
        rules=tuple(_rule(one) for one in calendars),
        work={one.subentry_id: _work(one) for one in calendars},
        **unreadable.options(HouseholdConfig, entry.options),
    )


def _entities(person: ConfigSubentry) -> Iterator[str]:
    if person.data.get("person"):
        yield person.data["person"]
    yield from person.data.get("trackers", ())


def _rule(subentry: ConfigSubentry) -> WindowRule:
    data = subentry.data
    return WindowRule(
        rule_id=subentry.subentry_id,
        kind=WindowKind(data["kind"]),
        calendar=data["calendar"],
        words=tuple(data.get("words", ())),
        **read_options(WindowRule, data),
    )


def _work(subentry: ConfigSubentry) -> WindowWork:
    data = subentry.data
    return WindowWork(left_out=frozenset(data.get("zones", ())), **read_options(WindowWork, data))
