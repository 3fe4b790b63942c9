"""Takes the buttons that people press on their phones: checks whose they are, does what they say, or tells why not."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from homeassistant.auth.models import User
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..core.panel.config import ArmMode
from ..core.panel.state import AreaState, AreaStatus, Pending
from ..household.tracker import Household
from ..link.alarm import Alarm
from ..link.client import LinkClient
from ..link.companion_events import Status
from ..link.events import Decision
from ..link.registry import AlarmRegistry
from ..system.activity import Activity, ActivityKind
from ..system.callers import HOME_ASSISTANT
from ..system.errors import async_reason
from ..system.system import AlarmSystem
from .actions import Button, IssuedButtons, PushAction, RefusedPress
from .buttons import PhoneButtons
from .inbox import ACTION_EVENT, PRESS_INBOX
from .messages import ACTION_PREFIX, failed_message, refused_message
from .targets import PushTargets
from .threads import AlarmThreads

REFUSALS_TOLD_EVERY = timedelta(seconds=10)


class PushAnswers:
    """What presses do."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        targets: PushTargets,
        *,
        issued: IssuedButtons,
        buttons: PhoneButtons,
        threads: AlarmThreads,
        alarms: AlarmRegistry,
        link: LinkClient | None,
        system: AlarmSystem,
        household: Household,
    ) -> None:
        """`link` is None without a companion."""
        self._hass = hass
        self._entry = entry
        self._targets = targets
        self._issued = issued
        self._buttons = buttons
        self._threads = threads
        self._alarms = alarms
        self._link = link
        self._system = system
        self._household = household
        self._inbox = hass.data[PRESS_INBOX]
        self._told_at: dict[tuple[str | None, RefusedPress], datetime] = {}

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Take the buttons that are pressed, and those that were while nobody listened, until the returned is called."""
        unlisten = self._hass.bus.async_listen(ACTION_EVENT, self._async_pressed)
        missed, unlist = self._inbox.async_listens(self._entry.entry_id, self._issued)
        for event in missed:
            self._targets.do(self._async_pressed(event), "a press")

        @callback
        def stop() -> None:
            unlisten()
            unlist()

        return stop

    async def _async_pressed(self, event: Event[Any]) -> None:
        """Take one event of the bus; whatever is not a button of ours is somebody else's."""
        action = event.data.get("action")
        if not isinstance(action, str) or not action.startswith(ACTION_PREFIX):
            return
        word = action.removeprefix(ACTION_PREFIX)
        if self._inbox.answers_for(word) != self._entry.entry_id:
            return
        user_id = event.context.user_id
        user = await self._hass.auth.async_get_user(user_id) if user_id else None
        if user is not None and (user.system_generated or not user.is_active):
            user = None
        button, refused = self._issued.redeem(word, user.id if user else None, dt_util.utcnow())
        if button is None or refused is not None or user is None:
            self._refuse(user, refused or RefusedPress.NOT_YOURS, button)
            return
        await self._alarms.async_save()
        if not self._may(user.id, button.action):
            self._refuse(user, RefusedPress.NOT_YOURS, button)
            return
        LOGGER.info("%s: %s by a push action", button.subject, button.action)
        try:
            done = await self._async_do(button, user.name or HOME_ASSISTANT, event.data.get("reply_text"))
        except HomeAssistantError as err:
            await self._async_tell_why_not(user.id, button, err)
            return
        if not done:
            self._refuse(user, RefusedPress.LATE, button)

    def _refuse(self, user: User | None, reason: RefusedPress, button: Button | None) -> None:
        """Tell and write down, but not for each of a thousand presses of a machine."""
        now = dt_util.utcnow()
        who = None if user is None else user.id
        told_at = self._told_at.get((who, reason))
        if told_at is not None and now - told_at < REFUSALS_TOLD_EVERY:
            return
        self._told_at[who, reason] = now
        LOGGER.warning("A push action was refused: %s", reason)
        wanted = {} if button is None else {"action": button.action.value}
        self._system.async_announce(
            Activity(
                kind=ActivityKind.PUSH_REFUSED,
                at=now,
                by=None if user is None else user.name or HOME_ASSISTANT,
                data={"reason": reason.value, **wanted},
            )
        )
        if who is not None:
            self._tell_of_refusal(who, reason)

    def _may(self, user_id: str, action: PushAction) -> bool:
        """Return whether a user may do this now, whatever could be done when the button was sent."""
        return any(self._buttons.may(one, action) for one in self._targets.phones_of(user_id))

    @callback
    def _tell_of_refusal(self, user_id: str, reason: RefusedPress) -> None:
        """Tell whoever pressed a button that does nothing, and why."""
        title = self._entry.title
        told = [
            (one, [refused_message(reason, title=title, language=self._buttons.language(one))])
            for one in self._targets.phones_of(user_id)
        ]
        self._targets.send("a refused button", told)

    async def _async_tell_why_not(self, user_id: str, button: Button, err: HomeAssistantError) -> None:
        """Tell whoever pressed a button that it was tried in vain, and let them try again where that helps."""
        told = []
        for one in self._targets.phones_of(user_id):
            reason = await async_reason(self._hass, err, self._buttons.language(one))
            buttons = self._buttons.again(button.subject, button.action, one)
            told.append((one, [failed_message(reason, title=self._entry.title, buttons=buttons)]))
        self._targets.send("a button that failed", told)

    async def _async_do(self, button: Button, by: str, reply: Any) -> bool:
        """Do what the button is for; return False when its time is over. Raises HomeAssistantError."""
        alarm = self._alarms.find(button.subject)
        match button.action:
            case PushAction.ACKNOWLEDGE:
                return await self._async_acknowledge(alarm, by)
            case PushAction.FALSE_ALARM:
                if alarm is None or not alarm.is_open:
                    return False
                await self._async_answer(alarm, Decision.CANCEL, by)
                return True
            case PushAction.ESCALATE:
                if alarm is None or alarm.status is not Status.TRIGGERED:
                    return False
                await self._alarms.async_answer(alarm, Decision.ESCALATE, by=by, via="push")
                return True
            case PushAction.DISARM | PushAction.DISARM_WITH_CODE:
                area_ids = _to_disarm(self._system.state.areas, button.subject)
                trusted = button.action is PushAction.DISARM
                if not area_ids:
                    return False
                # A phone's keyboard likes to end what it takes for a word with a space.
                code = reply.strip() if isinstance(reply, str) and not trusted else None
                await self._system.async_disarm(area_ids, code=code, by=by, trusted=trusted)
                return True
            case PushAction.SILENCE:
                area_ids = _areas_of(self._system.state.areas, button.subject)
                sounding = [one for one in area_ids if self._system.state.areas[one].siren is not None]
                if not sounding:
                    return False
                await self._system.async_silence(sounding, code=None, by=by, trusted=True)
                return True
            case PushAction.ARM | PushAction.FORCE_ARM:
                return await self._async_arm(button.subject, by, force=button.action is PushAction.FORCE_ARM)
            case PushAction.POSTPONE:
                return self._household.async_postpone(by)
            case PushAction.CALL_OFF:
                return self._household.async_call_off(by)

    async def _async_acknowledge(self, alarm: Alarm | None, by: str) -> bool:
        if alarm is None or alarm.status is not Status.TRIGGERED:
            return False
        await self._async_answer(alarm, Decision.ACKNOWLEDGE, by)
        return True

    async def _async_answer(self, alarm: Alarm, decision: Decision, by: str) -> None:
        holds = await self._alarms.async_answer(alarm, decision, by=by, via="push")
        if not holds and self._link is not None and not self._link.connected:
            self._threads.keep_told(alarm.id, kept_for=by)

    async def _async_arm(self, subject: str, by: str, *, force: bool) -> bool:
        """Arm what the notice was about, `mode:area,area`, as far as it is disarmed; one area's refusal is only its own."""
        mode, _, areas = subject.partition(":")
        known, states = self._system.panel_config.areas, self._system.state.areas
        wanted = [
            one for one in areas.split(",") if one in known and states[one].status is AreaStatus.DISARMED
        ]
        refused: HomeAssistantError | None = None
        for area_id in wanted:
            offered = [one for one in (ArmMode(mode), ArmMode.AWAY) if one in known[area_id].modes]
            try:
                await self._system.async_arm(
                    (area_id,), next(iter(offered), None), code=None, by=by, force=force, trusted=True
                )
            except HomeAssistantError as err:
                refused = err
        if refused is not None:
            raise refused
        return bool(wanted)


def _to_disarm(areas: Mapping[str, AreaState], subject: str) -> list[str]:
    """Return what a button disarms: the areas of its alarm, or those of its notice that are still armed."""
    _, notice, named = subject.partition(":")
    if not notice:
        return _areas_of(areas, subject)
    return [one for one in named.split(",") if one in areas and areas[one].status is not AreaStatus.DISARMED]


def _areas_of(areas: Mapping[str, AreaState], uid: str) -> list[str]:
    """Return the areas in which an alarm, or the entry delay that becomes it, is not over."""
    found = []
    for area_id, area in areas.items():
        alarms = (*(area.siren.alarms if area.siren is not None else ()), *area.memory)
        if (isinstance(area.guard, Pending) and area.guard.uid == uid) or any(
            alarm.uid == uid and not alarm.disarmed for alarm in alarms
        ):
            found.append(area_id)
    return found
