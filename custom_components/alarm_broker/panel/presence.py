"""Who is home, and what follows: a reminder to arm, an announced arming, a warning on arrival. Pure.

`household(state, event, config, now)` returns the household after something happened and what must be done about it.
Somebody of whom nothing is known is never taken for away.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from .config import ArmMode
from .state import AreaStatus, Deadline
from .windows import WindowKind

REPEAT_ON_VACATION = timedelta(days=1)


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
    unknown_means: UnknownMeans = UnknownMeans.HOME
    away_after: timedelta = timedelta(minutes=2)
    """Somebody is away after being seen away for so long: positions jump."""
    home_after: timedelta = timedelta(seconds=5)
    lost_after: timedelta = timedelta(minutes=10)
    """Somebody whose trackers have been silent for so long is nowhere known."""
    remind: bool = True
    remind_after: timedelta = timedelta(minutes=5)
    """After everyone has left, or the vacation has begun."""
    quiet_from: time | None = None
    """No reminder between this wall clock time ..."""
    quiet_to: time | None = None
    """... and this one; it comes afterwards."""
    auto_arm: bool = False
    auto_arm_mode: ArmMode = ArmMode.AWAY
    announce: timedelta = timedelta(minutes=2)
    """The arming is announced so long before, and can be postponed or called off."""
    postpone: timedelta = timedelta(minutes=15)
    timezone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody's trackers say now; None when they say nothing."""

    person_id: str
    place: Presence | None


@dataclass(frozen=True, slots=True)
class AreasChanged:
    """How the areas are shown, with their mode while armed."""

    areas: Mapping[str, tuple[AreaStatus, ArmMode | None]]


@dataclass(frozen=True, slots=True)
class WindowsChanged:
    """Which kinds of calendar windows run."""

    kinds: frozenset[WindowKind]


@dataclass(frozen=True, slots=True)
class GuestMode:
    """The switch for guests."""

    on: bool


@dataclass(frozen=True, slots=True)
class Postponed:
    """Somebody wants the announced arming later."""

    by: str | None
    delay: timedelta | None = None
    """None is what the household has set."""


@dataclass(frozen=True, slots=True)
class CalledOff:
    """Somebody wants no arming before everyone has left again."""

    by: str | None


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """Home Assistant is back: nobody has been seen yet, and what became due meanwhile must be announced anew."""


type PresenceEvent = (
    Seen | AreasChanged | WindowsChanged | GuestMode | Postponed | CalledOff | Ticked | Resumed
)


@dataclass(frozen=True, slots=True)
class EveryoneLeft:
    """Nobody is home any more."""

    last: str


@dataclass(frozen=True, slots=True)
class FirstArrived:
    """Somebody came into the empty house."""

    person_id: str


@dataclass(frozen=True, slots=True)
class ArrivedWhileArmed:
    """Somebody came home and areas are armed."""

    person_id: str
    area_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemindToArm:
    """Nobody is home and these areas are disarmed."""

    area_ids: tuple[str, ...]
    vacation: bool


@dataclass(frozen=True, slots=True)
class AnnounceArming:
    """These areas are armed at `at` unless somebody minds."""

    area_ids: tuple[str, ...]
    mode: ArmMode
    at: datetime


@dataclass(frozen=True, slots=True)
class ArmingDropped:
    """The announced arming does not come."""

    by: str | None


@dataclass(frozen=True, slots=True)
class ArmNow:
    """Arm, as announced."""

    area_ids: tuple[str, ...]
    mode: ArmMode


@dataclass(frozen=True, slots=True)
class DisarmFor:
    """Somebody who may be let in like that came home."""

    person_id: str
    area_ids: tuple[str, ...]


type PresenceEffect = (
    EveryoneLeft
    | FirstArrived
    | ArrivedWhileArmed
    | RemindToArm
    | AnnounceArming
    | ArmingDropped
    | ArmNow
    | DisarmFor
)


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
    """Who is where, and what is under way. What the panel and the calendars say is not stored."""

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
    areas: Mapping[str, tuple[AreaStatus, ArmMode | None]] = field(default_factory=dict)
    windows: frozenset[WindowKind] = frozenset()
    guests: bool = False


