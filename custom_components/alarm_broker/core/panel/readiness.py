"""What stands in the way of arming, and what is left out by itself."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from .config import ArmMode, ModeConfig, PanelConfig, TroubleEffect, TroubleKind, ZoneConfig, ZoneKind
from .context import RuleContext
from .effects import Effect, NotReady, ReportBypass
from .state import Bypass, PanelState, Trouble, Unknown

LASTING = frozenset({Bypass.MANUAL, Bypass.SHUT_DOWN, Bypass.WINDOW})
"""What stays left out when an area is armed; everything else is evaluated anew."""

ON_THE_WAY_OUT = frozenset({ZoneKind.ENTRY_EXIT, ZoneKind.FOLLOWER})
"""What may be open at arming where there is an exit delay: people are inside and will leave."""


def readiness(state: PanelState, config: PanelConfig, area_id: str, mode: ArmMode) -> NotReady | None:
    """Return why an area could not be armed in a mode now, or None when it is ready."""
    if isinstance(state.areas[area_id].guard, Unknown):
        return NotReady(forceable=False)
    settings = config.areas[area_id].modes[mode]
    left_out = {zone_id for zone_id, why in state.areas[area_id].bypassed.items() if why in LASTING}
    return obstacles(state, config, area_id, settings, exit_delay=settings.exit_delay, left_out=left_out)


def obstacles(
    state: PanelState,
    config: PanelConfig,
    area_id: str,
    mode: ModeConfig,
    *,
    exit_delay: timedelta,
    left_out: Collection[str] = (),
) -> NotReady | None:
    """Return what stands in the way of arming an area in a mode now, or None.

    Entry/exit zones and followers may be open where there is an exit delay: people are inside and will leave. An
    unavailable zone is never taken for closed. The work grows with the zones that are open or unavailable, not with all.
    """
    leaving = exit_delay > timedelta(0)
    open_zones = [
        zone
        for zone in _concerned(state.open_zones, config, area_id, mode, left_out)
        if not (leaving and zone.kind in ON_THE_WAY_OUT) and not (zone.auto_bypass or zone.allow_open)
    ]
    effects = config.rules.trouble
    unavailable = effects.get(TroubleKind.LOST, TroubleEffect.IGNORE)
    unavailable_zones = (
        []
        if unavailable is TroubleEffect.IGNORE
        else _concerned(state.unavailable_zones, config, area_id, mode, left_out)
    )
    troubles = [
        trouble
        for trouble in sorted(state.troubles, key=_by_source)
        if trouble.kind is not TroubleKind.LOST
        and effects.get(trouble.kind, TroubleEffect.IGNORE) is not TroubleEffect.IGNORE
        and _concerns(trouble, config, area_id, mode, left_out)
    ]
    if not open_zones and not unavailable_zones and not troubles:
        return None
    blocked = any(effects[trouble.kind] is TroubleEffect.BLOCK for trouble in troubles) or (
        bool(unavailable_zones) and unavailable is TroubleEffect.BLOCK
    )
    return NotReady(
        open_zones=tuple(zone.zone_id for zone in open_zones),
        unavailable_zones=tuple(zone.zone_id for zone in unavailable_zones),
        troubles=tuple(troubles),
        forceable=not blocked
        and all(zone.bypassable or zone.kind.always_guarded for zone in (*open_zones, *unavailable_zones)),
    )


def unavailable_when_armed(
    state: PanelState, config: PanelConfig, area_id: str, mode: ModeConfig, *, left_out: Collection[str]
) -> tuple[str, ...]:
    """Return the zones that are guarded all the same though their sensor says nothing."""
    if state.settling is not None:
        return ()
    return tuple(
        zone.zone_id for zone in _concerned(state.unavailable_zones, config, area_id, mode, left_out)
    )


def together(reasons: Iterable[NotReady | None]) -> NotReady | None:
    """Return what stands in the way of arming several areas at once, or None."""
    found = [reason for reason in reasons if reason is not None]
    if not found:
        return None
    return NotReady(
        open_zones=tuple(zone_id for reason in found for zone_id in reason.open_zones),
        unavailable_zones=tuple(zone_id for reason in found for zone_id in reason.unavailable_zones),
        troubles=tuple(sorted({one for reason in found for one in reason.troubles}, key=_by_source)),
        forceable=all(reason.forceable for reason in found),
    )


def standing_open(
    state: PanelState, area_id: str, mode: ModeConfig, context: RuleContext, *, leaving: bool = False
) -> tuple[dict[str, Bypass], tuple[Effect, ...]]:
    """Return the zones that are left out because they stand open and are set up to, and the report of it.

    Those that people open while they leave are looked at when they have left.
    """
    left_out: dict[str, Bypass] = {}
    for zone in _concerned(
        state.open_zones, context.config, area_id, mode, state.areas[area_id].bypassed.keys()
    ):
        if zone.kind.always_guarded or (leaving and zone.kind in ON_THE_WAY_OUT):
            continue
        if zone.auto_bypass:
            left_out[zone.zone_id] = Bypass.AUTO
        elif zone.allow_open:
            left_out[zone.zone_id] = Bypass.ALLOWED_OPEN
    return left_out, bypass_reports(area_id, left_out)


def bypass_reports(
    area_id: str, left_out: dict[str, Bypass], *, by: str | None = None
) -> tuple[ReportBypass, ...]:
    """Return the reports of newly left out zones, one a reason."""
    return tuple(
        ReportBypass(
            area_id=area_id,
            zone_ids=tuple(sorted(zone_id for zone_id, why in left_out.items() if why is reason)),
            bypass=reason,
            by=by,
        )
        for reason in Bypass
        if reason in left_out.values()
    )


def _concerned(
    zone_ids: Iterable[str],
    config: PanelConfig,
    area_id: str,
    mode: ModeConfig,
    left_out: Collection[str],
) -> list[ZoneConfig]:
    """Return those of the zones that the area guards in the mode, always guarded ones too, by id."""
    return [
        zone
        for zone in (config.zones[zone_id] for zone_id in sorted(zone_ids))
        if zone.area_id == area_id
        and zone.zone_id not in left_out
        and (zone.kind.always_guarded or zone.zone_id in mode.zones)
    ]


def _concerns(
    trouble: Trouble, config: PanelConfig, area_id: str, mode: ModeConfig, left_out: Collection[str]
) -> bool:
    if trouble.zone_id is None:
        return True
    return trouble.zone_id in config.zones and bool(
        _concerned((trouble.zone_id,), config, area_id, mode, left_out)
    )


def _by_source(trouble: Trouble) -> tuple[str, str, str]:
    return trouble.kind.value, trouble.zone_id or "", trouble.source
