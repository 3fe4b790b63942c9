"""Panel state ⇄ JSON. What zones read is left out: after a load every zone is unavailable until its sensor speaks."""

from collections.abc import Iterable, Mapping
from copy import replace
from functools import lru_cache
from typing import Any

from ..stored import UNREADABLE, flag, listed, mapping, moment, span, text, texts, whole
from ..windows import WindowKind
from .config import AlarmKind, ArmMode
from .state import (
    Alarm,
    AreaState,
    Armed,
    Arming,
    Bypass,
    ChimeMode,
    Deadline,
    Disarmed,
    Guard,
    LastArming,
    Lockout,
    PanelState,
    Pending,
    Siren,
    Unknown,
    WalkTest,
)

VERSION = 1


class StateUnreadableError(Exception):
    """A stored state is of a newer version or damaged."""


def durable(state: PanelState) -> PanelState:
    """Return the part of the state that is stored."""
    return PanelState(
        areas=state.areas,
        lockout=state.lockout,
        uses=state.uses,
        windows=state.windows,
        left_out=state.left_out,
    )


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
        "uses": dict(state.uses),
        "windows": sorted(state.windows),
        "left_out": sorted(state.left_out),
    }


def parsed(data: Any) -> PanelState:
    """Return the state that `serialised` wrote.

    Raises StateUnreadableError: to go on disarmed instead would be a silent disarm.
    """
    if not isinstance(data, Mapping):
        raise StateUnreadableError("there is no stored panel state")
    if data.get("version") != VERSION:
        raise StateUnreadableError(f"stored panel state has version {data.get('version')!r}, not {VERSION}")
    try:
        lockout = data["lockout"]
        return PanelState(
            areas={area_id: _area_in(area) for area_id, area in mapping(data["areas"]).items()},
            lockout=Lockout(
                failures=whole(lockout["failures"]),
                rounds=whole(lockout["rounds"]),
                until=_deadline_in(lockout["until"]),
            ),
            uses=_counts_in(data["uses"]),
            windows=frozenset(map(WindowKind, texts(data["windows"]))),
            left_out=_ids_in(data.get("left_out", ())),
        )
    except UNREADABLE as err:
        raise StateUnreadableError(f"stored panel state is damaged: {err!r}") from err


def restored(data: Any, written: Iterable[str]) -> PanelState:
    """Return the state that was stored, None for nothing; of the areas that have once been `written` none is forgotten.

    What is not found of one is unknown, and not disarmed. Raises StateUnreadableError.
    """
    state = PanelState() if data is None else parsed(data)
    lost = {area_id: AreaState(guard=Unknown()) for area_id in written if area_id not in state.areas}
    return replace(state, areas={**lost, **state.areas}) if lost else state


def _area_out(area: AreaState) -> dict[str, Any]:
    siren, last, walk_test = area.siren, area.last, area.walk_test
    return {
        "guard": _guard_out(area.guard),
        "siren": None
        if siren is None
        else {"until": _deadline_out(siren.until), "alarms": _alarms_out(siren.alarms)},
        "bypassed": {zone_id: why.value for zone_id, why in area.bypassed.items()},
        "silenced": sorted(area.silenced),
        "late": sorted(area.late),
        "trips": dict(area.trips),
        "shut_down_until": _deadline_out(area.shut_down_until),
        "armed_at": None if area.armed_at is None else area.armed_at.isoformat(),
        "memory": _alarms_out(area.memory),
        "silent": _alarms_out(area.silent),
        "changed_by": area.changed_by,
        "last": None
        if last is None
        else {"mode": last.mode.value, "bypassed": sorted(last.bypassed), "forced": sorted(last.forced)},
        "walk_test": None
        if walk_test is None
        else {"until": _deadline_out(walk_test.until), "seen": sorted(walk_test.seen)},
        "chime": area.chime.value,
    }