type Step = tuple[HouseholdState, tuple[PresenceEffect, ...]]


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


def next_due(state: HouseholdState) -> datetime | None:
    """Return when the household acts by itself next, or None."""
    return min((deadline.due_at for deadline in _deadlines(state)), default=None)


def household(state: HouseholdState, event: PresenceEvent, config: PresenceConfig, now: datetime) -> Step:
    """Return the household after `event`, and what must be done, in order. `now` is aware UTC."""
    state = _fitted(_clamped(state, now), config, now)
    match event:
        case Seen(person_id, place) if person_id in state.persons:
            state = _seen(state, person_id, place, config, now)
        case AreasChanged(areas):
            state = replace(state, areas=areas)
        case WindowsChanged(kinds):
            begun = WindowKind.VACATION in kinds - state.windows
            state = replace(state, windows=kinds)
            if begun and anyone_home(state, config) is not True and state.remind_at is None:
                state = replace(state, remind_at=Deadline.after(config.remind_after, now))
        case GuestMode(on):
            state = replace(state, guests=on)
        case Resumed():
            state = _resumed(state, config, now)
        case _:
            pass
    state, effects = _arrivals_and_departures(state, config, now)
    match event:
        case Postponed(by, delay) if state.arm_at is not None:
            state, more = _postponed(state, by, delay or config.postpone, config, now)
        case CalledOff(by) if state.arm_at is not None or state.remind_at is not None:
            more = (ArmingDropped(by),) if state.arm_at is not None else ()
            state = replace(state, arm_at=None, remind_at=None, called_off=True)
        case _:
            more = ()
    state, due = _due(state, config, now)
    return state, (*effects, *more, *due)


def _deadlines(state: HouseholdState) -> Iterator[Deadline]:
    yield from (person.settles for person in state.persons.values() if person.settles is not None)
    if state.areas:  # else the panel has not spoken yet, and both must wait for it
        yield from (one for one in (state.remind_at, state.arm_at) if one is not None)


def _clamped(state: HouseholdState, now: datetime) -> HouseholdState:
    """Return the household with no deadline further away than its full length: the clock may have been set back."""

    def near(deadline: Deadline | None) -> Deadline | None:
        return None if deadline is None else deadline.clamped(now)

    return replace(
        state,
        persons={
            person_id: replace(person, settles=near(person.settles))
            for person_id, person in state.persons.items()
        },
        remind_at=near(state.remind_at),
        arm_at=near(state.arm_at),
    )


def _fitted(state: HouseholdState, config: PresenceConfig, now: datetime) -> HouseholdState:
    """Return the household with exactly the configured persons; a new one is nowhere known yet."""
    if state.persons.keys() == config.persons.keys():
        return state
    persons = {
        person_id: state.persons.get(person_id, PersonState(since=now)) for person_id in config.persons
    }
    return replace(state, persons=persons)


def _seen(
    state: HouseholdState, person_id: str, place: Presence | None, config: PresenceConfig, now: datetime
) -> HouseholdState:
    person = state.persons[person_id]
    if place is person.place or (place is None and person.place is Presence.UNKNOWN):
        person = replace(person, turning=None, settles=None)
    elif (place or Presence.UNKNOWN) is not person.turning or person.settles is None:
        turning = place or Presence.UNKNOWN
        # The first word after nothing was known is no jump of a position: it counts at once.
        wait = timedelta(0) if person.place is Presence.UNKNOWN else _settling(turning, config)
        person = replace(person, turning=turning, settles=Deadline.after(wait, now))
    return replace(state, persons={**state.persons, person_id: person})


def _settling(turning: Presence, config: PresenceConfig) -> timedelta:
    match turning:
        case Presence.HOME:
            return config.home_after
        case Presence.AWAY:
            return config.away_after
        case Presence.UNKNOWN:
            return config.lost_after


