"""An alarm in the whole service, for somebody who is reached over one channel."""

import asyncio
from typing import Any

import orjson

from companion.alarms.store import alarm_by_id
from companion.app import Companion
from companion.config import load_secret_key
from companion.directory.apply import apply_document
from companion.directory.parsing import read_document
from companion.directory.references import References
from companion.dispatch.delivery import Delivery
from companion.dispatch.store import deliveries_of
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets
from tests.builders import PHONE, person, policy, step, trigger


async def make_reachable(running: Companion, kind: str, config: dict[str, Any], address: str) -> None:
    """Let Anna be told over a channel of this kind and nothing else."""
    document = {
        "channels": [{"id": kind, "kind": kind, "name": kind, "config": config}],
        "people": [{"id": "anna", "name": "Anna", "contacts": [{"channel": kind, "address": address}]}],
    }
    read = read_document(orjson.dumps(document), References(environ={}))
    secrets = Secrets(load_secret_key(running.settings))
    await running.db.write(lambda conn: apply_document(conn, read, secrets))


async def page_anna(running: Companion) -> str:
    """Raise an alarm for her, and return its id."""
    pages = trigger(policy=policy(step(person("anna"))), site_id=None, device_id=None)
    raised = await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(pages, PHONE))
    return raised.alarm.id


async def raise_alarm(running: Companion, kind: str, config: dict[str, Any], address: str) -> str:
    """Make Anna reachable, raise an alarm for her, and return its id."""
    await make_reachable(running, kind, config, address)
    return await page_anna(running)


async def pages_of(running: Companion, alarm_id: str) -> list[Delivery]:
    found = await running.db.read(lambda conn: deliveries_of(ALL_SITES, conn, alarm_id))
    return [page for page, _ in found]


async def until_written_down(running: Companion, alarm_id: str) -> None:
    """Wait until the provider's name of the message is known, which nobody announces; people take longer to answer."""
    while not any(page.provider_ref for page in await pages_of(running, alarm_id)):  # noqa: ASYNC110 # what is waited for is in a database
        await asyncio.sleep(0.01)


async def answered_by(running: Companion, alarm_id: str) -> str | None:
    """Return who has acknowledged the alarm."""
    alarm = await running.db.read(lambda conn: alarm_by_id(ALL_SITES, conn, alarm_id))
    assert alarm is not None
    return alarm.acknowledged_by
