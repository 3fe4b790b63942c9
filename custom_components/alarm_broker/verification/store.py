"""Pictures and records of alarms on our own disk, for as long as they are wanted: a folder an alarm.

<config>/alarm_broker/<entry>/<alarm>/record.json
/1.jpg …
"""

import json
import re
import shutil
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..core.stored import UNREADABLE, mapping, moment, text, texts, whole

RECORD = "record.json"
SUFFIXES: Mapping[str, str] = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
MEDIA_TYPES: Mapping[str, str] = {suffix: media_type for media_type, suffix in SUFFIXES.items()}
CLEANED_EVERY = timedelta(days=1)
KEPT_BYTES = 1024 * 1024 * 1024
"""The oldest alarms make room: evidence must not fill the disk that the panel is stored on."""
LOOK_KEPT = timedelta(days=1)
"""A picture that belongs to no alarm: as long as its signed address holds."""

_ALARM = re.compile(r"[0-9a-f-]{36}")
_FILE = re.compile(r"[0-9]{1,4}\.(jpg|png|webp)")


class EvidenceStore:
    """The folder of one config entry; every method but the constructor does its work in the executor."""

    def __init__(self, hass: HomeAssistant, entry_id: str, *, days: int) -> None:
        """`days` is how long an alarm's evidence is kept; 0 keeps it."""
        self._hass = hass
        self._folder = evidence_folder(hass, entry_id)
        self._days = days
        self.unreadable: list[Path] = []
        """Records that could not be read the last time; they stay where they are."""
        # Whoever asked may be cancelled while a thread still writes: what is forgotten must not come back by that.
        self._lock = threading.Lock()

    @callback
    def async_start(self, entry: ConfigEntry) -> None:
        """Clean up now and every day."""

        @callback
        def clean(_now: datetime) -> None:
            entry.async_create_background_task(self._hass, self.async_clean(), "alarm_broker clean evidence")

        clean(dt_util.utcnow())
        entry.async_on_unload(
            async_track_time_interval(self._hass, clean, CLEANED_EVERY, cancel_on_shutdown=True)
        )

    async def async_keep(self, alarm: str, record: Mapping[str, Any]) -> None:
        """Write the record of an alarm."""
        await self._hass.async_add_executor_job(self._keep, alarm, json.dumps(record, ensure_ascii=False))

    async def async_add(self, alarm: str, content: bytes, media_type: str) -> str:
        """Write a picture of an alarm; return its file name."""
        return await self._hass.async_add_executor_job(self._add, alarm, content, media_type)

    async def async_records(self) -> list[dict[str, Any]]:
        """Return the records there are, newest first."""
        return await self._hass.async_add_executor_job(self._records)

    async def async_picture(self, alarm: str, name: str) -> tuple[bytes, str] | None:
        """Return a picture and its media type, or None when there is no such."""
        return await self._hass.async_add_executor_job(self._picture, alarm, name)

    async def async_forget(self, alarm: str) -> None:
        """Delete what there is of an alarm."""
        await self._hass.async_add_executor_job(self._forget, alarm)

    async def async_clean(self) -> None:
        """Delete what is older than wanted, and the oldest of what is too much."""
        await self._hass.async_add_executor_job(self._clean, dt_util.utcnow())

    async def async_remove(self) -> None:
        """Delete everything: the entry is gone."""
        await self._hass.async_add_executor_job(lambda: shutil.rmtree(self._folder, ignore_errors=True))

    def _keep(self, alarm: str, text: str) -> None:
        with self._lock:
            folder = self._of(alarm)
            draft = folder / f"{RECORD}.new"
            draft.write_text(text, encoding="utf-8")
            draft.replace(folder / RECORD)

    def _add(self, alarm: str, content: bytes, media_type: str) -> str:
        with self._lock:
            folder = self._of(alarm)
            number = sum(1 for path in folder.iterdir() if path.name != RECORD) + 1
            name = f"{number}.{SUFFIXES.get(media_type, 'jpg')}"
            path = folder / name
            path.write_bytes(content)
            path.chmod(0o600)
            self._make_room(dt_util.utcnow())
            return name

    def _of(self, alarm: str) -> Path:
        if not _ALARM.fullmatch(alarm):
            raise ValueError(f"{alarm!r} names no alarm")
        folder = self._folder / alarm
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def _forget(self, alarm: str) -> None:
        with self._lock:
            shutil.rmtree(self._of(alarm), ignore_errors=True)

    def _records(self) -> list[dict[str, Any]]:
        found, unreadable = [], []
        for path in self._folder.glob(f"*/{RECORD}"):
            try:
                found.append(_record(json.loads(path.read_text(encoding="utf-8"))))
            except (OSError, RecursionError, *UNREADABLE) as err:
                LOGGER.warning("%s cannot be read: %s", path, err)
                unreadable.append(path)
        self.unreadable = unreadable
        return sorted(found, key=lambda record: str(record.get("raised_at")), reverse=True)

    def _picture(self, alarm: str, name: str) -> tuple[bytes, str] | None:
        # Both come from an address: nothing but our own names may reach the disk.
        if not _ALARM.fullmatch(alarm) or not _FILE.fullmatch(name):
            return None
        try:
            content = (self._folder / alarm / name).read_bytes()
        except OSError:
            return None
        return content, media_type_of(name)

    def _clean(self, now: datetime) -> None:
        with self._lock:
            self._make_room(now)

    def _make_room(self, now: datetime) -> None:
        size = 0
        for path in sorted(self._folder.glob("*/"), key=_changed, reverse=True):
            size += sum(file.stat().st_size for file in path.iterdir())
            kept_for = timedelta(days=self._days) if (path / RECORD).exists() else LOOK_KEPT
            too_old = kept_for and _changed(path) < (now - kept_for).timestamp()
            if too_old or size > KEPT_BYTES:
                shutil.rmtree(path, ignore_errors=True)


def _record(stored: object) -> dict[str, Any]:
    """Return a stored record that has what whoever shows it asks of it; raises one of UNREADABLE."""
    record = dict(mapping(stored))
    texts(record["zones"])
    whole(record["level"])
    moment(record["raised_at"])
    if not _ALARM.fullmatch(text(record["alarm"])):
        raise ValueError("it names no alarm")
    if record["picture"]:
        moment(record["taken_at"])
        if not _FILE.fullmatch(text(record["picture"])):
            raise ValueError("it names no picture of ours")
    return record


def _changed(path: Path) -> float:
    return path.stat().st_mtime


def media_type_of(name: str) -> str:
    """Return what kind of picture a file of ours is."""
    return MEDIA_TYPES[name.rpartition(".")[2]]


def evidence_folder(hass: HomeAssistant, entry_id: str) -> Path:
    """Return where an entry keeps its evidence."""
    return Path(hass.config.path(DOMAIN, entry_id))
