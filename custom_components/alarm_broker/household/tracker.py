"""The shell around the household: what people and the panel do goes in, reminders and armings come out."""

from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, CoreState, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..core.household.auto_arm import guests_stay
from ..core.household.events import (
    AnnounceArming,
    AreasChanged,
    ArmingDropped,
    ArmNow,
    ArrivedWhileArmed,
    CalledOff,
    DisarmFor,
    EveryoneLeft,
    FirstArrived,
    Postponed,
    PresenceEffect,
    PresenceEvent,
    RemindToArm,
    Resumed,
    Ticked,
)
from ..core.household.presence import household, next_due
from ..core.household.serial import as_dict, from_dict
from ..core.household.state import HouseholdState, anyone_home, people_home
from ..core.panel.config import ArmMode
from ..core.panel.events import ClockMoved
from ..system.activity import Activity, ActivityKind, arming_failed, named
from ..system.clock import Clock
from ..system.side_files import async_read
from ..system.subscribers import Subscribers
from ..system.system import AlarmSystem
from ..system.timers import DeadlineTimer
from .config import HouseholdConfig
from .people import People

STORE_VERSION = 1
SAVE_DELAY_S = 1


class Household:
    """Who is home, and what follows from it."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        config: HouseholdConfig,
        *,
        system: AlarmSystem,
    ) -> None:
        """Nobody is followed before `async_start`."""
        self.config = config.presence
        self.changes = Subscribers[()]()
        """Told after each change of who is where."""
        self._hass = hass
        self._entry = entry
        self._system = system
        self._state = HouseholdState()
        self._clock = Clock()
        self._store = household_store(hass, entry.entry_id)
        self._timer = DeadlineTimer(hass, lambda: self.async_take(Ticked()))
        self._people = People(hass, config.tracked, config.presence.guest_mode, self.async_take)
        self._unsub: CALLBACK_TYPE | None = None

    @property
    def state(self) -> HouseholdState:
        """Return who is where."""
        return self._state

    @property
    def anyone_home(self) -> bool | None:
        """Return whether somebody is home; None when nobody can say."""
        return anyone_home(self._state, self.config)

    @property
    def may_be_home(self) -> bool:
        """Return whether somebody is home, may be, or guests stay: nothing arms around them."""
        nobody_knows = self.anyone_home is None and bool(self.config.persons)
        return self.anyone_home is True or nobody_knows or guests_stay(self._state)

    @property
    def people_home(self) -> list[str]:
        """Return the names of those who are known to be home."""
        return [self.name(person_id) for person_id in people_home(self._state)]

    def name(self, person_id: str) -> str:
        """Return somebody's name."""
        known = self.config.persons.get(person_id)
        return person_id if known is None else known.name

    async def async_load(self) -> None:
        """Read who was where."""
        self._state = await async_read(self._hass, self._entry, self._store, from_dict)

    @callback
    def async_start(self) -> None:
        """Go on from there; the panel has started."""
        self._clock = Clock()
        self.async_take(Resumed(starting=self._hass.state is not CoreState.running))
        self._areas_changed()
        self._unsub = self._system.subscriptions.subscribe(self._areas_changed)
        self._people.async_start()

    async def async_stop(self) -> None:
        """Follow nothing any more; whoever starts next finds what was known."""
        self._people.async_stop()
        self._timer.async_cancel()
        if self._unsub is not None:
            self._unsub()
            self._unsub = None
        await self._store.async_save(as_dict(self._state))

    @callback
    def async_take(self, event: PresenceEvent) -> bool:
        """Let the core decide and do what it says; return whether that was anything."""
        by = self._clock.moved()
        return (bool(by) and self._async_put(ClockMoved(by, self._clock.since))) | self._async_put(event)

    @callback
    def _async_put(self, event: PresenceEvent) -> bool:
        before = self._state
        self._state, effects = household(before, event, self.config, dt_util.utcnow())
        # Also when nothing has changed: the timer and the wall clock may differ by a little.
        self._timer.async_set(next_due(self._state))
        # The panel's areas are neither stored nor shown here.
        if replace(self._state, areas=before.areas) != before:
            self._store.async_delay_save(lambda: as_dict(self._state), SAVE_DELAY_S)
            self.changes.tell()
        for effect in effects:
            self._carry_out(effect)
        return bool(effects)

    @callback
    def async_postpone(self, by: str | None, delay: timedelta | None = None) -> bool:
        """Arm later than announced; return whether an arming was announced."""
        return self.async_take(Postponed(by, delay))

    @callback
    def async_call_off(self, by: str | None) -> bool:
        """Do not arm before everyone has left again; return whether an arming was announced."""
        return self.async_take(CalledOff(by))

    @callback
    def _areas_changed(self) -> None:
        areas = {area_id: (area.status, area.mode) for area_id, area in self._system.state.areas.items()}
        if areas != self._state.areas:
            self.async_take(AreasChanged(areas))

    @callback
    def _carry_out(self, effect: PresenceEffect) -> None:
        match effect:
            case EveryoneLeft(person_id):
                self._tell(ActivityKind.EVERYONE_LEFT, by=self.name(person_id))
            case FirstArrived(person_id):
                self._tell(ActivityKind.FIRST_ARRIVED, by=self.name(person_id))
            case ArrivedWhileArmed(person_id, area_ids):
                self._tell(ActivityKind.ARRIVED_WHILE_ARMED, area_ids, by=self.name(person_id))
            case RemindToArm(area_ids, vacation):
                self._tell(ActivityKind.ARM_REMINDER, area_ids, vacation=vacation)
            case AnnounceArming(area_ids, mode, at):
                self._tell(ActivityKind.AUTO_ARM_ANNOUNCED, area_ids, mode=mode.value, until=at.isoformat())
            case ArmingDropped(by):
                self._tell(ActivityKind.AUTO_ARM_DROPPED, by=by)
            case ArmNow(area_ids, mode):
                self._do(self._async_arm(area_ids, mode))
            case DisarmFor(person_id, area_ids):
                self._do(self._async_disarm(area_ids, self.name(person_id)))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        self._entry.async_create_task(self._hass, work, "alarm_broker household")

    async def _async_arm(self, area_ids: tuple[str, ...], mode: ArmMode) -> None:
        """Arm each area in the wanted mode, or where it has none in what guards an empty house."""
        for area_id in area_ids:
            area = self._system.panel_config.areas[area_id]
            offered = (one for one in (mode, ArmMode.AWAY, ArmMode.VACATION) if one in area.modes)
            wanted = next(offered, mode)
            try:
                await self._system.async_arm((area_id,), wanted, code=None, by=None, trusted=True)
            except HomeAssistantError as err:
                self._system.async_announce(
                    arming_failed(err, area_id, wanted, self._system.wording, dt_util.utcnow())
                )

    async def _async_disarm(self, area_ids: tuple[str, ...], by: str) -> None:
        try:
            await self._system.async_disarm_by_itself(area_ids, by=by)
        except HomeAssistantError as err:
            LOGGER.warning("Nothing was disarmed for %s: %s", by, err)

    @callback
    def _tell(
        self,
        kind: ActivityKind,
        area_ids: tuple[str, ...] = (),
        *,
        by: str | None = None,
        **data: Any,
    ) -> None:
        wording, open_zones = self._system.wording, self._system.state.open_zones
        zones = self._system.panel_config.zones
        concerned = sorted(
            zone_id for zone_id in open_zones if zone_id in zones and zones[zone_id].area_id in area_ids
        )
        areas = named(area_ids, wording)
        names = {"areas": list(areas.values()), "area_ids": list(areas)} if areas else {}
        self._system.async_announce(
            Activity(
                kind=kind,
                at=dt_util.utcnow(),
                areas=areas,
                by=by,
                zones=wording.zone_names(tuple(concerned)),
                data={**names, **data},
            )
        )


def household_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Return where an entry keeps who is home."""
    return Store(hass, STORE_VERSION, f"{DOMAIN}.household.{entry_id}", private=True, atomic_writes=True)
