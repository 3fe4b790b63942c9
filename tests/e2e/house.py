"""A whole house for the demo and the end-to-end tests: providers, companion, directory, Home Assistant, a phone."""

import asyncio
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.e2e.home_assistant import HomeAssistant
from tests.e2e.processes import CompanionProcess, Providers

ANNA, BEN = "+491701111111", "+491702222222"
CODE = "2580"

PHONE = "/v1/yealink/alarm?token={token}&mac=001565a1b2c3&ip=192.168.20.31&model=T54W&active_user=201"
PHONE_AGENT = "Yealink SIP-T54W 96.86.0.70 00:15:65:a1:b2:c3"


def directory(providers: Providers, token: str, *, steps: tuple[float, ...] = (0, 4, 30)) -> dict[str, Any]:
    """Return the directory of an office: two people, Zammad and Signal, one phone. `steps` are the delays in seconds."""
    targets = [
        [{"channel": "zammad"}, {"person": "anna"}],
        [{"person": "ben"}],
        [{"person": "anna", "via": "all"}, {"person": "ben", "via": "all"}],
    ]
    return {
        "channels": [
            {
                "id": "zammad",
                "kind": "zammad",
                "name": "Zammad",
                "config": {
                    "url": providers.url("zammad"),
                    "token": "zammad-token",
                    "group": "Alarm",
                    "customer": "alarm@example.org",
                },
            },
            {
                "id": "signal",
                "kind": "signal",
                "name": "Signal",
                "config": {"url": providers.url("signal"), "number": "+4930123456"},
            },
            {
                "id": "sms",
                "kind": "sms",
                "name": "SMS",
                "config": {
                    "url": f"{providers.url('sms')}/sms",
                    "headers": {"Authorization": "Bearer sms-token"},
                    "idempotency_header": "Idempotency-Key",
                    "id_pointer": "/message/id",
                },
            },
        ],
        "people": [
            {
                "id": "anna",
                "name": "Anna Example",
                "contacts": [{"channel": "signal", "address": ANNA}, {"channel": "sms", "address": ANNA}],
            },
            {
                "id": "ben",
                "name": "Ben Example",
                "contacts": [{"channel": "signal", "address": BEN}, {"channel": "sms", "address": BEN}],
            },
        ],
        "policies": [
            {
                "id": "office",
                "name": "Office hours",
                "steps": [
                    {"after": after, "targets": whom} for after, whom in zip(steps, targets, strict=False)
                ],
                "repeat": 2,
                "repeat_after": 60,
            }
        ],
        "sites": [
            {
                "id": "office",
                "name": "Head office",
                "timezone": "Europe/Berlin",
                "policy": "office",
                "rooms": [{"id": "reception", "name": "Reception"}],
            }
        ],
        "devices": [
            {
                "id": "reception-phone",
                "kind": "yealink",
                "name": "Reception phone",
                "site": "office",
                "room": "reception",
                "person": "anna",
                "token": token,
            }
        ],
    }


async def apply(companion: CompanionProcess, document: Mapping[str, Any]) -> None:
    """Apply a directory as an operator does: from a file, with the command."""
    path = Path(companion.environment["ALARM_BROKER_DATA_DIR"]) / "directory.yaml"
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    await asyncio.to_thread(path.write_text, yaml.safe_dump(dict(document)))
    await companion.cli("apply", str(path))


async def create_key(companion: CompanionProcess, role: str, name: str) -> str:
    """Return a new API key, as the command prints it."""
    printed = await companion.cli("key", "create", "--role", role, "--name", name)
    found = re.search(rf"ab_{role}_[\w-]+", printed)
    assert found is not None, printed
    return found[0]


async def press(companion_url: str, token: str) -> tuple[int, dict[str, Any]]:
    """Press the key: the very request a Yealink phone sends. Return the status and the answer."""
    host, port = companion_url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    request = (
        f"GET {PHONE.format(token=token)} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: {PHONE_AGENT}\r\n"
        "Accept: */*\r\nConnection: close\r\n\r\n"
    )
    writer.write(request.encode())
    await writer.drain()
    async with asyncio.timeout(30):
        head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    return int(head.split()[1]), json.loads(body)


