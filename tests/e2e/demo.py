"""The demo: the product's main job on real processes, watched step by step. Run it as `script/demo [--once]`."""

import argparse
import asyncio
import re
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console

from companion.store.types import as_bytes
from tests.e2e import house
from tests.e2e.home_assistant import PASSWORD, USERNAME, HomeAssistant
from tests.e2e.house import Api, until
from tests.e2e.processes import CompanionProcess, DidNotStart, Providers
from tests.e2e.scene import front_door_at_night
from tests.e2e.workshop import Workshop, WorkshopAlarm, running_workshop
from tests.fakes.frigate import FakeFrigate, camera as frigate_camera

PANEL = "alarm_control_panel.home"
ACTIVE, STATUS = "binary_sensor.home_alarm_alarm_active", "sensor.home_alarm_latest_alarm"

console = Console(highlight=False, soft_wrap=True)


@dataclass
class Demo:
    """Everything that runs, and what has been seen of it."""

    folder: Path
    providers: Providers
    companion: CompanionProcess
    home_assistant: HomeAssistant
    phone: house.Phone
    frigate: FakeFrigate
    workshop: Workshop
    webhook_id: str = ""
    token: str = field(default_factory=house.new_device_token)
    admin_key: str = ""
    alarm_id: str = ""
    ack_url: str = ""
    pressed_at: float = 0.0

    @property
    def api(self) -> Api:
        """Return the companion's API, as its administrator."""
        return Api(self.companion.url, self.admin_key)

    def saw(self, what: str) -> None:
        """Print one line of the timeline."""
        console.print(f"  [bold cyan]{time.monotonic() - self.pressed_at:7.3f} s[/]  [green]✔[/] {what}")

    # --- the steps --------------------------------------------------------------------------------------

    async def press(self, where: str, token: str) -> None:
        """Press the key of a phone."""
        self.pressed_at = time.monotonic()
        self.saw(f"the panic key of the phone in the {where} is pressed")
        status, answer = await house.press(self.companion.url, token)
        assert status == 200, answer
        self.alarm_id = answer["alarm_id"]
        self.saw(f"the phone has its answer: {status} {answer['status']}, alarm {self.alarm_id[:13]}…")

    async def see_it_on_disk(self) -> None:
        """Look into the database file itself."""
        database = self.folder / "companion" / "alarm-broker.db"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            row = connection.execute(
                "SELECT status FROM alarm WHERE id = ?", (as_bytes(self.alarm_id),)
            ).fetchone()
        assert row == ("triggered",), row
        self.saw("the alarm is on disk (read from the SQLite file)")

    async def see_the_first_step(self) -> None:
        """See the ticket and Anna's message arrive."""
        ticket = await until(self._ticket, "a ticket in Zammad")
        self.saw(f"Zammad has a ticket: “{ticket['title']}”, priority {ticket['priority']}")
        message = await until(lambda: self._signal(house.ANNA), "Anna's Signal message")
        self.saw(f"Signal: {message.splitlines()[0]} → Anna")

    async def see_home_assistant(self, state: str, status: str, word: str) -> None:
        """See the entities follow."""

        async def look() -> bool:
            active = await self.home_assistant.state(ACTIVE)
            latest = await self.home_assistant.state(STATUS)
            return active.get("state") == state and latest.get("state") == status

        await until(look, f"Home Assistant shows {status}")
        self.saw(f"Home Assistant: {ACTIVE} is {state}, {STATUS} is {status} {word}")

    async def see_the_push(self) -> None:
        """See Home Assistant's own notification with its action."""

        async def look() -> dict[str, Any] | None:
            return next((push for push in self.phone.pushes if push.get("data", {}).get("actions")), None)

        push = await until(look, "a push with an action")
        action = push["data"]["actions"][0]["title"]
        self.saw(
            f"push to the phone of the owner: “{push.get('title') or push['message']}” with the action {action}"
        )

    async def see_the_escalation(self) -> None:
        """Nobody answers: see the next step."""
        console.print("             [dim]… nobody answers …[/]")
        message = await until(lambda: self._signal(house.BEN), "Ben's Signal message")
        alarm = await self.api.get(f"/v1/alarms/{self.alarm_id}")
        assert alarm["status"] == "triggered"
        self.saw("escalated: Signal → Ben")
        found = re.search(r"http://\S+/a/[\w-]+", message)
        assert found is not None, message
        self.ack_url = found[0]

    async def acknowledge(self) -> None:
        """Open Ben's link, which changes nothing, and press the button on the page."""
        async with aiohttp.ClientSession() as session:
            async with session.get(self.ack_url) as answer:
                page = await answer.text()
                assert answer.status == 200, page
            assert "Reception" in unescape(page)
            assert (await self.api.get(f"/v1/alarms/{self.alarm_id}"))["status"] == "triggered"
            self.saw(
                "Ben opens the link of his message: the page shows what, where, who; nothing is changed by looking"
            )
            form = {"name": "Ben Example", "note": "I am on my way"}
            async with session.post(self.ack_url, data=form) as answer:
                page = await answer.text()
                assert answer.status == 200, page
        alarm = await self.api.get(f"/v1/alarms/{self.alarm_id}")
        assert (alarm["status"], alarm["acknowledged_by"]) == ("acknowledged", "Ben Example"), alarm
        self.saw("Ben presses the button: acknowledged, everything still planned is withdrawn")

    async def see_the_answer(self) -> None:
        """See ticket, Signal and Home Assistant hear of it."""
        await until(lambda: self._article("Ben Example"), "the note in the ticket")
        self.saw("Zammad: internal note “acknowledged by Ben Example” in the ticket")
        await until(lambda: self._signal(house.ANNA, number=2), "the news for Anna")
        self.saw("Signal → Anna: Ben Example answered")

    async def resolve(self) -> None:
        """End it from Home Assistant."""
        await self.home_assistant.call("alarm_broker", "resolve", note="False alarm, all is well")

        async def resolved() -> bool:
            return bool((await self.api.get(f"/v1/alarms/{self.alarm_id}"))["status"] == "resolved")

        await until(resolved, "the alarm is resolved")
        self.saw("resolved in Home Assistant (action alarm_broker.resolve)")

    async def see_the_ticket_closed(self) -> None:
        """See the ticket end with it."""
        await until(self._closed, "the ticket is closed")
        self.saw("Zammad: the ticket is closed")

    # --- the last act -------------------------------------------------------------------------------------

    async def break_in(self) -> None:
        """Arm the house, and let somebody through the front door before the camera."""
        home = self.home_assistant
        await home.call("alarm_control_panel", "alarm_arm_away", entity_id=PANEL, code=house.CODE)
        await until(lambda: _is(home, PANEL, "armed_away"), "armed")
        self.saw("armed away in Home Assistant; the exit delay is over")
        self.frigate.add_event(start_time=time.time() - 1, camera="front_door", score=0.87)
        await home.call("input_boolean", "turn_on", entity_id="input_boolean.front_door")
        await until(lambda: self.phone.newest("Disarm"), "the entry delay on the phone")
        self.saw("the front door opens: push “Entry delay” with the button Disarm")

    async def see_the_picture(self) -> dict[str, Any]:
        """See the alarm and then its picture on the phone, and both at the companion."""
        await until(lambda: _is(self.home_assistant, PANEL, "triggered"), "triggered")
        self.saw("nobody disarms: the alarm is raised")
        push = await until(lambda: self.phone.newest("Acknowledge", picture=True), "the picture")
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.home_assistant.url}{push['data']['image']}") as answer,
        ):
            assert answer.status == 200, answer
        self.saw(f"the same push has its picture, behind a signed address: “{push['title']}”")
        alarm = await until(self._verified, "the picture at the companion")
        self.alarm_id = alarm["id"]
        self.saw(f"the companion has it too: validation level {alarm['evidence']['level']} of 4")
        return push

    async def press_the_push(self, push: dict[str, Any]) -> None:
        """Press a forged button, then the right one."""
        pressed = "mobile_app_notification_action"
        forged = {"action": f"ALARM_BROKER_{'A' * 43}"}
        await self.home_assistant.from_phone(self.webhook_id, pressed, forged)
        await until(lambda: self.phone.newest(words="unknown here"), "the refusal")
        self.saw("a forged button: refused, and the phone says so")
        action = next(one["action"] for one in push["data"]["actions"] if one["title"] == "Acknowledge")
        await self.home_assistant.from_phone(self.webhook_id, pressed, {"action": action})

        async def acknowledged() -> bool:
            alarm = await self.api.get(f"/v1/alarms/{self.alarm_id}")
            return (alarm["status"], alarm["acknowledged_by"]) == ("acknowledged", "Demo")

        await until(acknowledged, "acknowledged by the push")
        self.saw("the owner presses Acknowledge on the phone: acknowledged at the companion")

    async def disarm(self) -> None:
        """Type the code, and see it end."""
        await self.home_assistant.call(
            "alarm_control_panel", "alarm_disarm", entity_id=PANEL, code=house.CODE
        )

        async def over() -> bool:
            return (await self.api.get(f"/v1/alarms/{self.alarm_id}"))["status"] in {"resolved", "cancelled"}

        await until(over, "the alarm is over")
        self.saw("disarmed with the code: it is over everywhere")

    # --- looking ----------------------------------------------------------------------------------------

    async def _ticket(self) -> dict[str, Any] | None:
        for request in await self.providers.received("zammad"):
            if (request["method"], request["path"], request["status"]) == ("POST", "/api/v1/tickets", 201):
                return dict(request["body"])
        return None

    async def _article(self, word: str) -> bool:
        return any(
            request["path"] != "/api/v1/tickets"
            and request["method"] in {"POST", "PUT"}
            and word in str(request["body"])
            for request in await self.providers.received("zammad")
        )

    async def _verified(self) -> dict[str, Any] | None:
        alarms: list[dict[str, Any]] = (await self.api.get("/v1/alarms?source=panel"))["alarms"]
        return next((one for one in alarms if one["evidence"] and one["evidence"]["picture"]), None)

    async def _closed(self) -> bool:
        return any(
            request["method"] == "PUT" and request["status"] == 200 and "closed" in str(request["body"])
            for request in await self.providers.received("zammad")
        )

    async def _signal(self, number_called: str, *, number: int = 1) -> str | None:
        texts = [
            str(request["body"]["message"])
            for request in await self.providers.received("signal")
            if request["path"] == "/v2/send" and number_called in request["body"]["recipients"]
        ]
        return texts[number - 1] if len(texts) >= number else None


