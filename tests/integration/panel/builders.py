"""A small house and a panel that lives through a story."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count

from custom_components.alarm_broker.panel.config import (
    AlarmKind,
    AreaConfig,
    ArmMode,
    CodePolicy,
    ModeConfig,
    PanelConfig,
    ZoneConfig,
    ZoneKind,
)
from custom_components.alarm_broker.panel.deadlines import next_due
from custom_components.alarm_broker.panel.effects import Effect, Reason, Refuse
from custom_components.alarm_broker.panel.events import (
    ArmRequested,
    CodeMatched,
    CodeMissing,
    CodeWrong,
    Credential,
    DisarmRequested,
    Event,
    Loaded,
    SensorsReady,
    TimePassed,
    TriggerRequested,
    ZoneClosed,
    ZoneLost,
    ZoneOpened,
)
from custom_components.alarm_broker.panel.serial import parsed, serialised
from custom_components.alarm_broker.panel.state import AreaState, AreaStatus, PanelState
from custom_components.alarm_broker.panel.transition import transition

START = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
HOME = "home"
DOOR, WINDOW, HALL, SMOKE, TAMPER = "door", "window", "hall", "smoke", "tamper"
ANNA = CodeMatched("Anna")
WRONG = CodeWrong()
NO_CODE = CodeMissing()


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
) -> PanelConfig:
    """Return a house: away guards door, window and hall; home only door and window."""

    def mode(*zones: str) -> ModeConfig:
        return ModeConfig(
            zones=frozenset(zones),
            exit_delay=seconds(exit_delay),
            entry_delay=seconds(entry_delay),
            siren_time=seconds(siren_time),
        )

    kinds = {
        DOOR: ZoneKind.ENTRY_EXIT,
        WINDOW: ZoneKind.INSTANT,
        HALL: ZoneKind.INSTANT,
        SMOKE: ZoneKind.ALWAYS,
        TAMPER: ZoneKind.ALWAYS,
    }
    alarm_kinds = {SMOKE: AlarmKind.FIRE}
    return PanelConfig(
        areas={
            HOME: AreaConfig(
                area_id=HOME,
                name="Home",
                modes={ArmMode.AWAY: mode(DOOR, WINDOW, HALL), ArmMode.HOME: mode(DOOR, WINDOW)},
            )
        },
        zones={
            zone_id: ZoneConfig(
                zone_id=zone_id,
                area_id=HOME,
                kind=kind,
                alarm_kind=alarm_kinds.get(zone_id, AlarmKind.BURGLARY),
            )
            for zone_id, kind in kinds.items()
        },
        codes=CodePolicy(arm_required=arm_required, disarm_required=disarm_required),
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
        self, mode: ArmMode = ArmMode.AWAY, credential: Credential = ANNA, *, force: bool = False
    ) -> Reason | None:
        """Ask to arm; return why not, or None."""
        request = ArmRequested(area_id=HOME, mode=mode, credential=credential, by=None, force=force)
        return _refused(self.tell(request))

    def disarm(self, credential: Credential = ANNA, *, by: str | None = None) -> Reason | None:
        """Ask to disarm; return why not, or None."""
        return _refused(self.tell(DisarmRequested(area_id=HOME, credential=credential, by=by)))

    def trigger(self) -> None:
        """Raise the alarm by hand."""
        self.tell(TriggerRequested(area_id=HOME, by="Bert"))

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

    def sensors_report(self, *, opened: tuple[str, ...] = ()) -> None:
        """Let every sensor speak after a power cut, then settle."""
        for zone_id in self.config.zones:
            self.tell(ZoneOpened(zone_id) if zone_id in opened else ZoneClosed(zone_id))
        self.tell(SensorsReady(seconds(0)))

    @property
    def area(self) -> AreaState:
        """Return the one area."""
        return self.state.areas[HOME]

    @property
    def status(self) -> AreaStatus:
        """Return what the area is shown as."""
        return self.area.status

    def told[T](self, effect: type[T]) -> list[T]:
        """Return the effects of one type since the last clearing."""
        return [one for one in self.effects if isinstance(one, effect)]


def _refused(effects: tuple[Effect, ...]) -> Reason | None:
    return next((effect.reason for effect in effects if isinstance(effect, Refuse)), None)
