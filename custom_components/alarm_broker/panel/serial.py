"""Panel state ⇄ JSON. What zones read is left out: after a load every zone is blind until its sensor speaks."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from .config import AlarmKind, ArmMode
from .state import (
    Alarm,
    AreaState,
    Armed,
    Arming,
    Deadline,
    Disarmed,
    Guard,
    Lockout,
    PanelState,
    Pending,
    Siren,
)

VERSION = 1


class StateUnreadableError(Exception):
    """A stored state is of a newer version or damaged."""


def durable(state: PanelState) -> PanelState:
    """Return the part of the state that is stored."""
    return replace(state, open_zones=frozenset(), blind_zones=frozenset(), settling=None)


def serialised(state: PanelState) -> dict[str, Any]:
    """Return the durable part as JSON values."""
    return {
        "version": VERSION,
        "areas": {area_id: _area_out(area) for area_id, area in state.areas.items()},
        "lockout": {
            "failures": state.lockout.failures,
            "rounds": state.lockout.rounds,
            "until": _deadline_out(state.lockout.until),
        },
    }


def parsed(data: Mapping[str, Any]) -> PanelState:
    """Return the state that `serialised` wrote.

    Raises StateUnreadableError: to go on disarmed instead would be a silent disarm.
    """
    if data.get("version") != VERSION:
        raise StateUnreadableError(f"stored panel state has version {data.get('version')!r}, not {VERSION}")
    try:
        return PanelState(
            areas={area_id: _area_in(area) for area_id, area in data["areas"].items()},
            lockout=Lockout(
                failures=data["lockout"]["failures"],
                rounds=data["lockout"]["rounds"],
                until=_deadline_in(data["lockout"]["until"]),
            ),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as err:
        raise StateUnreadableError(f"stored panel state is damaged: {err!r}") from err


def _area_out(area: AreaState) -> dict[str, Any]:
    return {
        "guard": _guard_out(area.guard),
        "siren": None
        if area.siren is None
        else {
            "until": _deadline_out(area.siren.until),
            "alarms": [_alarm_out(alarm) for alarm in area.siren.alarms],
        },
        "bypassed": sorted(area.bypassed),
        "memory": [_alarm_out(alarm) for alarm in area.memory],
        "changed_by": area.changed_by,
    }


def _area_in(data: Mapping[str, Any]) -> AreaState:
    siren = data["siren"]
    return AreaState(
        guard=_guard_in(data["guard"]),
        siren=None
        if siren is None
        else Siren(
            until=_until_in(siren["until"]), alarms=tuple(_alarm_in(alarm) for alarm in siren["alarms"])
        ),
        bypassed=frozenset(data["bypassed"]),
        memory=tuple(_alarm_in(alarm) for alarm in data["memory"]),
        changed_by=data["changed_by"],
    )


def _guard_out(guard: Guard) -> dict[str, Any]:
    match guard:
        case Disarmed():
            return {"is": "disarmed"}
        case Armed(mode=mode):
            return {"is": "armed", "mode": mode.value}
        case Arming(mode=mode, until=until):
            return {"is": "arming", "mode": mode.value, "until": _deadline_out(until)}
        case Pending():
            return {
                "is": "pending",
                "mode": guard.mode.value,
                "until": _deadline_out(guard.until),
                "uid": guard.uid,
                "zones": list(guard.zones),
                "exit_error": guard.exit_error,
            }


def _guard_in(data: Mapping[str, Any]) -> Guard:
    match data["is"]:
        case "disarmed":
            return Disarmed()
        case "armed":
            return Armed(mode=ArmMode(data["mode"]))
        case "arming":
            return Arming(mode=ArmMode(data["mode"]), until=_until_in(data["until"]))
        case "pending":
            return Pending(
                mode=ArmMode(data["mode"]),
                until=_until_in(data["until"]),
                uid=data["uid"],
                zones=tuple(data["zones"]),
                exit_error=data["exit_error"],
            )
        case unknown:
            raise ValueError(f"no such guard: {unknown!r}")


def _alarm_out(alarm: Alarm) -> dict[str, Any]:
    return {
        "uid": alarm.uid,
        "kind": alarm.kind.value,
        "zones": list(alarm.zones),
        "disarmed": alarm.disarmed,
    }


def _alarm_in(data: Mapping[str, Any]) -> Alarm:
    return Alarm(
        uid=data["uid"],
        kind=AlarmKind(data["kind"]),
        zones=tuple(data["zones"]),
        disarmed=data["disarmed"],
    )


def _deadline_out(deadline: Deadline | None) -> dict[str, Any] | None:
    if deadline is None:
        return None
    return {"due_at": deadline.due_at.isoformat(), "delay_s": deadline.delay.total_seconds()}


def _deadline_in(data: Mapping[str, Any] | None) -> Deadline | None:
    return None if data is None else _until_in(data)


def _until_in(data: Mapping[str, Any]) -> Deadline:
    return Deadline(datetime.fromisoformat(data["due_at"]), timedelta(seconds=data["delay_s"]))
