"""Past alarms with their pictures, to browse in the media panel."""

from typing import override

from homeassistant.components.media_player.const import MediaClass, MediaType
from homeassistant.components.media_player.errors import BrowseError
from homeassistant.components.media_source import (
    BrowseMediaSource,
    MediaSource,
    MediaSourceItem,
    PlayMedia,
    Unresolvable,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .types import AlarmBrokerConfigEntry
from .verification.store import MEDIA_TYPES
from .verification.urls import picture_path


async def async_get_media_source(hass: HomeAssistant) -> MediaSource:
    """Return the folder of alarms."""
    return AlarmMediaSource(hass)


class AlarmMediaSource(MediaSource):
    """Every alarm of which there is a picture, newest first."""

    name = "Alarms"

    def __init__(self, hass: HomeAssistant) -> None:
        super().__init__(DOMAIN)
        self._hass = hass

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        entry_id, _, rest = item.identifier.partition("/")
        alarm, _, name = rest.partition("/")
        entry = self._entries().get(entry_id)
        if entry is None or await entry.runtime_data.evidence.async_picture(alarm, name) is None:
            raise Unresolvable("This picture is not there any more")
        return PlayMedia(picture_path(entry_id, alarm, name), MEDIA_TYPES[name.rpartition(".")[2]])

    @override
    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        entries = self._entries()
        if not item.identifier and len(entries) != 1:
            houses = [_folder(one.entry_id, one.title, None) for one in entries.values()]
            return _folder("", self.name, houses)
        entry = entries.get(item.identifier or next(iter(entries)))
        if entry is None:
            raise BrowseError("This alarm system is not there any more")
        records = await entry.runtime_data.evidence.async_records()
        pictures = [_picture(entry, record) for record in records if record["picture"]]
        return _folder(item.identifier, entry.title, pictures)

    def _entries(self) -> dict[str, AlarmBrokerConfigEntry]:
        loaded: list[AlarmBrokerConfigEntry] = self._hass.config_entries.async_loaded_entries(DOMAIN)
        return {entry.entry_id: entry for entry in loaded}


def _folder(identifier: str, title: str, children: list[BrowseMediaSource] | None) -> BrowseMediaSource:
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=identifier,
        media_class=MediaClass.DIRECTORY,
        media_content_type=MediaType.IMAGE,
        title=title,
        can_play=False,
        can_expand=True,
        children=children,
        children_media_class=MediaClass.IMAGE,
    )


def _picture(entry: AlarmBrokerConfigEntry, record: dict[str, object]) -> BrowseMediaSource:
    raised_at = dt_util.parse_datetime(str(record["raised_at"]))
    when = "" if raised_at is None else dt_util.as_local(raised_at).strftime("%Y-%m-%d %H:%M")
    zones = record["zones"]
    where = ", ".join(map(str, zones)) if isinstance(zones, list) else ""
    alarm, name = str(record["alarm"]), str(record["picture"])
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=f"{entry.entry_id}/{alarm}/{name}",
        media_class=MediaClass.IMAGE,
        media_content_type=MEDIA_TYPES[name.rpartition(".")[2]],
        title=f"{when} {where} ({record['level']})".strip(),
        can_play=True,
        can_expand=False,
        thumbnail=picture_path(entry.entry_id, alarm, name),
    )
