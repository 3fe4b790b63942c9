"""Takes the README's picture of Home Assistant, from a real one in the middle of an alarm: `script/screenshots`."""

import asyncio
import json
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Page, async_playwright

from tests.e2e import demo as story
from tests.e2e.home_assistant import HomeAssistant
from tests.e2e.processes import ROOT

FOLDER = ROOT / "docs" / "screenshots"
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
]
DASHBOARD: dict[str, Any] = {
    "views": [
        {
            "title": "Alarm",
            "type": "sections",
            "max_columns": 2,
            "sections": [
                {
                    "type": "grid",
                    "cards": [
                        {
                            "type": "alarm-panel",
                            "entity": "alarm_control_panel.home",
                            "states": ["arm_away", "arm_home"],
                        },
                    ],
                },
                {
                    "type": "grid",
                    "cards": [
                        {"type": "tile", "entity": "binary_sensor.home_alarm_active"},
                        {
                            "type": "tile",
                            "entity": "sensor.home_latest_alarm",
                            "state_content": ["state", "title", "person"],
                            "grid_options": {"columns": 12},
                        },
                        {
                            "type": "tile",
                            "entity": "event.home_alarm",
                            "state_content": ["event_type", "state"],
                            "grid_options": {"columns": 12},
                        },
                        {"type": "tile", "entity": "binary_sensor.front_door"},
                        {"type": "tile", "entity": "binary_sensor.living_room"},
                        {
                            "type": "logbook",
                            "entities": [
                                "binary_sensor.home_alarm_active",
                                "sensor.home_latest_alarm",
                                "alarm_control_panel.home",
                            ],
                            "hours_to_show": 1,
                            "grid_options": {"columns": 12, "rows": 5},
                        },
                    ],
                },
            ],
        }
    ]
}


async def create_dashboard(home_assistant: HomeAssistant) -> None:
    """Make a dashboard with the panel and the alarm's entities."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{home_assistant.url}/api/websocket") as socket,
    ):
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": home_assistant.token})
        await socket.receive_json()
        create = {
            "url_path": "alarm-house",
            "title": "Alarm",
            "mode": "storage",
            "require_admin": False,
            "show_in_sidebar": True,
        }
        await socket.send_json({"id": 1, "type": "lovelace/dashboards/create", **create})
        await socket.receive_json()
        await socket.send_json(
            {"id": 2, "type": "lovelace/config/save", "url_path": "alarm-house", "config": DASHBOARD}
        )
        await socket.receive_json()


async def home_assistant_page(page: Page, home_assistant: HomeAssistant, path: str) -> None:
    """Open a page of Home Assistant, logged in, and wait until it is drawn."""
    tokens = home_assistant.refresh | {
        "hassUrl": home_assistant.url,
        "clientId": f"{home_assistant.url}/",
        "expires": 9_999_999_999_999,
        "ha_auth_provider": "homeassistant",
    }
    await page.add_init_script(f"localStorage.hassTokens = {json.dumps(json.dumps(tokens))}")
    await page.goto(f"{home_assistant.url}{path}")
    await page.wait_for_function("document.querySelector('home-assistant')?.hass?.states")
    await page.wait_for_function("!document.querySelector('#ha-launch-screen')")
    await page.wait_for_timeout(4000)


async def main() -> None:
    """Start the house, press the key, and take the picture."""
    with tempfile.TemporaryDirectory() as name:
        async with AsyncExitStack() as stack:
            house = await story.set_up(stack, Path(name))
            await house.press()
            await house.see_home_assistant("on", "triggered", "")
            await create_dashboard(house.home_assistant)
            playwright = await stack.enter_async_context(async_playwright())
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
            page = await browser.new_page(viewport={"width": 1180, "height": 640})
            await home_assistant_page(page, house.home_assistant, "/alarm-house/0")
            await page.screenshot(path=FOLDER / "home-assistant.png")
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
