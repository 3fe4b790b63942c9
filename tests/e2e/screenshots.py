"""Takes the README's pictures of Home Assistant and its notifications, from a real one in the middle of an alarm."""

import asyncio
import json
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Page, async_playwright

from tests.e2e import demo as story
from tests.e2e.demo import Demo
from tests.e2e.home_assistant import HomeAssistant
from tests.e2e.house import until
from tests.e2e.notification import notifications_html
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
                        {"type": "tile", "entity": "binary_sensor.home_alarm_alarm_active"},
                        {
                            "type": "tile",
                            "entity": "sensor.home_alarm_latest_alarm",
                            "state_content": ["state", "title", "person"],
                            "grid_options": {"columns": 12},
                        },
                        {
                            "type": "tile",
                            "entity": "event.home_alarm_alarm",
                            "state_content": ["event_type", "state"],
                            "grid_options": {"columns": 12},
                        },
                        {"type": "tile", "entity": "sensor.home_alarm_validation_level"},
                        {"type": "tile", "entity": "binary_sensor.home_alarm_anyone_home"},
                        {
                            "type": "picture-entity",
                            "entity": "image.home_alarm_alarm_picture",
                            "show_state": False,
                            "show_name": False,
                            "grid_options": {"columns": 12, "rows": 4},
                        },
                        {
                            "type": "logbook",
                            "entities": [
                                "binary_sensor.home_alarm_alarm_active",
                                "sensor.home_alarm_latest_alarm",
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
    path = "alarm-house"
    await home_assistant.ask(
        "lovelace/dashboards/create",
        url_path=path,
        title="Alarm",
        mode="storage",
        require_admin=False,
        show_in_sidebar=True,
    )
    await home_assistant.ask("lovelace/config/save", url_path=path, config=DASHBOARD)


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


@dataclass
class Thread:
    """The notifications of one alarm, and the picture that they show."""

    pending: dict[str, Any]
    verified: dict[str, Any]
    picture: bytes


async def break_in(demo: Demo) -> Thread:
    """Let somebody through the front door; return what the owner's phone got."""
    await demo.break_in()
    pending = await until(lambda: demo.phone.newest("Disarm"), "the entry delay on the phone")
    verified = await demo.see_the_picture()
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{demo.home_assistant.url}{verified['data']['image']}") as answer,
    ):
        return Thread(pending, verified, await answer.read())


async def main() -> None:
    """Start the house, break in, and take the pictures."""
    with tempfile.TemporaryDirectory() as name:
        async with AsyncExitStack() as stack:
            demo = await story.set_up(stack, Path(name))
            thread = await break_in(demo)
            await create_dashboard(demo.home_assistant)
            playwright = await stack.enter_async_context(async_playwright())
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
            page = await browser.new_page(viewport={"width": 1180, "height": 760})
            await home_assistant_page(page, demo.home_assistant, "/alarm-house/0")
            await page.screenshot(path=FOLDER / "home-assistant.png")
            await demo.home_assistant.call("alarm_broker", "acknowledge")
            answered = await until(lambda: demo.phone.newest(words="Demo"), "the answer on the phone")
            page = await browser.new_page(viewport={"width": 1180, "height": 500})
            await page.set_content(
                notifications_html(
                    (
                        ("The door opens: entry delay", thread.pending, None),
                        ("Seconds later: alarm, then its picture", thread.verified, thread.picture),
                        ("Somebody answered", answered, None),
                    )
                )
            )
            await page.screenshot(path=FOLDER / "notification.png", full_page=True)
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
