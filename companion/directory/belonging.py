"""What belongs to one site and is named by what belongs to another: refused, or only warned of. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from companion.directory.state import CHANNEL, DEVICE, INSTALLATION, MESSAGE_TEXT, PERSON, POLICY, SITE, State
from companion.escalation.plan import everybody
from companion.escalation.policy import ChannelTarget, PersonTarget, Policy, Target


@dataclass(frozen=True)
class Crossing:
    """One name that leads into another site."""

    kind: str
    id: str
    where: str
    """Its place within that, such as `.policy`."""
    message: str


def crossings(state: State) -> Iterator[Crossing]:
    """Yield what cannot be stored: whatever is named must be of the same site, or shared by all."""
    for site_id, site in state[SITE].items():
        for column in ("policy_id", "vacation_policy_id"):
            yield from _crossing(state, (SITE, site_id), site_id, column, POLICY, site[column])
    for device_id, device in state[DEVICE].items():
        named = device["policy_id"]
        yield from _crossing(state, (DEVICE, device_id), device["site_id"], "policy_id", POLICY, named)
    for row in state[INSTALLATION].values():
        named = row["last_resort_id"]
        yield from _crossing(state, (INSTALLATION, INSTALLATION), None, "last_resort_id", POLICY, named)
    for person_id, person in state[PERSON].items():
        for index, (channel_id, _address) in enumerate(person["contacts"]):
            where = f"contacts[{index}].channel"
            yield from _crossing(state, (PERSON, person_id), person["site_id"], where, CHANNEL, channel_id)
    for text_id, text in state[MESSAGE_TEXT].items():
        # Of all sites those tell over a channel that may: it is no mistake to write for one site's channel.
        if text["site_id"] is not None:
            at, named = (MESSAGE_TEXT, text_id), text["channel_id"]
            yield from _crossing(state, at, text["site_id"], "channel_id", CHANNEL, named)
    for policy_id in state[POLICY]:
        yield from _targets(state, policy_id)


def _targets(state: State, policy_id: str) -> Iterator[Crossing]:
    row = state[POLICY][policy_id]
    policy: Policy = row["body"]
    places = [
        (f"steps[{index}].targets[{place}]", target)
        for index, step in enumerate(policy.steps)
        for place, target in enumerate(step.targets)
    ] + [(f"last_resort[{place}]", target) for place, target in enumerate(policy.last_resort)]
    for where, target in places:
        match target:
            case ChannelTarget(channel=channel):
                named = (f"{where}.channel", CHANNEL, channel)
            # Whom a shared policy tells had a site before policies could have one: that is warned of where it is used.
            case PersonTarget(person=person) if row["site_id"] is not None:
                named = (f"{where}.person", PERSON, person)
            case _:
                continue
        yield from _crossing(state, (POLICY, policy_id), row["site_id"], *named)


def doubtful_crossings(state: State) -> Iterator[Crossing]:
    """Yield what can be stored and is perhaps not meant: people of one site in alarms of another."""
    for site_id, site in state[SITE].items():
        for column in ("policy_id", "vacation_policy_id"):
            yield from _told_elsewhere(state, (SITE, site_id), site_id, column, site[column])
    for device_id, device in state[DEVICE].items():
        at, site_id = (DEVICE, device_id), device["site_id"]
        yield from _told_elsewhere(state, at, site_id, "policy_id", device["policy_id"])
        home = _home(state, PERSON, device["person_id"])
        if site_id is not None and home not in {None, site_id}:
            message = f"person {device['person_id']!r} belongs to site {home!r}: alarms of {site_id!r} will name them"
            yield Crossing(*at, ".person", message)


def _told_elsewhere(
    state: State, at: tuple[str, str], site_id: str | None, column: str, policy_id: str | None
) -> Iterator[Crossing]:
    row = state[POLICY].get(policy_id or "")
    if row is None or site_id is None:
        return
    told: tuple[Target, ...] = everybody(row["body"])
    people = dict.fromkeys(target.person for target in told if isinstance(target, PersonTarget))
    for person_id in people:
        home = _home(state, PERSON, person_id)
        if home not in {None, site_id}:
            message = f"policy {policy_id!r} tells person {person_id!r}, who belongs to site {home!r}, of alarms of {site_id!r}"
            yield Crossing(*at, f".{column.removesuffix('_id')}", message)


def _crossing(
    state: State, at: tuple[str, str], whose: str | None, where: str, kind: str, named: str | None
) -> Iterator[Crossing]:
    home = _home(state, kind, named)
    if home in {None, whose} or (whose is not None and whose not in state[SITE]):
        return
    mend = (
        "name one of the same site, or let all sites share it (no `site`)"
        if whose is not None
        else "what names it is for all sites: give that the same `site`, or take this one's away"
    )
    message = f"{kind} {named!r} belongs to site {home!r}: {mend}"
    yield Crossing(*at, f".{where.removesuffix('_id')}", message)


def _home(state: State, kind: str, row_id: str | None) -> str | None:
    """Return the site that something belongs to; None also while that, or the thing, is not there: told elsewhere."""
    site_id: str | None = state[kind].get(row_id or "", {"site_id": None})["site_id"]
    return site_id if site_id in state[SITE] else None
