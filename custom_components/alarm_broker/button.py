"""Buttons: answer the alarm, try everything with a test alarm, walk test, alarm memory."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import AlarmBrokerEntity, AreaEntity
from .link.alarm import Alarm
from .link.companion_events import Status
from .link.events import Decision
from .system.callers import HOME_ASSISTANT
from .system.errors import invalid
from .system.system import AlarmSystem
from .types import AlarmBrokerConfigEntry

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class AnswerDescription(ButtonEntityDescription):
    """A button that answers an alarm."""

    decision: Decision
    meant_fn: Callable[[Iterable[Alarm]], Alarm]
    """Which of the open alarms, newest first; raises ServiceValidationError where there is none."""


@dataclass(frozen=True, kw_only=True)
class AreaButtonDescription(ButtonEntityDescription):
    """A button of an area."""

    press_fn: Callable[[AlarmSystem, str, str | None], Awaitable[Any]]
    """Takes the area's id and the name of whoever presses."""


def _newest_unanswered(alarms: Iterable[Alarm]) -> Alarm:
    for alarm in alarms:
        if alarm.status is Status.TRIGGERED:
            return alarm
    raise invalid("no_unanswered_alarm")


def _newest(alarms: Iterable[Alarm]) -> Alarm:
    for alarm in alarms:
        return alarm
    raise invalid("no_open_alarm")


async def _walk_test(system: AlarmSystem, area_id: str, by: str | None) -> None:
    """Begin the walk test, or end it when it runs."""
    start = system.state.areas[area_id].walk_test is None
    await system.async_walk_test((area_id,), start=start, code=None, by=by)


ANSWERS = (
    AnswerDescription(key="acknowledge", decision=Decision.ACKNOWLEDGE, meant_fn=_newest_unanswered),
    AnswerDescription(key="resolve", decision=Decision.RESOLVE, meant_fn=_newest),
)
AREA_BUTTONS = (
    AreaButtonDescription(
        key="test_alarm",
        entity_category=EntityCategory.DIAGNOSTIC,
        press_fn=lambda system, area_id, by: system.async_test_alarm(area_id, by=by),
    ),
    AreaButtonDescription(key="walk_test", entity_category=EntityCategory.DIAGNOSTIC, press_fn=_walk_test),
    AreaButtonDescription(
        key="clear_memory",
        press_fn=lambda system, area_id, by: system.async_clear_memory((area_id,), code=None, by=by),
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the answers to the hub, the others to each area."""
    async_add_entities(AnswerButton(entry, description) for description in ANSWERS)
    for area_id in entry.runtime_data.system.panel_config.areas:
        async_add_entities(
            [AreaButton(entry, area_id, description) for description in AREA_BUTTONS],
            config_subentry_id=area_id,
        )


class AnswerButton(AlarmBrokerEntity, ButtonEntity):
    """Answers one alarm, in the name of whoever presses it.

    Also while the companion is away: the answer is kept, and passed on when it is back.
    """

    entity_description: AnswerDescription

    def __init__(self, entry: AlarmBrokerConfigEntry, description: AnswerDescription) -> None:
        super().__init__(entry, description.key)
        self.entity_description = description
        self._alarms = entry.runtime_data.alarms

    @override
    async def async_press(self) -> None:
        alarm = self.entity_description.meant_fn(self._alarms.open_alarms)
        by = await self.async_caller() or HOME_ASSISTANT
        await self._alarms.async_answer(alarm, self.entity_description.decision, by=by, via="service")


class AreaButton(AreaEntity, ButtonEntity):
    """A button that looks the same whatever happens."""

    entity_description: AreaButtonDescription

    def __init__(
        self, entry: AlarmBrokerConfigEntry, area_id: str, description: AreaButtonDescription
    ) -> None:
        super().__init__(entry, area_id, description.key)
        self.entity_description = description

    @override
    def _shows(self) -> object:
        return None

    @override
    async def async_press(self) -> None:
        await self.entity_description.press_fn(self.system, self._area_id, await self.async_caller())
