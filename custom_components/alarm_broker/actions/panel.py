"""The actions that work the panel: what the card cannot do, each with an answer for whoever wants one."""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import probatio as vol
from homeassistant.components.alarm_control_panel.const import DOMAIN as ALARM_CONTROL_PANEL_DOMAIN
from homeassistant.const import ATTR_CODE, ATTR_ENTITY_ID, ATTR_MODE
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    async_get_hass,
    callback,
)
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.service import async_register_platform_entity_service

from ..alarm_control_panel import Panel
from ..const import DOMAIN
from ..core.panel.config import AlarmKind, ArmMode
from ..core.panel.effects import NotReady
from ..core.panel.master import master_modes
from ..core.panel.readiness import together
from ..system.errors import invalid
from ..system.journal import KEPT
from ..system.system import AlarmSystem
from ..texts.language import texts_for
from ..types import AlarmBrokerConfigEntry

ATTR_FORCE, ATTR_SKIP_DELAY, ATTR_BYPASS, ATTR_ZONES = "force", "skip_delay", "bypass", "zones"
ATTR_KIND, ATTR_SILENT, ATTR_RUN, ATTR_LIMIT = "kind", "silent", "run", "limit"

RECORD_OF_ALARM = frozenset({"alarm", "alarm_kind", "raised_at", "judgements"})
"""What a look that belongs to no alarm has no use for."""
MODE = vol.In([mode.value for mode in ArmMode])
CODE = {vol.Optional(ATTR_CODE): cv.string}
ZONES = vol.All(cv.ensure_list, [cv.string])
KINDS = [kind.value for kind in AlarmKind if kind is not AlarmKind.DURESS]

type Action = Callable[[Panel, ServiceCall], Awaitable[ServiceResponse]]


