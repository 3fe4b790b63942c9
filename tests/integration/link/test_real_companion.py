"""Both ends as they are: this integration and the companion, over a network that is cut."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service
from sqlalchemy.engine import Connection

from companion.alarms.journal import journal_of
from companion.alarms.model import Actor, Alarm, AlarmKind, Change, Source, Status, Trigger
from companion.alarms.store import list_alarms
from companion.app import Companion
from companion.config import Settings
from companion.directory.roles import Role
from companion.directory.store import create_api_key
from companion.dispatch.delivery import State
from companion.dispatch.store import deliveries_of
from companion.escalation.policy import Policy
from companion.link import outbox, store as link
from companion.store import tables
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from tests.fakes.ports import free_port
from tests.integration.conftest import Until
from tests.integration.house import CODE, close_all, house_entry, panel
from tests.integration.link.test_cuts import EVENT, Watcher

# Nobody is told before the test is over: the story is that of the two ends alone.
CALM = Policy.model_validate(
    {"id": "calm", "name": "Calm", "steps": [{"after": 3600, "targets": [{"person": "nobody"}]}]}
)
PRESS = Trigger(
    source=Source.YEALINK,
    kind=AlarmKind.PANIC,
    title="Panic key: Reception",
    site_id="home",
    policy=CALM,
)
KEY = Actor(name=None, via="yealink")
PORTER = Actor(name="Porter", via="ack_page")


class Relay:
    """A network between the two, which can be cut after any piece of data."""

    def __init__(self, port: int) -> None:
        self.pieces = 0
        self.cut_after: int | None = None
        self.port = 0
        self._to = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self._to)
        ends = {writer, their_writer}
        self._writers |= ends
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, their_writer, ends))
                group.create_task(self._pass_on(their_reader, writer, ends))
        finally:
            self._writers -= ends

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ends: set[asyncio.StreamWriter]
    ) -> None:
        try:
            while piece := await reader.read(65_536):
                writer.write(piece)
                await writer.drain()
                self.pieces += 1
                if self.pieces == self.cut_after:
                    self.cut()
        except ConnectionError:
            pass
        finally:
            for end in ends:
                end.close()


@pytest.fixture
async def real(socket_enabled: None, tmp_path: Path) -> AsyncIterator[Companion]:
    """The companion as `alarm-broker serve` runs it, on SQLite, for one site."""
    settings = Settings(data_dir=tmp_path, host="127.0.0.1", port=free_port(), zeroconf=False)
    async with Companion(settings) as running:
        await running.db.write(_seed)
        yield running


def _seed(conn: Connection) -> None:
    conn.execute(
        sa.insert(tables.policy).values(id=CALM.id, name=CALM.name, body=CALM.model_dump(mode="json"))
    )
    conn.execute(sa.insert(tables.site).values(id="home", name="Home", timezone="UTC", policy_id=CALM.id))


@pytest.fixture
async def relay(real: Companion) -> AsyncIterator[Relay]:
    network = Relay(real.settings.port)
    await network.start()
    yield network
    await network.stop()


@pytest.fixture
async def entry(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    mock_async_zeroconf: None,
    quick_retry: None,
    real: Companion,
    relay: Relay,
    until: Until,
) -> AsyncIterator[MockConfigEntry]:
    """A house that is linked to the companion through the network."""
    _, token = await real.db.write(
        lambda conn: create_api_key(
            ALL_SITES, conn, name="Home", role=Role.OPERATE, site_id="home", now=real.clock()
        )
    )
    close_all(hass)
    entry = house_entry(data={"url": f"http://127.0.0.1:{relay.port}", "token": token}, trigger_kind="panic")
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.link.connected)
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


type Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


@pytest.fixture
def eventually() -> Eventually:
    async def wait_until(happened: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(20):
            while not await happened():  # noqa: ASYNC110 - what happens is in a database
                await asyncio.sleep(0.005)

    return wait_until


async def alarms(real: Companion) -> dict[Source, Alarm]:
    return {alarm.source: alarm for alarm in await real.db.read(partial(list_alarms, ALL_SITES))}


async def all_confirmed(real: Companion, entry: MockConfigEntry) -> bool:
    kept = await real.db.read(
        lambda conn: sum(outbox.count_kept(conn, instance) for instance in link.instances(ALL_SITES, conn))
    )
    return kept == 0 and len(entry.runtime_data.outbox) == 0


# About as many pieces as the story has on a network that is never cut; later cuts do not happen.
@pytest.mark.parametrize("cut_after", [None, *range(1, 16)])
async def test_the_story_of_two_alarms_is_the_same_at_both_ends_wherever_it_is_cut(
    cut_after: int | None,
    hass: HomeAssistant,
    real: Companion,
    relay: Relay,
    entry: MockConfigEntry,
    until: Until,
    eventually: Eventually,
) -> None:
    watcher = Watcher(hass)
    relay.pieces, relay.cut_after = 0, cut_after
    book = entry.runtime_data.alarms

    pressed = (await real.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(PRESS, KEY))).alarm
    await panel(hass, "alarm_trigger")
    await until(lambda: book.find(pressed.id))
    await hass.services.async_call("alarm_broker", "acknowledge", {"alarm_id": pressed.id}, blocking=True)
    await panel(hass, "alarm_disarm", code=CODE)

    async def closed_or_on_it() -> bool:
        found = await alarms(real)
        return {source: alarm.status for source, alarm in found.items()} == {
            Source.YEALINK: Status.ACKNOWLEDGED,
            Source.PANEL: Status.RESOLVED,
        }

    await eventually(closed_or_on_it)
    await real.commands.run(ALL_SITES, lambda unit: unit.resolve(pressed.id, PORTER))
    await until(lambda: not book.open_alarms)
    await eventually(lambda: all_confirmed(real, entry))

    found = await alarms(real)
    assert len(await real.db.read(partial(list_alarms, ALL_SITES))) == 2
    lines = await real.db.read(lambda conn: journal_of(ALL_SITES, conn, found[Source.PANEL].id))
    assert [line.event for line in lines] == [Change.RAISED, Change.ACKNOWLEDGED, Change.RESOLVED]
    assert found[Source.PANEL].closed_by == "Anna"
    assert watcher.changes["panel"] == ["raised", "resolved"]
    assert watcher.changes[pressed.id] == ["raised", "acknowledged", "resolved"]
    state = hass.states.get(EVENT)
    assert state is not None
    assert state.attributes["event_type"] == "resolved"


async def test_alarms_that_both_sides_raised_during_a_cut_are_at_both_ends_after_it(
    hass: HomeAssistant,
    real: Companion,
    relay: Relay,
    entry: MockConfigEntry,
    until: Until,
    eventually: Eventually,
) -> None:
    relay.cut()
    await until(lambda: not entry.runtime_data.link.connected)
    await panel(hass, "alarm_trigger")
    pressed = (await real.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(PRESS, KEY))).alarm

    await until(lambda: entry.runtime_data.link.connected)
    await until(lambda: entry.runtime_data.alarms.find(pressed.id))
    await eventually(lambda: all_confirmed(real, entry))

    assert set(await alarms(real)) == {Source.PANEL, Source.YEALINK}
    assert len(entry.runtime_data.alarms.open_alarms) == 2


@pytest.mark.parametrize(
    ("light", "state", "ends"), [("on", State.DELIVERED, None), ("unavailable", State.ERROR, "unavailable")]
)
async def test_a_house_does_what_a_policys_step_names_and_says_so(
    hass: HomeAssistant,
    real: Companion,
    entry: MockConfigEntry,
    eventually: Eventually,
    light: str,
    state: State,
    ends: str | None,
) -> None:
    calls = async_mock_service(hass, "light", "turn_on")
    hass.states.async_set("light.hall", light)
    house = {"id": "house", "kind": "home_assistant", "name": "The house", "site_id": "home"}
    row = {**house, "config": {}, "enabled": True, "concurrency": 2, "timeout_s": 20, "revision": 1}
    await real.db.write(lambda conn: conn.execute(sa.insert(tables.channel).values(row)))
    step = {"after": 0, "targets": [{"channel": "house", "address": "light:light.hall"}]}
    flashes = Policy.model_validate({"id": "flashes", "name": "Flashes", "steps": [step]})

    trigger = replace(PRESS, policy=flashes)
    pressed = (await real.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(trigger, KEY))).alarm

    async def is_over() -> bool:
        found = await real.db.read(lambda conn: deliveries_of(ALL_SITES, conn, pressed.id))
        return [one.state for one, _ in found] == [state]

    await eventually(is_over)
    [(page, _)] = await real.db.read(lambda conn: deliveries_of(ALL_SITES, conn, pressed.id))
    assert [call.data["flash"] for call in calls] == ([] if ends else ["long"])
    assert page.last_error == (Reason(f"home_assistant.{ends}") if ends else None)
