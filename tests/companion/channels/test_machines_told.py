"""Channels that tell machines, in the whole service: from the directory file to what stands at the peer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from companion.alarms.inbound import InboundOfChannels
from companion.app import Companion
from companion.channels.base import Listens
from companion.config import load_secret_key
from companion.directory.apply import apply_document
from companion.directory.parsing import read_document
from companion.directory.references import References
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets
from tests.builders import PHONE, trigger
from tests.fakes.mosquitto import Mosquitto, Watcher
from tests.fakes.snmptrapd import running_snmptrapd
from tests.fakes.station import real_station

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


ANNA = {"id": "anna", "name": "Anna", "contacts": [{"channel": "machine", "address": "anna"}]}


async def press(
    running: Companion, kind: str, config: dict[str, Any], *, people: Sequence[dict[str, Any]] = ()
) -> str:
    """Let a policy tell this channel, press the key, and return the alarm's id."""
    targets = [{"channel": "machine"}, *({"person": one["id"]} for one in people)]
    document = {
        "channels": [{"id": "machine", "kind": kind, "name": kind, "config": config}],
        "policies": [{"id": "p", "name": "P", "steps": [{"targets": targets}]}],
        "people": list(people),
        "installation": {"last_resort": "p"},
    }
    read = read_document(orjson.dumps(document), References(environ={}))
    secrets = Secrets(load_secret_key(running.settings))
    await running.db.write(lambda conn: apply_document(conn, read, secrets))
    pressed = trigger(policy=None, site_id=None, device_id=None)
    raised = await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(pressed, PHONE))
    return raised.alarm.id


async def test_mqtt(running: Companion, broker: Mosquitto) -> None:
    async with broker.watching() as watcher:
        alarm_id = await press(running, "mqtt", broker.settings)
        page = await watcher.json(f"alarm_broker/Office/alarm/{alarm_id}/page")
        kept = await broker.kept()

    assert page["title"] == "Panic key: Reception"
    assert f"alarm_broker/Office/alarm/{alarm_id}" in kept


@asynccontextmanager
async def listening(running: Companion, watcher: Watcher) -> AsyncIterator[None]:
    """Let the channel listen, as the service does within half a minute."""
    channel = await running.channels.get("machine")
    assert channel is not None
    assert isinstance(channel.channel, Listens)
    door = InboundOfChannels(running.commands, lambda _: "https://alarm.example/callback").of("machine")
    task = asyncio.create_task(channel.channel.listen(door))
    said = await watcher.next("alarm_broker/availability")
    while said.retain or said.payload != b"online":
        said = await watcher.next("alarm_broker/availability")
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("topic", "says", "by"),
    [
        ("alarm_broker/ack", '{{"alarm": "{id}"}}', "mqtt"),
        ("alarm_broker/ack", "{code}", "mqtt"),
        ("alarm_broker/ack", '{{"alarm": "{id}", "by": "anna"}}', "Anna"),
        ("alarm_broker/ack/anna", "{code}", "Anna"),
    ],
)
async def test_an_answer_over_mqtt_ends_the_escalation(
    running: Companion, broker: Mosquitto, topic: str, says: str, by: str
) -> None:
    async with broker.watching() as watcher:
        alarm_id = await press(running, "mqtt", broker.settings | {"acknowledge": True}, people=[ANNA])
        page = await watcher.json(f"alarm_broker/Office/alarm/{alarm_id}/page")
        async with listening(running, watcher):
            await watcher.client.publish(topic, says.format(id=alarm_id, code=page["code"]), qos=1)
            answered = await watcher.json(f"alarm_broker/Office/alarm/{alarm_id}/acknowledged")

    assert answered["by"] == by


@pytest.mark.parametrize(
    ("topic", "says"),
    [
        ("alarm_broker/ack", "1000"),
        ("alarm_broker/ack/eve", "{code}"),
        ("alarm_broker/ack/eve", '{{"alarm": "{id}"}}'),
    ],
)
async def test_what_names_no_alarm_and_who_is_nobody_answer_nothing(
    running: Companion, broker: Mosquitto, topic: str, says: str
) -> None:
    async with broker.watching() as watcher:
        alarm_id = await press(running, "mqtt", broker.settings | {"acknowledge": True}, people=[ANNA])
        page = await watcher.json(f"alarm_broker/Office/alarm/{alarm_id}/page")
        async with listening(running, watcher):
            await watcher.client.publish(topic, says.format(id=alarm_id, code=page["code"]), qos=1)
            said = await watcher.json(topic.replace("ack", "ack/answered") + ("" if "eve" in topic else "/-"))

    assert said["understood"] == "unknown_sender"


async def test_snmp(running: Companion, tmp_path: Path) -> None:
    async with running_snmptrapd(tmp_path) as manager:
        config = {"url": manager.url, "version": "2c", "community": "public"}
        alarm_id = await press(running, "snmp", config)
        told = await manager.next()

    assert alarm_id in told.values()


async def test_a_monitoring_station(running: Companion) -> None:
    async with real_station(key="A1B2C3D4E5F60718") as station, asyncio.timeout(20):
        config = {"url": station.url, "account": "1234", "key": "A1B2C3D4E5F60718"}
        await press(running, "sia", config)
        event = await station.events.get()

    assert event.code == "PA"
