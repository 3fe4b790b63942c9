"""Addresses are stored as their provider understands them; what cannot work is refused before the first alarm."""

from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from companion.directory import store as query
from companion.directory.seed import DocumentInvalid
from companion.store import tables
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from tests.companion.directory.documents import applied, changes_nothing, office

SIGNAL = {
    "id": "signal",
    "kind": "signal",
    "name": "Signal",
    "config": {"url": "http://127.0.0.1:8082", "number": "+4930123456"},
}


def office_with(address: str, *, channel: str = "sms", country: str | None = None) -> dict[str, Any]:
    """Return the document with one more contact of the porter, who is at the office."""
    content = office()
    content["channels"].append(SIGNAL)
    content["people"][0]["contacts"].append({"channel": channel, "address": address})
    content["sites"][0]["country"] = country
    return content


async def problems(db: Database, content: dict[str, Any]) -> list[str]:
    with pytest.raises(DocumentInvalid) as caught:
        await applied(db, content)
    return [str(problem) for problem in caught.value.problems]


async def addresses(db: Database, person_id: str) -> list[str]:
    point = tables.contact_point
    stored = sa.select(point.c.address).where(point.c.person_id == person_id).order_by(point.c.position)
    return await db.read(lambda conn: list(conn.execute(stored).scalars()))


@pytest.mark.parametrize("channel", ["sms", "signal"])
async def test_a_number_is_stored_with_the_country_code_of_its_site(db: Database, channel: str) -> None:
    await applied(db, office_with("0170 1111111", channel=channel, country="DE"))

    assert await addresses(db, "porter") == ["+4930111111", "+491701111111"]


async def test_the_installation_says_the_country_where_the_site_does_not(db: Database) -> None:
    content = office_with("0170 1111111")
    content["installation"] = {"country": "DE"}

    await applied(db, content)

    assert await addresses(db, "porter") == ["+4930111111", "+491701111111"]


async def test_who_belongs_to_no_site_is_in_the_only_country_there_is(db: Database) -> None:
    content = office_with("0170 1111111", country="DE")
    content["people"][0]["site"] = None

    await applied(db, content)

    assert await addresses(db, "porter") == ["+4930111111", "+491701111111"]


async def test_where_sites_are_in_two_countries_a_number_of_neither_is_not_guessed(db: Database) -> None:
    content = office_with("0170 1111111", country="DE")
    content["people"][0]["site"] = None
    content["sites"].append(
        {"id": "hut", "name": "Hut", "timezone": "Europe/Vienna", "country": "AT", "policy": "standard"}
    )

    [problem] = await problems(db, content)

    assert problem.startswith("people[0].contacts[1].address: '0170 1111111' has no country code")


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("sms", "0170 1111111"),
        ("signal", "+49 (0)170 / 222-33"),
        ("sms", "anna@example.org"),
        ("sms", "group.YWJj"),
    ],
)
async def test_an_address_its_channel_cannot_use_is_refused_with_its_place(
    db: Database, channel: str, address: str
) -> None:
    [problem] = await problems(db, office_with(address, channel=channel))

    assert problem.startswith(f"people[0].contacts[1].address: {address!r} ")
    assert await db.read(partial(query.sites, ALL_SITES)) == []


async def test_the_number_that_a_channel_sends_from_cannot_be_told_over_it(db: Database) -> None:
    content = office_with("030 123456", channel="signal", country="DE")
    content["policies"][0]["last_resort"] = [{"channel": "signal", "address": "+4930123456"}]

    assert [problem.partition(" is the number")[0] for problem in await problems(db, content)] == [
        "people[0].contacts[1].address: '+4930123456'",
        "policies[0].last_resort[0].address: '+4930123456'",
    ]


