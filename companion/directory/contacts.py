"""Addresses of people and of policies: brought to the form that their channel needs, and those that cannot work. Pure."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from typing import Any

from companion.channels.base import AddressInvalid
from companion.channels.kind import ChannelKind
from companion.channels.phone_numbers import is_assigned
from companion.channels.registry import KindUnavailable, find_kind, formed_address, own_addresses
from companion.directory.state import CHANNEL, INSTALLATION, PERSON, POLICY, SITE, Key, State
from companion.escalation.policy import ChannelTarget, Policy, Target
from companion.texts.reasons import Reason


@dataclass(frozen=True)
class Addressed:
    """One address: where it stands, what it leads to, and in which country it was written."""

    kind: str
    """`person` or `policy`."""
    id: str
    where: str
    """Its place within that, such as `.contacts[0].address`."""
    channel_id: str
    address: str
    country: str | None


@dataclass(frozen=True)
class Oddity:
    """What is the matter with one address."""

    at: Addressed
    reason: Reason
    hopeless: bool
    """No message can arrive there; else it is only doubtful."""


def with_formed_addresses(state: State, only: Container[Key]) -> State:
    """Return the directory with the addresses of `only` these in the form that their channel needs.

    What has no certain form stays as it is: `oddities` says why.
    """
    people = {
        person_id: {
            **person,
            "contacts": [
                (one.channel_id, _formed(state, one))
                for one in _contacts(state, person_id, person["contacts"])
            ],
        }
        if (PERSON, person_id) in only
        else person
        for person_id, person in state[PERSON].items()
    }
    policies = {
        policy_id: {**row, "body": _formed_policy(state, policy_id, row["body"])}
        if (POLICY, policy_id) in only
        else row
        for policy_id, row in state[POLICY].items()
    }
    return State({**state, PERSON: people, POLICY: policies})


def oddities(state: State) -> Iterator[Oddity]:
    """Yield the addresses at which nobody can be told, and those that are doubtful."""
    for one in addresses(state):
        kind = _kind_of(state, one.channel_id)
        if kind is None or not kind.addressed or not one.address:
            continue  # told as what it is: a channel that is not there, an address that is missing
        try:
            formed = formed_address(kind.name, one.address, one.country)
        except AddressInvalid as err:
            yield Oddity(one, Reason("address_invalid", address=one.address, why=err.reason), hopeless=True)
            continue
        except KindUnavailable:
            continue  # told with its channel
        if formed in _own_addresses(state, kind, one):
            # A card in a modem gets its own messages; under a number that is only shown as the sender they may arrive.
            own = (
                "address_is_perhaps_the_channels" if kind.may_reach_itself else "address_is_the_channels_own"
            )
            reason = Reason(own, address=formed, channel=one.channel_id)
            yield Oddity(one, reason, hopeless=not kind.may_reach_itself)
        elif formed != one.address:
            yield Oddity(
                one,
                Reason("address_unformed", address=one.address, formed=formed),
                hopeless=False,
            )
        elif formed.startswith("+") and not is_assigned(formed):
            yield Oddity(
                one,
                Reason("address_unlikely", address=formed),
                hopeless=False,
            )


def country_of(state: State, site_id: str | None) -> str | None:
    """Return the country of numbers without a country code: the site's, the installation's, or the only one there is."""
    site = state[SITE].get(site_id or "", {"country": None})
    installation = state[INSTALLATION].get(INSTALLATION, {"country": None})
    countries = {one["country"] for one in state[SITE].values()} - {None}
    only: str | None = countries.pop() if len(countries) == 1 else None
    return site["country"] or installation["country"] or only


def addresses(state: State) -> Iterator[Addressed]:
    """Yield every address of people and of policies."""
    for person_id, person in state[PERSON].items():
        yield from _contacts(state, person_id, person["contacts"])
    for policy_id, row in state[POLICY].items():
        policy: Policy = row["body"]
        country = country_of(state, row["site_id"])
        for where, target in _targets(policy):
            if isinstance(target, ChannelTarget):
                yield Addressed(
                    POLICY, policy_id, f"{where}.address", target.channel, target.address, country
                )


def _contacts(state: State, person_id: str, contacts: list[tuple[str, str]]) -> Iterator[Addressed]:
    country = country_of(state, state[PERSON][person_id]["site_id"])
    for index, (channel_id, address) in enumerate(contacts):
        yield Addressed(PERSON, person_id, f".contacts[{index}].address", channel_id, address, country)


def _targets(policy: Policy) -> Iterator[tuple[str, Target]]:
    for index, step in enumerate(policy.steps):
        yield from ((f".steps[{index}].targets[{place}]", one) for place, one in enumerate(step.targets))
    yield from ((f".last_resort[{place}]", one) for place, one in enumerate(policy.last_resort))


def _formed_policy(state: State, policy_id: str, policy: Policy) -> Policy:
    country = country_of(state, state[POLICY][policy_id]["site_id"])

    def formed[T: Target](target: T) -> Any:
        if not isinstance(target, ChannelTarget):
            return target
        at = Addressed(POLICY, policy_id, "", target.channel, target.address, country)
        return target.model_copy(update={"address": _formed(state, at)})

    steps = tuple(
        step.model_copy(update={"targets": tuple(map(formed, step.targets))}) for step in policy.steps
    )
    return policy.model_copy(update={"steps": steps, "last_resort": tuple(map(formed, policy.last_resort))})


def _formed(state: State, one: Addressed) -> str:
    kind = _kind_of(state, one.channel_id)
    if kind is None or not kind.addressed:
        return one.address
    try:
        return formed_address(kind.name, one.address, one.country)
    except AddressInvalid, KindUnavailable:
        return one.address


def _own_addresses(state: State, kind: ChannelKind, one: Addressed) -> set[str]:
    """Return what the channel sends from, in the form of contacts' addresses; many gateways want it without the `+`."""
    try:
        written = own_addresses(kind.name, state[CHANNEL][one.channel_id]["config"])
    except KindUnavailable:
        return set()
    forms = {form for text in written for form in (text, f"+{text}")}
    return {_formed(state, replace(one, address=form)) for form in forms}


def _kind_of(state: State, channel_id: str) -> ChannelKind | None:
    row = state[CHANNEL].get(channel_id)
    return None if row is None else find_kind(row["kind"])
