"""The file of the panel is lost or damaged: it goes on with the copy, or says that it does not know. Never a silent disarm."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.repairs.const import DOMAIN as REPAIRS
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from hypothesis import strategies as st
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.alarm_broker.system.storage import PATIENCE
from tests.fakes.companion import FakeCompanion
from tests.golden_frames import golden_event
from tests.integration.conftest import Until
from tests.integration.disk import JSON, bent, down, drawn, file_of, guards, kept_beside, rewrite, up
from tests.integration.house import (
    AREA,
    CODE,
    DOOR,
    GARAGE_PANEL,
    GARAGE_PARTS,
    HOUSE,
    MASTER,
    SMOKE,
    WINDOW,
    area,
    close_all,
    house_entry,
    mode,
    move_in,
    panel,
    sense,
    shown,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

TWO_AREAS = (*HOUSE, *GARAGE_PARTS)


def empty(_path: Path) -> bytes:
    return b""


def cut_off(path: Path) -> bytes:
    return path.read_bytes()[:-40]


def without(*sections: str) -> Callable[[Path], bytes]:
    def damaged(path: Path) -> bytes:
        stored = json.loads(path.read_text())
        return json.dumps({**stored, "data": {name: stored["data"][name] for name in sections}}).encode()

    return damaged


def of_a_newer_version(path: Path) -> bytes:
    return json.dumps({**json.loads(path.read_text()), "version": 99}).encode()


def with_another_guard(path: Path) -> bytes:
    return (
        path.read_bytes().replace(b'"is":"armed"', b'"is":"slept"').replace(b'"is": "armed"', b'"is":"slept"')
    )


DAMAGES: dict[str, Callable[[Path], bytes]] = {
    "0 bytes": empty,
    "an empty object": lambda _path: b"{}",
    "cut off": cut_off,
    "no sections": without(),
    "no panel": without("alarms"),
    "a list": lambda _path: b"[]",
    "no text": lambda _path: b"\xff\xfe\x00",
    "a newer version": of_a_newer_version,
    "an unknown guard": with_another_guard,
}
damages = pytest.mark.parametrize("damaged", DAMAGES.values(), ids=DAMAGES)


@pytest.fixture
def hass_storage() -> None:
    """Let files be real: elsewhere they are a dictionary."""


@pytest.fixture
async def armed(hass: HomeAssistant) -> MockConfigEntry:
    """A house that was armed before it went down."""
    entry = await move_in(hass)
    await panel(hass, "alarm_arm_home", code=CODE)
    await down(hass, entry)
    return entry


def files_of(entry: MockConfigEntry, hass: HomeAssistant) -> tuple[Path, Path]:
    """Return the panel's file and its copy."""
    file = file_of(entry, hass, "panel")
    return file, file.with_name(f"{file.name}.copy")


def issue(hass: HomeAssistant, entry: MockConfigEntry, what: str) -> ir.IssueEntry | None:
    return ir.async_get(hass).async_get_issue("alarm_broker", f"{what}_{entry.entry_id}")


