"""Gives each phone the buttons that its owner may press; what belongs to nobody gets none."""

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..core.panel.config import ArmMode
from ..link.alarm import Alarm
from ..system.activity import Activity, ActivityKind
from .actions import IssuedButtons, PushAction, alarm_actions
from .messages import NOTICE_BUTTONS, button, call_button
from .recipients import PushDisarm, Recipient, is_android, users_of

DISARM: Mapping[PushDisarm, PushAction | None] = {
    PushDisarm.NO: None,
    PushDisarm.CODE: PushAction.DISARM_WITH_CODE,
    PushDisarm.PHONE: PushAction.DISARM,
}
AGAIN: Mapping[PushAction, tuple[PushAction, ...]] = {
    PushAction.DISARM_WITH_CODE: (PushAction.DISARM_WITH_CODE,),
    PushAction.ARM: (PushAction.FORCE_ARM,),
}


class PhoneButtons:
    """The buttons of notifications, bound to the users of the phone that they go to."""

    def __init__(
        self, hass: HomeAssistant, issued: IssuedButtons, *, call_number: str | None, escalates: bool
    ) -> None:
        """`escalates` says whether there is a companion that could."""
        self._hass = hass
        self._issued = issued
        self._call_number = call_number
        self._escalates = escalates

    def of_alarm(self, alarm: Alarm, recipient: Recipient, *, sounding: bool) -> list[dict[str, Any]]:
        """Return the buttons for an alarm as it is; `sounding` while its siren does."""
        actions = alarm_actions(
            alarm.status,
            disarm=DISARM[recipient.disarm] if alarm.local and not alarm.test else None,
            sounding=sounding,
            escalates=self._escalates,
        )
        shown = self._buttons(alarm.id, actions, recipient)
        if self._call_number and recipient.is_phone and alarm.is_open:
            android = is_android(self._hass, recipient)
            shown.append(call_button(self._call_number, language=self.language(recipient), android=android))
        return shown

    def of_entry_delay(self, uid: str, recipient: Recipient) -> list[dict[str, Any]]:
        """Return the button that ends an entry delay; it goes on working for the alarm that follows."""
        disarm = DISARM[recipient.disarm]
        return self._buttons(uid, [] if disarm is None else [disarm], recipient)

    def of_notice(self, activity: Activity, recipient: Recipient) -> list[dict[str, Any]]:
        """Return the buttons of a short notice; their subject is what would be armed, or disarmed: `mode:area,area`."""
        vacation = activity.data.get("vacation") is True
        mode = activity.data.get("mode") or (ArmMode.VACATION if vacation else ArmMode.AWAY).value
        subject = f"{mode}:{','.join(activity.data.get('area_ids', ()))}"
        if activity.kind is ActivityKind.ARRIVED_WHILE_ARMED:
            disarm = DISARM[recipient.disarm]
            return self._buttons(subject, [] if disarm is None else [disarm], recipient)
        return self._buttons(subject, NOTICE_BUTTONS.get(activity.kind, ()), recipient)

    def again(self, subject: str, action: PushAction, recipient: Recipient) -> list[dict[str, Any]]:
        """Return a button for another try of what has failed: the first one is used up."""
        return self._buttons(subject, AGAIN.get(action, ()), recipient)

    def may(self, recipient: Recipient, action: PushAction) -> bool:
        """Return whether a target's owner may do this now."""
        match action:
            case PushAction.DISARM | PushAction.SILENCE:
                return recipient.disarm is PushDisarm.PHONE
            case PushAction.DISARM_WITH_CODE:
                return recipient.disarm is not PushDisarm.NO
            case _:
                return True

    def language(self, recipient: Recipient) -> str:
        """Return what is spoken on a target."""
        return recipient.language or self._hass.config.language

    def _buttons(
        self, subject: str, actions: Iterable[PushAction], recipient: Recipient
    ) -> list[dict[str, Any]]:
        users = users_of(self._hass, recipient)
        if not users:
            return []
        now = dt_util.utcnow()
        return [
            button(
                action,
                self._issued.issue(subject, action, now, users=users),
                language=self.language(recipient),
            )
            for action in actions
        ]
