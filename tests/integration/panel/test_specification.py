"""The panel's manual as stories: each row is a rule, what people do, and what they notice.

Read the chapters in manual/ like docs/panel.md. The house: a front door (entry/exit), a window and the hall (instant),
stairs (follower), smoke, a tamper contact, and a garage with a gate as an area of its own. Away guards everything, home
only door and window; exit delay 60 s, entry delay 30 s, siren 180 s. Anna has a code, and another one for when she is
forced.
"""

from collections.abc import Mapping

import pytest

from custom_components.alarm_broker.core.panel.config import PanelConfig
from tests.integration.panel.builders import Panel, house
from tests.integration.panel.manual import (
    alarms,
    areas,
    arming,
    codes,
    coming_and_going,
    disarmed,
    false_alarms,
    lasting,
)
from tests.integration.panel.manual.vocabulary import Story

CHAPTERS: Mapping[str, tuple[Story, ...]] = {
    **arming.CHAPTERS,
    **coming_and_going.CHAPTERS,
    **alarms.CHAPTERS,
    **false_alarms.CHAPTERS,
    **codes.CHAPTERS,
    **disarmed.CHAPTERS,
    **areas.CHAPTERS,
    **lasting.CHAPTERS,
}


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(told, id=f"{chapter}: {told.says}")
        for chapter, told_in in CHAPTERS.items()
        for told in told_in
    ],
)
def test_the_panel_does_what_its_manual_says(told: Story) -> None:
    config: PanelConfig = house(**told.config)
    panel = Panel(config)

    for step in told.steps:
        step(panel)


def test_no_rule_is_told_twice() -> None:
    rules = [told.says for chapter in CHAPTERS.values() for told in chapter]

    assert len(rules) == len(set(rules))
