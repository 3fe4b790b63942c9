"""A real Mosquitto for tests: with passwords, rights, and TLS that asks for a certificate."""

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt

from tests.fakes.certificates import HouseCa
from tests.fakes.ports import free_port

BROKER, PASSWORDS = "/usr/sbin/mosquitto", "/usr/bin/mosquitto_passwd"
RIGHTS = """
user broker
topic readwrite alarm_broker/#

user watcher
topic readwrite #

user reader
topic read alarm_broker/#
"""


@dataclass(frozen=True)
class Mosquitto:
    """A broker that runs on 127.0.0.1."""

    port: int
    tls_port: int
    """Here a client must show a certificate of the CA; its name is the user's."""
    ca: HouseCa
    password: str = "hunter2-at-the-broker"

    @property
    def settings(self) -> dict[str, Any]:
        """How a channel is told to use it."""
        return {"url": f"mqtt://127.0.0.1:{self.port}", "username": "broker", "password": self.password}

    def watcher(self, **how: Any) -> aiomqtt.Client:
        """Return somebody who may read and write everything."""
        return aiomqtt.Client("127.0.0.1", self.port, username="watcher", password=self.password, **how)

    async def kept(self, topics: str = "alarm_broker/#") -> dict[str, bytes]:
        """Return what the broker keeps, which it says to everybody who comes."""
        found: dict[str, bytes] = {}
        async with self.watcher() as client, asyncio.timeout(20):
            await client.subscribe([(topics, 1), ("watcher/mark", 1)])
            await client.publish("watcher/mark", b"here", qos=1)
            async for message in client.messages:
                if str(message.topic) == "watcher/mark":
                    break
                if message.retain and isinstance(message.payload, bytes):
                    found[str(message.topic)] = message.payload
        return found

    @asynccontextmanager
    async def watching(self, topics: str = "alarm_broker/#") -> AsyncIterator[Watcher]:
        """Yield somebody who sees what is published, kept or not."""
        async with self.watcher() as client, asyncio.timeout(20):
            await client.subscribe(topics, qos=1)
            yield Watcher(client)


class Watcher:
    """Reads one message after the other."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client

    async def next(self, topic: str | None = None) -> aiomqtt.Message:
        """Return the next message, of this topic if one is named."""
        async for message in self.client.messages:
            if topic is None or str(message.topic) == topic:
                return message
        raise AssertionError("the broker is gone")

    async def json(self, topic: str | None = None) -> dict[str, Any]:
        """Return what the next message says."""
        payload = (await self.next(topic)).payload
        assert isinstance(payload, bytes)
        said: dict[str, Any] = json.loads(payload)
        return said


@contextmanager
def running_mosquitto(folder: Path) -> Iterator[Mosquitto]:
    """Yield a broker that listens, and end it."""
    broker = Mosquitto(free_port(), free_port(), HouseCa())
    (folder / "ca.pem").write_text(broker.ca.pem)
    broker.ca.server(folder, name="broker.example")
    passwords = folder / "passwords"
    passwords.touch(0o600)
    for user in ("broker", "watcher", "reader"):
        subprocess.run([PASSWORDS, "-b", passwords, user, broker.password], check=True)  # noqa: S603 - ours
    (folder / "rights").write_text(RIGHTS)
    (folder / "mosquitto.conf").write_text(f"""
per_listener_settings true
user root
log_dest stderr
listener {broker.port} 127.0.0.1
password_file {passwords}
acl_file {folder / "rights"}
listener {broker.tls_port} 127.0.0.1
cafile {folder / "ca.pem"}
certfile {folder / "server.pem"}
keyfile {folder / "server.pem"}
require_certificate true
use_identity_as_username true
acl_file {folder / "rights"}
""")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - ours
            [BROKER, "-c", folder / "mosquitto.conf"], stderr=log, stdout=log
        )
    try:
        until = time.monotonic() + 10
        while "running" not in (folder / "log").read_text() and time.monotonic() < until:
            time.sleep(0.01)
        yield broker
    finally:
        process.terminate()
        process.wait()
