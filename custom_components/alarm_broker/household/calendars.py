"""Reads Home Assistant's calendars, keeps what was read, and tells the panel and the household which windows run."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event, async_track_time_interval
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..core.panel.config import TroubleKind
from ..core.panel.events import TroubleBegan, TroubleEnded
from ..core.panel.state import Trouble
from ..core.stored import listed, mapping, moment, texts
from ..core.windows import (
    CalendarEntry,
    Window,
    WindowKind,
    current,
    merged,
    next_change,
    windows,
)
from ..system.side_files import async_read
from ..system.subscribers import Subscribers
from ..system.timers import DeadlineTimer
from .config import HouseholdConfig

STORE_VERSION = 1
CALENDAR_DOMAIN = "calendar"
READ_EVERY = timedelta(minutes=10)
READ_TIMEOUT_S = 30
READ_BACK = timedelta(days=2)
READ_AHEAD = timedelta(days=90)
ENTRIES_KEPT = 2000
"""Of one calendar: more is no family's calendar, and would fill the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsNow:
    """The windows that run, and which have begun or ended since the last time."""

    running: tuple[Window, ...]
    begun: tuple[Window, ...] = ()
    ended: frozenset[WindowKind] = frozenset()
    """Kinds of which none runs any more."""


@dataclass(slots=True, kw_only=True)
class _Read:
    """What a calendar said last."""

    at: datetime
    entries: list[CalendarEntry] = field(default_factory=list)


type Report = Callable[[TroubleBegan | TroubleEnded], object]