def _area_in(data: Mapping[str, Any]) -> AreaState:
    siren, last, walk_test = data["siren"], data["last"], data["walk_test"]
    return AreaState(
        guard=_guard_in(data["guard"]),
        siren=None
        if siren is None
        else Siren(until=_until_in(siren["until"]), alarms=_alarms_in(siren["alarms"])),
        bypassed={zone_id: Bypass(why) for zone_id, why in mapping(data["bypassed"]).items()},
        silenced=_ids_in(data["silenced"]),
        late=_ids_in(data.get("late", ())),
        trips=_counts_in(data["trips"]),
        shut_down_until=_deadline_in(data["shut_down_until"]),
        armed_at=None if data["armed_at"] is None else moment(data["armed_at"]),
        memory=_alarms_in(data["memory"]),
        silent=_alarms_in(data["silent"]),
        changed_by=None if data["changed_by"] is None else text(data["changed_by"]),
        last=None
        if last is None
        else LastArming(
            mode=ArmMode(last["mode"]),
            bypassed=_ids_in(last["bypassed"]),
            forced=_ids_in(last.get("forced", ())),
        ),
        walk_test=None
        if walk_test is None
        else WalkTest(until=_until_in(walk_test["until"]), seen=_ids_in(walk_test["seen"])),
        chime=ChimeMode(data["chime"]),
    )


def _guard_out(guard: Guard) -> dict[str, Any]:
    match guard:
        case Disarmed():
            return {"is": "disarmed"}
        case Unknown():
            return {"is": "unknown"}
        case Armed(mode=mode, unjudged=unjudged):
            return {"is": "armed", "mode": mode.value, "unjudged": unjudged}
        case Arming():
            return {
                "is": "arming",
                "mode": guard.mode.value,
                "until": _deadline_out(guard.until),
                "left": guard.left,
                "closed": guard.closed,
                "out": guard.out,
                "restarted": guard.restarted,
                "final": _deadline_out(guard.final),
            }
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
        case "unknown":
            return Unknown()
        case "armed":
            return Armed(mode=ArmMode(data["mode"]), unjudged=flag(data.get("unjudged", False)))
        case "arming":
            return Arming(
                mode=ArmMode(data["mode"]),
                until=_until_in(data["until"]),
                left=flag(data["left"]),
                closed=flag(data["closed"]),
                out=flag(data.get("out", False)),
                restarted=flag(data["restarted"]),
                final=_deadline_in(data["final"]),
            )
        case "pending":
            return Pending(
                mode=ArmMode(data["mode"]),
                until=_until_in(data["until"]),
                uid=text(data["uid"]),
                zones=tuple(texts(data["zones"])),
                exit_error=flag(data["exit_error"]),
            )
        case unknown:
            raise ValueError(f"no such guard: {unknown!r}")


def _alarms_out(alarms: tuple[Alarm, ...]) -> list[dict[str, Any]]:
    return [_alarm_out(alarm) for alarm in alarms]


def _alarms_in(data: object) -> tuple[Alarm, ...]:
    return tuple(_alarm_in(alarm) for alarm in listed(data))


@lru_cache(maxsize=512)  # the memory holds many, and hardly any changes from one write to the next
def _alarm_out(alarm: Alarm) -> dict[str, Any]:
    return {
        "uid": alarm.uid,
        "kind": alarm.kind.value,
        "zones": list(alarm.zones),
        "raised_at": alarm.raised_at.isoformat(),
        "hold_s": alarm.hold.total_seconds(),
        "confirmed": alarm.confirmed,
        "disarmed": alarm.disarmed,
    }


def _alarm_in(data: Mapping[str, Any]) -> Alarm:
    return Alarm(
        uid=text(data["uid"]),
        kind=AlarmKind(data["kind"]),
        zones=tuple(texts(data["zones"])),
        raised_at=moment(data["raised_at"]),
        hold=span(data["hold_s"]),
        confirmed=flag(data["confirmed"]),
        disarmed=flag(data["disarmed"]),
    )


def _deadline_out(deadline: Deadline | None) -> dict[str, Any] | None:
    if deadline is None:
        return None
    return {"due_at": deadline.due_at.isoformat(), "delay_s": deadline.delay.total_seconds()}


def _deadline_in(data: Mapping[str, Any] | None) -> Deadline | None:
    return None if data is None else _until_in(data)


def _until_in(data: Mapping[str, Any]) -> Deadline:
    return Deadline(moment(data["due_at"]), span(data["delay_s"]))


def _ids_in(data: object) -> frozenset[str]:
    return frozenset(texts(data))


def _counts_in(data: object) -> dict[str, int]:
    return {name: whole(count) for name, count in mapping(data).items()}
