"""A small house and a panel that lives through a story."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import count
from typing import Any

from custom_components.alarm_broker.core.panel.config import (
    AlarmKind,
    AreaConfig,
    ArmMode,
    CodePolicy,
    GroupConfig,
    ModeConfig,
    PanelConfig,
    Rules,
    UserConfig,
    ZoneConfig,
    ZoneKind,
)
from custom_components.alarm_broker.core.panel.deadlines import next_due
from custom_components.alarm_broker.core.panel.effects import Effect, Reason, Refuse
from custom_components.alarm_broker.core.panel.events import (
    ArmRequested,
    BypassRequested,
    ClearMemoryRequested,
    CodeMatched,
    CodeMissing,
    CodeWrong,
    Credential,
    DisarmRequested,
    Event,
    Loaded,
    LookRequested,
    SensorsReady,
    TimePassed,
    TriggerRequested,
    WalkTestRequested,
    ZoneClosed,
    ZoneLost,
    ZoneOpened,
)
from custom_components.alarm_broker.core.panel.serial import parsed, restored, serialised
from custom_components.alarm_broker.core.panel.state import AreaState, AreaStatus, PanelState
from custom_components.alarm_broker.core.panel.transition import transition

START = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
HOME, GARAGE = "home", "garage"
DOOR, WINDOW, HALL, STAIRS, SMOKE, TAMPER, GATE = (
    "door",
    "window",
    "hall",
    "stairs",
    "smoke",
    "tamper",
    "gate",
)
ANNA = CodeMatched("anna")
UNDER_THREAT = CodeMatched("anna_duress")
WRONG = CodeWrong()
NO_CODE = CodeMissing()
KINDS = {
    DOOR: ZoneKind.ENTRY_EXIT,
    WINDOW: ZoneKind.INSTANT,
    HALL: ZoneKind.INSTANT,
    STAIRS: ZoneKind.FOLLOWER,
    SMOKE: ZoneKind.FIRE,
    TAMPER: ZoneKind.TAMPER,
    GATE: ZoneKind.ENTRY_EXIT,
}
USERS = {
    user.user_id: user
    for user in (
        UserConfig(user_id="anna", name="Anna"),
        UserConfig(user_id="anna_duress", name="Anna", duress=True),
    )
}


def seconds(number: float) -> timedelta:
    """Return that long."""
    return timedelta(seconds=number)


def house(
    *,
    exit_delay: float = 60,
    entry_delay: float = 30,
    siren_time: float = 180,
    arm_required: bool = True,
    disarm_required: bool = True,
    always_required: bool = False,
    look_required: bool = False,
    yields_to_entry: bool = True,
    rules: Rules = Rules(),  # noqa: B008 - frozen
    zones: Mapping[str, Mapping[str, Any]] | None = None,
    users: Iterable[UserConfig] = (),
    groups: Iterable[GroupConfig] = (),
    timezone: tzinfo | None = None,
) -> PanelConfig:
    """Return a house with a garage: away guards everything; home not what is inside.

    `zones` changes fields of single zones, `users` are there besides Anna and her duress code.
    """

    def mode(*zone_ids: str) -> ModeConfig:
        return ModeConfig(
            zones=frozenset(zone_ids),
            exit_delay=seconds(exit_delay),
            entry_delay=seconds(entry_delay),
            siren_time=seconds(siren_time),
            code_to_arm=arm_required,
        )

    modes = {ArmMode.AWAY: mode(DOOR, WINDOW, HALL, STAIRS), ArmMode.HOME: mode(DOOR, WINDOW)}
    garage = {ArmMode.AWAY: mode(GATE)}
    changes = zones or {}
    return PanelConfig(
        areas={
            HOME: AreaConfig(area_id=HOME, name="Home", modes=modes),
            GARAGE: AreaConfig(area_id=GARAGE, name="Garage", modes=garage),
        },
        zones={
            zone_id: ZoneConfig(
                **{
                    "zone_id": zone_id,
                    "area_id": GARAGE if zone_id == GATE else HOME,
                    "kind": kind,
                    **changes.get(zone_id, {}),
                }
            )
            for zone_id, kind in KINDS.items()
        },
        codes=CodePolicy(
            disarm_required=disarm_required,
            always_required=always_required,
            look_required=look_required,
            yields_to_entry=yields_to_entry,
        ),
        users={**USERS, **{user.user_id: user for user in users}},
        groups={group.group_id: group for group in groups},
        rules=rules,
        timezone=timezone,
    )


class Panel:
    """A panel with a clock that only the test moves; every zone is closed at first."""

    def __init__(self, config: PanelConfig | None = None) -> None:
        self.config = config or house()
        self.now = START
        self.state = PanelState()
        self.effects: list[Effect] = []
        self._ids = count(1)
        self.tell(Loaded())
        for zone_id in self.config.zones:
            self.tell(ZoneClosed(zone_id))
        self.tell(SensorsReady(seconds(0)))
        self.effects.clear()

    def tell(self, event: Event) -> tuple[Effect, ...]:
        """Let something happen now, and return its effects."""
        self.state, effects = transition(
            self.state, event, self.config, self.now, new_uid=lambda: f"alarm-{next(self._ids)}"
        )
        self.effects += effects
        return effects

    def arm(
        self,
        mode: ArmMode | None = ArmMode.AWAY,
        credential: Credential = ANNA,
        *,
        areas: tuple[str, ...] = (HOME,),
        force: bool = False,
        skip_delay: bool = False,
        bypass: Iterable[str] = (),
        by: str | None = None,
    ) -> Reason | None:
        """Ask to arm; return why not, or None."""
        request = ArmRequested(
            area_ids=areas,
            mode=mode,
            credential=credential,
            by=by,
            force=force,
            skip_delay=skip_delay,
            bypass=frozenset(bypass),
        )
        return refused(self.tell(request))

    def disarm(
        self, credential: Credential = ANNA, *, areas: tuple[str, ...] = (HOME,), by: str | None = None
    ) -> Reason | None:
        """Ask to disarm; return why not, or None."""
        return refused(self.tell(DisarmRequested(area_ids=areas, credential=credential, by=by)))

    def trigger(self, kind: AlarmKind = AlarmKind.PANIC, *, silent: bool = False) -> None:
        """Raise the alarm by hand."""
        self.tell(TriggerRequested(area_id=HOME, by="Bert", kind=kind, silent=silent))

    def bypass(self, *zone_ids: str, bypass: bool = True, credential: Credential = ANNA) -> Reason | None:
        """Ask to leave zones out, or in again; return why not, or None."""
        return refused(
            self.tell(BypassRequested(zone_ids=zone_ids, bypass=bypass, credential=credential, by=None))
        )

    def clear_memory(self, credential: Credential = ANNA) -> Reason | None:
        """Say that the alarm memory has been seen; return why not, or None."""
        return refused(self.tell(ClearMemoryRequested(area_ids=(HOME,), credential=credential, by=None)))

    def look(self, credential: Credential = ANNA) -> Reason | None:
        """Ask to see more than is shown; return why not, or None."""
        return refused(self.tell(LookRequested(area_ids=(HOME,), credential=credential, by=None)))

    def walk_test(self, *, start: bool, credential: Credential = ANNA) -> Reason | None:
        """Begin or end the walk test; return why not, or None."""
        return refused(
            self.tell(WalkTestRequested(area_ids=(HOME,), start=start, credential=credential, by=None))
        )

    def open(self, *zone_ids: str) -> None:
        """Open zones, one after the other."""
        for zone_id in zone_ids:
            self.tell(ZoneOpened(zone_id))

    def close(self, *zone_ids: str) -> None:
        """Close zones."""
        for zone_id in zone_ids:
            self.tell(ZoneClosed(zone_id))

    def lose(self, *zone_ids: str) -> None:
        """Let sensors fall silent."""
        for zone_id in zone_ids:
            self.tell(ZoneLost(zone_id))

    def wait(self, duration_s: float) -> None:
        """Let time pass, with a timer that fires at each deadline."""
        end = self.now + seconds(duration_s)
        while (due := next_due(self.state)) is not None and due <= end:
            self.now = max(self.now, due)
            self.tell(TimePassed())
        self.now = end
        self.tell(TimePassed())

    def armed(self, mode: ArmMode = ArmMode.AWAY) -> Panel:
        """Return the panel after somebody armed it and left."""
        self.arm(mode)
        self.wait(60)
        self.effects.clear()
        return self

    def power_cut(self, duration_s: float, *, config: PanelConfig | None = None) -> tuple[Effect, ...]:
        """Die, come back later from what is on disk; return the effects of coming back."""
        self.config = config or self.config
        self.state = parsed(json.loads(json.dumps(serialised(self.state))))
        self.now += seconds(duration_s)
        return self.tell(Loaded())

    def lose_file(self) -> tuple[Effect, ...]:
        """Die, come back and find nothing on disk; return the effects of coming back."""
        self.state = restored(None, self.config.areas)
        effects = self.tell(Loaded())
        self.sensors_report()
        return effects

    def sensors_report(self, *, opened: tuple[str, ...] = ()) -> None:
        """Let every sensor speak after a power cut, then settle."""
        for zone_id in self.config.zones:
            self.tell(ZoneOpened(zone_id) if zone_id in opened else ZoneClosed(zone_id))
        self.tell(SensorsReady(seconds(0)))

    @property
    def area(self) -> AreaState:
        """Return the house without its garage."""
        return self.state.areas[HOME]

    @property
    def status(self) -> AreaStatus:
        """Return what the area is shown as."""
        return self.area.status

    def told[T](self, effect: type[T]) -> list[T]:
        """Return the effects of one type since the last clearing."""
        return [one for one in self.effects if isinstance(one, effect)]


def refused(effects: tuple[Effect, ...]) -> Reason | None:
    """Return why a request was refused, or None."""
    return next((effect.reason for effect in effects if isinstance(effect, Refuse)), None)
