"""Tells phones about alarms, and takes the answer of the Acknowledge button, which nobody can forge.

The event of a pressed button comes over the bus from any phone that has a webhook, so it proves nothing by itself.
It counts when it carries the nonce that was sent with this very alarm, not used before, and comes from a user whom
Home Assistant knows.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import Event, HomeAssistant, callback, split_entity_id
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from .audience import Audience
from .const import LOGGER
from .happenings import Happening
from .link.book import Alarm, AlarmChange
from .link.client import LinkClient
from .link.protocol import Status
from .link.storage import LinkStorage
from .link.stream import AlarmStream
from .push_messages import PushMessage, notice_message, push_message, silent_message

ACTION_EVENT = "mobile_app_notification_action"
ACTION_PREFIX = "ALARM_BROKER_ACK_"
NONCE_LIFE = timedelta(hours=24)
NONCES_KEPT = 200
SEND_TIMEOUT_S = 10
RETRY_AFTER_S = 5
RETRY_ALL_AFTER_S = 30


class AckNonces:
    """Which unguessable word acknowledges which alarm. Only hashes are kept, and each word works once."""

    def __init__(self, saved: Mapping[str, Any] | None) -> None:
        """Go on from what was stored: a button on a phone outlives a restart."""
        self._by_hash: dict[str, tuple[str, datetime]] = {
            key: (alarm_id, datetime.fromisoformat(until)) for key, (alarm_id, until) in (saved or {}).items()
        }

    def as_dict(self) -> dict[str, list[str]]:
        """Return what is stored."""
        return {key: [alarm_id, until.isoformat()] for key, (alarm_id, until) in self._by_hash.items()}

    def issue(self, alarm_id: str, now: datetime) -> str:
        """Return a new nonce for an alarm; the oldest ones make room."""
        nonce = secrets.token_urlsafe(32)
        self._by_hash[_hash(nonce)] = (alarm_id, now + NONCE_LIFE)
        for key in list(self._by_hash)[:-NONCES_KEPT]:
            del self._by_hash[key]
        return nonce

    def redeem(self, nonce: str, now: datetime) -> str | None:
        """Return the alarm that the nonce was sent with, once; None when it is forged, used or too late."""
        offered = _hash(nonce)
        matches = [key for key in self._by_hash if hmac.compare_digest(key, offered)]
        if not matches:
            return None
        alarm_id, until = self._by_hash.pop(matches[0])
        return alarm_id if now <= until else None

    def withdraw(self, alarm_id: str) -> None:
        """Make every button of an alarm useless: it has been answered."""
        self._by_hash = {key: kept for key, kept in self._by_hash.items() if kept[0] != alarm_id}


class AlarmPush:
    """Keeps the phones' notifications in step with the book of alarms."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        storage: LinkStorage,
        saved: Mapping[str, Any] | None,
        alarms: AlarmStream,
        link: LinkClient | None,
        targets: Sequence[str],
        duress_targets: Sequence[str],
    ) -> None:
        """Prepare; nothing is sent before `async_start`. Of silent alarms only `duress_targets` are told."""
        self._hass = hass
        self._entry = entry
        self._alarms = alarms
        self._link = link
        self._targets = targets
        self._duress_targets = duress_targets
        self._nonces = AckNonces(saved)
        self._at_work: set[str] = set()
        self._exhausted: set[str] = set()
        storage.add_section("nonces", self._nonces.as_dict)

    @callback
    def async_start(self, audience: Audience) -> None:
        """Follow the alarms and the panel, and catch up once every notify service is there."""
        unload = self._entry.async_on_unload
        unload(self._alarms.async_subscribe(self._alarm_changed))
        unload(self._alarms.async_subscribe_silent(self._silent_alarm))
        unload(audience.subscribe_happenings(self._happened))
        unload(self._hass.bus.async_listen(ACTION_EVENT, self._async_button_pressed))
        unload(async_at_started(self._hass, self._catch_up))

    @callback
    def _catch_up(self, _hass: HomeAssistant) -> None:
        for alarm in self._alarms.visible:
            self._keep_told(alarm.id)

    @callback
    def _alarm_changed(self, change: AlarmChange) -> None:
        if change.change == "exhausted":
            self._exhausted.add(change.alarm.id)
        if change.alarm.status is not Status.TRIGGERED:
            self._nonces.withdraw(change.alarm.id)
        self._keep_told(change.alarm.id)

    @callback
    def _silent_alarm(self, change: AlarmChange) -> None:
        if change.change == "raised" and self._duress_targets:
            message = silent_message(change.alarm, language=self._hass.config.language)
            self._tell(self._duress_targets, f"silent alarm {change.alarm.id}", message)

    @callback
    def _happened(self, happening: Happening) -> None:
        message = notice_message(happening, title=self._entry.title, language=self._hass.config.language)
        if message is not None:
            self._tell(self._targets, happening.kind.value, message)

    @callback
    def _tell(self, targets: Sequence[str], what: str, message: PushMessage) -> None:
        for target in targets:
            self._entry.async_create_background_task(
                self._hass, self._async_send_to(target, what, message), f"alarm_broker push {what}"
            )

    @callback
    def _keep_told(self, alarm_id: str) -> None:
        if self._targets and alarm_id not in self._at_work:
            self._at_work.add(alarm_id)
            self._entry.async_create_background_task(
                self._hass, self._async_keep_told(alarm_id), f"alarm_broker push {alarm_id}"
            )

    async def _async_keep_told(self, alarm_id: str) -> None:
        """Send until the phones know the alarm's newest status; one alarm's messages stay in order."""
        try:
            while (alarm := self._alarms.find(alarm_id)) and self._due(alarm):
                exhausted = alarm_id in self._exhausted
                self._exhausted.discard(alarm_id)
                told = await self._async_send(alarm, exhausted=exhausted and alarm.status is Status.TRIGGERED)
                if not told and alarm.is_open:
                    await asyncio.sleep(RETRY_ALL_AFTER_S)
                    continue
                # At least once: after a crash before this line the same notification replaces itself by its tag.
                await self._alarms.async_told(alarm_id, alarm.status)
        finally:
            self._at_work.discard(alarm_id)

    def _due(self, alarm: Alarm) -> bool:
        if alarm.told is None and not alarm.is_open:
            return False  # over before anybody was told: there is nothing to take back
        return alarm.told is not alarm.status or alarm.id in self._exhausted

    async def _async_send(
        self, alarm: Alarm, *, exhausted: bool = False, kept_for: str | None = None
    ) -> bool:
        """Return whether at least one target took it."""
        action = None
        if alarm.status is Status.TRIGGERED and kept_for is None:
            action = ACTION_PREFIX + self._nonces.issue(alarm.id, dt_util.utcnow())
            await self._alarms.async_save()
        message = push_message(
            alarm,
            language=self._hass.config.language,
            action=action,
            exhausted=exhausted,
            kept_for=kept_for,
        )
        return any(
            await asyncio.gather(
                *(self._async_send_to(target, f"alarm {alarm.id}", message) for target in self._targets)
            )
        )

    async def _async_send_to(self, target: str, what: str, message: PushMessage) -> bool:
        for wait_s in (0, RETRY_AFTER_S):
            await asyncio.sleep(wait_s)
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await _async_notify(self._hass, target, message)
            except (HomeAssistantError, TimeoutError, ValueError) as err:
                LOGGER.warning("%s was not notified of %s: %s", target, what, str(err) or "timeout")
            except Exception:  # noqa: BLE001 - a broken notify platform must not keep the others from being told
                LOGGER.exception("%s was not notified of %s", target, what)
            else:
                return True
        return False

    async def _async_button_pressed(self, event: Event) -> None:
        action = event.data.get("action")
        if not isinstance(action, str) or not action.startswith(ACTION_PREFIX):
            return
        user_id = event.context.user_id
        user = await self._hass.auth.async_get_user(user_id) if user_id else None
        if user is None or not user.is_active or user.system_generated:
            LOGGER.warning("An acknowledge button was pressed by nobody whom Home Assistant knows; ignored")
            return
        alarm_id = self._nonces.redeem(action.removeprefix(ACTION_PREFIX), dt_util.utcnow())
        alarm = self._alarms.find(alarm_id) if alarm_id else None
        if alarm is None or alarm.status is not Status.TRIGGERED:
            LOGGER.warning("An acknowledge button that is used, too late or forged was pressed; ignored")
            return
        by = user.name or "Home Assistant"
        LOGGER.info("Alarm %s: acknowledged by a push action", alarm.id)
        holds = await self._alarms.async_answer(alarm, "acknowledge", by=by, via="push")
        if not holds and self._link is not None and not self._link.connected:
            await self._async_send(alarm, kept_for=by)


async def _async_notify(hass: HomeAssistant, target: str, message: PushMessage) -> None:
    """Notify one target: a notify service takes everything, a notify entity only title and message."""
    _, name = split_entity_id(target)
    data: dict[str, Any] = {"title": message.title, "message": message.message}
    if hass.services.has_service(Platform.NOTIFY, name):
        await hass.services.async_call(Platform.NOTIFY, name, {**data, "data": message.data}, blocking=True)
    else:
        await hass.services.async_call(
            Platform.NOTIFY, "send_message", {**data, "entity_id": target}, blocking=True
        )


def _hash(nonce: str) -> str:
    return hashlib.sha256(nonce.encode()).hexdigest()
