"""The shell around the panel core: event in, transition, store, effects out.

What raises protection is shown before it is stored, because after a crash the sensors say it again; what a person
asked for is shown and answered only once it is on disk; nothing goes outside before it is (docs/decisions/0006).
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from homeassistant.core import CALLBACK_TYPE, CoreState, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ..codes.hashing import async_matching_user
from ..const import DOMAIN, EVENT_ACTIVITY, SIGNAL_ACTIVITY
from ..core.panel.codes import locked_until
from ..core.panel.config import AlarmKind, ArmMode, PanelConfig
from ..core.panel.deadlines import next_due
from ..core.panel.effects import Effect, NotReady, RaiseAlarm, Refuse, ReportBypass, ReportWalkTest
from ..core.panel.events import (
    ArmRequested,
    BypassRequested,
    ChimeChosen,
    ClearMemoryRequested,
    ClockMoved,
    CodeMatched,
    CodeMissing,
    CodeWrong,
    Credential,
    DisarmRequested,
    Event,
    Loaded,
    LookRequested,
    Request,
    SensorsReady,
    SilenceRequested,
    TimePassed,
    TriggerRequested,
    Trusted,
    WalkTestRequested,
)
from ..core.panel.readiness import readiness
from ..core.panel.serial import durable, serialised
from ..core.panel.state import AreaStatus, ChimeMode, PanelState
from ..core.panel.transition import transition
from .activity import Activity, activity
from .clock import Clock
from .config import SystemConfig
from .devices import place
from .effect_log import log_effect
from .errors import refusal
from .names import Wording
from .news import PanelNews
from .storage import PANEL, EntryStorage
from .subscribers import Subscribers
from .subscriptions import Subscriptions
from .timers import DeadlineTimer
from .zone_sensors import ZoneSensors

LOGGER = logging.getLogger(__name__)

BOOT_SETTLE = timedelta(seconds=60)
"""ANSI/SIA CP-01 (draft 4.4.3): after power-up inputs are ignored for 60 s."""


@dataclass(slots=True)
class _Step:
    """One event that has been decided and is on its way to the disk."""

    before: PanelState
    after: PanelState
    effects: tuple[Effect, ...]
    event: Event
    now: datetime
    shown: bool = False
    taken: bool = False
    """Who is told of it has taken it."""
    done: asyncio.Future[None] | None = None


class AlarmSystem:
    """The running panel of one config entry.

    A request (`async_arm`, `async_disarm` …) returns once what it decided is on disk. Each raises RequestRefused, which says in
    the reader's language why the panel does not do it, and HomeAssistantError once the panel has stopped, as it does
    for a reload. `code` is what was typed, None for nothing; `by` is who asks, as the journal will name them; where a
    code is somebody's the journal names that user. Areas and zones are ids of the configuration.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        config: SystemConfig,
        *,
        entry_id: str,
        title: str,
        storage: EntryStorage,
        saved: PanelState,
        news: PanelNews,
    ) -> None:
        """Go on from what was stored, so that entities show what becomes of it and not a panel that was never armed."""
        self.config = config
        self.title = title
        self.subscriptions = Subscriptions(config.panel)
        self.known_codes = Subscribers[str, str]()
        """Told a user's id and the code, once it was right and has been answered."""
        self._hass = hass
        self._entry_id = entry_id
        self._news = news
        self._code_users = config.code_users
        self._storage = storage
        self._wording = Wording(config=config.panel, names=config.zone_names)
        self._next_uid = str(uuid4())
        self._decided = saved
        self._shown = self._as_it_comes_up()
        # Not simply what has been decided: whoever else stores must not store a decision without what tells of it.
        self._stored = serialised(self._decided)
        storage.add_section(PANEL, lambda: self._stored)
        self._steps: list[_Step] = []
        self._writer: asyncio.Task[None] | None = None
        # Apart from the task, which begins to run before there is a name for it.
        self._writing = False
        self._following_up = False
        self._timer = DeadlineTimer(hass, lambda: self.async_report(TimePassed()))
        self._sensors = ZoneSensors(hass, config.sensing, self.async_report)
        self._unsub_started: CALLBACK_TYPE | None = None
        # Guesses one after the other: else a hundred at once would all be hashed.
        self._code_lock = asyncio.Lock()
        self._running = False
        self._clock: Clock | None = None
        """None before the start: what is stored is not of this run."""

    @property
    def state(self) -> PanelState:
        """Return the panel as people may see it."""
        return self._shown

    @property
    def decided(self) -> PanelState:
        """Return the panel as it has been decided, shown or not; before the start that is what was stored."""
        return self._decided

    @property
    def unknown_areas(self) -> tuple[str, ...]:
        """Return the areas of which nobody knows whether they were armed."""
        areas = self._shown.areas.items()
        return tuple(area_id for area_id, area in areas if area.status is AreaStatus.UNKNOWN)

    @property
    def panel_config(self) -> PanelConfig:
        """Return what the core works with."""
        return self.config.panel

    @property
    def wording(self) -> Wording:
        """Return what turns ids into names."""
        return self._wording

    def zone_name(self, zone_id: str) -> str:
        """Return a zone's name."""
        return self._wording.zone_name(zone_id)

    def bypass_switch_id(self, zone_id: str) -> str:
        """Return the unique id of a zone's bypass switch."""
        return f"{self._entry_id}_{zone_id}_bypass"

    def readiness(self, area_id: str, mode: ArmMode) -> NotReady | None:
        """Return why an area could not be armed in a mode now, or None."""
        return readiness(self._shown, self.config.panel, area_id, mode)

    async def async_start(self) -> None:
        """Go on where the loaded panel stopped; deadlines that passed meanwhile act at once.

        Whoever wants to hear of an alarm that rose in the outage subscribes before.
        """
        self._running = True
        loaded = self._async_decide(Loaded())
        self._clock = Clock()
        await self._async_done(loaded)
        self._sensors.async_start()
        if self._hass.state is CoreState.running:
            await self._async_done(self._async_decide(SensorsReady(timedelta(0))))
        else:
            self._unsub_started = async_at_started(self._hass, self._async_home_assistant_started)

    async def async_stop(self) -> None:
        """Release everything; the state is on disk. A code that is being looked up still counts, a later one is refused."""
        async with self._code_lock:
            self._running = False
        self._timer.async_cancel()
        self._sensors.async_stop()
        if self._unsub_started is not None:
            self._unsub_started()
            self._unsub_started = None
        if self._steps and (done := self._steps[-1].done) is not None:
            await asyncio.shield(done)
        if self._writer is not None:
            await asyncio.shield(self._writer)

    async def async_arm(
        self,
        area_ids: Sequence[str],
        mode: ArmMode | None,
        *,
        code: str | None,
        by: str | None,
        force: bool = False,
        skip_delay: bool = False,
        bypass: Iterable[str] = (),
        trusted: bool = False,
    ) -> tuple[str, ...]:
        """Arm all the areas or none, and return the zones that are left out; a mode of None is the last one.

        `trusted` needs no code: the panel does what it was set up to, or somebody's own phone that may. `force` leaves
        out what stands in the way, `bypass` these zones whatever they say; `skip_delay` arms without an exit delay.
        """
        effects = await self._async_request(
            code,
            lambda credential: ArmRequested(
                area_ids=tuple(area_ids),
                mode=mode,
                credential=credential,
                by=by,
                force=force,
                skip_delay=skip_delay,
                bypass=frozenset(bypass),
            ),
            trusted=trusted,
        )
        reports = [one for one in effects if isinstance(one, ReportBypass) and one.bypass is not None]
        return tuple(zone_id for report in reports for zone_id in report.zone_ids)

    async def async_disarm(
        self, area_ids: Sequence[str], *, code: str | None, by: str | None, trusted: bool = False
    ) -> None:
        """Disarm, and end what sounds or is pending."""
        await self._async_request(
            code,
            lambda credential: DisarmRequested(area_ids=tuple(area_ids), credential=credential, by=by),
            trusted=trusted,
        )

    async def async_disarm_by_itself(self, area_ids: Sequence[str], *, by: str) -> None:
        """Disarm as somebody has come home; refused as long as an alarm has not been ended by a person's hand."""
        await self._async_request(
            None,
            lambda credential: DisarmRequested(
                area_ids=tuple(area_ids), credential=credential, by=by, by_itself=True
            ),
            trusted=True,
        )

    async def async_silence(
        self, area_ids: Sequence[str], *, code: str | None, by: str | None, trusted: bool = False
    ) -> None:
        """Stop the sirens; the alarm goes on, and what is armed stays armed."""
        await self._async_request(
            code,
            lambda credential: SilenceRequested(area_ids=tuple(area_ids), credential=credential, by=by),
            trusted=trusted,
        )

    async def async_trigger(
        self, area_id: str, *, by: str | None, kind: AlarmKind = AlarmKind.PANIC, silent: bool = False
    ) -> str | None:
        """Raise the alarm by hand; never refused. Return its id, or that of the alarm that it joins."""
        self._require_running()
        event = TriggerRequested(area_id=area_id, by=by, kind=kind, silent=silent)
        step = self._async_decide(event)
        await asyncio.shield(self._async_done(step))
        raised = [one.uid for one in step.effects if isinstance(one, RaiseAlarm)]
        siren = step.after.areas[area_id].siren
        joined = [] if siren is None else [alarm.uid for alarm in siren.alarms if alarm.kind is kind]
        return next(iter((*raised, *joined)), None)

    async def async_test_alarm(self, area_id: str, *, by: str | None) -> str:
        """Raise an alarm that says everywhere that it is a test, and return its id; the panel itself stays as it is."""
        self._require_running()
        return await self._news.async_raise_test(area_id, self._wording.area_name(area_id), by=by)

    async def async_bypass(
        self, zone_ids: Sequence[str], *, bypass: bool, code: str | None, by: str | None
    ) -> None:
        """Leave zones out until the next disarming, or guard them again."""
        await self._async_request(
            code,
            lambda credential: BypassRequested(
                zone_ids=tuple(zone_ids), bypass=bypass, credential=credential, by=by
            ),
        )

    async def async_clear_memory(self, area_ids: Sequence[str], *, code: str | None, by: str | None) -> None:
        """Say that the alarm memory has been seen."""
        await self._async_request(
            code,
            lambda credential: ClearMemoryRequested(area_ids=tuple(area_ids), credential=credential, by=by),
        )

    async def async_look(
        self, area_ids: Sequence[str], *, code: str | None, by: str | None, trusted: bool = False
    ) -> None:
        """See to it that only who may sees zones, troubles, memory and journal."""
        await self._async_request(
            code,
            lambda credential: LookRequested(area_ids=tuple(area_ids), credential=credential, by=by),
            trusted=trusted,
        )

    async def async_walk_test(
        self, area_ids: Sequence[str], *, start: bool, code: str | None, by: str | None
    ) -> Mapping[str, ReportWalkTest]:
        """Begin or end the walk test; return the report of each area whose test began or ended."""
        effects = await self._async_request(
            code,
            lambda credential: WalkTestRequested(
                area_ids=tuple(area_ids), start=start, credential=credential, by=by
            ),
        )
        return {one.area_id: one for one in effects if isinstance(one, ReportWalkTest)}

    async def async_set_chime(self, area_id: str, chime: ChimeMode) -> None:
        """Choose when the chime sounds."""
        self._require_running()
        await self._async_done(self._async_decide(ChimeChosen(area_id, chime)))

    @callback
    def async_forget_code(self, user_id: str) -> None:
        """Take a code for wrong from now on: its user is gone from the configuration."""
        self._code_users = tuple(user for user in self._code_users if user.user_id != user_id)

    @callback
    def async_report(self, event: Event) -> None:
        """Take what sensors, supervision and the clock say: decided at once, and shown unless a request is waiting."""
        if self._running:
            self._async_decide(event, quick=True)

    def _require_running(self) -> None:
        """Refuse what would be decided by a panel that another one has replaced: nobody would carry it out."""
        if not self._running:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="panel_restarts")

    async def _async_request(
        self, code: str | None, request: Callable[[Credential], Request], *, trusted: bool = False
    ) -> tuple[Effect, ...]:
        async with self._code_lock:
            self._require_running()
            credential = Trusted() if trusted else await self._async_credential(code)
            step = self._async_decide(request(credential))
        # A script that is restarted cancels its calls; what is half written is finished all the same.
        await self._async_done(step)
        if code is not None and isinstance(credential, CodeMatched):
            self.known_codes.tell(credential.user_id, code)
        for effect in step.effects:
            if isinstance(effect, Refuse):
                hides = self.config.panel.codes.look_required and isinstance(credential, CodeMissing)
                raise refusal(effect, self._wording, self._hass.config.language, hides=hides)
        return step.effects

    async def _async_credential(self, code: str | None) -> Credential:
        """Return whose code it is. Where there is a duress code it is looked for during a lockout too: it helps then."""
        if not code or not self._code_users:
            return CodeMissing()
        self._async_follow_clock()
        duress = any(user.duress for user in self.config.panel.users.values())
        if not duress and locked_until(self._decided, self.config.panel.codes, dt_util.utcnow()) is not None:
            # Refused whatever it is: spare the processor the hashing.
            return CodeWrong()
        user_id = await async_matching_user(self._hass, code, self._code_users)
        return CodeWrong() if user_id is None else CodeMatched(user_id)

    @callback
    def _async_decide(self, event: Event, *, quick: bool = False) -> _Step:
        """Let the core decide, and see to it that the rest happens in order."""
        self._async_follow_clock()
        return self._async_put(event, quick=quick)

    @callback
    def _async_follow_clock(self) -> None:
        """Let what runs go on for as long as it would have, by a wall clock that has been set."""
        if self._clock is not None and (by := self._clock.moved()):
            LOGGER.warning("The clock was set %s %s", abs(by), "forward" if by > timedelta(0) else "back")
            self._async_put(ClockMoved(by, self._clock.since), quick=True)

    @callback
    def _async_put(self, event: Event, *, quick: bool) -> _Step:
        now = dt_util.utcnow()
        before = self._decided
        after, effects = transition(before, event, self.config.panel, now, new_uid=self._new_uid)
        self._decided = after
        step = _Step(before, after, effects, event, now)
        in_turn = all(waiting.shown for waiting in self._steps)
        if effects or not _same_on_disk(before, after) or not in_turn:
            step.done = self._hass.loop.create_future()
            self._steps.append(step)
        if in_turn and (quick or step.done is None):
            self._async_show(step)
        self._async_follow_up_soon()
        return step

    def _as_it_comes_up(self) -> PanelState:
        """Return what the start will make of the stored panel: a siren that is over must not be shown once more."""
        after, _ = transition(
            self._decided, Loaded(), self.config.panel, dt_util.utcnow(), new_uid=lambda: self._next_uid
        )
        return after

    def _new_uid(self) -> str:
        """Return the id of a new alarm; made beforehand, as the system's randomness takes its time."""
        uid, self._next_uid = self._next_uid or str(uuid4()), ""
        return uid

    @callback
    def _async_follow_up_soon(self) -> None:
        """See to everything that an alarm does not wait for, in the next turn and once for all of this one."""
        if not self._following_up:
            self._following_up = True
            self._hass.loop.call_soon(self._async_follow_up)

    @callback
    def _async_follow_up(self) -> None:
        self._following_up = False
        self._next_uid = self._next_uid or str(uuid4())
        if self._running:
            self._timer.async_set(next_due(self._decided))
        if self._steps and not self._writing:
            self._writing = True
            self._writer = self._hass.async_create_task(self._async_write(), "alarm_broker store")
        self.subscriptions.tell_everybody()

    async def _async_done(self, step: _Step) -> None:
        if step.done is not None:
            await asyncio.shield(step.done)

    async def _async_write(self) -> None:
        """Tell what is shown, store what has been decided, then show and tell the rest; together what came together."""
        try:
            while self._steps:
                steps = list(self._steps)
                telling = self._async_take(steps)
                store = bool(telling) or not _same_on_disk(steps[0].before, steps[-1].after)
                if store:
                    self._stored = serialised(steps[-1].after)
                for step in steps:
                    if step.shown:
                        self._async_announce(step)
                if store:
                    # A full disk must neither keep an alarm back nor anybody from disarming.
                    await self._storage.async_save()
                for step in steps:
                    if not step.shown:
                        self._async_show(step)
                        self._async_announce(step)
                del self._steps[: len(steps)]
                for step in steps:
                    if step.done is not None and not step.done.done():
                        step.done.set_result(None)
                for tell in telling:
                    tell()
        finally:
            self._writing = False

    def _async_take(self, steps: Sequence[_Step]) -> list[Callable[[], None]]:
        """Hand over what the steps have decided; return what tells of it once it is stored."""
        telling: list[Callable[[], None]] = []
        for step in steps:
            if not step.taken:
                step.taken = True
                for effect in step.effects:
                    try:
                        tell = self._news.take(effect, self._wording, step.now)
                    except Exception:
                        # The panel must go on guarding whatever is wrong with the alarms and the link.
                        LOGGER.exception("Nobody took an effect: %s", type(effect).__name__)
                        continue
                    if tell is not None:
                        telling.append(tell)
        return telling

    @callback
    def _async_show(self, step: _Step) -> None:
        """Let entities show what has been decided."""
        step.shown = True
        self._shown = step.after
        self.subscriptions.tell_panels(step.after)
        self._async_follow_up_soon()

    @callback
    def _async_announce(self, step: _Step) -> None:
        """Tell of it within Home Assistant."""
        for effect in step.effects:
            try:
                log_effect(effect, self._wording)
                if (one := activity(effect, step.event, self._wording, step.now)) is not None:
                    self.async_announce(one)
            except Exception:
                # Whoever is to hear of it would otherwise keep the disk and every answer waiting.
                LOGGER.exception("What happened cannot be told: %s", type(effect).__name__)
            self.subscriptions.effects.tell(effect)

    @callback
    def async_announce(self, one: Activity) -> None:
        """Tell of something that happened: entities, automations, push and logbook."""
        self.subscriptions.activity.tell(one)
        async_dispatcher_send(self._hass, SIGNAL_ACTIVITY, one)
        where = place(self._hass, self._entry_id, one.areas, known=self.config.panel.areas)
        self._hass.bus.async_fire(
            EVENT_ACTIVITY, {"entry_id": self._entry_id, "title": self.title, **where, **one.as_dict()}
        )

    async def _async_home_assistant_started(self, _hass: HomeAssistant) -> None:
        self._sensors.async_report_all()
        await self._async_done(self._async_decide(SensorsReady(BOOT_SETTLE)))


def _same_on_disk(before: PanelState, after: PanelState) -> bool:
    # Most events leave all of it as it is.
    same = (
        before.areas is after.areas
        and before.lockout is after.lockout
        and before.uses is after.uses
        and before.windows is after.windows  # what they leave out changes with them
    )
    return same or durable(before) == durable(after)
