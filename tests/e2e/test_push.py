"""A real Home Assistant, a real companion, a camera server and a phone: the picture arrives, and only the right press counts."""

import io
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from tests.e2e import house
from tests.e2e.conftest import Office
from tests.e2e.home_assistant import HomeAssistant
from tests.e2e.house import Phone, until
from tests.e2e.scene import SIZE, front_door_at_night
from tests.fakes.frigate import FakeFrigate, camera as frigate_camera

PANEL = "alarm_control_panel.home"
PRESSED = "mobile_app_notification_action"


@dataclass
class Watched:
    """A house with a camera at its front door, and its owner's phone."""

    assistant: HomeAssistant
    office: Office
    frigate: FakeFrigate
    phone: Phone
    webhook_id: str

    async def break_in(self) -> None:
        """Arm, and let somebody open the front door whom the camera sees."""
        await until(self._armed, "armed")
        self.frigate.add_event(start_time=time.time() - 2, camera="front_door", score=0.87)
        await self.assistant.call("input_boolean", "turn_on", entity_id="input_boolean.front_door")

    async def _armed(self) -> bool:
        """Arm unless that is done; what is asked of a panel that is just being set up anew is not done."""
        state = (await self.assistant.state(PANEL)).get("state")
        if state == "disarmed":
            await self.assistant.call(
                "alarm_control_panel", "alarm_arm_away", entity_id=PANEL, code=house.CODE
            )
        return state == "armed_away"

    async def shown(self, *buttons: str, picture: bool = False) -> dict[str, Any]:
        """Return the newest push with these buttons, once there is one."""
        what = f"a push with {buttons}{' and a picture' if picture else ''}"
        return await until(lambda: self.phone.newest(*buttons, picture=picture), what)

    async def press(self, push: dict[str, Any], title: str) -> str:
        """Press a button of a notification; return what the app sends for it."""
        action: str = next(one["action"] for one in push["data"]["actions"] if one["title"] == title)
        await self.press_word(action)
        return action

    async def press_word(self, action: str) -> None:
        await self.assistant.from_phone(self.webhook_id, PRESSED, {"action": action})

    async def told(self, words: str) -> dict[str, Any]:
        """Return the push that says this, once there is one."""
        return await until(lambda: self.phone.newest(words=words), f"a push that says {words!r}")

    async def alarm(self) -> dict[str, Any] | None:
        found: list[dict[str, Any]] = (await self.office.api.get("/v1/alarms?source=panel"))["alarms"]
        return found[0] if found else None

    async def alarm_is(self, status: str) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            alarm = await self.alarm()
            return alarm if alarm is not None and alarm["status"] == status else None

        return await until(look, f"the alarm is {status} at the companion")


@pytest.fixture
async def watched(tmp_path: Path, office: Office) -> AsyncIterator[Watched]:
    assistant = HomeAssistant(tmp_path)
    frigate = FakeFrigate(cameras={"front_door": frigate_camera()}, snapshot=front_door_at_night())
    async with frigate, Phone() as phone:
        try:
            await assistant.ready()
            key = await house.create_key(office.companion, "operate", "Home Assistant")
            webhook_id = await assistant.register_phone("Owner", phone.url, os_name="Android")
            await house.install_integration(assistant, office.companion, key)
            await house.install_owner_and_camera(assistant, frigate.url)

            async def linked() -> bool:
                state = await assistant.state("binary_sensor.home_alarm_companion_connected")
                return state.get("state") == "on"

            await until(linked, "the link is up")
            yield Watched(assistant, office, frigate, phone, webhook_id)
        finally:
            await assistant.kill()


async def test_the_picture_arrives_and_only_the_right_press_counts_once(watched: Watched) -> None:
    await watched.break_in()
    await watched.shown("Disarm")

    push = await watched.shown("Acknowledge", "Disarm", "Silence siren", picture=True)

    # What it says, and the picture behind a signed address.
    assert "Front door" in push["message"]
    assert push["data"]["tag"]
    picture = await fetched(watched, push["data"]["image"])
    assert picture.size == SIZE
    assert await status_of(watched, push["data"]["image"].partition("?")[0]) == 401

    # The companion has level and picture as well.
    async def verified() -> dict[str, Any] | None:
        alarm = await watched.alarm()
        return alarm if alarm is not None and alarm["evidence"] and alarm["evidence"]["picture"] else None

    alarm = await until(verified, "the evidence at the companion")
    assert alarm["evidence"]["level"] == 2
    assert alarm["evidence"]["camera"] == "Front door"
    level = await watched.assistant.state("sensor.home_alarm_validation_level")
    assert level["state"] == "2"

    # A word that was never sent.
    await watched.press_word("ALARM_BROKER_" + "A" * 43)
    await watched.told("unknown here")
    assert (await watched.alarm_is("triggered"))["acknowledged_by"] is None

    # The button itself.
    word = await watched.press(push, "Acknowledge")
    assert (await watched.alarm_is("acknowledged"))["acknowledged_by"] == "Demo"
    await watched.told("Demo")

    # ... a second time.
    await watched.press_word(word)
    await watched.told("used already")

    # The panel is still triggered: that takes another button, which the first press has not used up.
    assert (await watched.assistant.state(PANEL))["state"] == "triggered"
    await watched.press(await watched.shown("Disarm", "False alarm"), "False alarm")
    await watched.alarm_is("cancelled")


async def test_an_alarm_that_no_phone_confirms_is_told_to_the_companion(watched: Watched) -> None:
    general = {"code_format": "number", "master": True, "notify_targets": [], "duress_targets": []}
    await watched.assistant.change_options(
        await watched.assistant.entry_id("alarm_broker"),
        {"init": {"next_step_id": "general"}, "general": {**general, "push_confirm": 2}},
    )
    await watched.break_in()
    await watched.shown("Acknowledge")

    async def noticed() -> bool:
        alarm = await watched.alarm_is("triggered")
        journal = (await watched.office.alarm(alarm["id"]))["journal"]
        return "push_unconfirmed" in [line["event"] for line in journal]

    await until(noticed, "the companion knows that no phone confirmed")


async def fetched(watched: Watched, path: str) -> Image.Image:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{watched.assistant.url}{path}") as answer,
    ):
        assert answer.status == 200
        return Image.open(io.BytesIO(await answer.read()))


async def status_of(watched: Watched, path: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{watched.assistant.url}{path}") as answer,
    ):
        return answer.status