@callback
def async_setup_panel_services(hass: HomeAssistant) -> None:
    """Register them; their target is a panel, an area's or the master."""
    actions: dict[str, tuple[dict[Any, Any], Action, SupportsResponse]] = {
        "arm": (
            {
                vol.Optional(ATTR_MODE): MODE,
                vol.Optional(ATTR_FORCE, default=False): cv.boolean,
                vol.Optional(ATTR_SKIP_DELAY, default=False): cv.boolean,
                vol.Optional(ATTR_BYPASS, default=list): ZONES,
                **CODE,
            },
            _async_arm,
            SupportsResponse.OPTIONAL,
        ),
        "disarm": (CODE, _async_disarm, SupportsResponse.OPTIONAL),
        "trigger": (
            {
                vol.Optional(ATTR_KIND, default=AlarmKind.PANIC.value): vol.In(KINDS),
                vol.Optional(ATTR_SILENT, default=False): cv.boolean,
            },
            _async_trigger,
            SupportsResponse.OPTIONAL,
        ),
        "silence": (CODE, _async_silence, SupportsResponse.OPTIONAL),
        "verify": (
            {vol.Optional(ATTR_ZONES, default=list): ZONES, **CODE},
            _async_verify,
            SupportsResponse.ONLY,
        ),
        "bypass": (
            {vol.Required(ATTR_ZONES): ZONES, **CODE},
            partial(_async_leave_out, bypass=True),
            SupportsResponse.OPTIONAL,
        ),
        "unbypass": (
            {vol.Required(ATTR_ZONES): ZONES, **CODE},
            partial(_async_leave_out, bypass=False),
            SupportsResponse.OPTIONAL,
        ),
        "clear_memory": (CODE, _async_clear_memory, SupportsResponse.OPTIONAL),
        "walk_test": (
            {vol.Required(ATTR_RUN): cv.boolean, **CODE},
            _async_walk_test,
            SupportsResponse.OPTIONAL,
        ),
        "check": ({vol.Optional(ATTR_MODE): MODE, **CODE}, _async_check, SupportsResponse.ONLY),
        "journal": (
            {vol.Optional(ATTR_LIMIT, default=50): vol.All(vol.Coerce(int), vol.Range(1, KEPT)), **CODE},
            _async_journal,
            SupportsResponse.ONLY,
        ),
    }
    for name, (schema, action, supports_response) in actions.items():
        async_register_platform_entity_service(
            hass,
            DOMAIN,
            name,
            entity_domain=ALARM_CONTROL_PANEL_DOMAIN,
            schema=dict(schema),
            func=action,
            supports_response=supports_response,
        )
    async_register_platform_entity_service(
        hass,
        DOMAIN,
        "test_alarm",
        entity_domain=ALARM_CONTROL_PANEL_DOMAIN,
        schema=vol.All(_at_the_only_area, cv.make_entity_service_schema(None)),
        func=_async_test_alarm,
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _async_arm(panel: Panel, call: ServiceCall) -> ServiceResponse:
    mode, code = call.data.get(ATTR_MODE), panel.code_or_default_code(call.data.get(ATTR_CODE))
    bypassed = await panel.system.async_arm(
        panel.area_ids,
        None if mode is None else ArmMode(mode),
        code=code,
        by=await panel.async_caller(),
        force=call.data[ATTR_FORCE],
        skip_delay=call.data[ATTR_SKIP_DELAY],
        bypass=_zone_ids(panel, call.data[ATTR_BYPASS]),
    )
    ends = [panel.system.state.areas[area_id].delay_end for area_id in panel.area_ids]
    end = max((one for one in ends if one is not None), default=None)
    hides = panel.system.panel_config.codes.look_required and not code
    return {
        "areas": [*_area_names(panel)],
        "bypassed_zones": [] if hides else list(panel.system.wording.zone_names(bypassed)),
        "delay_end": None if end is None else end.isoformat(),
    }


async def _async_disarm(panel: Panel, call: ServiceCall) -> ServiceResponse:
    await panel.system.async_disarm(
        panel.area_ids,
        code=panel.code_or_default_code(call.data.get(ATTR_CODE)),
        by=await panel.async_caller(),
    )
    return {"areas": [*_area_names(panel)]}


async def _async_trigger(panel: Panel, call: ServiceCall) -> ServiceResponse:
    """Answer a silent alarm like a loud one: whoever reads the answer cannot tell which it was."""
    area_id, kind = panel.area_ids[0], AlarmKind(call.data[ATTR_KIND])
    alarm_id = await panel.system.async_trigger(
        area_id, by=await panel.async_caller(), kind=kind, silent=call.data[ATTR_SILENT]
    )
    return {"areas": [panel.system.wording.area_name(area_id)], "kind": kind.value, "alarm_id": alarm_id}


async def _async_silence(panel: Panel, call: ServiceCall) -> ServiceResponse:
    await panel.system.async_silence(
        panel.area_ids,
        code=panel.code_or_default_code(call.data.get(ATTR_CODE)),
        by=await panel.async_caller(),
    )
    return {"areas": [*_area_names(panel)]}


async def _async_test_alarm(panel: Panel, _call: ServiceCall) -> ServiceResponse:
    by = await panel.async_caller()
    return {"alarm_id": await panel.system.async_test_alarm(panel.area_ids[0], by=by)}


def _at_the_only_area(data: Any) -> Any:
    """Let a test alarm without a target be one of the only area. Raises ServiceValidationError where there are several."""
    if not isinstance(data, dict) or data.keys() & cv.ENTITY_SERVICE_FIELDS.keys():
        return data
    hass = async_get_hass()
    registry = er.async_get(hass)
    entries: list[AlarmBrokerConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    panels = [
        registry.async_get_entity_id(ALARM_CONTROL_PANEL_DOMAIN, DOMAIN, f"{entry.entry_id}_{area_id}_panel")
        for entry in entries
        for area_id in entry.runtime_data.system.panel_config.areas
    ]
    if len(panels) != 1 or panels[0] is None:
        raise invalid("choose_an_area")
    return {**data, ATTR_ENTITY_ID: [panels[0]]}


async def _async_verify(panel: Panel, call: ServiceCall) -> ServiceResponse:
    """Look through the cameras once, and answer what they show."""
    await _async_look(panel, call)
    named = sorted(_zone_ids(panel, call.data[ATTR_ZONES]))
    zones = panel.system.panel_config.zones
    area_id = zones[named[0]].area_id if named else panel.area_ids[0]
    evidence, picture = await panel.verification.async_verify(area_id, named)
    record = panel.verification.record(evidence)
    looked = {key: value for key, value in record.items() if key not in RECORD_OF_ALARM}
    address = None if picture is None else await panel.verification.async_keep_look(picture)
    return {**looked, "picture": address}


async def _async_leave_out(panel: Panel, call: ServiceCall, *, bypass: bool) -> ServiceResponse:
    await panel.system.async_bypass(
        sorted(_zone_ids(panel, call.data[ATTR_ZONES])),
        bypass=bypass,
        code=panel.code_or_default_code(call.data.get(ATTR_CODE)),
        by=await panel.async_caller(),
    )
    state = panel.system.state
    left_out = {zone_id for area_id in panel.area_ids for zone_id in state.areas[area_id].bypassed}
    return {"bypassed_zones": [*sorted(panel.system.wording.zone_names(tuple(left_out)))]}


async def _async_clear_memory(panel: Panel, call: ServiceCall) -> ServiceResponse:
    await panel.system.async_clear_memory(
        panel.area_ids,
        code=panel.code_or_default_code(call.data.get(ATTR_CODE)),
        by=await panel.async_caller(),
    )
    return {"areas": [*_area_names(panel)]}


async def _async_walk_test(panel: Panel, call: ServiceCall) -> ServiceResponse:
    reports = await panel.system.async_walk_test(
        panel.area_ids,
        start=call.data[ATTR_RUN],
        code=panel.code_or_default_code(call.data.get(ATTR_CODE)),
        by=await panel.async_caller(),
    )
    names = panel.system.wording.zone_names
    return {
        "running": call.data[ATTR_RUN],
        "seen": sorted(name for report in reports.values() for name in names(report.seen)),
        "never_seen": sorted(name for report in reports.values() for name in names(report.unseen)),
    }


async def _async_check(panel: Panel, call: ServiceCall) -> ServiceResponse:
    await _async_look(panel, call)
    mode = call.data.get(ATTR_MODE)
    config = panel.system.panel_config
    offered = master_modes([config.areas[area_id] for area_id in panel.area_ids])
    modes = offered if mode is None else (ArmMode(mode),)
    if unknown := [one for one in modes if one not in offered]:
        mode_name = texts_for(panel.hass.config.language).modes[unknown[0]]
        raise invalid("mode_unknown", area=", ".join(_area_names(panel)), mode=mode_name)
    return {one.value: _readiness(panel, one) for one in modes}


async def _async_journal(panel: Panel, call: ServiceCall) -> ServiceResponse:
    await _async_look(panel, call)
    known, limit = panel.system.panel_config.areas, call.data[ATTR_LIMIT]
    return {"entries": [*panel.journal.entries(panel.area_ids, known=known, limit=limit)]}


async def _async_look(panel: Panel, call: ServiceCall) -> None:
    """Where looking takes a code, it takes one from people: an automation shows nobody anything by itself."""
    code = call.data.get(ATTR_CODE)
    if panel.system.panel_config.codes.look_required:
        code = panel.code_or_default_code(code)
    await panel.system.async_look(
        panel.area_ids,
        code=code,
        by=await panel.async_caller(),
        trusted=call.context.user_id is None and not call.data.get(ATTR_CODE),
    )


def _readiness(panel: Panel, mode: ArmMode) -> dict[str, Any]:
    reason = together(panel.system.readiness(area_id, mode) for area_id in panel.area_ids)
    wording, ready = panel.system.wording, reason is None
    reason = reason or NotReady()
    return {
        "ready": ready,
        "open_zones": list(wording.zone_names(reason.open_zones)),
        "blind_zones": list(wording.zone_names(reason.unavailable_zones)),
        "troubles": [wording.trouble(trouble) for trouble in reason.troubles],
        "force_helps": not ready and reason.forceable,
    }


def _area_names(panel: Panel) -> list[str]:
    return [panel.system.wording.area_name(area_id) for area_id in panel.area_ids]


def _zone_ids(panel: Panel, named: Iterable[str]) -> set[str]:
    """Return the zones that are meant: by name, by one of their sensors, or by their bypass switch."""
    known = _known_zones(panel.hass, panel.system, panel.area_ids)
    found: set[str] = set()
    for name in named:
        if (zone_id := known.get(name.strip().casefold())) is None:
            raise invalid("zone_unknown", zone=name)
        found.add(zone_id)
    return found


def _known_zones(hass: HomeAssistant, system: AlarmSystem, area_ids: Iterable[str]) -> dict[str, str]:
    registry, areas = er.async_get(hass), set(area_ids)
    known: dict[str, str] = {}
    for zone_id, zone in system.panel_config.zones.items():
        if zone.area_id not in areas:
            continue
        known[system.zone_name(zone_id).casefold()] = zone_id
        for entity_id in system.config.sensing[zone_id].entities:
            known[entity_id] = zone_id
        switch = registry.async_get_entity_id("switch", DOMAIN, system.bypass_switch_id(zone_id))
        if switch is not None:
            known[switch] = zone_id
    return known