async def lose(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Come up without the file and without its copy."""
    await down(hass, entry)
    for file in files_of(entry, hass):
        file.unlink()
    await up(hass, entry)


# --- The file and its copy --------------------------------------------------------------------------------


@damages
async def test_the_copy_is_taken_when_the_file_is_damaged(
    hass: HomeAssistant, armed: MockConfigEntry, damaged: Callable[[Path], bytes]
) -> None:
    file, _ = files_of(armed, hass)
    file.write_bytes(content := damaged(file))

    await up(hass, armed)

    assert shown(hass) == "armed_home"
    assert issue(hass, armed, "panel_from_copy")
    assert content == b"{}" or content in [kept.read_bytes() for kept in kept_beside(file)]
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    assert shown(hass) == "triggered"


async def test_the_copy_is_taken_when_the_file_is_gone_and_the_message_goes_at_the_next_start(
    hass: HomeAssistant, armed: MockConfigEntry
) -> None:
    file, _ = files_of(armed, hass)
    file.unlink()

    await up(hass, armed)
    told, state = issue(hass, armed, "panel_from_copy"), shown(hass)
    await down(hass, armed)
    await up(hass, armed)

    assert told
    assert (state, shown(hass)) == ("armed_home", "armed_home")
    assert file.exists()
    assert not issue(hass, armed, "panel_from_copy")


@damages
async def test_a_damaged_copy_matters_to_nobody_while_the_file_is_sound(
    hass: HomeAssistant, armed: MockConfigEntry, damaged: Callable[[Path], bytes]
) -> None:
    _, copy = files_of(armed, hass)
    copy.write_bytes(damaged(copy))

    await up(hass, armed)
    await down(hass, armed)

    assert not ir.async_get(hass).issues
    assert json.loads(copy.read_text())["data"]["panel"]["areas"][AREA]["guard"]["is"] == "armed"


@damages
async def test_a_panel_that_lost_both_does_not_pretend_to_be_disarmed(
    hass: HomeAssistant, armed: MockConfigEntry, damaged: Callable[[Path], bytes]
) -> None:
    contents = {file: damaged(file) for file in files_of(armed, hass)}
    for file, content in contents.items():
        file.write_bytes(content)

    await up(hass, armed)

    assert shown(hass) == "unknown"
    assert issue(hass, armed, "panel_unknown")
    kept = {file: [one.read_bytes() for one in kept_beside(file)] for file in contents}
    assert all(content == b"{}" or content in kept[file] for file, content in contents.items())


async def test_a_file_that_is_gone_after_the_panel_was_set_up_is_no_new_panel(
    hass: HomeAssistant, armed: MockConfigEntry
) -> None:
    for file in files_of(armed, hass):
        file.unlink()

    await up(hass, armed)

    assert shown(hass) == "unknown"


async def test_an_area_that_is_missing_in_a_sound_file_is_unknown_and_a_new_one_is_disarmed(
    hass: HomeAssistant,
) -> None:
    entry = await move_in(hass, *TWO_AREAS)
    await panel(hass, "alarm_arm_away", entity_id=GARAGE_PANEL, code=CODE)
    await down(hass, entry)
    file, _ = files_of(entry, hass)
    stored = json.loads(file.read_text())["data"]
    del stored["panel"]["areas"][AREA]
    rewrite(file, data=stored)
    new = area("area_barn", "Barn", away=mode(exit_delay=0))
    hass.config_entries.async_add_subentry(
        entry,
        ConfigSubentry(**new),
    )

    await up(hass, entry)

    assert shown(hass) == "unknown"
    assert shown(hass, GARAGE_PANEL) == "armed_away"
    assert shown(hass, "alarm_control_panel.barn") == "disarmed"


async def test_a_disk_that_refuses_for_a_moment_puts_no_sound_file_aside(
    hass: HomeAssistant, armed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    file, _ = files_of(armed, hass)
    sound = file.read_bytes()
    file.unlink()
    file.mkdir()  # reading it is an OSError, whoever asks

    assert not await hass.config_entries.async_setup(armed.entry_id)
    refused = armed.state
    file.rmdir()
    file.write_bytes(sound)
    freezer.tick(timedelta(minutes=2))
    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done(wait_background_tasks=True)

    assert refused is ConfigEntryState.SETUP_RETRY
    assert shown(hass) == "armed_home"
    assert not kept_beside(file)
    assert not ir.async_get(hass).issues


async def test_a_disk_that_refuses_for_good_keeps_nobody_unguarded_for_good(
    hass: HomeAssistant, armed: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    file, _ = files_of(armed, hass)
    file.unlink()
    file.mkdir()

    await hass.config_entries.async_setup(armed.entry_id)
    states = []
    for _ in range(PATIENCE):
        states.append(armed.state)
        freezer.tick(timedelta(minutes=2))
        async_fire_time_changed(hass, dt_util.utcnow())
        await hass.async_block_till_done(wait_background_tasks=True)

    assert set(states) == {ConfigEntryState.SETUP_RETRY}
    assert shown(hass) == "armed_home"
    assert issue(hass, armed, "panel_from_copy")


async def test_a_panel_that_is_busy_all_the_time_gets_its_copy(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await move_in(hass)
    _, copy = files_of(entry, hass)
    copy.unlink(missing_ok=True)

    for _ in range(4):
        await panel(hass, "alarm_arm_home", code=CODE)
        freezer.tick(timedelta(seconds=0.4))
        async_fire_time_changed(hass, dt_util.utcnow())
        await panel(hass, "alarm_disarm", code=CODE)
        await hass.async_block_till_done(wait_background_tasks=True)

    assert json.loads(copy.read_text())["data"]["panel"]["areas"][AREA]


async def test_a_copy_that_does_not_hold_what_was_written_is_written_again(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await move_in(hass)
    _, copy = files_of(entry, hass)
    read = Path.read_bytes

    with monkeypatch.context() as lying:
        lying.setattr(Path, "read_bytes", lambda path: read(path)[:-1])
        await down(hass, entry)
    assert "does not hold what was written" in caplog.text
    await up(hass, entry)
    await panel(hass, "alarm_arm_home", code=CODE)
    await down(hass, entry)

    assert json.loads(copy.read_text())["data"]["panel"]["areas"][AREA]["guard"]["is"] == "armed"
    caplog.clear()


async def test_the_first_set_up_is_a_disarmed_panel(hass: HomeAssistant) -> None:
    close_all(hass)
    entry = house_entry()
    entry.add_to_hass(hass)

    await up(hass, entry)

    assert shown(hass) == "disarmed"
    assert not ir.async_get(hass).issues


async def test_file_and_copy_go_with_the_entry(hass: HomeAssistant, armed: MockConfigEntry) -> None:
    await up(hass, armed)
    await lose(hass, armed)

    await hass.config_entries.async_remove(armed.entry_id)
    await hass.async_block_till_done()

    assert not [path for path in files_of(armed, hass)[0].parent.glob("*") if armed.entry_id in path.name]
    assert not ir.async_get(hass).issues


# --- A panel that does not know ---------------------------------------------------------------------------


async def test_what_is_always_guarded_is_guarded_all_the_same(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await lose(hass, entry)

    sense(hass, SMOKE, "on")
    await hass.async_block_till_done()

    assert shown(hass) == "triggered"


async def test_a_panic_is_taken_and_the_siren_over_it_is_still_unknown(
    hass: HomeAssistant,
) -> None:
    entry = await move_in(hass)
    await lose(hass, entry)

    await panel(hass, "alarm_trigger")
    sounds = shown(hass)
    await entry.runtime_data.system.async_silence([AREA], code=CODE, by=None)
    await hass.async_block_till_done()

    assert (sounds, shown(hass)) == ("triggered", "unknown")


async def test_arming_is_refused_with_what_to_do_about_it(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await lose(hass, entry)

    with pytest.raises(
        ServiceValidationError, match="disarm it with a code or confirm the repair"
    ) as refused:
        await panel(hass, "alarm_arm_home", code=CODE)

    assert refused.value.translation_key == "state_unknown"
    assert shown(hass, "binary_sensor.home_ready_to_arm_home") == "off"


async def test_the_house_is_told_of_it_at_each_start_until_somebody_has_disarmed(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    happened = async_capture_events(hass, "alarm_broker_event")

    await lose(hass, entry)
    await down(hass, entry)
    await up(hass, entry)
    still = shown(hass)
    await panel(hass, "alarm_disarm", code=CODE)
    await down(hass, entry)
    await up(hass, entry)

    assert still == "unknown"
    assert [event.data["kind"] for event in happened] == ["state_unknown", "state_unknown", "disarmed"]
    assert shown(hass) == "disarmed"


async def test_disarming_with_a_code_is_the_way_out(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await lose(hass, entry)

    with pytest.raises(ServiceValidationError):
        await panel(hass, "alarm_disarm", code="0000")
    refused = shown(hass)
    await panel(hass, "alarm_disarm", code=CODE)

    assert refused == "unknown"
    assert shown(hass) == "disarmed"
    assert not issue(hass, entry, "panel_unknown")
    assert await guards(hass)


async def test_who_confirms_the_repair_disarms_what_is_unknown_and_reloads_nothing(
    hass: HomeAssistant,
) -> None:
    await async_setup_component(hass, REPAIRS, {})
    entry = await move_in(hass, *TWO_AREAS)
    await lose(hass, entry)
    before = (shown(hass), shown(hass, GARAGE_PANEL), shown(hass, MASTER))
    system = entry.runtime_data.system
    await panel(hass, "alarm_disarm", code=CODE)
    await panel(hass, "alarm_arm_away", code=CODE)

    flows = hass.data[REPAIRS]["flow_manager"]
    form = await flows.async_init("alarm_broker", context={"issue_id": f"panel_unknown_{entry.entry_id}"})
    done = await flows.async_configure(form["flow_id"], {})
    await hass.async_block_till_done()

    assert before == ("unknown",) * 3
    assert form["description_placeholders"] == {"title": "Home alarm", "areas": "Garage"}
    assert done["type"] == "create_entry"
    assert (shown(hass), shown(hass, GARAGE_PANEL)) == ("arming", "disarmed")
    assert entry.runtime_data.system is system
    assert not issue(hass, entry, "panel_unknown")


async def test_nobody_confirms_for_a_panel_that_is_not_loaded(hass: HomeAssistant) -> None:
    await async_setup_component(hass, REPAIRS, {})
    entry = await move_in(hass)
    await lose(hass, entry)
    await down(hass, entry)

    flows = hass.data[REPAIRS]["flow_manager"]
    answer = await flows.async_init("alarm_broker", context={"issue_id": f"panel_unknown_{entry.entry_id}"})

    assert (answer["type"], answer["reason"]) == ("abort", "not_loaded")
    assert issue(hass, entry, "panel_unknown")


async def test_the_companion_hears_of_it_and_of_the_end(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    def states() -> list[str]:
        return [body["state"] for body in companion.heard if body["kind"] == "area_state"]

    await lose(hass, linked)
    await until(lambda: states()[-1:] == ["unknown"])
    promised = golden_event("area_state_unknown")
    last = [body for body in companion.heard if body["kind"] == "area_state"][-1]
    assert {**last, "at": promised["at"], "area": promised["area"]} == promised
    await panel(hass, "alarm_disarm", code=CODE)

    await until(lambda: states()[-1:] == ["disarmed"])


async def test_a_house_hears_of_another_panel_of_its_site(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    said = golden_event("trouble_panel_unknown")

    companion.say(said)

    await until(lambda: issue(hass, linked, f"service_trouble_{said['key']}"))
    found = issue(hass, linked, f"service_trouble_{said['key']}")
    assert found is not None
    assert found.translation_key == "service_trouble_panel_unknown"
    assert found.translation_placeholders == {
        "title": "Home alarm",
        "subject": "Home",
        "areas": "Home",
        "last_known": "Home: armed (away)",
    }


# --- Whatever stands in it --------------------------------------------------------------------------------


@st.composite
def bent_files(draw: st.DrawFn, good: Any) -> tuple[Any, Any]:
    """Return a file and its copy with something odd in each."""
    return bent(good, draw(JSON), draw), bent(good, draw(JSON), draw)


async def test_whatever_stands_in_the_files_of_the_panel_it_guards_fire_and_is_disarmed_by_a_code(
    hass: HomeAssistant,
) -> None:
    entry = await move_in(hass)
    await panel(hass, "alarm_arm_away", code=CODE)
    sense(hass, DOOR, "on")
    await hass.async_block_till_done()
    await down(hass, entry)
    good = json.loads(files_of(entry, hass)[0].read_text())

    async def holds(contents: tuple[Any, Any]) -> None:
        for file, content in zip(files_of(entry, hass), contents, strict=True):
            file.write_text(json.dumps(content))
        await up(hass, entry)
        state = shown(hass)
        sense(hass, SMOKE, "on")
        await hass.async_block_till_done()
        burns = shown(hass)
        close_all(hass)
        await panel(hass, "alarm_disarm", code=CODE)

        assert state != "disarmed"
        assert burns == "triggered"
        assert shown(hass) == "disarmed"
        await down(hass, entry)

    for contents in drawn(bent_files(good), 40):
        await holds(contents)