class Calendars:
    """Follows the calendars that rules name; the last known windows outlive a restart and an unreadable calendar."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        config: HouseholdConfig,
        *,
        on_windows: Callable[[WindowsNow], None],
        report: Report,
    ) -> None:
        """`on_windows` hears of each change; `report` takes the trouble of a calendar that cannot be read."""
        self.rules = {rule.rule_id: rule for rule in config.rules}
        self.changes = Subscribers[()]()
        """Told whenever windows, or the time within them, have changed."""
        self._hass = hass
        self._entry = entry
        self._stale_after = config.stale_after
        self._on_windows = on_windows
        self._report = report
        self._store = calendar_store(hass, entry.entry_id)
        self._read: dict[str, _Read] = {}
        self._running: frozenset[str] = frozenset()
        self._stale: set[str] = set()
        self._windows: tuple[Window, ...] = ()
        self._timer = DeadlineTimer(hass, self._look)
        self._unsubs: list[CALLBACK_TYPE] = []
        self._following = False

    @property
    def shown(self) -> list[Window]:
        """Return the windows as people see them, earliest first: what overlaps and is of one kind is one."""
        return merged(self._windows)

    async def async_load(self, renamed: Mapping[str, str]) -> None:
        """Read what was known last; `renamed` are the new ids of calendars by their old ones."""
        read, running = await async_read(self._hass, self._entry, self._store, _stored)
        wanted = {rule.calendar for rule in self.rules.values()}
        self._read = {
            name: one for known, one in read.items() if (name := renamed.get(known, known)) in wanted
        }
        self._running = running & self.rules.keys()

    @callback
    def async_start(self) -> None:
        """Go on with what is known, and read anew as soon as Home Assistant has started."""
        self._following = True
        now = dt_util.utcnow()
        for name in {rule.calendar for rule in self.rules.values()} - self._read.keys():
            self._read[name] = _Read(at=now)
        self._look()
        if not self.rules:
            return

        @callback
        def read(_why: Event[EventStateChangedData] | datetime | HomeAssistant) -> None:
            self._entry.async_create_background_task(
                self._hass, self.async_refresh(), "alarm_broker read calendars"
            )

        self._unsubs = [
            async_track_state_change_event(self._hass, list(self._read), read),
            async_track_time_interval(self._hass, read, READ_EVERY, cancel_on_shutdown=True),
            async_at_started(self._hass, read),
        ]

    async def async_stop(self) -> None:
        """Follow nothing any more; whoever starts next finds what was known."""
        self._following = False
        self._timer.async_cancel()
        while self._unsubs:
            self._unsubs.pop()()
        await self._store.async_save(self._as_dict())

    async def async_refresh(self) -> list[str]:
        """Read every calendar now; return the ones that could not be read."""
        names = list(self._read)
        read = await asyncio.gather(*map(self._async_read, names))
        return [name for name, is_read in zip(names, read, strict=True) if not is_read]

    async def _async_read(self, name: str) -> bool:
        """Read one calendar, whatever the others do; return whether it could be read."""
        entries = await self._async_entries(name)
        now = dt_util.utcnow()
        if entries is not None:
            self._read[name] = _Read(at=now, entries=entries[:ENTRIES_KEPT])
        if self._following:  # else whoever started since has the say
            self._judge_age(name, now)
            self._look()
        return entries is not None

    async def _async_entries(self, name: str) -> list[CalendarEntry] | None:
        state = self._hass.states.get(name)
        if state is None or state.state == STATE_UNAVAILABLE:
            return None
        now = dt_util.now()
        span = {
            "start_date_time": (now - READ_BACK).isoformat(),
            "end_date_time": (now + READ_AHEAD).isoformat(),
        }
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                answer = await self._hass.services.async_call(
                    CALENDAR_DOMAIN,
                    "get_events",
                    {"entity_id": name, **span},
                    blocking=True,
                    return_response=True,
                )
            found: Any = (answer or {})[name]
            return [_entry(one) for one in found["events"]]
        except (HomeAssistantError, TimeoutError, KeyError, TypeError, ValueError) as err:
            LOGGER.debug("%s could not be read: %r", name, err)
        except Exception:  # noqa: BLE001 - a calendar integration's bug must not stop the windows; logged in full
            LOGGER.exception("%s could not be read", name)
        return None

    @callback
    def _look(self) -> None:
        """Work out what runs now, tell of what has changed, and wake at the next edge."""
        now = dt_util.utcnow()
        entries: Mapping[str, Iterable[CalendarEntry]] = {
            name: one.entries for name, one in self._read.items()
        }
        self._windows = windows(entries, self.rules.values(), dt_util.get_default_time_zone())
        running = current(self._windows, now)
        known = {rule_id: window for window in running for rule_id in window.rules}
        begun = tuple(known[rule_id] for rule_id in sorted(known.keys() - self._running))
        kinds = {window.kind for window in running}
        ended = frozenset(self.rules[rule_id].kind for rule_id in self._running - known.keys()) - kinds
        self._running = frozenset(known)
        self._timer.async_set(next_change(self._windows, now))
        self._store.async_delay_save(self._as_dict, 1)
        self._on_windows(WindowsNow(running=running, begun=begun, ended=ended))
        self.changes.tell()

    def _judge_age(self, name: str, now: datetime) -> None:
        trouble = Trouble(kind=TroubleKind.CALENDAR, source=name)
        stale = now - self._read[name].at >= self._stale_after
        if stale and name not in self._stale:
            self._stale.add(name)
            self._report(TroubleBegan(trouble))
        elif not stale and name in self._stale:
            self._stale.discard(name)
            self._report(TroubleEnded(trouble))

    def _as_dict(self) -> dict[str, Any]:
        return {
            "calendars": {
                name: {
                    "at": one.at.isoformat(),
                    "entries": [
                        [entry.start.isoformat(), entry.end.isoformat(), entry.title] for entry in one.entries
                    ],
                }
                for name, one in self._read.items()
            },
            "running": sorted(self._running),
        }


def calendar_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Return where an entry keeps what its calendars said."""
    return Store(hass, STORE_VERSION, f"{DOMAIN}.calendars.{entry_id}", private=True, atomic_writes=True)


def _entry(answer: Mapping[str, Any]) -> CalendarEntry:
    """Return one event of `calendar.get_events`; raises ValueError or KeyError for what is none."""
    return CalendarEntry(
        start=_day_or_time(answer["start"]),
        end=_day_or_time(answer["end"]),
        title=str(answer.get("summary") or ""),
    )


def _stored(kept: Any) -> tuple[dict[str, _Read], frozenset[str]]:
    """Return what calendars said last, and the rules whose windows ran; raises one of UNREADABLE."""
    stored = mapping(kept or {})
    calendars = {
        name: _Read(at=moment(one["at"]), entries=list(map(_stored_entry, listed(one["entries"]))))
        for name, one in mapping(stored.get("calendars", {})).items()
    }
    return calendars, frozenset(texts(stored.get("running", ())))


def _stored_entry(kept: object) -> CalendarEntry:
    start, end, title = texts(kept)
    return CalendarEntry(start=_day_or_time(start), end=_day_or_time(end), title=title)


def _day_or_time(said: str) -> date | datetime:
    found = date.fromisoformat(said) if len(said) == 10 else datetime.fromisoformat(said)
    # An event without an end may say the year 9999, after which there is no time to add. Both are leap years.
    return found.replace(year=min(max(found.year, 1972), 9600))