async def set_up(stack: AsyncExitStack, folder: Path) -> Demo:
    """Start everything in `folder` and link it; `stack` ends it."""
    demo = Demo(
        folder,
        Providers(folder),
        CompanionProcess(folder / "companion"),
        HomeAssistant(folder),
        await stack.enter_async_context(house.Phone()),
        await stack.enter_async_context(
            FakeFrigate(cameras={"front_door": frigate_camera()}, snapshot=front_door_at_night())
        ),
        await stack.enter_async_context(running_workshop(folder / "workshop")),
    )

    async def step(what: str, work: Awaitable[Any]) -> None:
        begun = time.monotonic()
        await work
        console.print(f"  [green]✔[/] {what} [dim]({time.monotonic() - begun:.1f} s)[/]")

    console.print("\n[bold]Starting the house[/]\n")
    for process in (demo.providers, demo.companion, demo.home_assistant):
        stack.push_async_callback(process.stop)
    await step(
        "stand-ins for Zammad and signal-cli-rest-api; beside those for Telegram, mail and a webhook, and a real Mosquitto",
        demo.providers.ready(),
    )
    directory = demo.workshop.added_to(house.directory(demo.providers, demo.token))
    await step(
        "directory applied: four people, seven channels, two policies, the phones of reception and workshop",
        house.apply(demo.companion, directory),
    )
    demo.admin_key = await house.create_key(demo.companion, "admin", "Demo")
    link_key = await house.create_key(demo.companion, "operate", "Home Assistant")
    await step("companion, on its embedded SQLite", demo.companion.ready())
    await step("Home Assistant, a real one", demo.home_assistant.ready())
    demo.webhook_id = await demo.home_assistant.register_phone("Owner", demo.phone.url, os_name="Android")
    await step(
        "integration set up through its config flow",
        house.install_integration(demo.home_assistant, demo.companion, link_key),
    )
    await step(
        "its owner with a phone, and a camera at the front door",
        house.install_owner_and_camera(demo.home_assistant, demo.frigate.url),
    )
    linked = until(
        lambda: _is(demo.home_assistant, "binary_sensor.home_alarm_companion_connected", "on"),
        "the link is up",
    )
    await step("link between Home Assistant and the companion", linked)
    return demo


