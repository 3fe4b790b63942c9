"""Follows entities whose id changes: what the panel was set up with names them, and their registry ids do not change.

A rename that happens while the panel runs is announced; one that happened while it did not is seen by the registry ids
that were written down. Either way the set-up is mended as the entry is set up, and the panel goes on as it was.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback, split_entity_id, valid_entity_id
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.storage import Store

from ..const import DOMAIN, LOGGER
from ..core.stored import mapping, text
from .side_files import async_read

STORE_VERSION = 1
FREE_TEXT = frozenset({"name"})
"""What a person typed names no entity, whatever it looks like."""


def entity_id_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, str]]:
    """Return where an entry keeps the registry ids of the entities that it names."""
    return Store(hass, STORE_VERSION, f"{DOMAIN}.entity_ids.{entry_id}", private=True, atomic_writes=True)


async def async_follow_renames(hass: HomeAssistant, entry: ConfigEntry[Any]) -> Mapping[str, str]:
    """Mend the entry where entities were renamed since its registry ids were written down; return new ids by old ones.

    To be called before the entry is read and before its changes are listened to.
    """
    store = entity_id_store(hass, entry.entry_id)
    written = await async_read(hass, entry, store, _stored)
    renamed = _renamed(hass, written)
    if renamed:
        _mend(hass, entry, renamed)
        LOGGER.info("%s: renamed in Home Assistant, followed: %s", entry.title, renamed)
    ids = _registry_ids(hass, entry)
    if ids != written:
        await store.async_save(ids)
    return renamed


@callback
def async_listen_for_renames(hass: HomeAssistant, entry: ConfigEntry[Any]) -> CALLBACK_TYPE:
    """Set the entry up anew, once, when entities that it names get other ids, until the returned function is called."""
    store = entity_id_store(hass, entry.entry_id)
    named = set(_entity_ids(entry))
    renamed: dict[str, str] = {}

    async def follow() -> None:
        # An entity that came into the registry after the set-up was not written down then.
        await store.async_save(_registry_ids(hass, entry) | renamed)
        hass.config_entries.async_schedule_reload(entry.entry_id)

    @callback
    def updated(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        old = str(event.data.get("old_entity_id", ""))
        now = er.async_get(hass).async_get(event.data["entity_id"])
        if old not in named or now is None or _is_action(hass, old):
            return
        if not renamed:
            # In the next turn of the loop: with a device all its entities are renamed in this one.
            hass.loop.call_soon(
                lambda: entry.async_create_task(hass, follow(), "alarm_broker follow renames")
            )
        renamed[old] = now.id

    return hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, updated)


def _stored(kept: object) -> dict[str, str]:
    """Return registry ids by entity ids; raises one of UNREADABLE."""
    return {entity_id: text(registry_id) for entity_id, registry_id in mapping(kept or {}).items()}


def _renamed(hass: HomeAssistant, written: Mapping[str, str]) -> dict[str, str]:
    registry = er.async_get(hass)
    found = {old: registry.entities.get_entry(registry_id) for old, registry_id in written.items()}
    return {old: now.entity_id for old, now in found.items() if now is not None and now.entity_id != old}


def _mend(hass: HomeAssistant, entry: ConfigEntry[Any], renamed: Mapping[str, str]) -> None:
    for subentry in tuple(entry.subentries.values()):
        data = _with_new_ids(subentry.data, renamed)
        if data != subentry.data:
            hass.config_entries.async_update_subentry(entry, subentry, data=data)
    hass.config_entries.async_update_entry(entry, options=_with_new_ids(entry.options, renamed))


def _with_new_ids(data: Mapping[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    def new(value: Any) -> Any:
        if isinstance(value, str):
            return renamed.get(value, value)
        return [new(one) for one in value] if isinstance(value, list | tuple) else value

    return {key: value if key in FREE_TEXT else new(value) for key, value in data.items()}


def _registry_ids(hass: HomeAssistant, entry: ConfigEntry[Any]) -> dict[str, str]:
    registry = er.async_get(hass)
    known = {entity_id: registry.async_get(entity_id) for entity_id in _entity_ids(entry)}
    return {
        entity_id: one.id
        for entity_id, one in known.items()
        if one is not None and not _is_action(hass, entity_id)
    }


def _entity_ids(entry: ConfigEntry[Any]) -> Iterator[str]:
    """Yield every entity id that the entry's settings and parts name."""
    for data in (entry.options, *(subentry.data for subentry in entry.subentries.values())):
        for key, value in data.items():
            values = value if isinstance(value, list | tuple) else [value]
            if key not in FREE_TEXT:
                yield from (one for one in values if isinstance(one, str) and valid_entity_id(one))


def _is_action(hass: HomeAssistant, name: str) -> bool:
    """Return whether a notify target is an action, which keeps its name whatever an entity of that name does."""
    domain, object_id = split_entity_id(name)
    return domain == Platform.NOTIFY and hass.services.has_service(domain, object_id)
