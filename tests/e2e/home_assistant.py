"""A real Home Assistant process with our integration, driven over its own HTTP interface."""

import asyncio
import json
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.processes import ROOT, DidNotStart, Process
from tests.fakes.ports import free_port

USERNAME, PASSWORD = "demo", "alarm-broker-demo"

CONFIGURATION = """\
homeassistant:
  name: Demo house
  latitude: 52.52
  longitude: 13.40
  elevation: 34
  unit_system: metric
  time_zone: Europe/Berlin
  country: DE
  currency: EUR
  internal_url: "{url}"
  external_url: "{url}"
api:
config:
frontend:
history:
logbook:
recorder:
mobile_app:
zeroconf:
person:
system_health:
input_boolean:
  front_door: {{name: Front door contact}}
  living_room: {{name: Living room motion}}
  smoke: {{name: Kitchen smoke}}
template:
  - binary_sensor:
      - {{name: Front door, unique_id: front_door, device_class: door, state: "{{{{ is_state('input_boolean.front_door', 'on') }}}}"}}
      - {{name: Living room, unique_id: living_room, device_class: motion, state: "{{{{ is_state('input_boolean.living_room', 'on') }}}}"}}
      - {{name: Kitchen smoke, unique_id: smoke, device_class: smoke, state: "{{{{ is_state('input_boolean.smoke', 'on') }}}}"}}
automation: []
script: {{}}
logger:
  default: warning
  logs:
    custom_components.alarm_broker: debug
"""


def _storage(key: str, data: Mapping[str, Any], *, version: int, minor_version: int) -> str:
    return json.dumps({"version": version, "minor_version": minor_version, "key": key, "data": data})


def prepare_config(config: Path, port: int) -> None:
    """Write the configuration of a house with three sensors and our integration in `custom_components`."""
    storage = config / ".storage"
    storage.mkdir(parents=True)
    (config / "configuration.yaml").write_text(CONFIGURATION.format(url=f"http://127.0.0.1:{port}"))
    # An `http:` block in YAML is only a trial that Home Assistant takes back after five minutes: seed its storage.
    http = {
        "stable": {
            "server_port": port,
            "server_host": ["127.0.0.1"],
            "cors_allowed_origins": [],
            "login_attempts_threshold": -1,
            "ip_ban_enabled": True,
            "ssl_profile": "modern",
            "use_x_frame_options": True,
            "created_at": "2026-11-20T00:00:00+00:00",
            "error": None,
            "error_message": None,
        },
        "pending": None,
        "yaml_migration_done": True,
    }
    (storage / "http").write_text(_storage("http", http, version=2, minor_version=2))
    # The other steps of the onboarding would look for services in the internet.
    onboarding = {"done": ["core_config", "analytics", "integration"]}
    (storage / "onboarding").write_text(_storage("onboarding", onboarding, version=4, minor_version=1))
    # With what is compiled of it: nothing is compiled anew then.
    shutil.copytree(ROOT / "custom_components/alarm_broker", config / "custom_components/alarm_broker")


