"""Who is home and what follows, as stories; and thousands of random days."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, override
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from custom_components.alarm_broker.core.household.events import (
    AnnounceArming,
    AreasChanged,
    ArmingDropped,
    ArmNow,
    ArrivedWhileArmed,
    CalledOff,
    DisarmFor,
    EveryoneLeft,
    FirstArrived,
    GuestMode,
    Postponed,
    PresenceEffect,
    PresenceEvent,
    RemindToArm,
    Resumed,
    Seen,
    Ticked,
    WindowKindsChanged,
)
from custom_components.alarm_broker.core.household.presence import household, next_due
from custom_components.alarm_broker.core.household.serial import as_dict, from_dict
from custom_components.alarm_broker.core.household.state import (
    HouseholdState,
    PersonConfig,
    Presence,
    PresenceConfig,
    UnknownMeans,
    anyone_home,
    people_home,
)
from custom_components.alarm_broker.core.panel.config import ArmMode
from custom_components.alarm_broker.core.panel.state import AreaStatus
from custom_components.alarm_broker.core.stored import UNREADABLE
from custom_components.alarm_broker.core.windows import WindowKind

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
HOME, AWAY, LOST = Presence.HOME, Presence.AWAY, None
MINUTE = timedelta(minutes=1)
PERSONS = {
    "anna": PersonConfig(person_id="anna", name="Anna"),
    "ben": PersonConfig(person_id="ben", name="Ben"),
}


class Days:
    """A household that lives through a story: told of things, and of the time that passes."""

    def __init__(self, *, home: bool = True, **settings: Any) -> None:
        persons = settings.pop("persons", PERSONS)
        self.config = PresenceConfig(persons=persons, **settings)
        self.state = HouseholdState()
        self.now = START
        self.told: list[PresenceEffect] = []
        if home:
            self.everyone(HOME)
            self.areas(house=AreaStatus.DISARMED)
            self.told.clear()

    def hears(self, event: PresenceEvent) -> list[PresenceEffect]:
        self.state, effects = household(self.state, event, self.config, self.now)
        self.told += effects
        return list(effects)

    def everyone(self, place: Presence | None) -> None:
        for person_id in self.config.persons:
            self.hears(Seen(person_id, place))

    def areas(self, **status: AreaStatus) -> None:
        mode = ArmMode.AWAY
        self.hears(
            AreasChanged(
                {name: (one, None if one is AreaStatus.DISARMED else mode) for name, one in status.items()}
            )
        )

    def waits(self, span: timedelta) -> list[PresenceEffect]:
        """Let time pass as the shell does: wake at each deadline."""
        seen, until = len(self.told), self.now + span
        while (due := next_due(self.state)) is not None and due <= until:
            self.now = max(due, self.now)
            self.hears(Ticked())
        self.now = until
        self.hears(Ticked())
        return self.told[seen:]

    def all_leave(self) -> list[PresenceEffect]:
        self.everyone(AWAY)
        return self.waits(self.config.away_after)

    @property
    def anyone_home(self) -> bool | None:
        return anyone_home(self.state, self.config)


# Where people are


def test_nobody_is_away_before_being_seen_away() -> None:
    days = Days(home=False)
    days.waits(timedelta(days=1))

    assert days.anyone_home is True
    assert people_home(days.state) == ()
    assert days.told == []


def test_the_last_to_leave_empties_the_house() -> None:
    days = Days()
    days.hears(Seen("anna", AWAY))
    days.waits(10 * MINUTE)
    days.hears(Seen("ben", AWAY))
    days.waits(2 * MINUTE)

    assert days.told == [EveryoneLeft("ben")]
    assert days.anyone_home is False
    assert days.state.last_left is not None
    assert days.state.last_left.person_id == "ben"


def test_a_position_that_jumps_away_and_back_is_nothing() -> None:
    days = Days()
    for _ in range(20):
        days.everyone(AWAY)
        days.waits(MINUTE)
        days.everyone(HOME)
        days.waits(MINUTE)

    assert days.told == []


def test_a_position_that_jumps_home_and_back_is_nothing() -> None:
    days = Days()
    days.all_leave()
    days.told.clear()
    days.hears(Seen("anna", HOME))
    days.waits(timedelta(seconds=2))
    days.hears(Seen("anna", AWAY))
    days.waits(MINUTE)

    assert days.told == []


def test_the_first_to_come_home_is_told_of_and_the_second_is_not() -> None:
    days = Days()
    days.all_leave()
    days.told.clear()
    days.hears(Seen("anna", HOME))
    days.waits(MINUTE)
    days.hears(Seen("ben", HOME))
    days.waits(MINUTE)

    assert days.told == [FirstArrived("anna")]


def test_silent_trackers_make_somebody_unknown_and_never_away() -> None:
    days = Days()
    days.everyone(LOST)
    days.waits(9 * MINUTE)
    shortly = people_home(days.state)
    days.waits(timedelta(days=3))

    assert shortly == ("anna", "ben")
    assert people_home(days.state) == ()
    assert EveryoneLeft("ben") not in days.told
    assert days.anyone_home is True


def test_a_household_can_say_that_only_the_others_count() -> None:
    days = Days(unknown_means=UnknownMeans.NOBODY)
    days.hears(Seen("ben", LOST))
    days.waits(11 * MINUTE)
    days.hears(Seen("anna", AWAY))
    days.waits(2 * MINUTE)

    assert days.anyone_home is False


def test_when_nothing_is_known_of_anybody_nobody_can_say() -> None:
    days = Days(unknown_means=UnknownMeans.NOBODY)
    days.everyone(LOST)
    days.waits(11 * MINUTE)

    assert days.anyone_home is None
    assert days.told == []


# The reminder


def test_a_reminder_comes_a_while_after_everyone_left() -> None:
    days = Days()
    days.all_leave()

    assert days.waits(4 * MINUTE) == []
    assert days.waits(MINUTE) == [RemindToArm(("house",), vacation=False)]
    assert days.waits(timedelta(days=2)) == []


def test_no_reminder_comes_for_a_house_that_is_armed() -> None:
    days = Days()
    days.all_leave()
    days.areas(house=AreaStatus.ARMED)

    assert days.waits(timedelta(hours=1)) == []


def test_the_reminder_names_only_what_is_disarmed() -> None:
    days = Days()
    days.areas(house=AreaStatus.ARMED, garage=AreaStatus.DISARMED)
    days.all_leave()

    assert days.waits(5 * MINUTE) == [RemindToArm(("garage",), vacation=False)]


def test_the_reminder_waits_for_the_end_of_the_quiet_hours() -> None:
    days = Days(quiet_from=time(22), quiet_to=time(6, 30), timezone=ZoneInfo("Europe/Berlin"))
    days.now = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
    days.all_leave()

    assert days.waits(timedelta(hours=7)) == []
    assert days.waits(timedelta(hours=1, minutes=30)) == [RemindToArm(("house",), vacation=False)]


def test_the_reminder_waits_for_the_end_of_a_quiet_window() -> None:
    days = Days()
    days.hears(WindowKindsChanged(frozenset({WindowKind.QUIET})))
    days.all_leave()
    quiet = days.waits(timedelta(hours=3))
    days.hears(WindowKindsChanged(frozenset()))

    assert quiet == []
    assert days.waits(2 * MINUTE) == [RemindToArm(("house",), vacation=False)]


def test_whoever_comes_home_in_time_is_not_reminded() -> None:
    days = Days()
    days.all_leave()
    days.hears(Seen("anna", HOME))
    days.waits(timedelta(hours=1))

    assert [effect for effect in days.told if isinstance(effect, RemindToArm)] == []


def test_on_vacation_the_reminder_comes_every_day_until_the_house_is_armed() -> None:
    days = Days()
    days.hears(WindowKindsChanged(frozenset({WindowKind.VACATION})))
    days.all_leave()
    reminders = days.waits(timedelta(days=2, minutes=30))
    days.areas(house=AreaStatus.ARMED)

    assert reminders == [RemindToArm(("house",), vacation=True)] * 3
    assert days.waits(timedelta(days=3)) == []


def test_on_vacation_a_phone_that_is_silent_abroad_keeps_no_reminder_away() -> None:
    days = Days(auto_arm=True)
    days.hears(WindowKindsChanged(frozenset({WindowKind.VACATION})))
    days.hears(Seen("anna", AWAY))
    days.hears(Seen("ben", LOST))
    told = days.waits(timedelta(hours=1))

    assert days.anyone_home is True
    assert told == [RemindToArm(("house",), vacation=True)]


def test_on_vacation_nobody_is_reminded_while_somebody_is_home() -> None:
    days = Days()
    days.hears(Seen("anna", AWAY))
    days.hears(WindowKindsChanged(frozenset({WindowKind.VACATION})))

    assert days.waits(timedelta(days=2)) == []


def test_a_vacation_that_begins_with_an_empty_house_reminds_too() -> None:
    days = Days(persons={})
    days.hears(WindowKindsChanged(frozenset({WindowKind.VACATION})))

    assert days.waits(6 * MINUTE) == [RemindToArm(("house",), vacation=True)]


# Arming by itself


def test_nothing_arms_by_itself_unless_wanted() -> None:
    days = Days()
    days.all_leave()

    assert [effect for effect in days.waits(timedelta(days=5)) if isinstance(effect, ArmNow)] == []


def test_arming_is_announced_first() -> None:
    days = Days(auto_arm=True)
    days.all_leave()

    announced = days.waits(5 * MINUTE)
    assert announced == [AnnounceArming(("house",), ArmMode.AWAY, days.now + 2 * MINUTE)]
    assert days.waits(MINUTE) == []
    assert days.waits(MINUTE) == [ArmNow(("house",), ArmMode.AWAY)]


def test_on_vacation_the_vacation_mode_is_armed() -> None:
    days = Days(auto_arm=True)
    days.hears(WindowKindsChanged(frozenset({WindowKind.VACATION})))
    days.all_leave()

    assert ArmNow(("house",), ArmMode.VACATION) in days.waits(8 * MINUTE)


def test_a_postponed_arming_is_announced_again() -> None:
    days = Days(auto_arm=True)
    days.all_leave()
    days.waits(5 * MINUTE)
    postponed = days.hears(Postponed("Anna"))

    assert postponed == [ArmingDropped("Anna")]
    assert days.waits(12 * MINUTE) == []
    assert isinstance(days.waits(MINUTE)[0], AnnounceArming)
    assert days.waits(2 * MINUTE) == [ArmNow(("house",), ArmMode.AWAY)]


def test_an_arming_that_was_called_off_comes_back_only_after_the_next_leaving() -> None:
    days = Days(auto_arm=True)
    days.all_leave()
    days.waits(5 * MINUTE)
    days.hears(CalledOff("Anna"))
    afterwards = days.waits(timedelta(days=1))
    days.everyone(HOME)
    days.waits(MINUTE)
    days.all_leave()

    assert [effect for effect in afterwards if isinstance(effect, ArmNow)] == []
    assert ArmNow(("house",), ArmMode.AWAY) in days.waits(8 * MINUTE)


def test_somebody_who_comes_home_drops_the_announced_arming() -> None:
    days = Days(auto_arm=True)
    days.all_leave()
    days.waits(5 * MINUTE)
    days.hears(Seen("ben", HOME))

    assert days.waits(timedelta(hours=1)) == [FirstArrived("ben"), ArmingDropped(None)]


def test_somebody_who_becomes_unknown_drops_it_too() -> None:
    days = Days(auto_arm=True, announce=timedelta(minutes=30))
    days.all_leave()
    days.waits(5 * MINUTE)
    days.hears(Seen("ben", LOST))

    assert days.waits(timedelta(hours=1)) == [ArmingDropped(None)]


def test_guests_keep_the_house_from_arming_itself_and_not_from_reminding() -> None:
    for guests in (GuestMode(on=True), WindowKindsChanged(frozenset({WindowKind.GUEST}))):
        days = Days(auto_arm=True)
        days.hears(guests)
        days.all_leave()

        assert days.waits(timedelta(hours=1)) == [RemindToArm(("house",), vacation=False)]


def test_guests_who_come_while_the_arming_is_announced_drop_it() -> None:
    days = Days(auto_arm=True)
    days.all_leave()
    days.waits(5 * MINUTE)

    assert days.hears(GuestMode(on=True)) == [ArmingDropped(None)]


def test_when_the_guests_have_left_too_the_house_arms_itself() -> None:
    days = Days(auto_arm=True)
    days.hears(GuestMode(on=True))
    days.all_leave()
    with_guests = days.waits(timedelta(days=2))
    days.hears(GuestMode(on=False))
    without = days.waits(8 * MINUTE)

    assert with_guests == [RemindToArm(("house",), vacation=False)]
    assert [type(effect) for effect in without] == [AnnounceArming, ArmNow]


def test_calling_off_what_was_postponed_works_too() -> None:
    days = Days(auto_arm=True)
    days.all_leave()
    days.waits(5 * MINUTE)
    days.hears(Postponed("Anna"))

    assert days.hears(CalledOff("Ben")) == [ArmingDropped("Ben")]
    assert days.waits(timedelta(days=2)) == []


def test_where_nothing_arms_by_itself_there_is_nothing_to_call_off() -> None:
    days = Days()
    days.all_leave()

    assert days.hears(CalledOff("Ben")) == []
    assert days.waits(5 * MINUTE) == [RemindToArm(("house",), vacation=False)]


def test_on_vacation_the_reminder_goes_on_after_the_arming_was_called_off() -> None:
    days = Days(auto_arm=True)
    days.hears(WindowKindsChanged(frozenset({WindowKind.VACATION})))
    days.all_leave()
    days.waits(5 * MINUTE)
    days.hears(CalledOff("Ben"))

    assert days.waits(timedelta(days=1)) == [RemindToArm(("house",), vacation=True)]


def test_arming_by_hand_drops_the_announced_one() -> None:
    days = Days(auto_arm=True)
    days.all_leave()
    days.waits(5 * MINUTE)
    days.areas(house=AreaStatus.ARMING)

    assert days.told[-1] == ArmingDropped(None)
    assert days.waits(timedelta(hours=1)) == []


# Coming home to an armed house


def test_whoever_comes_home_to_an_armed_house_is_warned_and_nothing_else() -> None:
    days = Days()
    days.all_leave()
    days.areas(house=AreaStatus.ARMED)
    days.told.clear()
    days.hears(Seen("anna", HOME))

    assert days.waits(MINUTE) == [FirstArrived("anna"), ArrivedWhileArmed("anna", ("house",))]


def test_a_fire_in_a_disarmed_house_is_no_armed_house() -> None:
    days = Days()
    days.all_leave()
    days.hears(AreasChanged({"house": (AreaStatus.TRIGGERED, None)}))
    days.told.clear()
    days.hears(Seen("anna", HOME))

    assert days.waits(MINUTE) == [FirstArrived("anna")]


LET_IN = {"anna": replace(PERSONS["anna"], auto_disarm=True), "ben": PERSONS["ben"]}


def arrives_at(
    mode: ArmMode, status: AreaStatus = AreaStatus.ARMED, *, who: str = "anna"
) -> list[PresenceEffect]:
    days = Days(persons=LET_IN)
    days.all_leave()
    days.hears(AreasChanged({"house": (status, mode)}))
    days.hears(Seen(who, HOME))
    return days.waits(MINUTE)


def test_the_house_disarms_for_whom_that_is_allowed() -> None:
    assert DisarmFor("anna", ("house",)) in arrives_at(ArmMode.AWAY)
    assert DisarmFor("anna", ("house",)) in arrives_at(ArmMode.VACATION)
    assert DisarmFor("anna", ("house",)) in arrives_at(ArmMode.AWAY, AreaStatus.PENDING)


def test_the_house_disarms_for_nobody_else() -> None:
    assert not any(isinstance(effect, DisarmFor) for effect in arrives_at(ArmMode.AWAY, who="ben"))


def test_an_arrival_never_ends_an_alarm() -> None:
    told = arrives_at(ArmMode.AWAY, AreaStatus.TRIGGERED)

    assert not any(isinstance(effect, DisarmFor) for effect in told)


def test_an_arrival_does_not_disarm_what_guards_those_who_sleep() -> None:
    assert not any(isinstance(effect, DisarmFor) for effect in arrives_at(ArmMode.NIGHT))
    assert not any(isinstance(effect, DisarmFor) for effect in arrives_at(ArmMode.HOME))


def test_a_phone_that_is_heard_of_again_has_not_come_home() -> None:
    days = Days(persons=LET_IN)
    days.hears(Seen("anna", LOST))
    days.waits(11 * MINUTE)
    days.areas(house=AreaStatus.ARMED)
    days.hears(Seen("anna", HOME))

    assert [
        effect for effect in days.waits(MINUTE) if isinstance(effect, DisarmFor | ArrivedWhileArmed)
    ] == []


# Restarts and clocks


def test_after_a_restart_everybody_is_where_they_were() -> None:
    days = Days()
    days.all_leave()
    days.state = from_dict(as_dict(days.state))
    days.hears(Resumed())
    days.hears(AreasChanged({"house": (AreaStatus.DISARMED, None)}))
    days.everyone(AWAY)

    assert days.anyone_home is False
    assert days.waits(5 * MINUTE) == [RemindToArm(("house",), vacation=False)]


def restarted(days: Days, outage: timedelta) -> list[PresenceEffect]:
    """Home Assistant is down for a while; then everybody is still where they were."""
    days.state = from_dict(as_dict(days.state))
    days.now += outage
    effects = days.hears(Resumed())
    effects += days.hears(AreasChanged({"house": (AreaStatus.DISARMED, None)}))
    for person_id, person in days.state.persons.items():
        days.hears(Seen(person_id, person.place))
    return effects


def test_a_countdown_goes_on_to_its_old_end_after_a_short_outage() -> None:
    days = Days(auto_arm=True)
    days.all_leave()
    days.waits(5 * MINUTE)

    assert restarted(days, timedelta(seconds=30)) == []
    assert days.waits(timedelta(seconds=80)) == []
    assert days.waits(timedelta(seconds=10)) == [ArmNow(("house",), ArmMode.AWAY)]


def test_an_arming_that_became_due_during_an_outage_is_announced_anew() -> None:
    days = Days(auto_arm=True)
    days.all_leave()
    days.waits(5 * MINUTE)

    assert restarted(days, timedelta(hours=5)) == []
    assert days.waits(MINUTE) == [AnnounceArming(("house",), ArmMode.AWAY, days.now + 2 * MINUTE)]
    assert days.waits(2 * MINUTE) == [ArmNow(("house",), ArmMode.AWAY)]


def starts(days: Days, outage: timedelta) -> None:
    """All of Home Assistant is down for a while; its trackers have not come up yet."""
    days.state = from_dict(as_dict(days.state))
    days.now += outage
    days.hears(Resumed(starting=True))
    days.hears(AreasChanged({"house": (AreaStatus.DISARMED, None)}))
    days.told.clear()


def test_trackers_that_come_up_five_minutes_after_a_start_have_sent_nobody_away() -> None:
    days = Days(auto_arm=True)
    starts(days, MINUTE)
    days.waits(MINUTE / 2)
    days.everyone(AWAY)
    days.waits(5 * MINUTE)
    days.everyone(HOME)
    days.waits(timedelta(hours=1))

    assert days.told == []


def test_who_is_away_after_a_start_is_missed_all_the_same() -> None:
    days = Days()
    starts(days, MINUTE)
    days.everyone(AWAY)

    days.waits(6 * MINUTE)

    assert days.told == [EveryoneLeft("ben")]


def test_who_leaves_later_is_away_as_soon_as_ever() -> None:
    days = Days()
    starts(days, MINUTE)
    days.everyone(HOME)
    days.waits(6 * MINUTE)

    days.all_leave()

    assert days.told == [EveryoneLeft("ben")]


def test_a_house_that_starts_does_not_arm_around_who_came_home_meanwhile() -> None:
    days = Days(auto_arm=True)
    days.all_leave()
    days.waits(5 * MINUTE)
    starts(days, timedelta(hours=5))
    days.everyone(AWAY)
    days.waits(5 * MINUTE)
    days.hears(Seen("anna", HOME))
    days.waits(timedelta(hours=1))

    assert [type(effect) for effect in days.told] == [FirstArrived]


def test_a_reminder_that_became_due_during_an_outage_comes_afterwards() -> None:
    days = Days()
    days.all_leave()

    assert restarted(days, timedelta(hours=5)) == []
    assert days.waits(MINUTE) == [RemindToArm(("house",), vacation=False)]


def test_guests_and_windows_are_known_after_a_restart() -> None:
    days = Days(auto_arm=True)
    days.hears(GuestMode(on=True))
    days.hears(WindowKindsChanged(frozenset({WindowKind.VACATION})))
    days.all_leave()
    restarted(days, MINUTE)

    assert days.waits(timedelta(hours=1)) == [RemindToArm(("house",), vacation=True)]


def test_a_restart_on_vacation_is_no_reason_to_remind_again() -> None:
    days = Days()
    days.hears(WindowKindsChanged(frozenset({WindowKind.VACATION})))
    days.all_leave()
    days.waits(6 * MINUTE)
    restarted(days, MINUTE)
    days.hears(WindowKindsChanged(frozenset({WindowKind.VACATION})))

    assert days.waits(timedelta(hours=23)) == []


def test_an_unknown_newcomer_keeps_the_house_from_arming_itself() -> None:
    days = Days(auto_arm=True)
    days.all_leave()
    days.waits(5 * MINUTE)
    newcomer = PersonConfig(person_id="carl", name="Carl")
    days.config = replace(days.config, persons={**PERSONS, "carl": newcomer})

    assert restarted(days, timedelta(seconds=10)) == [ArmingDropped(None)]
    assert days.waits(timedelta(hours=1)) == []
    assert days.state.empty_since is None


def test_who_is_not_heard_of_after_a_restart_becomes_unknown() -> None:
    days = Days()
    days.all_leave()
    days.hears(Resumed())
    days.waits(11 * MINUTE)

    assert days.anyone_home is True


def test_a_clock_that_is_set_back_delays_nothing() -> None:
    days = Days()
    days.all_leave()
    days.now -= timedelta(days=300)
    days.hears(Ticked())

    assert days.waits(6 * MINUTE) == [RemindToArm(("house",), vacation=False)]


@pytest.mark.parametrize(
    "damaged", [{"persons": 3}, {"persons": {"anna": ["mars", "now"]}}, {"x": 1}], ids=["number", "mars", "x"]
)
def test_what_is_no_household_is_not_taken_for_an_empty_one(damaged: Mapping[str, object]) -> None:
    with pytest.raises(UNREADABLE):
        from_dict(damaged)


class RandomDays(RuleBasedStateMachine):
    """Anything in any order, by people who come, go and fall silent, with a clock that jumps."""

    @initialize(
        unknown=st.sampled_from(UnknownMeans),
        auto_arm=st.booleans(),
        let_in=st.booleans(),
        quiet=st.booleans(),
    )
    def begin(self, *, unknown: UnknownMeans, auto_arm: bool, let_in: bool, quiet: bool) -> None:
        hours = {"quiet_from": time(20), "quiet_to": time(7)} if quiet else {}
        self.days = Days(
            home=False,
            persons=LET_IN if let_in else PERSONS,
            unknown_means=unknown,
            auto_arm=auto_arm,
            timezone=ZoneInfo("Australia/Sydney"),
            **hours,
        )
        self.allowed = let_in
        self.announced: datetime | None = None

    def check(self, effects: list[PresenceEffect]) -> None:
        days = self.days
        for effect in effects:
            match effect:
                case AnnounceArming(at=at):
                    self.announced = at
                    assert days.config.auto_arm
                case ArmingDropped():
                    self.announced = None
                case ArmNow(area_ids):
                    assert self.announced is not None, "armed without a word before"
                    # The clock may have been set back meanwhile, but an outage makes it no later.
                    assert days.now <= self.announced, "armed at another time than announced"
                    self.announced = None
                    assert days.anyone_home is False, "armed a house that may have people in it"
                    assert not days.state.guests
                    assert WindowKind.GUEST not in days.state.windows
                    assert all(days.state.areas[one][0] is AreaStatus.DISARMED for one in area_ids)
                case DisarmFor(person_id, area_ids):
                    assert self.allowed
                    assert person_id == "anna"
                    assert all(
                        days.state.areas[one][0] not in (AreaStatus.TRIGGERED, AreaStatus.DISARMED)
                        for one in area_ids
                    )
                case RemindToArm(area_ids):
                    on_vacation = WindowKind.VACATION in days.state.windows
                    assert days.anyone_home is False or on_vacation
                    assert not people_home(days.state)
                    assert area_ids
                case EveryoneLeft():
                    pass

    @rule(who=st.sampled_from(["anna", "ben", "stranger"]), place=st.sampled_from([HOME, AWAY, LOST]))
    def somebody_is_seen(self, who: str, place: Presence | None) -> None:
        self.check(self.days.hears(Seen(who, place)))

    @rule(
        span=st.sampled_from(
            [timedelta(seconds=3), MINUTE, 3 * MINUTE, timedelta(hours=2), timedelta(days=1)]
        )
    )
    def time_passes(self, span: timedelta) -> None:
        until = self.days.now + span
        steps = 0
        while (due := next_due(self.days.state)) is not None and due <= until:
            self.days.now = max(due, self.days.now)
            self.check(self.days.hears(Ticked()))
            steps += 1
            assert steps < 2000, "a deadline without a way out"
        self.days.now = until

    @rule(back=st.timedeltas(timedelta(0), timedelta(days=400)))
    def the_clock_is_set_back(self, back: timedelta) -> None:
        self.days.now -= back
        self.check(self.days.hears(Ticked()))

    @rule(status=st.sampled_from(AreaStatus), mode=st.sampled_from(ArmMode))
    def the_panel_changes(self, status: AreaStatus, mode: ArmMode) -> None:
        # As the panel says it: what is disarmed has no mode.
        known = None if status is AreaStatus.DISARMED else mode
        self.check(self.days.hears(AreasChanged({"house": (status, known)})))

    @rule(kinds=st.sets(st.sampled_from(WindowKind)))
    def windows_change(self, kinds: set[WindowKind]) -> None:
        self.check(self.days.hears(WindowKindsChanged(frozenset(kinds))))

    @rule(
        event=st.sampled_from([GuestMode(on=True), GuestMode(on=False), Postponed("Anna"), CalledOff("Ben")])
    )
    def somebody_decides(self, event: PresenceEvent) -> None:
        self.check(self.days.hears(event))

    @rule(outage=st.timedeltas(timedelta(0), timedelta(days=2)), starting=st.booleans())
    def home_assistant_restarts(self, *, outage: timedelta, starting: bool) -> None:
        stored = from_dict(as_dict(self.days.state))
        self.days.state = replace(stored, areas=self.days.state.areas)
        self.days.now += outage
        self.check(self.days.hears(Resumed(starting=starting)))

    @invariant()
    def nobody_unknown_is_taken_for_away(self) -> None:
        if not hasattr(self, "days") or not self.days.state.persons:
            return
        places = {person.place for person in self.days.state.persons.values()}
        if Presence.UNKNOWN in places and self.days.config.unknown_means is UnknownMeans.HOME:
            assert self.days.anyone_home is True
        if places == {Presence.UNKNOWN}:
            assert self.days.anyone_home is not False

    @override
    def teardown(self) -> None:
        if hasattr(self, "days"):
            assert from_dict(as_dict(self.days.state)).last_left == self.days.state.last_left


TestRandomDays = RandomDays.TestCase
