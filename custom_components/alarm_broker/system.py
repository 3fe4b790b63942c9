"""The shell around the panel core: event in, transition, store, effects out, in that order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from homeassistant.core import CALLBACK_TYPE, CoreState, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from .code_hashes import async_matching_user
from .const import DOMAIN
from .effects import LocalAlarm, Wording, link_event, local_alarm, log_effect, refusal
from .panel.codes import locked_until
from .panel.config import ArmMode, PanelConfig
from .panel.deadlines import next_due
from .panel.effects import Effect, Refuse
from .panel.events import (
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
)
from .panel.serial import StateUnreadableError, durable
from .panel.state import PanelState
from .panel.transition import transition
from .sensors import ZoneSensors
from .setup_panel import SystemConfig, panel_config
from .storage import PanelStore
from .timers import DeadlineTimer

LOGGER = logging.getLogger(__name__)

BOOT_SETTLE = timedelta(seconds=60)
"""ANSI/SIA CP-01 (draft 4.4.3): after power-up inputs are ignored for 60 s."""
EMIT_TIMEOUT_S = 5
UNSENT_LIMIT = 500

type Emit = Callable[[Mapping[str, Any]], Awaitable[None]]
type AlarmListener = Callable[[LocalAlarm], None]


class AlarmSystem:
    """The running panel of one config entry."""

    def __init__(self, hass: HomeAssistant, config: SystemConfig, *, entry_id: str, emit: Emit) -> None:
        """`emit` keeps one link event durably until the companion has confirmed it."""
        self.config = config
        self._hass = hass
        self._emit = emit
        self._store = PanelStore(hass, entry_id)
        self._state = PanelState()
        self._wording = Wording(config=panel_config(hass, config), zone_name=self.zone_name)
        self._unsent: list[Mapping[str, Any]] = []
        self._listeners: set[Callable[[], None]] = set()
        self._alarm_listeners: set[AlarmListener] = set()
        self._timer = DeadlineTimer(hass, lambda: self._async_submit(TimePassed()))
        self._sensors = ZoneSensors(hass, config.zone_entities, self._async_submit)
        self._unsub_started: CALLBACK_TYPE | None = None
        # Events one after the other, and guesses one after the other: else a hundred at once would all be hashed.
        self._lock = asyncio.Lock()
        self._code_lock = asyncio.Lock()
        self._running = False

    @property
    def state(self) -> PanelState:
        """Return the panel as it is on disk."""
        return self._state

    @property
    def panel_config(self) -> PanelConfig:
        """Return what the core works with."""
        return self._wording.config

    def zone_name(self, zone_id: str) -> str:
        """Return a zone's name, as its entity is called now."""
        entity_ids = self.config.zone_entities.get(zone_id, ())
        state = self._hass.states.get(entity_ids[0]) if entity_ids else None
        return zone_id if state is None else state.name

    async def async_load(self) -> None:
        """Read the stored panel, so that entities show it and not a panel that was never armed.

        Raises ConfigEntryError for one that cannot be read.
        """
        try:
            stored = await self._store.async_load()
        except StateUnreadableError as err:
            raise ConfigEntryError(
                translation_domain=DOMAIN,
                translation_key="state_unreadable",
                translation_placeholders={"detail": str(err)},
            ) from err
        self._state = stored.state
        self._unsent = list(stored.unsent)

    async def async_start(self) -> None:
        """Go on where the loaded panel stopped; deadlines that passed meanwhile act at once.

        Whoever wants to hear of an alarm that rose in the outage subscribes before.
        """
        self._running = True
        self._async_tell(self._unsent)
        await self._async_apply(Loaded())
        self._sensors.async_start()
        if self._hass.state is CoreState.running:
            await self._async_apply(SensorsReady(timedelta(0)))
        else:
            self._unsub_started = async_at_started(self._hass, self._async_home_assistant_started)

    async def async_stop(self) -> None:
        """Release everything; the state is on disk."""
        self._timer.async_cancel()
        self._sensors.async_stop()
        if self._unsub_started is not None:
            self._unsub_started()
            self._unsub_started = None
        async with self._lock:
            self._running = False
            self._timer.async_cancel()

    @callback
    def async_subscribe(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call `listener` after each change of the state; return what ends that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    @callback
    def async_subscribe_alarms(self, listener: AlarmListener) -> CALLBACK_TYPE:
        """Call `listener` with each alarm that this panel raises; return what ends that.

        After a crash the last one may come a second time, with the same uid.
        """
        self._alarm_listeners.add(listener)
        return lambda: self._alarm_listeners.discard(listener)

    async def async_arm(
        self, area_id: str, mode: ArmMode, *, code: str | None, by: str | None, force: bool = False
    ) -> None:
        """Arm; with `force` bypass what stands in the way. Raises a translated ServiceValidationError."""
        await self._async_request(
            code,
            lambda credential: ArmRequested(
                area_id=area_id, mode=mode, credential=credential, by=by, force=force
            ),
        )

    async def async_disarm(self, area_id: str, *, code: str | None, by: str | None) -> None:
        """Disarm, and end what sounds or is pending. Raises a translated ServiceValidationError."""
        await self._async_request(
            code, lambda credential: DisarmRequested(area_id=area_id, credential=credential, by=by)
        )

    async def async_trigger(self, area_id: str, *, by: str | None) -> None:
        """Raise the alarm by hand."""
        await asyncio.shield(self._async_submit(TriggerRequested(area_id=area_id, by=by)))

    async def _async_request(self, code: str | None, request: Callable[[Credential], Event]) -> None:
        async with self._code_lock:
            event = request(await self._async_credential(code))
            # A script that is restarted cancels its calls; what is half written must still be finished.
            effects = await asyncio.shield(self._async_submit(event))
        for effect in effects:
            if isinstance(effect, Refuse):
                raise refusal(effect.reason, self._wording)

    async def _async_credential(self, code: str | None) -> Credential:
        if not code or not self.config.users:
            return CodeMissing()
        if locked_until(self._state.lockout, dt_util.utcnow()) is not None:
            # Refused whatever it is: spare the processor the hashing.
            return CodeWrong()
        user = await async_matching_user(self._hass, code, self.config.users)
        return CodeWrong() if user is None else CodeMatched(user)

    @callback
    def _async_submit(self, event: Event) -> asyncio.Task[tuple[Effect, ...]]:
        """Apply an event in its turn; the lock is first come, first served."""
        return self._hass.async_create_task(self._async_apply(event), f"alarm_broker {type(event).__name__}")

    async def _async_apply(self, event: Event) -> tuple[Effect, ...]:
        async with self._lock:
            if not self._running:
                return ()
            now = dt_util.utcnow()
            before = self._state
            after, effects = transition(
                before, event, self._wording.config, now, new_uid=lambda: str(uuid4())
            )
            told = [body for effect in effects if (body := link_event(effect, self._wording, now))]
            self._unsent = [*self._unsent, *told][-UNSENT_LIMIT:]
            if self._unsent or durable(after) != durable(before):
                await self._store.async_save(after, self._unsent)
            self._state = after
            self._timer.async_set(next_due(after))
            self._async_show(effects, told, changed=after != before)
            await self._async_send()
            return effects

    @callback
    def _async_show(self, effects: tuple[Effect, ...], told: list[dict[str, Any]], *, changed: bool) -> None:
        for effect in effects:
            log_effect(effect, self._wording)
        if changed:
            for listener in tuple(self._listeners):
                listener()
        self._async_tell(told)

    @callback
    def _async_tell(self, told: Iterable[Mapping[str, Any]]) -> None:
        for alarm in filter(None, map(local_alarm, told)):
            for listener in tuple(self._alarm_listeners):
                listener(alarm)

    async def _async_send(self) -> None:
        """Hand the link its events in order; what it does not take is tried again with the next one."""
        sent = 0
        try:
            for body in self._unsent:
                async with asyncio.timeout(EMIT_TIMEOUT_S):
                    await self._emit(body)
                sent += 1
        except Exception:
            # The panel must go on guarding whatever is wrong with the link.
            LOGGER.exception("The link did not take an event; it is kept")
        if sent:
            self._unsent = self._unsent[sent:]
            await self._store.async_save(self._state, self._unsent)

    async def _async_home_assistant_started(self, _hass: HomeAssistant) -> None:
        # Device classes of entities that are not in the registry are known only now.
        self._wording = Wording(config=panel_config(self._hass, self.config), zone_name=self.zone_name)
        self._sensors.async_report_all()
        await self._async_apply(SensorsReady(BOOT_SETTLE))