async def _is(home_assistant: HomeAssistant, entity_id: str, state: str) -> bool:
    return bool((await home_assistant.state(entity_id)).get("state") == state)


async def _story(demo: Demo) -> None:
    console.print(f"\n[bold]Timeline[/] (GET {house.PHONE.format(token='…')})\n")
    await demo.press("reception", demo.token)
    await demo.see_it_on_disk()
    await demo.see_the_first_step()
    await demo.see_home_assistant("on", "triggered", "")
    await demo.see_the_push()
    await demo.see_the_escalation()
    await demo.acknowledge()
    await demo.see_the_answer()
    await demo.see_home_assistant("on", "acknowledged", "(by Ben Example)")
    await demo.resolve()
    await demo.see_the_ticket_closed()
    await demo.see_home_assistant("off", "resolved", "")
    console.print("\n[bold]The key in the workshop: told by four other channels, answered in Telegram[/]\n")
    await demo.press("workshop", demo.workshop.token)
    alarm = WorkshopAlarm(demo.alarm_id, demo.workshop, demo.api, demo.providers, demo.saw)
    await alarm.answer(await alarm.see_the_first_step())
    await demo.see_home_assistant("on", "acknowledged", "(by Clara Example)")
    await alarm.see_that_it_stops()
    await demo.resolve()
    await alarm.see_the_end()
    await demo.see_home_assistant("off", "resolved", "")
    console.print("\n[bold]And now somebody breaks in[/]\n")
    demo.pressed_at = time.monotonic()
    await demo.break_in()
    await demo.press_the_push(await demo.see_the_picture())
    await demo.disarm()


