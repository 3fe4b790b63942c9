"""Alarm Broker: an alarm panel for Home Assistant, and the link to the companion that makes sure of an answer."""

import uuid

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TOKEN, CONF_URL, EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, device_registry as dr, instance_id
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.typing import ConfigType

from .actions.answer import async_setup_answer_services
from .actions.codes import async_setup_code_services
from .actions.household import async_setup_household_services
from .actions.panel import async_setup_panel_services
from .codes.maintenance import (
    async_remove_codes_when_over,
    async_remove_spent_codes,
    async_renew_imported_code,
)
from .const import DOMAIN
from .core.panel.serial import parsed, restored
from .entity import async_forget_taken_away, async_known_areas, hub_device
from .household.calendar_actions import WindowEffects, window_store
from .household.calendars import Calendars, calendar_store
from .household.config import household_config_from_entry
from .household.tracker import Household, household_store
from .link.client import LinkClient
from .link.health import LinkWatch
from .link.outbox import Outbox
from .link.registry import AlarmRegistry
from .link.troubles import ServiceTroubles
from .push.actions import Buttons
from .push.config import PushConfig
from .push.inbox import PRESS_INBOX, PressInbox
from .push.notifier import AlarmPush
from .push.recipients import recipients_from_entry
from .system.config import system_config_from_entry
from .system.issues import (
    EVIDENCE,
    async_clear_away,
    async_clear_unreadable,
    async_report_away,
    async_report_orphaned,
    async_show_from_copy,
    async_show_left_out,
    async_show_troubles,
    async_show_unknown,
)
from .system.journal import Journal, journal_store
from .system.left_out import LeftOut
from .system.renames import async_follow_renames, async_listen_for_renames, entity_id_store
from .system.side_files import async_forget
from .system.storage import PANEL, EntryStorage
from .system.supervision import Supervision
from .system.system import AlarmSystem
from .types import AlarmBrokerConfigEntry, RuntimeData
from .verification.config import camera_setup_from_entry, tripped_zone
from .verification.health import CameraWatch
from .verification.store import EvidenceStore
from .verification.tracker import Verification
from .verification.view import EvidenceView

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.ALARM_CONTROL_PANEL,
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.EVENT,
    Platform.IMAGE,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register the actions."""
    async_setup_answer_services(hass)
    async_setup_panel_services(hass)
    async_setup_code_services(hass)
    async_setup_household_services(hass)
    hass.http.register_view(EvidenceView())
    hass.data[PRESS_INBOX] = PressInbox(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> bool:
    """Bring the panel up, and the link to the companion where there is one.

    The companion is not asked first: a panel that guards must not wait for it, so an entry loads without it and
    the link comes up by itself. Its absence shows in the entities and, after a while, as a repair issue.
    """
    renamed = await async_follow_renames(hass, entry)
    # Before the entry is read: what is changed while this goes on would otherwise wait for the next start.
    entry.async_on_unload(entry.add_update_listener(_Reload()))
    entry.async_on_unload(async_listen_for_renames(hass, entry))
    storage = EntryStorage(hass, entry.entry_id)
    saved = await storage.async_load(parsed)
    panel = restored(saved.get(PANEL), async_known_areas(hass, entry))
    with_companion = CONF_URL in entry.data
    outbox = storage.section("outbox", Outbox) if with_companion else None
    troubles = storage.section(
        "troubles", lambda kept: ServiceTroubles(storage, kept if with_companion else None)
    )
    alarms = storage.section("alarms", lambda kept: AlarmRegistry(storage, kept, outbox, troubles))
    buttons = storage.section("buttons", Buttons)
    storage.add_section("buttons", buttons.as_dict)
    await storage.async_keep_unreadable(entry)
    link = await _async_link(hass, entry, alarms) if with_companion else None
    left_out = LeftOut()
    config = system_config_from_entry(entry, left_out)

    @callback
    def code_known(user_id: str, code: str) -> None:
        async_remove_spent_codes(hass, entry, system.state)
        renew = async_renew_imported_code(hass, entry, user_id, code)
        entry.async_create_task(hass, renew, "alarm_broker renew an imported code")

    system = AlarmSystem(
        hass,
        config,
        entry_id=entry.entry_id,
        title=entry.title,
        storage=storage,
        saved=panel,
        alarms=alarms,
        on_code_known=code_known,
    )
    living = household_config_from_entry(entry, left_out)
    household = Household(
        hass,
        entry,
        living.presence,
        tracked=living.tracked,
        system=system,
    )
    await household.async_load()
    window_effects = WindowEffects(
        hass,
        entry,
        system,
        living.work,
        tell_household=household.async_take,
        may_be_home=lambda: household.may_be_home,
    )
    await window_effects.async_load()
    calendars = Calendars(
        hass,
        entry,
        living.rules,
        stale_after=living.stale_after,
        on_windows=window_effects.async_windows,
        report=system.async_report,
    )
    await calendars.async_load(renamed)
    looking = camera_setup_from_entry(hass, entry, left_out)
    evidence = EvidenceStore(hass, entry.entry_id, days=looking.days)
    verification = Verification(
        hass,
        entry,
        store=evidence,
        cameras=looking.cameras,
        sources=looking.sources,
        wording=system.wording,
        tripped=lambda zone_id: tripped_zone(hass, config, zone_id),
        before=looking.before,
        after=looking.after,
        emit=alarms.async_emit,
        announce=system.async_announce,
    )
    await verification.async_load()
    journal = Journal(hass, entry)
    await journal.async_load()
    push = AlarmPush(
        hass,
        entry,
        PushConfig(**left_out.options(PushConfig, entry.options)),
        recipients=recipients_from_entry(entry),
        buttons=buttons,
        alarms=alarms,
        link=link,
        system=system,
        household=household,
        verification=verification,
    )
    supervision = Supervision(hass, config, state=lambda: system.state, report=system.async_report)
    watch = None if link is None else _watch(hass, entry, link, supervision)
    hub = dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, **hub_device(entry))
    entry.runtime_data = RuntimeData(
        system=system,
        hub_device_id=hub.id,
        household=household,
        calendars=calendars,
        verification=verification,
        evidence=evidence,
        journal=journal,
        alarms=alarms,
        outbox=outbox,
        link=link,
        watch=watch,
    )

    # Entities and push first, so that an alarm of the panel's restart and of the resumed link finds them listening.
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    verification.async_start(system.subscriptions, system.decided)
    push.async_start()
    journal.async_start(system.subscriptions)
    entry.async_on_unload(journal.async_stop)
    entry.async_on_unload(system.async_stop)
    await system.async_start()
    cameras = CameraWatch(hass, looking.named_servers, system.async_report)
    for part in (supervision, household, window_effects, calendars, cameras):
        part.async_start()
        entry.async_on_unload(part.async_stop)
    push.async_take_presses()
    evidence.async_start(entry)
    async_report_orphaned(hass, entry, config.orphaned_zones)
    async_show_left_out(hass, entry, left_out.names)
    async_show_from_copy(hass, entry, is_so=storage.is_from_copy)
    _show_unknown(hass, entry, system)
    async_show_troubles(hass, entry, troubles.open)
    entry.async_on_unload(troubles.changes.subscribe(lambda: async_show_troubles(hass, entry, troubles.open)))
    async_forget_taken_away(hass, entry)
    entry.async_on_unload(async_remove_codes_when_over(hass, entry, lambda: system.state))
    if link is not None and watch is not None:
        _start_link(hass, entry, link, watch)
    else:
        async_clear_away(hass, entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> bool:
    """Take everything down; what was promised to somebody is on disk."""
    data = entry.runtime_data
    # Sources before listeners: nothing may happen that nobody hears of.
    if data.link is not None:
        await data.link.async_stop()
    await data.system.async_stop()
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        return False
    await data.alarms.async_close()
    return True


async def async_remove_entry(hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> None:
    """Delete what was stored for the entry."""
    async_clear_away(hass, entry)
    async_report_orphaned(hass, entry, ())
    async_show_left_out(hass, entry, ())
    async_show_from_copy(hass, entry, is_so=False)
    async_show_unknown(hass, entry, ())
    for what in (PANEL, EVIDENCE):
        async_clear_unreadable(hass, entry, what)
    async_show_troubles(hass, entry, ())
    stores = (household_store, calendar_store, window_store, journal_store, entity_id_store)
    await EntryStorage(hass, entry.entry_id).async_remove()
    await async_forget(hass, entry, *(store(hass, entry.entry_id) for store in stores))
    await EvidenceStore(hass, entry.entry_id, days=0).async_remove()


async def _async_link(
    hass: HomeAssistant, entry: AlarmBrokerConfigEntry, alarms: AlarmRegistry
) -> LinkClient:
    return LinkClient(
        hass,
        session=async_get_clientsession(hass),
        url=entry.data[CONF_URL],
        token=entry.data[CONF_TOKEN],
        instance=str(uuid.UUID(await instance_id.async_get(hass))),
        stream=alarms,
        on_refused=lambda: entry.async_start_reauth(hass),
    )


def _watch(
    hass: HomeAssistant, entry: AlarmBrokerConfigEntry, link: LinkClient, supervision: Supervision
) -> LinkWatch:
    def away() -> None:
        async_report_away(hass, entry)
        supervision.async_companion(away=True)

    def back() -> None:
        async_clear_away(hass, entry)
        supervision.async_companion(away=False)

    return LinkWatch(hass, link, on_away=away, on_back=back)


@callback
def _show_unknown(hass: HomeAssistant, entry: AlarmBrokerConfigEntry, system: AlarmSystem) -> None:
    """Show which areas nobody knows of whether they were armed, as long as there are any."""

    @callback
    def show() -> None:
        async_show_unknown(hass, entry, [system.wording.area_name(one) for one in system.unknown_areas])

    show()
    if system.unknown_areas:
        entry.async_on_unload(system.subscriptions.subscribe(show))


@callback
def _start_link(
    hass: HomeAssistant, entry: AlarmBrokerConfigEntry, link: LinkClient, watch: LinkWatch
) -> None:
    async def stop(_event: Event) -> None:
        # From here on writes are postponed to the last moment, so nothing may be confirmed any more.
        await link.async_stop()

    watch.async_start()
    entry.async_on_unload(watch.async_stop)
    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop))
    entry.async_create_background_task(hass, link.async_run(), f"alarm_broker link {entry.entry_id}")


class _Reload:
    """Builds everything anew with the changed settings; many changes in one go are one reload."""

    def __init__(self) -> None:
        self._asked = False

    async def __call__(self, hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> None:
        """Reload the entry, unless that is on its way already."""
        if self._asked:
            return
        if hasattr(entry, "runtime_data") and entry.runtime_data.quietly_removed:
            entry.runtime_data.quietly_removed.pop()
            return
        self._asked = True
        # In the next turn of the loop: a hundred zones are added in this one.
        hass.loop.call_soon(self._reload, hass, entry)

    @callback
    def _reload(self, hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> None:
        if entry.state in (ConfigEntryState.LOADED, ConfigEntryState.SETUP_IN_PROGRESS):
            hass.config_entries.async_schedule_reload(entry.entry_id)
