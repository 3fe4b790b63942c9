"""The check asks Zammad for what the first alarm will need, and writes nothing."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from companion.channels.base import Outcome, Refused, Sent
from companion.channels.registry import build_channel
from tests.fakes.zammad import FakeZammad

TEXT = {"has_forms": False}


@pytest.fixture
async def zammad() -> AsyncIterator[FakeZammad]:
    async with FakeZammad() as server:
        yield server


async def checked(zammad: FakeZammad, **changes: str) -> Outcome:
    settings = {"url": zammad.url, "token": zammad.token, "group": "Alarm", "customer": "alarm@site.example"}
    channel = build_channel("zammad", settings | changes)
    try:
        return await channel.check()
    finally:
        await channel.close()


def warning(outcome: Outcome) -> str:
    assert isinstance(outcome, Sent)
    return str(outcome.warning or "")


async def test_a_zammad_that_has_everything_is_well_and_gets_no_ticket(zammad: FakeZammad) -> None:
    assert await checked(zammad) == Sent(provider_ref=None, status_code=200)
    assert zammad.tickets == []
    assert {(one.method, one.path) for one in zammad.received if one.method != "GET"} == {
        ("POST", "/api/v1/core_workflows/perform")
    }


@pytest.mark.parametrize(
    ("changes", "zammad_has", "says"),
    [
        ({"group": "Fire"}, {}, "may not create tickets in group 'Fire', only in Alarm, Users"),
        ({}, {"rights": {"Alarm": ["read"], "Users": ["full"]}}, "in group 'Alarm', only in Users"),
        ({}, {"rights": {}}, "in group 'Alarm', in none"),
        ({"priority": "9 extreme"}, {}, "priority '9 extreme' is none of 1 low, 2 normal, 3 high"),
        ({"state": "lost"}, {}, "state 'lost' is none of closed, merged, new"),
        ({"state": "pending reminder"}, {}, "state 'pending reminder' needs a time"),
        ({"customer": "alarm@site"}, {}, "customer 'alarm@site' is no e-mail address"),
        ({}, {"mandatory": {"create_middle": ["building"]}}, "creating a ticket needs building"),
    ],
)
async def test_what_keeps_the_first_alarm_from_becoming_a_ticket_breaks_the_channel(
    zammad: FakeZammad, changes: dict[str, str], zammad_has: dict[str, Any], says: str
) -> None:
    vars(zammad).update(zammad_has)

    outcome = await checked(zammad, **changes)

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert says in str(outcome.reason)


@pytest.mark.parametrize(
    ("changes", "zammad_has", "says"),
    [
        ({"closed_state": "geschlossen"}, {}, "closed_state 'geschlossen' is none of"),
        ({"closed_state": "pending close"}, {}, "closed_state 'pending close' needs a time"),
        ({"closed_state": "open"}, {}, "closed_state 'open' does not close a ticket"),
        ({}, {"mandatory": {"edit": ["root_cause"]}}, "changing it to 'closed' needs root_cause"),
        ({"customer": "gone"}, {}, "no customer with the login 'gone'"),
        ({}, {"tag_new": False}, "new tags are switched off"),
        (
            {},
            {"rights": {"Users": ["full"]}, **TEXT},
            "no right to create and change tickets in group 'Alarm'",
        ),
        ({}, {"rights": {"Alarm": ["read", "create"]}, **TEXT}, "in group 'Alarm', unless a role gives it"),
    ],
)
async def test_what_goes_wrong_later_is_a_warning(
    zammad: FakeZammad, changes: dict[str, str], zammad_has: dict[str, Any], says: str
) -> None:
    vars(zammad).update(zammad_has)

    assert says in warning(await checked(zammad, **changes))


@pytest.mark.parametrize(
    "zammad_has",
    [
        {"tag_new": False, "is_tag_admin": True},
        {"rights": {"Alarm": ["read", "create", "change"]}, **TEXT},
        {"mandatory": {"edit": ["secret", "title"]}},
    ],
    ids=["may-make-tags", "rights-one-by-one", "a-field-that-is-hidden"],
)
async def test_what_is_enough_is_no_finding(zammad: FakeZammad, zammad_has: dict[str, Any]) -> None:
    vars(zammad).update(zammad_has)

    assert warning(await checked(zammad)) == ""


async def test_several_findings_are_told_together(zammad: FakeZammad) -> None:
    zammad.tag_new = False

    said = warning(await checked(zammad, closed_state="pending close"))

    assert "pending close" in said
    assert "new tags" in said


async def test_a_wrong_token_is_told_as_that(zammad: FakeZammad) -> None:
    outcome = await checked(zammad, token="wrong")

    assert isinstance(outcome, Refused)
    assert "Authentication required" in str(outcome.reason)
