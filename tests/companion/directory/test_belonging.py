"""Policies, channels and people belong to one site, or all share them: what one site's things may name."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from companion.directory import store as query
from companion.directory.seed import DocumentInvalid
from companion.store.database import Database
from companion.store.scope import ALL_SITES, OneSite
from tests.companion.directory.documents import applied, changes_nothing, office

type Content = dict[str, Any]


def two_sites() -> Content:
    """Return the office, whose things are its own, and a warehouse that has a policy of its own; one channel is shared."""
    content = office()
    content["policies"][0]["site"] = "office"
    content["people"][1]["site"] = "office"
    content["channels"][0]["site"] = "office"
    content["people"].append(
        {
            "id": "keeper",
            "name": "Keeper",
            "site": "warehouse",
            "contacts": [{"channel": "sms", "address": "+4930333333"}],
        }
    )
    content["policies"].append(
        {"id": "night", "name": "Night", "site": "warehouse", "steps": [{"targets": [{"person": "keeper"}]}]}
    )
    content["sites"].append({"id": "warehouse", "name": "Warehouse", "timezone": "UTC", "policy": "night"})
    return content


async def test_a_site_has_its_own_and_what_all_share(db: Database) -> None:
    await applied(db, two_sites())

    def things(scope: Any) -> Callable[[Any], list[list[str]]]:
        finders = (query.policies, query.channels, query.people)
        return lambda conn: [[one.id for one in find(scope, conn)] for find in finders]

    assert await db.read(things(OneSite("office"))) == [["standard"], ["sms", "zammad"], ["guard", "porter"]]
    assert await db.read(things(OneSite("warehouse"))) == [["night"], ["sms"], ["keeper"]]
    assert await db.read(things(ALL_SITES)) == [
        ["night", "standard"],
        ["sms", "zammad"],
        ["guard", "keeper", "porter"],
    ]


async def test_what_belongs_to_a_site_is_applied_once_and_a_move_is_shown(db: Database) -> None:
    await applied(db, two_sites())
    again = await applied(db, two_sites())
    shared = two_sites()
    del shared["people"][2]["site"], shared["policies"][1]["site"]

    moved = await applied(db, shared)

    assert (changes_nothing(again), again.warnings) == (True, ())
    assert [(one.id, one.fields) for one in moved.changes if one.fields] == [
        ("night", ("site",)),
        ("keeper", ("site",)),
    ]


def _the_sites_policy(content: Content) -> None:
    content["sites"][0]["policy"] = "night"


def _the_sites_policy_on_vacation(content: Content) -> None:
    content["sites"][0]["vacation_policy"] = "night"


def _the_keys_policy(content: Content) -> None:
    content["devices"][0]["policy"] = "night"


def _the_last_resort(content: Content) -> None:
    content["installation"] = {"last_resort": "night"}


def _a_person_in_a_step(content: Content) -> None:
    content["policies"][0]["steps"][1]["targets"].append({"person": "keeper"})


def _a_person_in_the_last_resort(content: Content) -> None:
    content["policies"][0]["last_resort"] = [{"person": "keeper"}]


def _a_channel_in_a_step(content: Content) -> None:
    content["policies"][1]["steps"][0]["targets"].append({"channel": "zammad"})


def _a_channel_in_a_shared_policy(content: Content) -> None:
    del content["policies"][0]["site"]


def _a_contact(content: Content) -> None:
    content["people"][2]["contacts"].append({"channel": "zammad"})


OF_THE_SAME = "name one of the same site, or let all sites share it (no `site`)"
FOR_ALL = "what names it is for all sites: give that the same `site`, or take this one's away"


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (_the_sites_policy, f"sites[0].policy: policy 'night' belongs to site 'warehouse': {OF_THE_SAME}"),
        (
            _the_sites_policy_on_vacation,
            f"sites[0].vacation_policy: policy 'night' belongs to site 'warehouse': {OF_THE_SAME}",
        ),
        (_the_keys_policy, f"devices[0].policy: policy 'night' belongs to site 'warehouse': {OF_THE_SAME}"),
        (
            _the_last_resort,
            f"installation.last_resort: policy 'night' belongs to site 'warehouse': {FOR_ALL}",
        ),
        (
            _a_person_in_a_step,
            f"policies[0].steps[1].targets[1].person: person 'keeper' belongs to site 'warehouse': {OF_THE_SAME}",
        ),
        (
            _a_person_in_the_last_resort,
            f"policies[0].last_resort[0].person: person 'keeper' belongs to site 'warehouse': {OF_THE_SAME}",
        ),
        (
            _a_channel_in_a_step,
            f"policies[1].steps[0].targets[1].channel: channel 'zammad' belongs to site 'office': {OF_THE_SAME}",
        ),
        (
            _a_channel_in_a_shared_policy,
            f"policies[0].steps[0].targets[0].channel: channel 'zammad' belongs to site 'office': {FOR_ALL}",
        ),
        (
            _a_contact,
            f"people[2].contacts[1].channel: channel 'zammad' belongs to site 'office': {OF_THE_SAME}",
        ),
    ],
)
async def test_what_belongs_to_one_site_cannot_be_named_by_another(
    db: Database, spoil: Callable[[Content], None], problem: str
) -> None:
    content = two_sites()
    spoil(content)

    with pytest.raises(DocumentInvalid) as refused:
        await applied(db, content)

    assert [str(one) for one in refused.value.problems] == [problem]


@pytest.mark.parametrize("section", ["policies", "channels"])
async def test_a_site_that_there_is_not_is_told_once(db: Database, section: str) -> None:
    content = office()
    content[section][0]["site"] = "nowhere"

    with pytest.raises(DocumentInvalid) as refused:
        await applied(db, content)

    assert [str(one) for one in refused.value.problems] == [
        f"{section}[0].site: there is no site 'nowhere' in sites: add it there, or correct this"
    ]


async def test_a_document_of_before_policies_had_sites_is_applied_and_warned_about(db: Database) -> None:
    """People could belong to a site then; whom a policy told did not depend on it."""
    content = office()
    content["sites"].append({"id": "home", "name": "Home", "timezone": "UTC", "policy": "standard"})
    content["devices"][0] |= {"site": "home", "room": None}

    plan = await applied(db, content)

    assert plan.warnings == (
        "devices[0]: has no room; its key raises alarms that cannot say so",
        "sites[1].policy: policy 'standard' tells person 'porter', who belongs to site 'office', of alarms of 'home'",
        "devices[0].person: person 'porter' belongs to site 'office': alarms of 'home' will name them",
    )
    assert {one.site for one in await db.read(partial(query.policies, ALL_SITES))} == {None}


async def test_an_address_in_a_sites_policy_is_in_the_country_of_the_site(db: Database) -> None:
    content = two_sites()
    content["sites"][1]["country"] = "FR"
    content["sites"][0]["country"] = "DE"
    content["policies"][1]["steps"][0]["targets"].append({"channel": "sms", "address": "06 12 34 56 78"})

    await applied(db, content)

    night, _standard = await db.read(partial(query.policies, ALL_SITES))
    assert night.steps[0].targets[1].address == "+33612345678"  # type: ignore[union-attr] # the channel just added
