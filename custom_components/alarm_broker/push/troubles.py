"""One notice for all troubles of a kind in an area, kept in step with what is wrong; how often it is told is limited."""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from homeassistant.core import HomeAssistant, callback

from ..core.panel.state import Trouble
from ..system.activity import Activity, ActivityKind
from ..system.system import AlarmSystem
from .messages import notice_tag
from .pace import Pace

AN_HOUR = 6
"""Of the same one: what comes and goes must not use up what a phone takes in a day."""


class Tell(Protocol):
    """Takes what a notice says from now on."""

    def __call__(self, activity: Activity, *, less: bool) -> None:
        """`less` when that is a part of what it said before."""
        ...


@dataclass(slots=True)
class _Notice:
    """What has changed since it was told last."""

    about: Activity
    began: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    """... since everything was right."""


class TroubleNotices:
    """Gathers troubles into notices."""

    def __init__(self, hass: HomeAssistant, system: AlarmSystem, tell: Tell) -> None:
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
    def async_happened(self, activity: Activity) -> None:
        """Take a trouble that began or ended."""
        if self._flaps(activity):
            return
        tag = notice_tag(activity)
        notice = self._notices.setdefault(tag, _Notice(activity))
        notice.about = activity
        names = {_name(activity)}
        if activity.kind is ActivityKind.TROUBLE:
            notice.began |= names
            notice.ended -= names
        else:
            notice.began -= names
            notice.ended |= names
        self._pace.async_news(tag, at_once=not self._wrong_now(activity))

    def _say(self, tag: str) -> None:
        notice = self._notices[tag]
        about, wrong = notice.about, self._wrong_now(notice.about)
        news, notice.began = bool(notice.began), set()
        if wrong:
            self._tell(_about(about, ActivityKind.TROUBLE, wrong), less=not news)
        elif self._notices.pop(tag).ended:
            self._tell(_about(about, ActivityKind.TROUBLE_CLEARED, notice.ended), less=False)

    def _wrong_now(self, activity: Activity) -> set[str]:
        """Return the names of what has this trouble now, in the same area or of the same source."""
        return {
            self._name(trouble)
            for trouble in self._system.state.troubles
            if trouble.kind == activity.data["trouble"] and self._place(trouble) == _place(activity)
        }

    def _name(self, trouble: Trouble) -> str:
        return trouble.source if trouble.zone_id is None else self._system.zone_name(trouble.zone_id)

    def _place(self, trouble: Trouble) -> str:
        zone = self._system.panel_config.zones.get(trouble.zone_id or "")
        return trouble.source if zone is None else zone.area_id

    def _flaps(self, activity: Activity) -> bool:
        """Return whether the same trouble has come and gone so often that phones hear no more of it for a while."""
        what = (activity.data["trouble"], activity.zones, activity.data["source"])
        lately = self._lately.setdefault(what, deque(maxlen=AN_HOUR))
        if len(lately) == AN_HOUR and activity.at - lately[0] < timedelta(hours=1):
            return True
        lately.append(activity.at)
        return False


def _name(activity: Activity) -> str:
    return activity.zones[0] if activity.zones else str(activity.data["source"])


def _place(activity: Activity) -> str:
    return activity.area_id or str(activity.data["source"])


def _about(activity: Activity, kind: ActivityKind, names: set[str]) -> Activity:
    zones = tuple(sorted(names)) if activity.zones else ()
    return replace(activity, kind=kind, zones=zones)
