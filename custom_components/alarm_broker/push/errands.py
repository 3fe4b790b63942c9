"""Does what the companion asks for, so that people are told: a few services of a few kinds of entities, and nothing else."""

import asyncio
from collections import OrderedDict
from typing import Any

from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback, split_entity_id
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..link.companion_events import Action, Errand
from ..link.events import Notified, Outcome, WhyFailed
from ..link.registry import AlarmRegistry
from .messages import errand_message
from .recipients import Recipient
from .targets import PushTargets
from .threads import AlarmThreads

SCRIPT = "script"
ENTITIES: dict[Action, tuple[str, ...]] = {
    Action.ANNOUNCE: (Platform.ASSIST_SATELLITE, Platform.MEDIA_PLAYER),
    Action.LIGHT: (Platform.LIGHT,),
    Action.SCRIPT: (SCRIPT,),
}
"""Which kinds of entities may be asked to do what."""
TIME_LIMIT_S = 10
SPEAKING_S = 90
"""An announcement is done when it has been heard."""
DONE_KEPT = 200


class NotDone(Exception):
    """It was not done; the reason is for the companion."""

    def __init__(self, why: WhyFailed) -> None:
        super().__init__(why)
        self.why = why


class Errands:
    """Does each errand once, and says what became of it."""

    def __init__(
        self, hass: HomeAssistant, targets: PushTargets, *, threads: AlarmThreads, alarms: AlarmRegistry
    ) -> None:
        """Nothing has been asked for yet."""
        self._hass = hass
        self._targets = targets
        self._threads = threads
        self._alarms = alarms
        self._doing: set[str] = set()
        self._done: OrderedDict[str, Outcome] = OrderedDict()

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Do what is asked for, until the returned function is called."""
        return self._alarms.errands.subscribe(self._asked)

    @callback
    def _asked(self, errand: Errand) -> None:
        if errand.id not in self._doing:
            self._doing.add(errand.id)
            self._targets.do(self._async_answer(errand), f"errand {errand.id}")

    async def _async_answer(self, errand: Errand) -> None:
        """Do it, unless it was done before; then say what became of it."""
        why: WhyFailed | None = None
        try:
            outcome = self._done.get(errand.id) or await self._async_done(errand)
            self._done[errand.id] = outcome
            if len(self._done) > DONE_KEPT:
                self._done.popitem(last=False)
        except NotDone as err:
            outcome, why = Outcome.FAILED, err.why
            LOGGER.warning("%s (%s) of the companion was not done: %s", errand.action, errand.target, why)
        finally:
            self._doing.discard(errand.id)
        said = Notified(
            at=dt_util.utcnow(), id=errand.id, channel=errand.channel, outcome=outcome, reason=why
        )
        await self._alarms.async_emit(said)

    async def _async_done(self, errand: Errand) -> Outcome:
        """Return what became of it. Raises NotDone."""
        if errand.useful_s <= 0:
            raise NotDone(WhyFailed.TOO_LATE)
        if errand.alarm_id is not None and self._alarms.hides(errand.alarm_id):
            raise NotDone(WhyFailed.REFUSED)
        match errand.action:
            case Action.PUSH:
                return await self._async_push(errand)
            case Action.ANNOUNCE:
                target = self._entity(errand)
                if split_entity_id(target)[0] == Platform.ASSIST_SATELLITE:
                    await self._async_call(
                        Platform.ASSIST_SATELLITE,
                        "announce",
                        {"entity_id": target, "message": errand.text},
                        limit_s=SPEAKING_S,
                    )
                else:
                    await self._async_speak(target, errand)
            case Action.LIGHT:
                flash = "long" if errand.urgent else "short"
                await self._async_call(
                    Platform.LIGHT, "turn_on", {"entity_id": self._entity(errand), "flash": flash}
                )
            case Action.SCRIPT:
                variables = {
                    "title": errand.title,
                    "text": errand.text,
                    "alarm_id": errand.alarm_id,
                    "code": errand.code,
                    "news": errand.news,
                    "urgent": errand.urgent,
                }
                await self._async_call(
                    SCRIPT, "turn_on", {"entity_id": self._entity(errand), "variables": variables}
                )
            case None:
                raise NotDone(WhyFailed.REFUSED)
        LOGGER.info("%s (%s) was done for the companion", errand.action, errand.target)
        return Outcome.DONE

    # --- entities ---------------------------------------------------------------------------------------

    def _entity(self, errand: Errand) -> str:
        """Return the entity that is to do it. Raises NotDone."""
        assert errand.action is not None  # noqa: S101 - whoever asks has looked
        target = errand.target or ""
        if target.partition(".")[0] not in ENTITIES[errand.action]:
            raise NotDone(WhyFailed.REFUSED)
        # Home Assistant itself takes an action for an entity that is not there, and only logs that.
        state = self._hass.states.get(target)
        if state is None:
            raise NotDone(WhyFailed.UNKNOWN_TARGET)
        if state.state == STATE_UNAVAILABLE:
            raise NotDone(WhyFailed.UNAVAILABLE)
        return target

    async def _async_speak(self, player: str, errand: Errand) -> None:
        voices = sorted(self._hass.states.async_entity_ids(Platform.TTS))
        voice = errand.voice or next(iter(voices), None)
        if voice not in voices:
            raise NotDone(WhyFailed.NO_VOICE)
        data = {"entity_id": voice, "media_player_entity_id": player, "message": errand.text}
        await self._async_call(Platform.TTS, "speak", data, limit_s=SPEAKING_S)

    async def _async_call(
        self, domain: str, service: str, data: dict[str, Any], *, limit_s: float = TIME_LIMIT_S
    ) -> None:
        try:
            async with asyncio.timeout(limit_s):
                await self._hass.services.async_call(domain, service, data, blocking=True)
        except TimeoutError as err:
            raise NotDone(WhyFailed.TIMEOUT) from err
        except HomeAssistantError as err:
            LOGGER.warning("%s.%s failed: %s", domain, service, err)
            raise NotDone(WhyFailed.FAILED) from err
        except Exception as err:
            LOGGER.exception("%s.%s failed", domain, service)
            raise NotDone(WhyFailed.FAILED) from err

    # --- phones -----------------------------------------------------------------------------------------

    async def _async_push(self, errand: Errand) -> Outcome:
        """Tell those that the errand names; what is known here is told as ever, with its buttons."""
        recipients = [one for one in self._targets.recipients if _is_meant(one, errand.target)]
        if not recipients:
            raise NotDone(WhyFailed.NOBODY)
        if errand.alarm_id is not None and self._alarms.find(errand.alarm_id) is not None:
            if errand.urgent:
                self._threads.keep_told(errand.alarm_id, again={one.target for one in recipients})
            return Outcome.ACCEPTED
        message = errand_message(
            f"alarm_broker_errand_{errand.alarm_id or errand.id}",
            title=errand.title,
            message=errand.text,
            urgent=errand.urgent,
        )
        told = await asyncio.gather(
            *(self._targets.async_deliver(one, f"errand {errand.id}", [message]) for one in recipients)
        )
        if not any(told):
            raise NotDone(WhyFailed.FAILED)
        return Outcome.ACCEPTED


def _is_meant(one: Recipient, target: str | None) -> bool:
    """Return whether a push to `target` is for this recipient: by notify target, person entity or name."""
    return target is None or target in {one.target, one.person} or one.name.casefold() == target.casefold()
