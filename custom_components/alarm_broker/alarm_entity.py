"""What the entities about alarms share: when they change, when their word is good, and how they describe an alarm."""

from typing import Any, override

from homeassistant.core import callback

from .entity import AlarmBrokerEntity
from .link.alarm import PANEL_SOURCE, Alarm, AlarmChange
from .types import AlarmBrokerConfigEntry


def alarm_attributes(alarm: Alarm, *, names_zones: bool) -> dict[str, Any]:
    """Return an alarm as automations and dashboards read it; one of the panel perhaps without its zones."""
    names_all = names_zones or alarm.source != PANEL_SOURCE
    return {
        "alarm_id": alarm.alarm_id or alarm.id,
        "uid": alarm.id,  # stays the same when the companion gives the alarm its own id
        "title": alarm.title if names_all else alarm.site,
        "message": alarm.message,
        "status": alarm.status.value,
        "alarm_kind": alarm.alarm_kind,
        "severity": alarm.severity,
        "source": alarm.source,
        "where": alarm.where if names_all else alarm.site,
        "who": alarm.person,
        "test": alarm.test,
        "raised_at": alarm.raised_at.isoformat(),
        "acknowledged_by": alarm.acknowledged_by,
        "acknowledged_at": alarm.acknowledged_at.isoformat() if alarm.acknowledged_at else None,
        "closed_by": alarm.closed_by,
        "closed_at": alarm.closed_at.isoformat() if alarm.closed_at else None,
        "step": alarm.step,
        "delivery_trouble": alarm.trouble,
    }


class AlarmEntity(AlarmBrokerEntity):
    """An entity that follows the book of alarms."""

    def __init__(self, entry: AlarmBrokerConfigEntry, key: str) -> None:
        """Follow the alarms of the entry; `key` names the entity."""
        super().__init__(entry, key)
        self._alarms = entry.runtime_data.alarms
        self._watch = entry.runtime_data.watch
        self._names_zones = not entry.runtime_data.system.config.hides_status

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._alarms.changes.subscribe(self._alarm_changed))
        if self._watch is not None:
            self.async_on_remove(self._watch.changes.subscribe(self.async_write_ha_state))

    @property
    @override
    def available(self) -> bool:
        """Not while the companion may know better: its alarms may have moved on.

        An alarm that the panel of this Home Assistant raised is certain either way.
        """
        if self._watch is None or self._watch.trusted:
            return True
        return any(alarm.local for alarm in self._alarms.open_alarms)

    def _described(self, alarm: Alarm) -> dict[str, Any]:
        return alarm_attributes(alarm, names_zones=self._names_zones)

    @callback
    def _alarm_changed(self, _change: AlarmChange) -> None:
        self.async_write_ha_state()
