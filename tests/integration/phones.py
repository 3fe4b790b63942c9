"""Phones of the household with the app of Home Assistant, as its notify services and events know them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from tests.integration.family import Told, resident
from tests.integration.house import CODE, PANEL, WINDOW, panel, sense


class Target:
    """Something that can be notified: everything that ever came."""

    def __init__(self, hass: HomeAssistant, service: str) -> None:
        self.came: list[dict[str, Any]] = []
        self.fails = 0
        self.error: Exception = HomeAssistantError("the push server is away")
        self.hangs: asyncio.Event | None = None
        self.target = f"notify.{service}"
        self.hass = hass
        hass.services.async_register("notify", service, self._notify)

    async def _notify(self, call: ServiceCall) -> None:
        if self.hangs is not None:
            await self.hangs.wait()
        if self.fails:
            self.fails -= 1
            raise self.error
        self.came.append(dict(call.data))

    @property
    def last(self) -> dict[str, Any]:
        return self.came[-1]

    @property
    def titles(self) -> list[str]:
        """What was read, one after the other; `-` where a notification was taken away."""
        return ["-" if one["message"] == "clear_notification" else one["title"] for one in self.came]


class Phone(Target):
    """Somebody's phone."""

    def __init__(
        self, hass: HomeAssistant, owner: MockUser, *, name: str = "Pixel", os_name: str = "Android"
    ) -> None:
        super().__init__(hass, f"mobile_app_{name.lower()}")
        self.owner = owner
        MockConfigEntry(
            domain="mobile_app", data={"user_id": owner.id, "device_name": name, "os_name": os_name}
        ).add_to_hass(hass)

    @property
    def screen(self) -> dict[str, dict[str, Any]]:
        """What it shows now, by tag."""
        shown: dict[str, dict[str, Any]] = {}
        for one in self.came:
            shown.pop(one["data"]["tag"], None)
            if one["message"] != "clear_notification":
                shown[one["data"]["tag"]] = one
        return shown

    def buttons(self, title: str | None = None) -> list[str]:
        """What the buttons of the newest notification say, or of the newest with a title."""
        return [one["title"] for one in self._actions(title)]

    def button(self, label: str, title: str | None = None) -> str:
        """What the app says when a button is pressed."""
        return str(next(one["action"] for one in self._actions(title) if one["title"] == label))

    async def press(
        self, label: str, *, reply: str | None = None, by: MockUser | None = None, title: str | None = None
    ) -> None:
        """Press a button, on this phone unless somebody else says the same."""
        await press(self.hass, self.button(label, title), (by or self.owner).id, reply)

    async def confirm(self, tag: str, *, by: MockUser | None = None) -> None:
        """Say that a notification has arrived."""
        self.hass.bus.async_fire(
            "mobile_app_notification_received",
            {"tag": tag, "confirmation": "true"},
            context=Context(user_id=(by or self.owner).id),
        )
        await self.hass.async_block_till_done()

    def _actions(self, title: str | None) -> list[dict[str, Any]]:
        shown = next(one for one in reversed(self.came) if title in (None, one["title"]))
        return list(shown["data"].get("actions", ()))


async def press(hass: HomeAssistant, action: Any, user_id: str | None, reply: str | None = None) -> None:
    """Fire what the app of somebody fires when a button is pressed."""
    data = {"action": action} if reply is None else {"action": action, "reply_text": reply}
    hass.bus.async_fire("mobile_app_notification_action", data, context=Context(user_id=user_id))
    await settle(hass)


async def settle(hass: HomeAssistant) -> None:
    """Let everything be sent that is to be sent now; the link and the cameras may go on."""
    await hass.async_block_till_done()
    while sending := [one for one in asyncio.all_tasks() if "alarm_broker push" in one.get_name()]:
        await asyncio.wait(sending)
        await hass.async_block_till_done()


def notified(name: str, *targets: str, disarm: str = "phone", **data: Any) -> Any:
    """Return somebody who lives here, followed by nothing and notified by `targets`."""
    return resident(name, person=None, notify=list(targets), push_disarm=disarm, **data)


async def burglary(hass: HomeAssistant) -> None:
    """Arm the home and open a window in it; whoever is to know has been told."""
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")
    await settle(hass)


async def disarm(hass: HomeAssistant) -> None:
    """Disarm with a code, and wait for nothing that follows: it may be what is held up."""
    data = {"entity_id": PANEL, "code": CODE}
    await hass.services.async_call("alarm_control_panel", "alarm_disarm", data, blocking=True)


def refusals(happened: Told) -> list[tuple[str, str | None]]:
    """Return why which presses were refused, and whose they were."""
    return [(one["reason"], one["by"]) for one in happened.of("push_refused")]


def while_it_is_written(
    entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[None]]
) -> None:
    """Let something happen while the next button is on its way to the disk."""
    alarms = entry.runtime_data.alarms
    save = alarms.async_save

    async def slowly() -> bool:
        monkeypatch.setattr(alarms, "async_save", save)
        await happens()
        return bool(await save())

    monkeypatch.setattr(alarms, "async_save", slowly)