@pytest.mark.parametrize(
    "config",
    [
        {"sender": "+491701111111", "template": {"to": "{to}", "text": "{text}", "from": "{sender}"}},
        {"sender": "491701111111", "template": {"to": "{to}", "text": "{text}", "from": "{sender}"}},
        {"template": {"to": "{to}", "text": "{text}", "From": "+49 170 1111111"}},
        {"template": {"to": "{to}", "text": "{text}", "sender_id": 491701111111}},
        {"template": {"to": "{to}", "text": "{text}", "originator": "0170 1111111"}},
        {"template": {"messages": [{"to": "{to}", "body": "{text}", "from": {"number": "491701111111"}}]}},
    ],
    ids=["sender", "digits", "from", "number", "national", "nested"],
)
async def test_the_number_that_an_sms_channel_sends_from_is_doubtful_as_a_contact(
    db: Database, config: dict[str, Any]
) -> None:
    content = office_with("0170 1111111", country="DE")
    content["channels"][1]["config"] |= config

    [warning] = (await applied(db, content)).warnings

    assert warning.startswith(
        "people[0].contacts[1].address: '+491701111111' is the number that channel 'sms' itself sends from"
    )


@pytest.mark.parametrize(
    "template",
    [
        {"to": "{to}", "text": "{text}", "from": "Alarm"},
        {"to": "{to}", "text": "{text}", "from": "+491701111112"},
        {"to": "{to}", "text": "{text}", "user": "491701111111"},
        {"to": "{to}", "text": "{text}", "from": None, "number": True},
    ],
    ids=["name", "other", "login", "odd"],
)
async def test_what_is_not_the_senders_number_raises_no_doubt(db: Database, template: dict[str, Any]) -> None:
    content = office_with("+491701111111")
    content["channels"][1]["config"]["template"] = template

    assert (await applied(db, content)).warnings == ()


async def test_one_number_written_twice_stands_there_twice(db: Database) -> None:
    assert await problems(db, office_with("030 111111", country="DE")) == [
        "people[0].contacts[1]: stands here twice"
    ]


async def test_addresses_in_policies_are_formed_and_checked_too(db: Database) -> None:
    content = office_with("+491701111111")
    content["installation"] = {"country": "DE"}
    content["policies"][0]["steps"][1]["targets"].append({"channel": "sms", "address": "0170 2222222"})

    await applied(db, content)
    content["policies"][0]["steps"][1]["targets"].append({"channel": "sms", "address": "the guards"})

    [stored] = await db.read(partial(query.policies, ALL_SITES))
    assert stored.steps[1].targets[1].model_dump()["address"] == "+491702222222"
    assert await problems(db, content) == [
        "policies[0].steps[1].targets[2].address: 'the guards' is no phone number: write it like +491701234567"
    ]


async def test_what_is_formed_is_formed_once(db: Database) -> None:
    content = office_with("0170 1111111", country="DE")
    await applied(db, content)

    assert changes_nothing(await applied(db, content))


async def test_a_number_like_nobody_has_is_believed_and_named(db: Database) -> None:
    plan = await applied(db, office_with("+447700900123"))

    [warning] = plan.warnings
    assert warning.startswith(
        "people[0].contacts[1].address: '+447700900123' is like no number that anybody has"
    )


async def test_what_is_stored_already_keeps_no_other_section_from_being_applied(db: Database) -> None:
    await applied(db, office())
    odd = sa.update(tables.contact_point).where(tables.contact_point.c.person_id == "guard")
    await db.write(lambda conn: conn.execute(odd.values(address="0170 1111111")))

    plan = await applied(db, {"sites": office()["sites"]})

    [warning] = plan.warnings
    assert warning.startswith("person 'guard' (stored already, not in this document).contacts[0].address: ")
    assert await addresses(db, "guard") == ["0170 1111111"]


async def test_a_channel_cannot_be_given_the_number_of_somebody_it_tells(db: Database) -> None:
    await applied(db, office_with("+491701111111", channel="signal"))
    channels = office_with("+491701111111")["channels"]
    channels[-1] = {**SIGNAL, "config": {**SIGNAL["config"], "number": "+491701111111"}}  # type: ignore[dict-item] # a literal

    [problem] = await problems(db, {"channels": channels})

    assert "'+491701111111' is the number that channel 'signal' itself sends from" in problem
