"""What can be applied but will hardly do what is hoped for is said at once, and by `check` again."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from companion.directory import store as query
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from tests.companion.directory.documents import applied, changes_nothing, office


def _late_first_step(content: dict[str, Any]) -> None:
    content["policies"][0]["steps"][0]["after"] = 3600


def _no_time_to_answer(content: dict[str, Any]) -> None:
    content["policies"][0]["repeat_after"] = 5


def _one_of_two_is_switched_off(content: dict[str, Any]) -> None:
    content["channels"][0]["enabled"] = False


def _ticket_with_an_address(content: dict[str, Any]) -> None:
    content["policies"][0]["steps"][0]["targets"][0]["address"] = "anna@example.org"


def _person_with_a_ticket_only(content: dict[str, Any]) -> None:
    content["people"].append({"id": "clerk", "name": "Clerk", "contacts": [{"channel": "zammad"}]})
    content["policies"][0]["last_resort"] = [{"person": "clerk"}]


def _tickets_only(content: dict[str, Any]) -> None:
    content["policies"][0]["steps"] = [{"targets": [{"channel": "zammad"}]}]


@pytest.mark.parametrize(
    ("spoil", "warning"),
    [
        (_late_first_step, ".steps[0].after: nobody is told for the first 3600 s of an alarm"),
        (_no_time_to_answer, ".repeat_after: whom the last step tells has 5 s to answer before it goes on"),
        (
            _one_of_two_is_switched_off,
            ".steps[0].targets[0]: is told nothing: channel zammad is switched off (`enabled: false`)",
        ),
        (
            _ticket_with_an_address,
            ".steps[0].targets[0]: channel 'zammad' has no addresses: 'anna@example.org' does nothing there",
        ),
        (
            _person_with_a_ticket_only,
            ".last_resort[0]: person 'clerk' is only told by a ticket or a program, which ring nowhere",
        ),
        (_tickets_only, ".steps: tells only tickets or programs, and nobody: add a person"),
    ],
)
async def test_what_is_doubtful_is_applied_and_said(
    db: Database, spoil: Callable[[dict[str, Any]], None], warning: str
) -> None:
    content = office()
    spoil(content)

    assert (await applied(db, content)).warnings == (f"policies[0]{warning}",)


async def test_a_policy_that_nothing_uses_may_make_tickets_only(db: Database) -> None:
    content = office()
    content["policies"].append(
        {"id": "drills", "name": "Drills", "steps": [{"targets": [{"channel": "zammad"}]}]}
    )

    assert (await applied(db, content)).warnings == ()


async def test_a_phone_that_names_only_its_room_is_at_the_site_of_the_room(db: Database) -> None:
    content = office()
    del content["devices"][0]["site"]

    plan = await applied(db, content)

    [device] = await db.read(partial(query.devices, ALL_SITES))
    assert (device.site_id, plan.warnings) == ("office", ())
    assert changes_nothing(await applied(db, content))