@dataclass
class Api:
    """The companion's API with a key."""

    url: str
    key: str

    async def get(self, path: str) -> Any:
        """Return what is there."""
        return await self._request("GET", path, None)

    async def post(self, path: str, body: Any = None) -> Any:
        """Do something."""
        return await self._request("POST", path, body)

    async def _request(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        async with (
            aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=10)) as session,
            session.request(method, f"{self.url}{path}", json=body) as answer,
        ):
            found = await answer.json(content_type=None)
            if answer.status >= 400:
                raise AssertionError(f"{method} {path}: {answer.status} {found}")
            return found


class Phone:
    """A phone's push service: keeps what Home Assistant pushes, as the real one would hand it to the phone."""

    def __init__(self) -> None:
        self.pushes: list[dict[str, Any]] = []
        self.url = ""
        app = web.Application()
        app.router.add_post("/push", self._push)
        self._server = TestServer(app)

    async def __aenter__(self) -> Self:
        await self._server.start_server(access_log=None)
        self.url = str(self._server.make_url("/push"))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    async def newest(self, *buttons: str, picture: bool = False, words: str = "") -> dict[str, Any] | None:
        """Return the newest push that has these buttons, a picture and these words."""
        push: dict[str, Any]
        for push in reversed(self.pushes):
            data = push.get("data", {})
            titles = {one["title"] for one in data.get("actions", ())}
            if titles >= set(buttons) and words in push["message"] and (not picture or "image" in data):
                return push
        return None

    async def _push(self, request: web.Request) -> web.Response:
        self.pushes.append(await request.json())
        limits = {"successful": 1, "errors": 0, "maximum": 500, "resetsAt": "2026-11-21T00:00:00Z"}
        return web.json_response({"rateLimits": limits}, status=201)


async def until[T](look: Callable[[], Awaitable[T | None]], what: str, *, timeout_s: float = 30) -> T:
    """Look again and again until there is something; raises AssertionError naming `what` if it never comes."""
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                found = await look()
                if found:
                    return found
                await asyncio.sleep(0.03)
    except TimeoutError as err:
        raise AssertionError(f"This has not happened within {timeout_s:g} s: {what}") from err


async def install_integration(home_assistant: HomeAssistant, companion: CompanionProcess, key: str) -> None:
    """Go through the config flow as a user does: with the companion, three sensors and a code."""
    front, living, smoke = (
        "binary_sensor.front_door",
        "binary_sensor.living_room",
        "binary_sensor.kitchen_smoke",
    )
    await home_assistant.configure(
        "alarm_broker",
        {
            "user": {"next_step_id": "companion"},
            "companion": {"url": companion.url, "token": key},
            "sensors": {
                "area_name": "Home",
                "away_sensors": [front, living],
                "home_sensors": [front],
                "always_sensors": [smoke],
            },
            "delays": {"entry_sensors": [front], "exit_delay": 2, "entry_delay": 5, "siren_time": 60},
            "code": {
                "user_name": "Anna Example",
                "code": CODE,
                "code_again": CODE,
                "code_arm_required": True,
            },
            "notify": {"notify_targets": []},
        },
    )


async def _install_camera(home_assistant: HomeAssistant, frigate_url: str) -> None:
    """Add a Frigate server and its camera at the front door."""
    entry_id = await home_assistant.entry_id("alarm_broker")
    await home_assistant.add_part(
        entry_id, "frigate", {"user": {"name": "Frigate", "url": frigate_url, "verify_ssl": True}}
    )
    servers = await home_assistant.parts(entry_id, "frigate")
    zones = await home_assistant.parts(entry_id, "zone")
    await home_assistant.add_part(
        entry_id,
        "camera",
        {
            "user": {"source": f"{servers['Frigate']}/front_door"},
            "looks_at": {
                "name": "Front door",
                "zones": [zones["Front door"]],
                "areas": [],
                "seeing": {"inside": False, "labels": ["person"], "min_score": 60},
            },
        },
    )


async def install_owner_and_camera(home_assistant: HomeAssistant, frigate_url: str) -> None:
    """Add the owner, whose phone may disarm without a code, and the camera at the front door."""
    entry_id = await home_assistant.entry_id("alarm_broker")
    rights = {"push_disarm": "phone", "auto_disarm": False}
    owner = {"person": "person.demo", "notify": ["notify.mobile_app_owner"], "rights": rights}
    await home_assistant.add_part(entry_id, "person", {"user": owner})
    await _install_camera(home_assistant, frigate_url)


def new_device_token() -> str:
    """Return a token for a phone."""
    return secrets.token_urlsafe(24)
