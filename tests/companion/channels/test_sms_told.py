"""SMS in the whole service: a gateway that says no, a text that cannot be written."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from companion.app import Companion
from companion.config import Settings
from companion.directory.apply import apply_document
from companion.directory.reading import read_document
from companion.directory.references import References
from companion.dispatch.delivery import State
from companion.store.deliveries import deliveries_of
from tests.builders import PHONE, person, policy, step, trigger
from tests.fakes.sms import FakeSms


@pytest.fixture
async def gateways() -> AsyncIterator[tuple[FakeSms, FakeSms]]:
    async with FakeSms() as first, FakeSms() as second:
        yield first, second


def gateway_channel(channel_id: str, gateway: FakeSms, **config: Any) -> dict[str, Any]:
    return {
        "id": channel_id,
        "kind": "sms",
        "name": channel_id,
        "config": {
            "url": f"{gateway.url}/sms",
            "headers": {"Authorization": f"Bearer {gateway.token}"},
            **config,
        },
    }


@pytest.fixture
async def running(
    gateways: tuple[FakeSms, FakeSms], database_url: str, tmp_path: Path
) -> AsyncIterator[Companion]:
    settings = Settings(
        data_dir=tmp_path, database_url=database_url, host="127.0.0.1", port=0, zeroconf=False
    )
    async with Companion(settings) as companion, asyncio.timeout(30):
        yield companion


async def press(running: Companion, *channels: dict[str, Any]) -> str:
    """Give Anna these channels, page her, and return the alarm's id."""
    address = "+491701234567"
    document = {
        "channels": channels,
        "people": [
            {
                "id": "anna",
                "name": "Anna",
                "contacts": [{"channel": one["id"], "address": address} for one in channels],
            }
        ],
    }
    read = read_document(orjson.dumps(document), References(environ={}))
    await running.db.write(lambda conn: apply_document(conn, read, running._secrets))
    pages = trigger(policy=policy(step(person("anna"))), site_id=None, device_id=None)
    raised = await running.commands.run(lambda unit: unit.raise_alarm(pages, PHONE))
    return raised.alarm.id


@pytest.mark.parametrize(
    ("says", "rule", "state"),
    [
        ((200, "ERROR:14"), {"matches": "^ERR", "verdict": "refused"}, State.ERROR),
        ((200, "ERR: 301, No Credit Left"), {"matches": "^ERR", "verdict": "refused"}, State.ERROR),
        ((200, "900"), {"equals": [900, 516], "verdict": "refused"}, State.ERROR),
        ((200, "516"), {"pointer": "", "equals": ["900", "516"], "verdict": "refused"}, State.ERROR),
        (
            (200, '{"messages": [{"status": "1"}]}'),
            {"pointer": "/messages/0/status", "equals": 0, "verdict": "sent"},
            State.FAILED,
        ),
        ((402, "too fast"), {"status": 402, "verdict": "again"}, State.FAILED),
    ],
    ids=lambda value: str(value[1])[:20] if isinstance(value, tuple) else "",
)
async def test_the_next_contact_is_told(
    running: Companion,
    gateways: tuple[FakeSms, FakeSms],
    says: tuple[int, str],
    rule: dict[str, Any],
    state: State,
) -> None:
    first, second = gateways
    first.says = says

    alarm_id = await press(
        running, gateway_channel("first", first, answers=[rule]), gateway_channel("second", second)
    )
    await second.until(lambda: second.messages)

    [refused, _] = await running.db.read(lambda conn: deliveries_of(conn, alarm_id))
    assert (refused[0].channel_id, refused[0].state) == ("first", state)
    assert first.messages == []


async def test_a_text_that_cannot_be_written_goes_out_plainly(
    running: Companion, gateways: tuple[FakeSms, FakeSms], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> str:
        raise RuntimeError("a fault in our own code")

    monkeypatch.setattr("companion.channels.render.place", broken)
    gateway, _ = gateways

    await press(running, gateway_channel("sms", gateway))
    await gateway.until(lambda: gateway.messages)

    assert gateway.messages[0].text.startswith("PAGE: Panic key: Reception, Reception, Office http")
