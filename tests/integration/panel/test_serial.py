import json

import pytest

from custom_components.alarm_broker.panel.events import WindowsChanged
from custom_components.alarm_broker.panel.serial import (
    StateUnreadableError,
    durable,
    parsed,
    serialised,
)
from custom_components.alarm_broker.panel.state import PanelState
from custom_components.alarm_broker.panel.windows import WindowKind
from tests.integration.panel.builders import DOOR, SMOKE, WINDOW, WRONG, Panel


def stories() -> dict[str, Panel]:
    """Return panels in every kind of state."""
    arming, pending, exit_error, triggered, remembering, locked = (Panel() for _ in range(6))
    arming.arm()
    pending.armed().open(DOOR)
    exit_error.arm()
    exit_error.open(DOOR)
    exit_error.wait(60)
    triggered.armed().open(WINDOW, DOOR, SMOKE)
    remembering.armed().open(WINDOW)
    remembering.wait(200)
    for _ in range(5):
        locked.disarm(WRONG)
    in_window = Panel().armed()
    in_window.tell(WindowsChanged(kinds=frozenset({WindowKind.CLEANING}), left_out=frozenset({WINDOW})))
    return {
        "disarmed": Panel(),
        "arming": arming,
        "armed": Panel().armed(),
        "pending": pending,
        "exit error": exit_error,
        "triggered": triggered,
        "remembering": remembering,
        "locked out": locked,
        "in a window": in_window,
    }


@pytest.mark.parametrize("name", list(stories()))
def test_a_stored_state_reads_back_as_it_was(name: str) -> None:
    state = stories()[name].state

    assert parsed(json.loads(json.dumps(serialised(state)))) == durable(state)


def test_a_state_that_was_stored_before_windows_left_zones_out_is_read() -> None:
    data = serialised(stories()["in a window"].state)
    del data["left_out"]

    assert parsed(data).areas == stories()["in a window"].state.areas


@pytest.mark.parametrize(
    "data",
    [
        {},
        {**serialised(PanelState()), "version": 2},
        {**serialised(PanelState()), "areas": {"home": {"guard": {"is": "asleep"}}}},
        {**serialised(PanelState()), "areas": []},
        {**serialised(PanelState()), "lockout": {"failures": 0, "rounds": 0, "until": {"due_at": "soon"}}},
    ],
    ids=["empty", "newer version", "unknown guard", "no areas", "bad time"],
)
def test_a_state_that_cannot_be_read_is_an_error_and_not_disarmed(data: dict[str, object]) -> None:
    with pytest.raises(StateUnreadableError):
        parsed(data)
