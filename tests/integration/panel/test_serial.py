import json

import pytest

from custom_components.alarm_broker.core.panel.events import WindowsChanged
from custom_components.alarm_broker.core.panel.serial import StateUnreadableError, durable, parsed, serialised
from custom_components.alarm_broker.core.panel.state import PanelState
from custom_components.alarm_broker.core.windows import WindowKind
from tests.integration.panel.builders import DOOR, HOME, SMOKE, STAIRS, WINDOW, WRONG, Panel, house, seconds


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
    out = Panel(house(zones={DOOR: {"final_set": True}}))
    out.arm()
    out.open(STAIRS, DOOR)
    out.close(DOOR)
    late, unjudged, forced = (Panel(house(zones={WINDOW: {"hold": seconds(30)}})) for _ in range(3))
    late.arm()
    late.open(WINDOW)
    late.wait(60)
    unjudged.arm()
    unjudged.power_cut(300)
    forced.open(WINDOW)
    forced.arm(force=True)
    forced.disarm()
    return {
        "out of the final door": out,
        "late": late,
        "unjudged": unjudged,
        "forced last time": forced,
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


def test_a_state_that_was_stored_before_the_exit_was_remembered_is_read() -> None:
    data = serialised(stories()["armed"].state)
    home = data["areas"][HOME]
    del data["left_out"], home["late"], home["guard"]["unjudged"]

    assert parsed(data).areas == stories()["armed"].state.areas


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