class HomeAssistant(Process):
    """`hass`, on a configuration folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = folder / "homeassistant"
        self.token = ""
        self.refresh: dict[str, Any] = {}
        hass = Path(sys.executable).with_name("hass")
        super().__init__(
            "Home Assistant",
            [str(hass), "--config", str(self.config), "--skip-pip", "--log-no-color"],
            folder / "homeassistant.log",
            {"HOME": str(self.config), "PYTHONPATH": ""},
            folder,
        )

    async def ready(self) -> None:
        """Start for the first time, create the owner, and wait until everything is set up."""
        await asyncio.to_thread(prepare_config, self.config, self.port)
        await self.start()
        await self.answers(f"{self.url}/manifest.json", timeout_s=180)
        client_id = f"{self.url}/"
        async with aiohttp.ClientSession(self.url) as session:
            user = {
                "client_id": client_id,
                "name": "Demo",
                "username": USERNAME,
                "password": PASSWORD,
                "language": "en",
            }
            async with session.post("/api/onboarding/users", json=user) as answer:
                code = (await answer.json())["auth_code"]
            form = {"grant_type": "authorization_code", "code": code, "client_id": client_id}
            async with session.post("/auth/token", data=form) as answer:
                self.refresh = await answer.json()
        self.token = self.refresh["access_token"]
        await self.until_running()

    async def restart(self) -> None:
        """Start again on the same configuration."""
        await self.start()
        await self.answers(f"{self.url}/manifest.json", timeout_s=180)
        await self.until_running()

    async def until_running(self) -> None:
        """Wait until Home Assistant has set everything up; HTTP answers long before."""
        async with asyncio.timeout(180):
            while True:
                with suppress(aiohttp.ClientError):
                    if (await self.request("GET", "/api/core/state"))["state"] == "RUNNING":
                        return
                await asyncio.sleep(0.1)

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        """Call the REST interface as the owner; raises DidNotStart with the answer when it is refused."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with (
            aiohttp.ClientSession(self.url, headers=headers) as session,
            session.request(method, path, json=body) as answer,
        ):
            text = await answer.text()
            if answer.status >= 400:
                raise DidNotStart(f"Home Assistant refused {method} {path}: {answer.status} {text}")
            return json.loads(text) if text else None

    async def ask(self, kind: str, **data: Any) -> Any:
        """Send one command over the websocket; return its result. Raises DidNotStart when it is refused."""
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{self.url}/api/websocket") as socket,
        ):
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self.token})
            await socket.receive_json()
            await socket.send_json({"id": 1, "type": kind, **data})
            answer = await socket.receive_json()
        if not answer["success"]:
            raise DidNotStart(f"Home Assistant refused {kind}: {answer['error']}")
        return answer["result"]

    async def entry_id(self, domain: str) -> str:
        """Return the id of the one entry of an integration."""
        [entry] = await self.request("GET", f"/api/config/config_entries/entry?domain={domain}")
        return str(entry["entry_id"])

    async def parts(self, entry_id: str, kind: str) -> dict[str, str]:
        """Return the ids of an integration's parts of some kind by their titles."""
        found = await self.ask("config_entries/subentries/list", entry_id=entry_id)
        return {one["title"]: one["subentry_id"] for one in found if one["subentry_type"] == kind}

    async def configure(self, handler: str, answers: Mapping[str, Mapping[str, Any]]) -> Any:
        """Go through a config flow; `answers` has what to fill into the form, or choose in the menu, of each step."""
        return await self._flow("/api/config/config_entries/flow", handler, answers)

    async def add_part(self, entry_id: str, kind: str, answers: Mapping[str, Mapping[str, Any]]) -> None:
        """Go through the flow that adds a part of some kind to an integration that is set up."""
        await self._flow("/api/config/config_entries/subentries/flow", [entry_id, kind], answers)

    async def change_options(self, entry_id: str, answers: Mapping[str, Mapping[str, Any]]) -> None:
        """Go through an integration's options."""
        await self._flow("/api/config/config_entries/options/flow", entry_id, answers)

    async def _flow(
        self, path: str, handler: str | list[str], answers: Mapping[str, Mapping[str, Any]]
    ) -> Any:
        step = await self.request("POST", path, {"handler": handler})
        while step["type"] in {"form", "menu"}:
            if step.get("errors"):
                raise DidNotStart(f"The config flow refuses step {step['step_id']}: {step['errors']}")
            given = answers[step["step_id"]]
            step = await self.request("POST", f"{path}/{step['flow_id']}", dict(given))
        if step["type"] != "create_entry":
            raise DidNotStart(f"The config flow ended with {step}")
        return step.get("result")

    async def call(self, domain: str, service: str, **data: Any) -> Any:
        """Call an action."""
        return await self.request("POST", f"/api/services/{domain}/{service}", data)

    async def state(self, entity_id: str) -> dict[str, Any]:
        """Return the entity's state, or an empty dict while there is none."""
        with suppress(DidNotStart):
            found: dict[str, Any] = await self.request("GET", f"/api/states/{entity_id}")
            return found
        return {}

    async def states(self) -> list[dict[str, Any]]:
        """Return every entity's state."""
        found: list[dict[str, Any]] = await self.request("GET", "/api/states")
        return found

    async def from_phone(self, webhook_id: str, event_type: str, data: Mapping[str, Any]) -> None:
        """Let a phone say something, as the companion app does."""
        said = {"type": "fire_event", "data": {"event_type": event_type, "event_data": dict(data)}}
        await self.request("POST", f"/api/webhook/{webhook_id}", said)

    async def register_phone(self, name: str, push_url: str, *, os_name: str = "iOS") -> str:
        """Register a phone with the companion app's interface; return its webhook id."""
        phone = {
            "device_id": name.lower(),
            "app_id": "io.robbie.HomeAssistant",
            "app_name": "Home Assistant",
            "app_version": "2026.10",
            "device_name": name,
            "manufacturer": "Demo",
            "model": "Phone",
            "os_name": os_name,
            "os_version": "20",
            "supports_encryption": False,
            "app_data": {"push_url": push_url, "push_token": "demo"},
        }
        return str((await self.request("POST", "/api/mobile_app/registrations", phone))["webhook_id"])
