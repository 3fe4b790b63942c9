"""From the config entry's options and subentries to who lives here, and which calendar entries are windows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.util import dt as dt_util

from ..const import (
    OPTION_ANNOUNCE,
    OPTION_AUTO_ARM,
    OPTION_AUTO_ARM_MODE,
    OPTION_AWAY_AFTER,
    OPTION_CALENDAR_STALE,
    OPTION_GUEST_MODE,
    OPTION_LOST_PERSON_AFTER,
    OPTION_POSTPONE,
    OPTION_QUIET_FROM,
    OPTION_QUIET_TO,
    OPTION_REMIND,
    OPTION_REMIND_AFTER,
    OPTION_UNKNOWN_MEANS,
    SUBENTRY_CALENDAR,
    SUBENTRY_PERSON,
)
from ..core.household.state import PersonConfig, PresenceConfig, UnknownMeans
from ..core.panel.config import ArmMode
from ..core.windows import WindowKind, WindowRule
from ..system.left_out import LeftOut
from .calendar_actions import WindowWork
from .people import Tracked

PRESENCE_DEFAULTS: Mapping[str, Any] = {
    OPTION_UNKNOWN_MEANS: UnknownMeans.HOME.value,
    OPTION_AWAY_AFTER: 120,
    OPTION_LOST_PERSON_AFTER: 10,
    OPTION_REMIND: True,
    OPTION_REMIND_AFTER: 5,
    OPTION_AUTO_ARM: False,
    OPTION_AUTO_ARM_MODE: ArmMode.AWAY.value,
    OPTION_ANNOUNCE: 120,
    OPTION_POSTPONE: 15,
    OPTION_CALENDAR_STALE: 24,
}
"""Seconds for what counts seconds in its form, minutes and hours for the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdConfig:
    """Who lives here and what calendars say, as the user set it up."""

    presence: PresenceConfig
    tracked: tuple[Tracked, ...]
    guest_mode: str | None
    rules: tuple[WindowRule, ...]
    work: Mapping[str, WindowWork]
    stale_after: timedelta


def household_config_from_entry(entry: ConfigEntry[Any], left_out: LeftOut) -> HouseholdConfig:
    """Return the household of a config entry; what cannot be read is left out."""
    options = {**PRESENCE_DEFAULTS, **entry.options}
    # Somebody without a tracker is only told, and nowhere: else the house would never be empty.
    everybody = left_out.readable(
        (one for one in entry.subentries.values() if one.subentry_type == SUBENTRY_PERSON),
        lambda person: list(_entities(person)),
    )
    persons = [one for one in everybody if any(_entities(one))]
    calendars = left_out.readable(
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
            unknown_means=left_out.chosen(UnknownMeans, options, OPTION_UNKNOWN_MEANS, UnknownMeans.HOME),
            away_after=timedelta(seconds=options[OPTION_AWAY_AFTER]),
            lost_after=timedelta(minutes=options[OPTION_LOST_PERSON_AFTER]),
            remind=options[OPTION_REMIND],
            remind_after=timedelta(minutes=options[OPTION_REMIND_AFTER]),
            quiet_from=_clock(options.get(OPTION_QUIET_FROM)),
            quiet_to=_clock(options.get(OPTION_QUIET_TO)),
            auto_arm=options[OPTION_AUTO_ARM],
            auto_arm_mode=left_out.chosen(ArmMode, options, OPTION_AUTO_ARM_MODE, ArmMode.AWAY),
            announce=timedelta(seconds=options[OPTION_ANNOUNCE]),
            postpone=timedelta(minutes=options[OPTION_POSTPONE]),
            timezone=dt_util.get_default_time_zone(),
        ),
        tracked=tuple(Tracked(person_id=one.subentry_id, entities=tuple(_entities(one))) for one in persons),
        guest_mode=options.get(OPTION_GUEST_MODE),
        rules=tuple(_rule(one) for one in calendars),
        work={one.subentry_id: _work(one) for one in calendars},
        stale_after=timedelta(hours=options[OPTION_CALENDAR_STALE]),
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
        lead=timedelta(minutes=data.get("lead") or 0),
        lag=timedelta(minutes=data.get("lag") or 0),
    )


def _work(subentry: ConfigSubentry) -> WindowWork:
    data = subentry.data
    return WindowWork(left_out=frozenset(data.get("zones", ())), rearm=data.get("rearm", False))


def _clock(text: str | None) -> time | None:
    return None if not text else time.fromisoformat(text)
