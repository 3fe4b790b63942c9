"""The best picture of the latest alarm."""

from datetime import datetime
from typing import override

from homeassistant.components.image import ImageEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .entity import AlarmBrokerEntity
from .types import AlarmBrokerConfigEntry
from .verification.model import Evidence
from .verification.store import media_type_of

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: AlarmBrokerConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add it, where the alarm memory may be seen."""
    if not entry.runtime_data.system.config.hides_status:
        async_add_entities([AlarmPicture(hass, entry)])


class AlarmPicture(AlarmBrokerEntity, ImageEntity):
    """What a camera showed when the last alarm was raised."""

    def __init__(self, hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> None:
        AlarmBrokerEntity.__init__(self, entry, "alarm_picture")
        ImageEntity.__init__(self, hass)
        self._verification = entry.runtime_data.verification
        self._store = entry.runtime_data.evidence
        self._shown: tuple[str, str] | None = None

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._verification.changes.subscribe(self._changed))
        for record in await self._store.async_records():
            if record.get("picture"):
                self._show(record["alarm"], record["picture"], dt_util.parse_datetime(record["taken_at"]))
                break

    @callback
    def _changed(self, evidence: Evidence) -> None:
        shot = evidence.shot
        if shot is not None and shot.file and (evidence.uid, shot.file) != self._shown:
            self._show(evidence.uid, shot.file, dt_util.utcnow())
            self.async_write_ha_state()

    def _show(self, alarm: str, name: str, at: datetime | None) -> None:
        self._shown = (alarm, name)
        self._attr_content_type = media_type_of(name)
        self._attr_image_last_updated = at

    @override
    async def async_image(self) -> bytes | None:
        if self._shown is None:
            return None
        found = await self._store.async_picture(*self._shown)
        return None if found is None else found[0]
