"""One notice for all troubles of a kind in an area, kept in step with what is wrong; how often it is told is limited."""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from homeassistant.core import HomeAssistant, callback

from ..core.panel.state import Trouble
from ..system.activity import Happening, HappeningKind
from ..system.system import AlarmSystem
from .messages import notice_tag
from .pace import Pace

AN_HOUR = 6
"""Of the same one: what comes and goes must not use up what a phone takes in a day."""


class Tell(Protocol):
    """Takes what a notice says from now on."""

    def __call__(self, happening: Happening, *, less: bool) -> None:
        """`less` when that is a part of what it said before."""
        ...


@dataclass(slots=True)
class _Notice:
    """What has changed since it was told last."""

    about: Happening
    began: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    """... since everything was right."""


class TroubleNotices:
    """Gathers troubles into notices."""

    def __init__(self, hass: HomeAssistant, system: AlarmSystem, tell: Tell) -> None:
        """Begin with nothing told."""
        self._system = system
        self._tell = tell
        self._pace = Pace(hass, self._say)
        self._notices: dict[str, _Notice] = {}
        self._lately: dict[tuple[Any, ...], deque[datetime]] = {}

    @callback
    def async_stop(self) -> None:
        """Tell of nothing more."""
        self._pace.async_stop()

    @callback
    def async_happened(self, happening: Happening) -> None:
        """Take a trouble that began or ended."""
        if self._flaps(happening):
            return
        tag = notice_tag(happening)
        notice = self._notices.setdefault(tag, _Notice(happening))
        notice.about = happening
        names = {_name(happening)}
        if happening.kind is HappeningKind.TROUBLE:
            notice.began |= names
            notice.ended -= names
        else:
            notice.began -= names
            notice.ended |= names
        self._pace.async_news(tag, at_once=not self._wrong_now(happening))

    def _say(self, tag: str) -> None:
        notice = self._notices[tag]
        about, wrong = notice.about, self._wrong_now(notice.about)
        news, notice.began = bool(notice.began), set()
        if wrong:
            self._tell(_about(about, HappeningKind.TROUBLE, wrong), less=not news)
        elif self._notices.pop(tag).ended:
            self._tell(_about(about, HappeningKind.TROUBLE_CLEARED, notice.ended), less=False)

    def _wrong_now(self, happening: Happening) -> set[str]:
        """Return the names of what has this trouble now, in the same area or of the same source."""
        return {
            self._name(trouble)
            for trouble in self._system.state.troubles
            if trouble.kind == happening.data["trouble"] and self._place(trouble) == _place(happening)
        }

    def _name(self, trouble: Trouble) -> str:
        return trouble.source if trouble.zone_id is None else self._system.zone_name(trouble.zone_id)

    def _place(self, trouble: Trouble) -> str:
        zone = self._system.panel_config.zones.get(trouble.zone_id or "")
        return trouble.source if zone is None else zone.area_id

    def _flaps(self, happening: Happening) -> bool:
        """Return whether the same trouble has come and gone so often that phones hear no more of it for a while."""
        what = (happening.data["trouble"], happening.zones, happening.data["source"])
        lately = self._lately.setdefault(what, deque(maxlen=AN_HOUR))
        if len(lately) == AN_HOUR and happening.at - lately[0] < timedelta(hours=1):
            return True
        lately.append(happening.at)
        return False


def _name(happening: Happening) -> str:
    return happening.zones[0] if happening.zones else str(happening.data["source"])


def _place(happening: Happening) -> str:
    return happening.area_id or str(happening.data["source"])


def _about(happening: Happening, kind: HappeningKind, names: set[str]) -> Happening:
    zones = tuple(sorted(names)) if happening.zones else ()
    return replace(happening, kind=kind, zones=zones)
