"""Files that cannot be read: the panel comes up and guards, a person is told, and what was written is kept."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from hypothesis import strategies as st
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.agenda import rule
from tests.integration.disk import JSON, bent, down, drawn, file_of, guards, kept_beside, rewrite, up
from tests.integration.family import resident
from tests.integration.house import CODE, HOUSE, WINDOW, move_in, panel, sense, shown

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

HOME = (*HOUSE, resident("Anna"), rule("vacation", rearm=True))
SIDE_FILES = ("household", "windows", "calendars", "journal", "entity_ids")
SECTIONS = ("outbox", "troubles", "alarms", "buttons")
ODD: dict[str, Any] = {
    "nothing": None,
    "a number": 5,
    "a text": "odd",
    "a list": ["odd"],
    "an object": {"odd": 1},
    "deeper": {"persons": {"a": 5}, "calendars": {"a": {"at": "never"}}, "away": {"area_home": "no mode"}},
}


@pytest.fixture
def hass_storage() -> None:
    """Let files be real: elsewhere they are a dictionary."""


def unreadable(hass: HomeAssistant) -> set[str]:
    """Return of which files a person is told."""
    return {
        issue.issue_id.split("_", 1)[1].rpartition("_")[0]
        for issue in ir.async_get(hass).issues.values()
        if issue.translation_key == "unreadable_file"
    }


@pytest.mark.parametrize("what", SIDE_FILES)
@pytest.mark.parametrize(
    "content", [ODD["a number"], ODD["a text"], ODD["deeper"]], ids=["a number", "a text", "deeper"]
)
async def test_odd_content_of_a_side_file_keeps_no_panel_from_guarding(
    hass: HomeAssistant, what: str, content: Any
) -> None:
    entry = await move_in(hass, *HOME)
    await down(hass, entry)
    path = file_of(entry, hass, what)
    path.touch()
    path.write_text(json.dumps({"version": 1, "minor_version": 1, "key": path.name, "data": content}))
    before = path.read_bytes()

    await up(hass, entry)

    assert unreadable(hass) == {what}
    assert [kept.read_bytes() for kept in kept_beside(path)] == [before]
    assert await guards(hass)
    await down(hass, entry)


@pytest.mark.parametrize("what", SIDE_FILES)
async def test_a_side_file_of_a_newer_version_is_kept_and_the_message_goes_once_it_is_read_again(
    hass: HomeAssistant, what: str
) -> None:
    entry = await move_in(hass, *HOME)
    await down(hass, entry)
    path = file_of(entry, hass, what)
    path.write_text(json.dumps({"version": 99, "minor_version": 1, "key": path.name, "data": {}}))

    await up(hass, entry)
    told = unreadable(hass)
    guarded = await guards(hass)
    await down(hass, entry)
    await up(hass, entry)

    assert (told, guarded) == ({what}, True)
    assert len(kept_beside(path)) == 1
    assert not unreadable(hass)
    await down(hass, entry)


async def test_a_disk_that_refuses_for_a_moment_costs_no_sound_file(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *HOME)
    await guards(hass)
    await down(hass, entry)
    path = file_of(entry, hass, "journal")
    before = path.read_bytes()
    path.rename(path.with_suffix(".elsewhere"))
    path.mkdir()  # reading it is an OSError, whoever asks

    await up(hass, entry)
    guarded, told = await guards(hass), unreadable(hass)
    await down(hass, entry)
    path.rmdir()
    path.with_suffix(".elsewhere").rename(path)
    await up(hass, entry)

    assert (guarded, told) == (True, {"journal"})
    assert path.read_bytes() == before
    assert not unreadable(hass)
    await down(hass, entry)


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize(
    "content", [ODD["a number"], ODD["a list"], ODD["an object"]], ids=["a number", "a list", "an object"]
)
async def test_an_unreadable_section_does_not_take_the_panel_along(
    hass: HomeAssistant, linked: MockConfigEntry, name: str, content: Any
) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    await down(hass, linked)
    path = file_of(linked, hass, "panel")
    sections = json.loads(path.read_text())["data"]
    before = rewrite(path, data={**sections, name: content})

    await up(hass, linked)

    assert shown(hass) == "armed_home"
    assert unreadable(hass) == {"panel"}
    assert before in [kept.read_bytes() for kept in kept_beside(path)]
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    assert shown(hass) == "triggered"


async def test_an_odd_record_of_an_alarm_is_left_out(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *HOME)
    folder = Path(hass.config.path("alarm_broker", entry.entry_id))
    await down(hass, entry)
    for number, odd in enumerate(ODD.values()):
        alarm = folder / f"00000000-0000-4000-8000-00000000000{number}"
        alarm.mkdir(parents=True)
        (alarm / "record.json").write_text(json.dumps(odd))

    await up(hass, entry)
    told, records = unreadable(hass), await entry.runtime_data.evidence.async_records()
    guarded = await guards(hass)
    await down(hass, entry)
    shutil.rmtree(folder)
    await up(hass, entry)

    assert (told, records, guarded) == ({"evidence"}, [], True)
    assert not unreadable(hass)
    await down(hass, entry)


async def test_what_was_kept_goes_with_the_entry(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *HOME)
    await down(hass, entry)
    path = file_of(entry, hass, "household")
    rewrite(path, version=99)
    await up(hass, entry)

    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()

    assert not list(path.parent.glob(f"*{entry.entry_id}*"))
    assert not unreadable(hass)


# Whatever JSON stands in any side file

GOOD: dict[str, Any] = {
    "household": {
        "persons": {"person_anna": ["away", "2026-01-01T00:00:00+00:00"]},
        "empty_since": "2026-01-01T00:00:00+00:00",
        "last_left": ["person_anna", "2026-01-01T00:00:00+00:00"],
        "first_arrived": None,
        "remind_at": ["2026-01-01T00:00:00+00:00", 300],
        "arm_at": ["2026-01-01T00:00:00+00:00", 300],
        "called_off": False,
        "guests": False,
        "windows": ["vacation"],
    },
    "windows": {"rule_vacation": {"area_home": "away"}},
    "calendars": {
        "calendars": {
            "calendar.family": {
                "at": "2026-01-01T00:00:00+00:00",
                "entries": [["2026-01-01", "2026-02-01", "Holidays"]],
            }
        },
        "running": ["rule_vacation"],
    },
    "journal": [{"at": "2026-01-01T00:00:00+00:00", "kind": "armed", "area_id": "area_home"}],
    "entity_ids": {"binary_sensor.front_door": "0123456789abcdef"},
}


async def test_whatever_stands_in_the_side_files_the_entry_sets_up_and_guards(hass: HomeAssistant) -> None:
    entry = await move_in(hass, *HOME)
    await down(hass, entry)

    async def holds(contents: dict[str, Any]) -> None:
        for what, content in contents.items():
            file_of(entry, hass, what).write_text(json.dumps(content))
        await up(hass, entry)
        assert await guards(hass)
        await down(hass, entry)

    for contents in drawn(files(), 30):
        await holds(contents)


@st.composite
def files(draw: st.DrawFn) -> dict[str, Any]:
    """Return side files of which each has something odd in it."""
    return {
        what: bent({"version": 1, "minor_version": 1, "key": "k", "data": good}, draw(JSON), draw)
        for what, good in GOOD.items()
    }