def _resumed(state: HouseholdState, config: PresenceConfig, now: datetime) -> HouseholdState:
    """Return the household after an outage: everybody is where they were, unless nothing is heard of them."""
    persons = {
        person_id: person
        if person.place is Presence.UNKNOWN
        else replace(person, turning=Presence.UNKNOWN, settles=Deadline.after(config.lost_after, now))
        for person_id, person in state.persons.items()
    }

    def later(deadline: Deadline | None) -> Deadline | None:
        due = deadline is not None and deadline.due_at <= now + config.announce
        return Deadline.after(config.announce, now) if due else deadline

    return replace(state, persons=persons, remind_at=later(state.remind_at), arm_at=later(state.arm_at))


def _arrivals_and_departures(state: HouseholdState, config: PresenceConfig, now: datetime) -> Step:
    """Return the household after everybody whose new place has lasted is there."""
    effects: list[PresenceEffect] = []
    while due := min(
        (
            (person.settles.due_at, person_id)
            for person_id, person in state.persons.items()
            if person.settles is not None and person.settles.due_at <= now
        ),
        default=None,
    ):
        state, more = _moved(state, due[1], config, now)
        effects += more
    return state, tuple(effects)


def _moved(state: HouseholdState, person_id: str, config: PresenceConfig, now: datetime) -> Step:
    before, was_home = state.persons[person_id], anyone_home(state, config)
    place = before.turning or before.place
    person = PersonState(place=place, since=now)
    state = replace(state, persons={**state.persons, person_id: person})
    is_home = anyone_home(state, config)
    effects: list[PresenceEffect] = []
    if place is Presence.AWAY:
        state = replace(state, last_left=Mark(person_id=person_id, at=now))
    if is_home is False and was_home is not False:
        last = state.last_left.person_id if state.last_left is not None else person_id
        state = replace(
            state,
            empty_since=now,
            called_off=False,
            remind_at=Deadline.after(config.remind_after, now),
        )
        effects.append(EveryoneLeft(last))
    elif is_home is not False:
        effects += [ArmingDropped(None)] if state.arm_at is not None else []
        state = replace(state, empty_since=None, remind_at=None, arm_at=None, called_off=False)
    if place is Presence.HOME and was_home is False:
        state = replace(state, first_arrived=Mark(person_id=person_id, at=now))
        effects.append(FirstArrived(person_id))
    if place is Presence.HOME and before.place is Presence.AWAY:
        effects += _into_armed_areas(state, person_id, config)
    return state, tuple(effects)


def _into_armed_areas(
    state: HouseholdState, person_id: str, config: PresenceConfig
) -> Iterator[PresenceEffect]:
    armed = {
        area_id: mode for area_id, (status, mode) in state.areas.items() if status is not AreaStatus.DISARMED
    }
    if not armed:
        return
    yield ArrivedWhileArmed(person_id, tuple(armed))
    alarm = any(status is AreaStatus.TRIGGERED for status, _ in state.areas.values())
    # Home and night guard people who sleep: whoever comes in then has a code.
    empty = tuple(area_id for area_id, mode in armed.items() if mode in (ArmMode.AWAY, ArmMode.VACATION))
    if config.persons[person_id].auto_disarm and empty and not alarm:
        yield DisarmFor(person_id, empty)


def _postponed(
    state: HouseholdState, by: str | None, delay: timedelta, config: PresenceConfig, now: datetime
) -> Step:
    """Return the household with the arming announced again after the delay."""
    again = Deadline.after(max(delay - config.announce, timedelta(0)), now)
    return replace(state, arm_at=None, remind_at=again), (ArmingDropped(by),)


def _due(state: HouseholdState, config: PresenceConfig, now: datetime) -> Step:
    """Return the household after the reminder, the announcement or the arming whose time has come."""
    if not state.areas:
        return state, ()
    disarmed = tuple(area_id for area_id, (status, _) in state.areas.items() if status is AreaStatus.DISARMED)
    guests = state.guests or WindowKind.GUEST in state.windows
    vacation = WindowKind.VACATION in state.windows
    arms = config.auto_arm and not guests and not state.called_off and state.empty_since is not None
    mode = ArmMode.VACATION if vacation else config.auto_arm_mode
    if state.arm_at is not None and (not disarmed or not arms):
        return replace(state, arm_at=None), (ArmingDropped(None),)
    if state.arm_at is not None and state.arm_at.due_at <= now:
        return replace(state, arm_at=None), (ArmNow(disarmed, mode),)
    if state.remind_at is None or state.remind_at.due_at > now:
        return state, ()
    if not disarmed:
        return _reminded(state, vacation=vacation, now=now), ()
    if arms:
        at = Deadline.after(config.announce, now)
        state = replace(state, remind_at=None, arm_at=at)
        return state, (AnnounceArming(disarmed, mode, at.due_at),)
    if not config.remind:
        return replace(state, remind_at=None), ()
    if (quiet := _quiet_for(state, config, now)) is not None:
        return replace(state, remind_at=Deadline.after(quiet, now)), ()
    return _reminded(state, vacation=vacation, now=now), (RemindToArm(disarmed, vacation),)


