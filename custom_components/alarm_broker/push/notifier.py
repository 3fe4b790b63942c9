"""Tells people by push of alarms and of what happens at the panel, and takes what they press.

Each of its parts does one thing; none knows this file: what happens comes in here and goes down to them.
"""

from collections.abc import Sequence

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.start import async_at_started

from ..core.panel.effects import Effect, ReportPending, ReportPendingCleared, ReportZoneTripped
from ..household.tracker import Household
from ..link.alarm import AlarmChange
from ..link.client import LinkClient
from ..link.registry import AlarmRegistry
from ..system.system import AlarmSystem
from ..verification.tracker import Verification
from .actions import IssuedButtons
from .answers import PushAnswers
from .buttons import PhoneButtons
from .config import PushConfig
from .errands import Errands
from .messages import PushMessage, silent_message
from .notices import PushNotices
from .receipts import PushReceipts
from .recipients import Recipient
from .targets import PushTargets
from .threads import AlarmThreads

SILENT_TRIES = 120
"""An hour: there is no status that would tell when to stop."""


class AlarmPush:
    """Everything that one config entry tells by push."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        config: PushConfig,
        *,
        recipients: Sequence[Recipient],
        issued: IssuedButtons,
        alarms: AlarmRegistry,
        link: LinkClient | None,
        system: AlarmSystem,
        household: Household,
        verification: Verification,
    ) -> None:
        """Prepare; nothing is sent before `async_start`. `link` is None without a companion."""
        self._hass = hass
        self._entry = entry
        self._config = config
        self._alarms = alarms
        self._system = system
        self._targets = PushTargets(hass, entry, recipients=recipients, alarms=alarms, issued=issued)
        buttons = PhoneButtons(hass, issued, call_number=config.call_number, escalates=link is not None)
        self._notices = PushNotices(
            hass, self._targets, title=entry.title, issued=issued, buttons=buttons, system=system
        )
        self._threads = AlarmThreads(
            hass,
            entry,
            self._targets,
            receipts=PushReceipts(
                hass, self._targets, wait=config.confirm_after, alarms=alarms, system=system
            ),
            issued=issued,
            buttons=buttons,
            alarms=alarms,
            system=system,
            verification=verification,
        )
        self._errands = Errands(hass, self._targets, threads=self._threads, alarms=alarms)
        self._answers = PushAnswers(
            hass,
            entry,
            self._targets,
            issued=issued,
            buttons=buttons,
            threads=self._threads,
            alarms=alarms,
            link=link,
            system=system,
            household=household,
        )

    @callback
    def async_start(self) -> None:
        """Follow the alarms and the panel, and catch up once every notify service is there."""
        unload, subscriptions = self._entry.async_on_unload, self._system.subscriptions
        unload(self._threads.async_start())
        unload(self._errands.async_start())
        unload(self._alarms.silent_changes.subscribe(self._silent_alarm))
        unload(subscriptions.activity.subscribe(self._notices.happened))
        unload(subscriptions.effects.subscribe(self._took_effect))
        unload(self._notices.async_stop)
        unload(async_at_started(self._hass, self._catch_up))

    @callback
    def async_take_presses(self) -> None:
        """Take the buttons that are pressed, and those that were while nobody listened; the panel must run."""
        self._entry.async_on_unload(self._answers.async_start())

    @callback
    def _catch_up(self, _hass: HomeAssistant) -> None:
        self._threads.catch_up()

    @callback
    def _took_effect(self, effect: Effect) -> None:
        match effect:
            case ReportPending():
                self._notices.entry_delay(effect)
            case ReportPendingCleared(uid=uid):
                self._targets.clear(uid)
            case ReportZoneTripped(uid=uid, confirmed=confirmed):
                self._threads.zone_tripped(uid, confirmed=confirmed)

    @callback
    def _silent_alarm(self, change: AlarmChange) -> None:
        if change.change == "raised":
            message = silent_message(change.alarm, language=self._hass.config.language)
            targets = [Recipient(target=target, name=target) for target in self._config.duress_targets]
            # The log is read in the house too: it must not say what kind of alarm could not be told.
            for one in targets:
                self._targets.do(self._async_tell_silently(one, change.alarm.id, message), change.alarm.id)

    async def _async_tell_silently(self, recipient: Recipient, alarm_id: str, message: PushMessage) -> None:
        for _ in range(SILENT_TRIES):
            if await self._targets.async_deliver(recipient, alarm_id, [message]):
                return
            await self._targets.async_pause()
