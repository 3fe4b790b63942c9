"""Own texts in the whole service: from the directory to what a person reads, and what is said when one fails."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
import sqlalchemy as sa

from companion.app import Companion
from companion.config import load_secret_key
from companion.directory.apply import apply_document
from companion.directory.parsing import read_document
from companion.directory.references import References
from companion.store import tables
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets
from tests.builders import PHONE, RESPONDER, person, policy, step, trigger
from tests.companion.channels.test_sms_told import gateway_channel
from tests.fakes.sms import FakeSms


@pytest.fixture
async def gateway() -> AsyncIterator[FakeSms]:
    async with FakeSms() as server:
        yield server


async def applied(running: Companion, gateway: FakeSms, *texts: dict[str, Any]) -> None:
    """Give the office Anna, whom it tells by SMS in these words."""
    told = {
        "id": "anna",
        "name": "Anna",
        "language": "de",
        "contacts": [{"channel": "sms", "address": "+491701234567"}],
    }
    document = {
        "policies": [{"id": "one", "name": "One", "steps": [{"targets": [{"person": "anna"}]}]}],
        "sites": [
            {"id": one, "name": one.title(), "timezone": "UTC", "policy": "one"}
            for one in ("office", "villa")
        ],
        "channels": [gateway_channel("sms", gateway)],
        "people": [told],
        "texts": [{"id": f"t{number}"} | one for number, one in enumerate(texts)],
    }
    read = read_document(orjson.dumps(document), References(environ={}))
    secrets = Secrets(load_secret_key(running.settings))
    await running.db.write(lambda conn: apply_document(conn, read, secrets))


async def raised(running: Companion, site: str) -> str:
    pages = trigger(policy=policy(step(person("anna"))), site_id=site, device_id=None)
    made = await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(pages, PHONE))
    return made.alarm.id


async def answered(running: Companion, alarm_id: str) -> None:
    await running.commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm_id, RESPONDER))


async def test_page_and_news_of_a_site_are_in_its_own_words_and_those_of_another_in_ours(
    running: Companion, gateway: FakeSms
) -> None:
    await applied(
        running,
        gateway,
        {
            "kind": "page",
            "site": "office",
            "language": "de",
            "title": "Hilfe!",
            "text": "Zum {{ room }}, {{ recipient }}.",
        },
        {"kind": "acknowledged", "site": "office", "text": "{{ by }} ist unterwegs."},
    )

    office, villa = await raised(running, "office"), await raised(running, "villa")
    await gateway.until(lambda: len(gateway.messages) == 2)
    for alarm_id in (office, villa):
        await answered(running, alarm_id)
    await gateway.until(lambda: len(gateway.messages) == 4)

    texts = [one.text for one in gateway.messages]
    assert sorted(text.startswith("Hilfe! Zum Reception, Anna. http://") for text in texts) == [
        False,
        False,
        False,
        True,
    ]
    assert sum(text.startswith("ALARM: Paniktaste: ") for text in texts) == 1
    assert sum(" Anna ist unterwegs." in text for text in texts) == 1


async def test_a_text_of_another_version_that_cannot_be_written_is_ours_and_the_service_says_so(
    running: Companion, gateway: FakeSms, caplog: pytest.LogCaptureFixture
) -> None:
    await applied(running, gateway, {"kind": "page", "text": "Hin."})
    gone = sa.update(tables.message_text).values(text="{{ a_variable_that_is_gone }}")
    await running.db.write(lambda conn: conn.execute(gone))

    await raised(running, "office")
    await gateway.until(lambda: gateway.messages)

    assert gateway.messages[0].text.startswith("ALARM: Paniktaste: Reception. ")
    url = f"{running.settings.public_url}/healthz/alerting"
    async with aiohttp.ClientSession() as http, http.get(url) as reply:
        said = [one for one in (await reply.json())["checks"] if one["name"] == "message_text t0"]
    assert [(one["status"], one["code"]) for one in said] == [("warning", "text_broken")]
    assert "there is no `a_variable_that_is_gone`" in said[0]["message"]
    assert [one for one in caplog.messages if one.startswith("The text of text t0 cannot be written")]


async def test_a_text_of_a_kind_that_only_a_newer_version_knows_is_left_alone(
    running: Companion, gateway: FakeSms
) -> None:
    await applied(running, gateway, {"kind": "page", "text": "Hin."})
    newer = sa.update(tables.message_text).values(kind="sung")
    await running.db.write(lambda conn: conn.execute(newer))

    await raised(running, "office")

    await gateway.until(lambda: gateway.messages)
    assert gateway.messages[0].text.startswith("ALARM: Paniktaste: Reception. ")
