"""Builds what one config entry runs, each part from parts that are there already, and starts it."""

import uuid
from collections.abc import Mapping
from functools import partial

from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, instance_id
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .codes.maintenance import async_follow_known_codes, async_remove_codes_when_over
from .core.panel.serial import parsed, restored
from .entity import hub_device
from .household.calendar_actions import WindowEffects
from .household.calendars import Calendars
from .household.config import household_config_from_entry
from .household.tracker import Household
from .link.client import LinkClient
from .link.health import LinkWatch
from .link.issues import async_show_troubles
from .link.outbox import Outbox
from .link.panel_news import RegistryNews
from .link.registry import AlarmRegistry
from .link.troubles import ServiceTroubles
from .push.actions import IssuedButtons
from .push.config import PushConfig
from .push.notifier import AlarmPush
from .push.recipients import recipients_from_entry
from .system.config import system_config_from_entry
from .system.devices import async_known_areas
from .system.issues import (
    async_report_orphaned,
    async_show_from_copy,
    async_show_left_out,
    async_show_unknown,
)
from .system.journal import Journal
from .system.storage import PANEL, EntryStorage
from .system.supervision import Supervision
from .system.system import AlarmSystem
from .system.unreadable_parts import UnreadableParts
from .types import AlarmBrokerConfigEntry, RuntimeData
from .verification.config import camera_setup_from_entry
from .verification.health import CameraWatch
from .verification.store import EvidenceStore
from .verification.tracker import Verification


async def async_build(
    hass: HomeAssistant, entry: AlarmBrokerConfigEntry, renamed: Mapping[str, str]
) -> RuntimeData:
    """Return everything, read from disk and not started; `renamed` are new entity ids by old ones.

    Raises ConfigEntryNotReady while the disk refuses the panel's file.
    """
    unreadable = UnreadableParts()

    # One file: the panel, and what must be stored together with it.
    storage = EntryStorage(hass, entry.entry_id)
    saved = await storage.async_load(parsed)
    panel = restored(saved.get(PANEL), async_known_areas(hass, entry))
    outbox = storage.section("outbox", Outbox) if CONF_URL in entry.data else None
    troubles = storage.section(
        "troubles", lambda kept: ServiceTroubles(storage, None if outbox is None else kept)
    )
    alarms = storage.section("alarms", lambda kept: AlarmRegistry(storage, kept, outbox, troubles))
    buttons = storage.section("buttons", IssuedButtons)
    storage.add_section("buttons", buttons.as_dict)
    await storage.async_keep_unreadable(entry)

    # The panel.
    config = system_config_from_entry(entry, unreadable)
    system = AlarmSystem(
        hass,
        config,
        entry_id=entry.entry_id,
        title=entry.title,
        storage=storage,
        saved=panel,
        news=RegistryNews(alarms),
    )
    supervision = Supervision(hass, entry, system)
    journal = Journal(hass, entry)
    await journal.async_load()

    # The companion, where there is one.
    link = None if outbox is None else await _async_link(hass, entry, alarms)
    watch = None if link is None else LinkWatch(hass, link, tell=supervision.async_companion)

    # Who is home, and what calendars say.
    living = household_config_from_entry(entry, unreadable)
    household = Household(hass, entry, living, system=system)
    await household.async_load()
    window_effects = WindowEffects(hass, entry, living, system=system, household=household)
    await window_effects.async_load()
    calendars = Calendars(
        hass, entry, living, on_windows=window_effects.async_windows, report=system.async_report
    )
    await calendars.async_load(renamed)

    # How sure alarms are.
    cameras = camera_setup_from_entry(hass, entry, unreadable)
    evidence = EvidenceStore(hass, entry.entry_id, days=cameras.days)
    verification = Verification(hass, entry, cameras, store=evidence, system=system, emit=alarms.async_emit)
    await verification.async_load()

    # Who is told of all of it.
    told = PushConfig(**unreadable.options(PushConfig, entry.options))
    push = AlarmPush(
        hass,
        entry,
        told,
        recipients=recipients_from_entry(entry, told, unreadable),
        issued=buttons,
        alarms=alarms,
        link=link,
        system=system,
        household=household,
        verification=verification,
    )

    async_show_from_copy(hass, entry, is_so=storage.is_from_copy)
    async_show_left_out(hass, entry, unreadable.names)
    async_report_orphaned(hass, entry, config.orphaned_zones)
    hub = dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, **hub_device(entry))
    return RuntimeData(
        system=system,
        hub_device_id=hub.id,
        supervision=supervision,
        journal=journal,
        alarms=alarms,
        outbox=outbox,
        link=link,
        watch=watch,
        household=household,
        window_effects=window_effects,
        calendars=calendars,
        verification=verification,
        evidence=evidence,
        camera_watch=CameraWatch(hass, cameras.named_servers, system.async_report),
        push=push,
    )


async def async_start(hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> None:
    """Let it run until the entry is unloaded. To be called once the entities that show an alarm are there.

    Listeners before sources: an alarm of the panel's restart, and of the resumed link, must find everybody listening.
    """
    data, unload = entry.runtime_data, entry.async_on_unload
    data.verification.async_start()
    data.push.async_start()
    data.journal.async_start(data.system.subscriptions)
    unload(data.journal.async_stop)
    unload(async_follow_known_codes(hass, entry))
    unload(data.system.async_stop)
    await data.system.async_start()
    for part in (data.supervision, data.household, data.window_effects, data.calendars, data.camera_watch):
        part.async_start()
        unload(part.async_stop)
    data.push.async_take_presses()
    data.evidence.async_start(entry)
    _async_follow_issues(hass, entry)
    unload(async_remove_codes_when_over(hass, entry))
    if data.link is None or data.watch is None:
        data.supervision.async_companion(away=False)
        return
    data.watch.async_start()
    unload(data.watch.async_stop)
    data.link.async_start(entry)


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
        on_refused=partial(entry.async_start_reauth, hass),
    )


@callback
def _async_follow_issues(hass: HomeAssistant, entry: AlarmBrokerConfigEntry) -> None:
    """Show what is wrong with the companion, and which areas nobody knows of whether they were armed, as it changes."""
    data = entry.runtime_data
    troubles, system = data.alarms.troubles, data.system

    @callback
    def show_troubles() -> None:
        async_show_troubles(hass, entry, troubles.open)

    @callback
    def show_unknown() -> None:
        async_show_unknown(hass, entry, [system.wording.area_name(one) for one in system.unknown_areas])

    show_troubles()
    entry.async_on_unload(troubles.changes.subscribe(show_troubles))
    show_unknown()
    if system.unknown_areas:
        entry.async_on_unload(system.subscriptions.subscribe(show_unknown))
