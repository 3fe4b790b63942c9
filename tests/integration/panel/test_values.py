"""Values of the panel: equal when their fields are, and copied instead of changed."""

from copy import replace
from dataclasses import field
from datetime import timedelta

import pytest

from custom_components.alarm_broker.core.panel.config import ArmMode
from custom_components.alarm_broker.core.panel.state import AreaState, Armed, LastArming
from custom_components.alarm_broker.core.panel.values import value


@value
class Door:
    name: str
    delay: timedelta = timedelta(0)
    tags: dict[str, int] = field(default_factory=dict)


def test_a_copy_has_what_was_changed_and_everything_else() -> None:
    door = Door(name="Front", delay=timedelta(seconds=30), tags={"a": 1})

    copy = replace(door, name="Back")

    assert copy == Door(name="Back", delay=timedelta(seconds=30), tags={"a": 1})
    assert door.name == "Front"
    assert copy.tags is door.tags


def test_every_value_has_defaults_of_its_own() -> None:
    assert Door(name="Front").tags is not Door(name="Front").tags


def test_a_field_that_there_is_not_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="colour"):
        replace(Door(name="Front"), colour="red")  # type: ignore[call-arg]


def test_the_state_is_compared_by_what_it_holds() -> None:
    last = LastArming(mode=ArmMode.AWAY, bypassed=frozenset({"window"}))
    area = AreaState(guard=Armed(mode=ArmMode.AWAY), last=last)

    assert area == AreaState(guard=Armed(mode=ArmMode.AWAY), last=replace(last))
    assert area != replace(area, changed_by="Anna")
    assert hash(last) == hash(replace(last))
