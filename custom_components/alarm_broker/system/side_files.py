"""Reads what is not needed to guard: whatever stands in such a file, the entry sets up and the panel guards.

What cannot be read begins anew, which is logged and shown as a repair; the file is kept under another name. One that
the disk does not give up right now is left alone until the next start, as it may be sound.
"""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import STORAGE_DIR, Store
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from .issues import async_clear_unreadable, async_report_unreadable


async def async_read[T](
    hass: HomeAssistant, entry: ConfigEntry[Any], store: Store[Any], read: Callable[[Any], T]
) -> T:
    """Return what `read` makes of a file's content; of None where there is no file, or none that can be read.

    A file that is no JSON at all Home Assistant itself puts aside and reports.
    """
    try:
        content = read(await store.async_load())
    except Exception as err:  # noqa: BLE001 - whatever is wrong with the file, the panel guards; said below
        LOGGER.error("%s cannot be read and begins anew; the panel guards all the same: %r", store.key, err)
        kept = None if is_passing(err) else await async_put_aside(hass, Path(store.path))
        if kept is None:
            store.make_read_only()
        async_report_unreadable(hass, entry, _what(store), kept or Path(store.path))
        return read(None)
    async_clear_unreadable(hass, entry, _what(store))
    return content


def is_passing(err: Exception) -> bool:
    """Return whether it is the disk that refused, and not the file that is wrong."""
    return isinstance(err, OSError) or (
        isinstance(err, HomeAssistantError) and isinstance(err.__cause__, OSError)
    )


async def async_put_aside(hass: HomeAssistant, path: Path, *, copy: bool = False) -> Path | None:
    """Keep a file under another name; return that, or None when the disk refuses or there is no such file."""
    kept = path.with_name(f"{path.name}.unreadable.{dt_util.utcnow().isoformat()}")
    try:
        await hass.async_add_executor_job(shutil.copy2 if copy else shutil.move, path, kept)
    except OSError as err:
        LOGGER.error("%s cannot be kept as %s: %s", path, kept.name, err)
        return None
    return kept


async def async_forget(hass: HomeAssistant, entry: ConfigEntry[Any], *stores: Store[Any]) -> None:
    """Delete the files of an entry that is gone, and what was kept of them under other names."""
    for store in stores:
        await store.async_remove()
    folder = Path(hass.config.path(STORAGE_DIR))

    def delete_kept() -> None:
        for path in folder.glob(f"{DOMAIN}.*.{entry.entry_id}.*"):
            path.unlink(missing_ok=True)

    await asyncio.shield(hass.async_add_executor_job(delete_kept))


def _what(store: Store[Any]) -> str:
    """Return what a file holds, in one word: the middle of its name."""
    return store.key.split(".")[1]
