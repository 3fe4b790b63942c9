"""Who is home, as frozen values: the people, what the household goes by, and what is under way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from ..option_spec import choice, duration, flag, optional_entity, optional_wall_clock, within
from ..panel.config import ArmMode
from ..panel.state import AreaStatus, Deadline
from ..windows import WindowKind


class Presence(StrEnum):
    """Where somebody is."""

    HOME = "home"
    AWAY = "away"
    UNKNOWN = "unknown"


class UnknownMeans(StrEnum):
    """What somebody of whom nothing is known counts as. Never as away."""

    HOME = "home"
    """Somebody may be home: nothing happens that needs an empty house."""
    NOBODY = "nobody"
    """Only the others count, as long as there is one of whom something is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonConfig:
    """Somebody of the household."""

    person_id: str
    name: str
    auto_disarm: bool = False
    """Coming home disarms what is armed with nobody inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceConfig:
    """What the household goes by."""

    persons: Mapping[str, PersonConfig] = field(default_factory=dict)
    timezone: tzinfo = UTC
    remind: bool = flag(default=True)
    remind_after: timedelta = duration(5, "min", within(0, 240))
    """After everyone has left, or the vacation has begun."""
    quiet_from: time | None = optional_wall_clock()
    """No reminder between this wall clock time ..."""
    quiet_to: time | None = optional_wall_clock()
    """... and this one; it comes afterwards."""
    auto_arm: bool = flag(default=False)
    auto_arm_mode: ArmMode = choice(ArmMode.AWAY, "arm_mode")
    announce: timedelta = duration(120, "s", within(10, 3600))
    """The arming is announced so long before, and can be postponed or called off."""
    postpone: timedelta = duration(15, "min", within(1, 1440))
    guest_mode: str | None = optional_entity("input_boolean", "switch", "binary_sensor")
    """While it is on, nothing arms by itself."""
    unknown_means: UnknownMeans = choice(UnknownMeans.HOME, "unknown_means")
    away_after: timedelta = duration(120, "s", within(0, 3600))
    """Somebody is away after being seen away for so long: positions jump."""
    coming_up: timedelta = timedelta(minutes=6)
    """So long at least while the house comes up: routers and trackers take three to five minutes after a start."""
    home_after: timedelta = timedelta(seconds=5)
    lost_after: timedelta = duration(10, "min", within(1, 1440), key="lost_person_after")
    """Somebody whose trackers have been silent for so long is nowhere known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonState:
    """Where somebody is, and where the trackers say they are if that has not lasted yet."""

    place: Presence = Presence.UNKNOWN
    since: datetime
    turning: Presence | None = None
    settles: Deadline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Somebody's coming or going."""

    person_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdState:
    """Who is where, and what is under way."""

    persons: Mapping[str, PersonState] = field(default_factory=dict)
    empty_since: datetime | None = None
    """Since when everyone is away; None while somebody is home or may be."""
    last_left: Mark | None = None
    first_arrived: Mark | None = None
    remind_at: Deadline | None = None
    arm_at: Deadline | None = None
    """An arming is announced for then."""
    called_off: bool = False
    """Somebody called the arming off: none before everyone has left again."""
    windows: frozenset[WindowKind] = frozenset()
    guests: bool = False
    areas: Mapping[str, tuple[AreaStatus, ArmMode | None]] = field(default_factory=dict)
    """Not stored: the panel says it at each start."""
    coming_up: Deadline | None = None
    """After a start trackers say *away* until they have found somebody. Not stored."""


def anyone_home(state: HouseholdState, config: PresenceConfig) -> bool | None:
    """Return whether somebody is home; None when nobody can say."""
    places = [person.place for person in state.persons.values()]
    if Presence.HOME in places:
        return True
    if Presence.UNKNOWN in places and config.unknown_means is UnknownMeans.HOME:
        return True
    return False if Presence.AWAY in places else None


def people_home(state: HouseholdState) -> tuple[str, ...]:
    """Return who is known to be home."""
    return tuple(person_id for person_id, one in state.persons.items() if one.place is Presence.HOME)