def _reminded(state: HouseholdState, *, vacation: bool, now: datetime) -> HouseholdState:
    again = Deadline.after(REPEAT_ON_VACATION, now) if vacation else None
    return replace(state, remind_at=again)


def _quiet_for(state: HouseholdState, config: PresenceConfig, now: datetime) -> timedelta | None:
    """Return for how long to keep still, or None. A quiet window of a calendar is looked at again every minute."""
    if WindowKind.QUIET in state.windows:
        return timedelta(minutes=1)
    if config.quiet_from is None or config.quiet_to is None or config.quiet_from == config.quiet_to:
        return None
    local = now.astimezone(config.timezone)
    begins, ends = config.quiet_from, config.quiet_to
    clock = local.time()
    within = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
    if not within:
        return None
    day = local.date() + timedelta(days=1 if clock >= ends else 0)
    end = datetime.combine(day, ends, tzinfo=config.timezone)
    # A clock that is set forward can make the end come before now.
    return max(end.astimezone(UTC) - now, timedelta(minutes=1))


def as_dict(state: HouseholdState) -> dict[str, object]:
    """Return what is stored, as JSON values."""

    def deadline(one: Deadline | None) -> list[object] | None:
        return None if one is None else [one.due_at.isoformat(), one.delay.total_seconds()]

    def mark(one: Mark | None) -> list[str] | None:
        return None if one is None else [one.person_id, one.at.isoformat()]

    return {
        "persons": {
            person_id: [person.place.value, person.since.isoformat()]
            for person_id, person in state.persons.items()
        },
        "empty_since": None if state.empty_since is None else state.empty_since.isoformat(),
        "last_left": mark(state.last_left),
        "first_arrived": mark(state.first_arrived),
        "remind_at": deadline(state.remind_at),
        "arm_at": deadline(state.arm_at),
        "called_off": state.called_off,
    }


def from_dict(data: Mapping[str, object] | None) -> HouseholdState:
    """Return the household that `as_dict` stored; an empty one for nothing or for what cannot be read."""
    if not data:
        return HouseholdState()
    try:
        return _read(data)
    except AttributeError, KeyError, TypeError, ValueError:
        return HouseholdState()


def _read(data: Mapping[str, object]) -> HouseholdState:
    def deadline(key: str) -> Deadline | None:
        value = data[key]
        if value is None:
            return None
        due_at, seconds = _pair(value)
        return Deadline(datetime.fromisoformat(str(due_at)), timedelta(seconds=float(str(seconds))))

    def mark(key: str) -> Mark | None:
        value = data[key]
        if value is None:
            return None
        person_id, at = _pair(value)
        return Mark(person_id=str(person_id), at=datetime.fromisoformat(str(at)))

    persons = data["persons"]
    if not isinstance(persons, Mapping):
        raise TypeError
    places = {str(person_id): _pair(value) for person_id, value in persons.items()}
    since = data["empty_since"]
    return HouseholdState(
        persons={
            person_id: PersonState(place=Presence(str(place)), since=datetime.fromisoformat(str(at)))
            for person_id, (place, at) in places.items()
        },
        empty_since=None if since is None else datetime.fromisoformat(str(since)),
        last_left=mark("last_left"),
        first_arrived=mark("first_arrived"),
        remind_at=deadline("remind_at"),
        arm_at=deadline("arm_at"),
        called_off=bool(data["called_off"]),
    )


def _pair(value: object) -> tuple[object, object]:
    if not isinstance(value, list | tuple):
        raise TypeError
    first, second = value
    return first, second
