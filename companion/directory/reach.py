"""Whose alarms would tell nobody: a policy is missing, or leads to no contact on a channel that is switched on. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from companion.directory.state import CHANNEL, DEVICE, INSTALLATION, PERSON, POLICY, ROOM, SITE, Row, State
from companion.escalation.plan import everybody
from companion.escalation.policy import ChannelTarget, PersonTarget, Policy, Target
from companion.escalation.routing import Candidates, choose


class Cause(StrEnum):
    """Why nobody would be told."""

    NO_POLICY = "no_policy"
    """There is no policy, and the installation has no last resort."""
    NO_CONTACT = "no_contact"
    """The policy's steps lead to no contact on a channel that is switched on, and neither does the last resort."""


@dataclass(frozen=True)
class Unreached:
    """Something whose alarms would tell nobody."""

    kind: str
    """`site`, `device`, or `panel`."""
    id: str
    name: str
    site_id: str | None
    cause: Cause


def unreached(state: State) -> list[Unreached]:
    """Return the sites and devices whose alarms would tell nobody, sites first."""
    return [*_sites(state), *_devices(state)]


def last_resort_reaches(state: State) -> bool:
    """Return whether alarms that have no policy of their own tell somebody."""
    return reaches(state, _last_resort_id(state))


def reaches(state: State, policy_id: str | None) -> bool:
    """Return whether an alarm with this policy would be told to anybody, by its steps or its own last resort."""
    row = state[POLICY].get(policy_id or "")
    if row is None:
        return False
    policy: Policy = row["body"]
    return any(target_reaches(state, target) for target in everybody(policy))


def target_reaches(state: State, target: Target) -> bool:
    """Return whether the target leads to a channel that is switched on."""
    known = [state[CHANNEL].get(channel_id) for channel_id in channels_of(state, target)]
    return any(row is not None and row["enabled"] for row in known)


def channels_of(state: State, target: Target) -> list[str]:
    """Return the ids of the channels that the target leads to, also of those that are switched off or gone."""
    match target:
        case PersonTarget(person=person, via=via):
            contacts = state[PERSON].get(person, {"contacts": []})["contacts"]
            return [channel_id for channel_id, _ in contacts if via in {None, "all", channel_id}]
        case ChannelTarget(channel=channel):
            return [channel]


def with_sites_of_rooms(state: State) -> State:
    """Return the directory with the site of each device that names only a room: without it its alarms had no policy."""
    devices = {
        device_id: {**device, "site_id": state[ROOM][device["room_id"]]["site_id"]}
        if device["site_id"] is None and device["room_id"] in state[ROOM]
        else device
        for device_id, device in state[DEVICE].items()
    }
    return State({**state, DEVICE: devices})


def _last_resort_id(state: State) -> str | None:
    row = state[INSTALLATION].get(INSTALLATION)
    found: str | None = None if row is None else row["last_resort_id"]
    return found


def _cause(state: State, *policies: str | None) -> Cause | None:
    """Return why alarms with these policies, some perhaps None, would tell nobody; None if each tells somebody."""
    if last_resort_reaches(state):
        return None
    for policy_id in policies:
        if policy_id is None:
            return Cause.NO_POLICY if _last_resort_id(state) is None else Cause.NO_CONTACT
        if not reaches(state, policy_id):
            return Cause.NO_CONTACT
    return None


def _sites(state: State) -> Iterator[Unreached]:
    for site_id, site in state[SITE].items():
        on_vacation = site["vacation_policy_id"]
        also = () if on_vacation is None else (on_vacation,)
        cause = _cause(state, site["policy_id"], *also)
        if cause is not None:
            yield Unreached("site", site_id, site["name"], site_id, cause)


def _devices(state: State) -> Iterator[Unreached]:
    for device_id, device in state[DEVICE].items():
        if not device["enabled"]:
            continue
        cause = _cause(state, _policy_of(state, device))
        if cause is not None:
            yield Unreached("device", device_id, device["name"], device["site_id"], cause)


def _policy_of(state: State, device: Row) -> str | None:
    site = state[SITE].get(device["site_id"] or "")
    return choose(
        Candidates(device=device["policy_id"], site=None if site is None else site["policy_id"]),
    )
