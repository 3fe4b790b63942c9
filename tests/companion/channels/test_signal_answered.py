"""Signal in the whole service: a channel that is applied while it runs is heard, and a reaction there answers the alarm."""

import asyncio
from functools import partial

import aiohttp
import orjson

from companion.app import Companion
from companion.directory.roles import Role
from companion.directory.store import create_api_key
from companion.store.scope import ALL_SITES
from tests.companion.channels.raising import answered_by, page_anna, until_written_down
from tests.fakes.signal import FakeSignal

ANNA = "+491701234567"


async def applied_over_the_api(running: Companion, signal: FakeSignal) -> None:
    """Let Anna be told over Signal, as an operator does while the service runs."""
    make = partial(create_api_key, name="o", role=Role.ADMIN, site_id=None, now=running.clock())
    _, key = await running.db.write(lambda conn: make(ALL_SITES, conn))
    document = {
        "channels": [
            {
                "id": "signal",
                "kind": "signal",
                "name": "Signal",
                "config": {"url": signal.url, "number": signal.number},
            }
        ],
        "people": [{"id": "anna", "name": "Anna", "contacts": [{"channel": "signal", "address": ANNA}]}],
    }
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{running.settings.port}/v1/admin/seed"
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, data=orjson.dumps(document), headers=headers) as reply,
    ):
        assert reply.status == 200, await reply.text()


async def test_a_reaction_answers_the_alarm_soon_after_the_channel_was_applied(running: Companion) -> None:
    async with FakeSignal() as signal:
        await applied_over_the_api(running, signal)
        async with asyncio.timeout(15):  # without the hint it would be half a minute
            await signal.attached()
        alarm_id = await page_anna(running)
        await signal.until(lambda: signal.messages)

        page = signal.messages[0]
        reaction = {
            "emoji": "👍",
            "targetAuthor": signal.number,
            "targetAuthorNumber": signal.number,
            "targetSentTimestamp": page.timestamp,
            "isRemove": False,
        }
        await until_written_down(running, alarm_id)
        await signal.says(number=ANNA, reaction=reaction)
        await signal.until(lambda: len(signal.messages) > 1)

    assert await answered_by(running, alarm_id) == "Anna"
    assert "You have acknowledged" in signal.messages[1].text
