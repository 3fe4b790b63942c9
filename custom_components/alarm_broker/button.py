"""Buttons: answer the alarm, try everything with a test alarm, walk test, alarm memory."""

from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .entity import AlarmBrokerEntity, AreaEntity
from .link.alarm import Alarm
from .link.protocol import Status
from .link.registry import Decision
from .types import AlarmBrokerConfigEntry

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the answers to the hub, the others to each area."""
    async_add_entities([AcknowledgeButton(entry), ResolveButton(entry)])
    for area_id in entry.runtime_data.system.panel_config.areas:
        async_add_entities(
            [
                TestAlarmButton(entry, area_id),
                WalkTestButton(entry, area_id),
                ClearMemoryButton(entry, area_id),
            ],
            config_subentry_id=area_id,
        )


class AnswerButton(AlarmBrokerEntity, ButtonEntity):
    """Answers one alarm, in the name of whoever presses it.

    Also while the companion is away: the answer is kept, and passed on when it is back.
    """

    decision: Decision

    def __init__(self, entry: AlarmBrokerConfigEntry) -> None:
        """Answer the alarms of the entry."""
        super().__init__(entry, self.decision)
        self._alarms = entry.runtime_data.alarms

    def _meant(self) -> Alarm:
        """Return the alarm that is answered. Raises ServiceValidationError when there is none."""
        raise NotImplementedError

    @override
    async def async_press(self) -> None:
        alarm = self._meant()
        by = await self.async_caller() or "Home Assistant"
        await self._alarms.async_answer(alarm, self.decision, by=by, via="service")


class AcknowledgeButton(AnswerButton):
    """Says of the newest alarm that nobody has answered: I am on it."""

    decision = "acknowledge"

    @override
    def _meant(self) -> Alarm:
        for alarm in self._alarms.open_alarms:
            if alarm.status is Status.TRIGGERED:
                return alarm
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_unanswered_alarm")


class ResolveButton(AnswerButton):
    """Says of the newest open alarm that it is over."""

    decision = "resolve"

    @override
    def _meant(self) -> Alarm:
        for alarm in self._alarms.open_alarms:
            return alarm
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_open_alarm")


class AreaButton(AreaEntity, ButtonEntity):
    """A button that looks the same whatever happens."""

    @override
    def _shows(self) -> object:
        return None


class TestAlarmButton(AreaButton):
    """Raises an alarm that says everywhere that it is a test."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
        """Try the area."""
        super().__init__(entry, area_id, "test_alarm")

    @override
    async def async_press(self) -> None:
        await self.system.async_test_alarm(self._area_id, by=await self.async_caller())


class WalkTestButton(AreaButton):
    """Begins the walk test, and ends it when it runs."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
        """Work the area."""
        super().__init__(entry, area_id, "walk_test")

    @override
    async def async_press(self) -> None:
        await self.system.async_walk_test(
            (self._area_id,),
            start=self._area.walk_test is None,
            code=None,
            by=await self.async_caller(),
        )


class ClearMemoryButton(AreaButton):
    """Says that the alarm memory has been seen."""

    def __init__(self, entry: AlarmBrokerConfigEntry, area_id: str) -> None:
        """Work the area."""
        super().__init__(entry, area_id, "clear_memory")

    @override
    async def async_press(self) -> None:
        await self.system.async_clear_memory((self._area_id,), code=None, by=await self.async_caller())
