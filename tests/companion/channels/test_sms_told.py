"""SMS in the whole service: a gateway that says no, a text that cannot be written."""

import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
from sqlalchemy.engine import Connection

from companion.app import Companion
from companion.config import load_secret_key
from companion.directory.apply import apply_document
from companion.directory.parsing import read_document
from companion.directory.references import References
from companion.directory.roles import Role
from companion.directory.store import create_api_key
from companion.dispatch.store import deliveries_of
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets
from tests.builders import PHONE, person, policy, step, trigger
from tests.fakes.bug import a_bug
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


async def reachable(running: Companion, *channels: dict[str, Any]) -> None:
    """Give Anna these channels."""
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
    await running.db.write(
        lambda conn: apply_document(conn, read, Secrets(load_secret_key(running.settings)))
    )


async def press(running: Companion, *channels: dict[str, Any]) -> str:
    """Give Anna these channels, page her, and return the alarm's id."""
    await reachable(running, *channels)
    pages = trigger(policy=policy(step(person("anna"))), site_id=None, device_id=None)
    raised = await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(pages, PHONE))
    return raised.alarm.id


@pytest.mark.parametrize(
    ("says", "rule", "became"),
    [
        ((200, "ERROR:14"), {"matches": "^ERR", "verdict": "refused"}, "error"),
        ((200, "ERR: 301, No Credit Left"), {"matches": "^ERR", "verdict": "refused"}, "error"),
        ((200, "900"), {"equals": [900, 516], "verdict": "refused"}, "error"),
        ((200, "516"), {"pointer": "", "equals": ["900", "516"], "verdict": "refused"}, "error"),
        (
            (200, '{"messages": [{"status": "1"}]}'),
            {"pointer": "/messages/0/status", "equals": 0, "verdict": "sent"},
            "uncertain",
        ),
        ((402, "too fast"), {"status": 402, "verdict": "again"}, "failed"),
    ],
    ids=lambda value: str(value[1])[:20] if isinstance(value, tuple) else "",
)
async def test_the_next_contact_is_told(
    running: Companion,
    gateways: tuple[FakeSms, FakeSms],
    says: tuple[int, str],
    rule: dict[str, Any],
    became: str,
) -> None:
    first, second = gateways
    first.says = says

    alarm_id = await press(
        running, gateway_channel("first", first, answers=[rule]), gateway_channel("second", second)
    )
    await second.until(lambda: second.messages)

    [(page, attempts), _] = await running.db.read(lambda conn: deliveries_of(ALL_SITES, conn, alarm_id))
    assert (page.channel_id, attempts[0].outcome) == ("first", became)
    assert first.messages == []


async def test_a_text_that_cannot_be_written_goes_out_plainly(
    running: Companion, gateways: tuple[FakeSms, FakeSms], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companion.channels.render.place", a_bug)
    gateway, _ = gateways

    await press(running, gateway_channel("sms", gateway))
    await gateway.until(lambda: gateway.messages)

    assert gateway.messages[0].text.startswith("PAGE: Panic key: Reception, Reception, Office http")


async def test_the_link_in_an_sms_is_letters_and_digits_and_opens_the_alarm(
    running: Companion, gateways: tuple[FakeSms, FakeSms]
) -> None:
    gateway, _ = gateways

    await press(running, gateway_channel("sms", gateway))
    await gateway.until(lambda: gateway.messages)

    link = gateway.messages[0].text.rsplit(" ", 1)[-1]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/a/[0-9A-Za-z]+", link)
    async with aiohttp.ClientSession() as http, http.get(link) as page:
        assert page.status == 200
        assert "Panic key: Reception" in await page.text()


async def test_the_test_of_a_channel_shows_the_answer_and_the_rule_that_read_it(
    running: Companion, gateways: tuple[FakeSms, FakeSms]
) -> None:
    gateway, _ = gateways
    gateway.says = (200, "ERR: 301, No Credit Left for key sms-token: <text>")
    rules = [{"matches": "^ID", "verdict": "sent"}, {"matches": "^ERR", "verdict": "refused"}]
    await reachable(running, gateway_channel("sms", gateway, answers=rules))

    def admin(conn: Connection) -> str:
        return create_api_key(
            ALL_SITES, conn, name="Admin", role=Role.ADMIN, site_id=None, now=running.clock()
        )[1]

    key = await running.db.write(admin)
    url = f"{running.settings.public_url}/v1/admin/channels/sms/test"
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(url, json={"address": "+491701234567"}) as reply,
    ):
        said = await reply.json()

    assert (said["outcome"], said["rule"]) == ("refused", "answers[1]")
    assert said["answer"] == "ERR: 301, No Credit Left for key ***: ***"
