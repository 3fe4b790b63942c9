"""Who is told what the panel does while it is stored: the panel itself knows neither alarms nor a companion."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from ..core.panel.effects import Effect
from .names import Wording


class PanelNews(Protocol):
    """Takes what the panel has decided into the panel's own write, and tells of it afterwards."""

    def take(self, effect: Effect, wording: Wording, now: datetime) -> Callable[[], None] | None:
        """Take an effect that is about to be stored; return what tells of it then. None: it is no business of theirs."""
        ...

    async def async_raise_test(self, area_id: str, area_name: str, *, by: str | None) -> str:
        """Raise an alarm that says everywhere that it is a test; return its id when it is on disk."""
        ...
