"""What can be stored but will not do what its owner hopes for, found before the first alarm shows it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from companion.channels.registry import find_kind
from companion.directory.belonging import doubtful_crossings
from companion.directory.reach import channels_of, target_reaches
from companion.directory.state import CHANNEL, DEVICE, INSTALLATION, PERSON, POLICY, SITE, State
from companion.escalation.plan import everybody
from companion.escalation.policy import ChannelTarget, PersonTarget, Policy, Target

LONG_WAIT_S = 300
"""Longer than this nobody is to wait for the first page."""
SHORT_WAIT_S = 30
"""Sooner than this nobody can answer: to find the phone, read, and press takes as long."""


@dataclass(frozen=True)
class Doubt:
    """One thing that is perhaps not meant so."""

    kind: str
    id: str
    where: str
    """Its place within that, such as `.steps[0].after`."""
    message: str


def doubts(state: State) -> Iterator[Doubt]:
    """Yield everything that is doubtful; of what is broken, nothing: that has its own problem."""
    yield from _devices(state)
    yield from (Doubt(one.kind, one.id, one.where, one.message) for one in doubtful_crossings(state))
    used = _used_policies(state)
    for policy_id, row in state[POLICY].items():
        policy: Policy = row["body"]
        yield from (Doubt(POLICY, policy_id, where, message) for where, message in _times(policy))
        yield from (Doubt(POLICY, policy_id, where, message) for where, message in _targets(state, policy))
        if policy_id in used and _is_told_to_records_only(state, policy):
            message = "tells only tickets or programs, and nobody: add a person"
            yield Doubt(POLICY, policy_id, ".steps", message)


def _devices(state: State) -> Iterator[Doubt]:
    for device_id, device in state[DEVICE].items():
        missing = [name for name in ("person", "room", "site") if device[f"{name}_id"] is None]
        if missing:
            message = f"has no {', no '.join(missing)}; its key raises alarms that cannot say so"
            yield Doubt(DEVICE, device_id, "", message)


def _used_policies(state: State) -> set[str | None]:
    return {
        row[column]
        for kind, columns in (
            (SITE, ("policy_id", "vacation_policy_id")),
            (DEVICE, ("policy_id",)),
            (INSTALLATION, ("last_resort_id",)),
        )
        for row in state[kind].values()
        for column in columns
    }


def _times(policy: Policy) -> Iterator[tuple[str, str]]:
    first = policy.steps[0].after
    if first > LONG_WAIT_S:
        yield ".steps[0].after", f"nobody is told for the first {first:g} s of an alarm"
    if policy.repeat_after < SHORT_WAIT_S and (policy.repeat or policy.last_resort):
        yield (
            ".repeat_after",
            f"whom the last step tells has {policy.repeat_after:g} s to answer before it goes on",
        )


def _targets(state: State, policy: Policy) -> Iterator[tuple[str, str]]:
    places = [
        (f".steps[{index}].targets[{place}]", target)
        for index, step in enumerate(policy.steps)
        for place, target in enumerate(step.targets)
    ] + [(f".last_resort[{place}]", target) for place, target in enumerate(policy.last_resort)]
    for where, target in places:
        yield from ((where, message) for message in _target(state, target))


def _target(state: State, target: Target) -> Iterator[str]:
    channels = channels_of(state, target)
    if any(channel_id not in state[CHANNEL] for channel_id in channels):
        return
    if channels and not target_reaches(state, target):
        yield f"is told nothing: channel {', '.join(dict.fromkeys(channels))} is switched off (`enabled: false`)"
    if isinstance(target, ChannelTarget) and target.address and not _is_addressed(state, target.channel):
        yield f"channel {target.channel!r} has no addresses: {target.address!r} does nothing there"
    if (
        isinstance(target, PersonTarget)
        and target.person in state[PERSON]
        and _is_record_only(state, channels)
    ):
        yield f"person {target.person!r} is only told by a ticket or a program, which ring nowhere"


def _is_told_to_records_only(state: State, policy: Policy) -> bool:
    channels = [channel_id for target in everybody(policy) for channel_id in channels_of(state, target)]
    return all(channel_id in state[CHANNEL] for channel_id in channels) and _is_record_only(state, channels)


def _is_record_only(state: State, channels: list[str]) -> bool:
    kinds = [find_kind(state[CHANNEL][channel_id]["kind"]) for channel_id in channels]
    return bool(kinds) and all(kind is not None and kind.records for kind in kinds)


def _is_addressed(state: State, channel_id: str) -> bool:
    row = state[CHANNEL].get(channel_id)
    kind = None if row is None else find_kind(row["kind"])
    return kind is None or kind.addressed
