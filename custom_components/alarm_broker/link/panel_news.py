"""What the panel decides, on its way into the alarms and the companion's outbox."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import uuid4

from homeassistant.util import dt as dt_util

from ..core.panel.config import AlarmKind
from ..core.panel.effects import Effect
from ..system.names import Wording
from .events import AlarmFacts, AlarmRaised
from .outgoing import link_event
from .registry import AlarmRegistry


class RegistryNews:
    """The panel's news for the registry of alarms (`system.news.PanelNews`)."""

    def __init__(self, alarms: AlarmRegistry) -> None:
        self._alarms = alarms

    def take(self, effect: Effect, wording: Wording, now: datetime) -> Callable[[], None] | None:
        """Take an effect into alarms and outbox; return what tells of it once that is stored."""
        event = link_event(effect, wording, now)
        return None if event is None else partial(self._alarms.async_tell, self._alarms.async_take(event))

    async def async_raise_test(self, area_id: str, area_name: str, *, by: str | None) -> str:
        """Raise a test alarm; return its id when it is on disk. The panel itself stays as it is."""
        uid = str(uuid4())
        await self._alarms.async_emit(
            AlarmRaised(
                at=dt_util.utcnow(),
                uid=uid,
                area=area_id,
                name=area_name,
                alarm_kind=AlarmKind.BURGLARY,
                zones=(),
                test=True,
                facts=AlarmFacts(by=by),
            )
        )
        return uid
