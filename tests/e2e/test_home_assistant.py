"""A real Home Assistant and a real companion: each covers for the other."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import house
from tests.e2e.conftest import Office
from tests.e2e.home_assistant import HomeAssistant
from tests.e2e.house import until
from tests.e2e.processes import ROOT, DidNotStart

PANEL = "alarm_control_panel.home"
CONNECTED, ACTIVE, LATEST = (
    "binary_sensor.home_alarm_companion_connected",
    "binary_sensor.home_alarm_alarm_active",
    "sensor.home_alarm_latest_alarm",
)


@dataclass
class Home:
    """Home Assistant, linked with the office's companion."""

    assistant: HomeAssistant
    office: Office

    async def shows(self, entity_id: str, state: str, *, timeout_s: float = 30) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            found = await self.assistant.state(entity_id)
            return found if found.get("state") == state else None

        return await until(look, f"{entity_id} is {state}", timeout_s=timeout_s)

    async def arm(self) -> None:
        await self.assistant.call("alarm_control_panel", "alarm_arm_away", entity_id=PANEL, code=house.CODE)
        await self.shows(PANEL, "armed_away")

    async def open_front_door(self) -> None:
        await self.assistant.call("input_boolean", "turn_on", entity_id="input_boolean.front_door")

    async def panel_alarms(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.office.api.get("/v1/alarms?source=panel"))["alarms"]
        return found


@pytest.fixture
async def home(tmp_path: Path, office: Office) -> AsyncIterator[Home]:
    assistant = HomeAssistant(tmp_path)
    try:
        await assistant.ready()
        key = await house.create_key(office.companion, "operate", "Home Assistant")
        await house.install_integration(assistant, office.companion, key)
        linked = Home(assistant, office)
        await linked.shows(CONNECTED, "on")
        yield linked
    finally:
        await assistant.kill()


async def test_a_panel_alarm_raised_while_the_companion_was_dead_arrives_once(home: Home) -> None:
    await home.arm()
    await home.office.companion.kill()
    await home.open_front_door()
    await home.shows(PANEL, "pending")
    await home.shows(PANEL, "triggered")

    await home.office.companion.ready()

    alarms = await until(home.panel_alarms, "the alarm at the companion", timeout_s=90)
    assert [alarm["status"] for alarm in alarms] == ["triggered"]
    await until(home.office.tickets, "its ticket, after the abort window", timeout_s=90)
    await home.shows(CONNECTED, "on", timeout_s=90)
    await home.assistant.call("alarm_broker", "acknowledge")

    async def acknowledged() -> bool:
        return [alarm["status"] for alarm in await home.panel_alarms()] == ["acknowledged"]

    await until(acknowledged, "acknowledged at the companion")
    await home.shows(LATEST, "acknowledged")


async def test_home_assistant_killed_in_an_entry_delay_does_not_stop_the_alarm(home: Home) -> None:
    await home.arm()
    await home.open_front_door()
    await home.shows(PANEL, "pending")

    await until(lambda: _pendings(home), "the companion knows of the entry delay")
    await home.assistant.kill()

    alarms = await until(home.panel_alarms, "the companion raises the alarm by itself", timeout_s=30)
    assert [alarm["status"] for alarm in alarms] == ["triggered"]

    await home.assistant.restart()
    await home.shows(PANEL, "triggered")
    await home.shows(CONNECTED, "on", timeout_s=60)
    await home.shows(ACTIVE, "on")
    assert len(await home.panel_alarms()) == 1


async def _pendings(home: Home) -> list[Any]:
    path = Path(home.office.companion.environment["ALARM_BROKER_DATA_DIR"]) / "alarm-broker.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT uid FROM link_pending").fetchall()


async def test_an_armed_panel_is_armed_after_a_power_cut(home: Home) -> None:
    await home.arm()
    await home.assistant.kill()

    await home.assistant.restart()

    await home.shows(PANEL, "armed_away")
    with pytest.raises(DidNotStart, match="refused"):
        await home.assistant.call("alarm_control_panel", "alarm_disarm", entity_id=PANEL, code="0000")
    await home.shows(PANEL, "armed_away")
    await home.assistant.call("alarm_control_panel", "alarm_disarm", entity_id=PANEL, code=house.CODE)
    await home.shows(PANEL, "disarmed")


async def test_a_panel_whose_file_is_lost_goes_on_with_the_copy_or_asks_a_person(home: Home) -> None:
    storage = home.assistant.config / ".storage"
    file = storage / f"alarm_broker.panel.{await home.assistant.entry_id('alarm_broker')}"
    copy = file.with_name(f"{file.name}.copy")
    registry = storage / "core.entity_registry"
    await home.arm()
    await until(lambda: _holds(copy, '"armed"'), "the copy is written")
    await until(lambda: _holds(registry, PANEL), "Home Assistant remembers the panel")

    await home.assistant.kill()
    file.write_bytes(b"")
    await home.assistant.restart()
    await home.shows(PANEL, "armed_away")

    await home.assistant.kill()
    file.write_bytes(b"")
    copy.write_bytes(b'{"version": 1')
    await home.assistant.restart()
    await home.shows(PANEL, "unknown")
    await until(
        lambda: _troubles(home, "panel_unknown"), "the companion's operators know of it", timeout_s=60
    )

    issue = f"panel_unknown_{await home.assistant.entry_id('alarm_broker')}"
    form = await home.assistant.request(
        "POST", "/api/repairs/issues/fix", {"handler": "alarm_broker", "issue_id": issue}
    )
    await home.assistant.request("POST", f"/api/repairs/issues/fix/{form['flow_id']}", {})
    await home.shows(PANEL, "disarmed")

    async def over() -> bool:
        return not await _troubles(home, "panel_unknown")

    await until(over, "the trouble is over", timeout_s=60)


async def _holds(path: Path, text: str) -> bool:
    return text in await asyncio.to_thread(path.read_text) if await asyncio.to_thread(path.exists) else False


async def _troubles(home: Home, kind: str) -> list[Any]:
    path = Path(home.office.companion.environment["ALARM_BROKER_DATA_DIR"]) / "alarm-broker.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        query = "SELECT key FROM trouble WHERE kind = ? AND cleared_at IS NULL"
        return connection.execute(query, (kind,)).fetchall()


async def test_the_demo_sees_every_step() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.e2e.demo",
        "--once",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()

    seen = output.decode()
    assert process.returncode == 0, seen
    assert "Every step was seen" in seen
    assert "Clara presses the button in Telegram" in seen
    assert "Ben was not told, the escalation has stopped" in seen