def _addresses(demo: Demo) -> None:
    console.print("\n[bold]Everything is still running.[/] Look around; Ctrl-C ends it.\n")
    for name, what in (
        ("Dashboard", f"{demo.companion.url}/admin"),
        ("  admin key", demo.admin_key),
        ("ACK page", f"{demo.ack_url}   (of the alarm above; press the key for a new one)"),
        ("Home Assistant", demo.home_assistant.url),
        ("  login", f"{USERNAME} / {PASSWORD}, alarm code {house.CODE}"),
        ("Press the key", f"curl '{demo.companion.url}/v1/yealink/alarm?token={demo.token}'"),
        ("Zammad saw", f"{demo.providers.url('zammad')}/_received"),
        ("Signal saw", f"{demo.providers.url('signal')}/_received"),
        ("Telegram saw", f"{demo.workshop.telegram.url}/_received"),
        ("Webhook saw", f"{demo.workshop.program.url}/_received"),
        ("MQTT", f"127.0.0.1:{demo.workshop.broker.port}, topics alarm_broker/#"),
        ("  login", f"watcher / {demo.workshop.broker.password}"),
        ("Frigate saw", f"{demo.frigate.url}/_received"),
        ("Logs, data", f"{demo.folder}   (removed at the end)"),
    ):
        console.print(f"  {name:<15} {what}", markup=False)


async def main() -> int:
    """Run the story; return 0 only if every step was seen."""
    parser = argparse.ArgumentParser(prog="script/demo", description=__doc__)
    parser.add_argument(
        "--once", action="store_true", help="end after the story, with status 0 if every step was seen"
    )
    options = parser.parse_args()
    stopped = asyncio.Event()
    task: Callable[[], Any] = stopped.set
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task)
    with tempfile.TemporaryDirectory(prefix="alarm-broker-demo-") as name:
        async with AsyncExitStack() as stack:
            story = asyncio.create_task(_run(stack, Path(name), once=options.once, stopped=stopped))
            ended = asyncio.create_task(stopped.wait())
            await asyncio.wait({story, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not story.done():
                story.cancel()
                await asyncio.gather(story, return_exceptions=True)
                return 130
            ended.cancel()
            return story.result()


async def _run(stack: AsyncExitStack, folder: Path, *, once: bool, stopped: asyncio.Event) -> int:
    try:
        demo = await set_up(stack, folder)
        await _story(demo)
    except (AssertionError, DidNotStart, aiohttp.ClientError) as err:
        console.print(f"\n[bold red]✘ {err}[/]\n", markup=True)
        _show_logs(folder)
        return 1
    console.print("\n[bold green]Every step was seen.[/]")
    if not once:
        _addresses(demo)
        await stopped.wait()
    return 0


def _show_logs(folder: Path) -> None:
    for log in sorted(folder.rglob("*.log")):
        console.print(f"[dim]--- the end of {log.name}[/]")
        last = log.read_text(errors="replace").splitlines()[-15:]
        console.print("\n".join(last), markup=False, style="dim")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
