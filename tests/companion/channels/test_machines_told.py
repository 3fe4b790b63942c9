"""Channels that tell machines, in the whole service: from the directory file to what stands at the peer."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from companion.app import Companion
from companion.config import load_secret_key
from companion.directory.apply import apply_document
from companion.directory.parsing import read_document
from companion.directory.references import References
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets
from tests.builders import PHONE, trigger
from tests.fakes.mosquitto import Mosquitto
from tests.fakes.snmptrapd import running_snmptrapd
from tests.fakes.station import real_station

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


async def press(running: Companion, kind: str, config: dict[str, Any]) -> str:
    """Let a policy tell this channel, press the key, and return the alarm's id."""
    document = {
        "channels": [{"id": "machine", "kind": kind, "name": kind, "config": config}],
        "policies": [{"id": "p", "name": "P", "steps": [{"targets": [{"channel": "machine"}]}]}],
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
