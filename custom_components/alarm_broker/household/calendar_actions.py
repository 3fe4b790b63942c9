"""What begins and ends with a calendar window: zones left out, codes that work, the house armed again."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, CoreState, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..core.household.events import WindowKindsChanged
from ..core.panel.config import ArmMode
from ..core.panel.events import WindowsChanged
from ..core.panel.state import AreaStatus, Armed, Pending
from ..core.stored import mapping
from ..core.windows import Window, WindowKind
from ..system.activity import Activity, ActivityKind, arming_failed
from ..system.side_files import async_read
from ..system.system import AlarmSystem
from ..system.timers import DeadlineTimer
from .calendars import WindowsNow
from .config import HouseholdConfig
from .tracker import Household

STORE_VERSION = 1
LOOK_AGAIN = timedelta(seconds=10)
"""While sensors come up after a start."""


class WindowEffects:
    """Carries windows into the panel and the household."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        config: HouseholdConfig,
        *,
        system: AlarmSystem,
        household: Household,
    ) -> None:
        """No window runs before `async_windows` says so."""
        self._hass = hass
        self._entry = entry
        self._system = system
        self._household = household
        self._work = config.work
        self._store = window_store(hass, entry.entry_id)
        self._to_rearm: dict[str, dict[str, str]] = {}
        self._rearming: set[str] = set()
        """Rules whose windows run and that promise to arm again."""
        self._known: WindowsChanged | None = None
        self._unsub: CALLBACK_TYPE = lambda: None
        self._running: tuple[Window, ...] = ()
        self._settled = DeadlineTimer(hass, lambda: self.async_windows(WindowsNow(running=self._running)))

    async def async_load(self) -> None:
        """Read which areas wait for the end of a window."""
        self._to_rearm = await async_read(self._hass, self._entry, self._store, _stored)

    @callback
    def async_start(self) -> None:
        """Follow which areas are armed."""
        self._unsub = self._system.subscriptions.subscribe(self._note_armed)

    async def async_stop(self) -> None:
        """Let whoever starts next find what was promised."""
        self._unsub()
        self._settled.async_cancel()
        await self._store.async_save(self._to_rearm)

    @callback
    def async_windows(self, now: WindowsNow) -> None:
        """Take the windows that run now."""
        self._running = now.running
        rules = frozenset[str]().union(*(window.rules for window in now.running))
        left_out = frozenset[str]().union(
            *(work.left_out for rule, work in self._work.items() if rule in rules)
        )
        changed = WindowsChanged(kinds=frozenset(window.kind for window in now.running), left_out=left_out)
        for window in now.begun:
            self._tell(ActivityKind.WINDOW_STARTED, window.kind.value, ", ".join(window.titles))
        self._rearming = {rule for rule in rules if rule in self._work and self._work[rule].rearm}
        self._note_armed()
        if changed != self._known:
            self._known = changed
            self._system.async_report(changed)
            self._household.async_take(WindowKindsChanged(changed.kinds))
        for kind in sorted(now.ended):
            self._tell(ActivityKind.WINDOW_ENDED, kind.value, "")
        if self._hass.state is CoreState.running:  # before, no sensor has spoken and nothing can be armed
            if self._system.state.settling is not None:
                # Sensors are coming up: what they do not say yet would stand in the way.
                self._settled.async_set(dt_util.utcnow() + LOOK_AGAIN)
            elif not self._rearming and WindowKind.CLEANING not in changed.kinds:
                self._rearm_after(self._to_rearm.keys() - rules)

    @callback
    def _note_armed(self) -> None:
        """Remember what is armed while a window runs that promises to arm it again."""
        armed = {
            area_id: area.guard.mode.value
            for area_id, area in self._system.state.areas.items()
            if isinstance(area.guard, Armed | Pending)
        }
        for rule in self._rearming:
            known = self._to_rearm.get(rule, {})
            if not armed.items() <= known.items():
                self._to_rearm[rule] = {**known, **armed}
                self._save()

    @callback
    def _rearm_after(self, over: Collection[str]) -> None:
        promised = [self._to_rearm.pop(rule) for rule in sorted(over)]
        if promised:
            self._save()
            areas = {area_id: mode for one in promised for area_id, mode in one.items()}
            self._entry.async_create_task(self._hass, self._async_rearm(areas), "alarm_broker arm again")

    async def _async_rearm(self, areas: Mapping[str, str]) -> None:
        states = self._system.state.areas
        for area_id, mode in areas.items():
            if area_id not in states or states[area_id].status is not AreaStatus.DISARMED:
                continue
            try:
                await self._async_arm(area_id, ArmMode(mode))
            except HomeAssistantError as err:
                self._system.async_announce(
                    arming_failed(err, area_id, ArmMode(mode), self._system.wording, dt_util.utcnow())
                )

    async def _async_arm(self, area_id: str, mode: ArmMode) -> None:
        if self._household.may_be_home:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="somebody_home")
        await self._system.async_arm((area_id,), mode, code=None, by=None, trusted=True)

    def _tell(self, kind: ActivityKind, window: str, title: str) -> None:
        self._system.async_announce(
            Activity(kind=kind, at=dt_util.utcnow(), data={"window": window, "event_title": title})
        )

    def _save(self) -> None:
        self._store.async_delay_save(lambda: dict[str, Any](self._to_rearm), 1)


def _stored(kept: object) -> dict[str, dict[str, str]]:
    """Return the modes by area by rule; raises one of UNREADABLE."""
    return {
        rule: {area_id: ArmMode(mode).value for area_id, mode in mapping(areas).items()}
        for rule, areas in mapping(kept or {}).items()
    }


def window_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Return where an entry keeps what to arm again."""
    return Store(hass, STORE_VERSION, f"{DOMAIN}.windows.{entry_id}", private=True, atomic_writes=True)
