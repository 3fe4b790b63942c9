"""Who is told, in which order: the whole service with an SMS gateway that misbehaves."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import batched
from typing import Any, override

import pytest
from aiohttp import web
from sqlalchemy.engine import Connection

from companion.alarms.model import AlarmKind, Severity
from companion.app import Companion
from companion.config import Settings, load_secret_key
from companion.directory.apply import apply_document
from companion.dispatch.delivery import State
from companion.dispatch.folding import FREE
from companion.dispatch.health import counts_by_channel_and_state
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets
from tests.builders import PHONE, channel, person, policy, step, trigger, until
from tests.companion.directory.documents import read
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.sms import FakeSms

SHARED, ANNAS, BERTS = "+4930111111", "+4930222222", "+4930333333"


async def sms_gateway() -> AsyncIterator[FakeSms]:
    async with FakeSms() as fake:
        yield fake


gateway, other_gateway = pytest.fixture(sms_gateway), pytest.fixture(sms_gateway)


def sms_channel(channel_id: str, fake: FakeSms, **changes: Any) -> dict[str, Any]:
    config = {
        "url": f"{fake.url}/sms",
        "headers": {"Authorization": f"Bearer {fake.token}"},
        "template": {"to": "{to}", "text": "{text}"},
    }
    return {"id": channel_id, "kind": "sms", "name": channel_id, "config": config, **changes}


def contact(on: str, address: str) -> dict[str, str]:
    return {"channel": on, "address": address}


def somebody(name: str, *contacts: dict[str, str]) -> dict[str, Any]:
    return {"id": name.lower(), "name": name, "contacts": list(contacts)}


class SlowGateway(FakeSms):
    """Takes every message and answers none until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()
        self.asked: list[str] = []

    @override
    async def _take(self, request: web.Request) -> web.Response:
        self.asked.append((await request.json())["text"])
        await self.let.wait()
        return await super()._take(request)


async def settle(
    running: Companion, channels: Sequence[dict[str, Any]], people: Sequence[dict[str, Any]]
) -> None:
    """Give the service its directory."""
    content = {"channels": list(channels), "people": list(people)}
    await running.db.write(
        lambda conn: apply_document(conn, read(content), Secrets(load_secret_key(running.settings)))
    )


async def test_a_number_that_its_gateway_refuses_is_told_over_the_next_contact_of_each_owner(
    settings: Settings, gateway: FakeSms, other_gateway: FakeSms
) -> None:
    gateway.behave(Behaviour.STATUS_400)
    couple = [
        somebody("Anna", contact("sms", SHARED), contact("other", ANNAS)),
        somebody("Bert", contact("sms", SHARED), contact("other", BERTS)),
    ]
    rules = policy(step(person("anna"), channel("sms", SHARED), person("bert")))
    async with Companion(settings) as running:
        await settle(running, [sms_channel("sms", gateway), sms_channel("other", other_gateway)], couple)

        await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(trigger(policy=rules), PHONE))

        await until(lambda: len(other_gateway.messages) == 2)
        assert {message.to for message in other_gateway.messages} == {ANNAS, BERTS}
        assert gateway.messages == []


async def test_a_panic_is_told_at_once_behind_drills_at_a_slow_gateway(settings: Settings) -> None:
    rules = policy(step(person("anna")))
    drill = trigger(title="Drill", kind=AlarmKind.TECHNICAL, severity=Severity.LOW, test=True, policy=rules)
    async with SlowGateway() as slow, Companion(settings) as running:
        await settle(running, [sms_channel("sms", slow)], [somebody("Anna", contact("sms", ANNAS))])
        for _ in range(FREE):
            await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(drill, PHONE))
        await until(lambda: len(slow.asked) == 3)

        await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(trigger(policy=rules), PHONE))

        await until(lambda: len(slow.asked) == 4)
        assert "Panic key" in slow.asked[3]
        slow.let.set()
        await until(lambda: len(slow.messages) == FREE + 1)


async def test_a_storm_is_a_few_messages_and_a_panic_in_the_middle_goes_out_first(
    settings: Settings, database_kind: str
) -> None:
    storm = {"sqlite": 965, "postgresql": 300}[database_kind]
    rules = policy(step(person("anna")))
    async with SlowGateway() as slow, Companion(settings) as running:
        await settle(running, [sms_channel("sms", slow)], [somebody("Anna", contact("sms", ANNAS))])

        async def raise_one(number: int) -> None:
            window = trigger(title=f"Window {number}", kind=AlarmKind.BURGLARY, policy=rules)
            await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(window, PHONE))

        async def raise_many(numbers: Sequence[int]) -> None:
            for some in batched(numbers, 25, strict=False):
                await asyncio.gather(*(raise_one(number) for number in some))

        await raise_many(range(storm // 2))
        panic = await running.commands.run(
            ALL_SITES, lambda unit: unit.raise_alarm(trigger(policy=rules), PHONE)
        )
        await until(lambda: any("Panic key" in text for text in slow.asked))
        asked_before = slow.asked.index(next(text for text in slow.asked if "Panic key" in text))
        slow.let.set()
        await raise_many(range(storm // 2, storm))

        states = await running.db.read(_states)
        assert sum(states.values()) == storm + 1
        # Transactions that run at once do not see each other's pages: a few more on PostgreSQL.
        assert states[State.FOLDED] >= storm - 40
        assert asked_before <= 8
        assert panic.created


def _states(conn: Connection) -> dict[State, int]:
    """Return how many pages are in which state."""
    return {state: count for _, state, count in counts_by_channel_and_state(conn)}
