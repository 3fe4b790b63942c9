"""What phones are told besides alarms: that somebody has come in, that the house is left open, what is wrong."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..core.panel.effects import ReportPending
from ..core.panel.state import AreaStatus, Pending
from ..system.activity import Activity, ActivityKind
from ..system.errors import async_reason
from ..system.system import AlarmSystem
from .actions import ARMING_ACTIONS, IssuedButtons
from .buttons import PhoneButtons
from .messages import ARMING_TAG, NOTICE_BUTTONS, notice_message, pending_message
from .targets import PushTargets
from .troubles import TroubleNotices


class PushNotices:
    """Tells of what happens at the panel, and takes back what is over."""

    def __init__(
        self,
        hass: HomeAssistant,
        targets: PushTargets,
        *,
        title: str,
        issued: IssuedButtons,
        buttons: PhoneButtons,
        system: AlarmSystem,
    ) -> None:
        """`title` names the alarm system."""
        self._hass = hass
        self._targets = targets
        self._title = title
        self._issued = issued
        self._buttons = buttons
        self._system = system
        self._asked_to_arm = False
        self._troubles = TroubleNotices(hass, system, self._notice)

    @callback
    def async_stop(self) -> None:
        """Tell of nothing more."""
        self._troubles.async_stop()

    @callback
    def happened(self, activity: Activity) -> None:
        """Tell of an activity, as far as phones hear of its kind."""
        kind = activity.kind
        if kind in (ActivityKind.AUTO_ARM_DROPPED, ActivityKind.FIRST_ARRIVED):
            # Also on a phone that misses the clearing: nobody is to be armed in.
            self._issued.withdraw_actions(ARMING_ACTIONS)
        if self._settles_arming(kind):
            self._asked_to_arm = False
            self._targets.clear(ARMING_TAG)
            return
        if kind in (ActivityKind.TROUBLE, ActivityKind.TROUBLE_CLEARED):
            self._troubles.async_happened(activity)
            return
        self._asked_to_arm |= kind in NOTICE_BUTTONS
        self._notice(activity)

    def _settles_arming(self, kind: ActivityKind) -> bool:
        """Return whether a question about arming is over: dropped, somebody has come, or everything is armed."""
        if kind is ActivityKind.AUTO_ARM_DROPPED or not self._asked_to_arm:
            return kind is ActivityKind.AUTO_ARM_DROPPED
        areas = self._system.state.areas.values()
        armed = all(area.status is not AreaStatus.DISARMED for area in areas)
        return kind is ActivityKind.FIRST_ARRIVED or (
            kind in (ActivityKind.ARMING, ActivityKind.ARMED) and armed
        )

    @callback
    def _notice(self, activity: Activity, *, less: bool = False) -> None:
        """Tell of something; `less` when phones show it already, with more: nobody else needs to hear that."""
        self._targets.do(self._async_notice(activity, less=less), activity.kind.value)

    async def _async_notice(self, activity: Activity, *, less: bool) -> None:
        told, error = [], activity.error
        for one in self._targets.phones if less else self._targets.recipients:
            language = self._buttons.language(one)
            message = notice_message(
                activity,
                title=self._title,
                language=language,
                buttons=self._buttons.of_notice(activity, one),
                reason="" if error is None else await async_reason(self._hass, error, language),
                update=less,
            )
            if message is None:
                return
            told.append((one, [message]))
        await self._targets.async_send(activity.kind.value, told)

    @callback
    def entry_delay(self, effect: ReportPending) -> None:
        """Tell the phones that an entry delay runs, as long as it is the one that does."""
        guard = self._system.state.areas[effect.area_id].guard
        if not isinstance(guard, Pending) or guard.uid != effect.uid:
            return
        wording = self._system.wording
        told = [
            (
                one,
                [
                    pending_message(
                        effect.uid,
                        where=wording.area_name(effect.area_id),
                        zone=wording.zone_name(effect.zone_id),
                        until=dt_util.as_local(effect.until).strftime("%H:%M:%S"),
                        language=self._buttons.language(one),
                        buttons=self._buttons.of_entry_delay(effect.uid, one),
                    )
                ],
            )
            for one in self._targets.phones
        ]
        self._targets.send("an entry delay", told)
