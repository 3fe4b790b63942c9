"""The companion's end of the link on a real socket, and a Home Assistant that says what the test wants."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from companion.alarms.ack_links import AckTokens
from companion.alarms.model import Actor, Alarm, AlarmKind, Change, Source, Trigger
from companion.alarms.service import AlarmService
from companion.alarms.transaction import AlarmTransaction
from companion.clock import Clock
from companion.directory.roles import Role
from companion.directory.store import api_key_by_hash, create_api_key
from companion.dispatch.delivery import Delivery
from companion.dispatch.wake import Wake
from companion.ids import token_hash
from companion.link import inbound, publishing
from companion.link.events import HomeAssistantEvent, parse_event
from companion.link.protocol import Hello
from companion.link.session import LinkServer
from companion.link.store import Peer
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from companion.troubles.model import Trouble
from tests.builders import Engine, paging_config
from tests.companion.conftest import Directory
from tests.companion.link.home_assistant import HomeAssistant
from tests.fakes.clock import FrozenClock
from tests.fakes.inbound import RecordingInbound

COMPANION = "0197a000-0000-7000-8000-000000000012"
INSTANCE = "0197a000-0000-7000-8000-000000000011"


class LinkNews:
    """What the composition root hands to the alarms."""

    def changed(self, unit: AlarmTransaction, alarm: Alarm, change: Change) -> None:
        publishing.publish(unit, alarm, change)

    def trouble(self, unit: AlarmTransaction, delivery: Delivery, reason: Reason) -> None:
        publishing.publish_trouble(unit, delivery, reason)

    def service_trouble(self, unit: AlarmTransaction, trouble: Trouble) -> None:
        publishing.publish_service_trouble(unit, trouble)


def make_commands(db: Database, clock: Clock, wake: Wake) -> AlarmService:
    return AlarmService(
        db=db,
        clock=clock,
        wake=wake,
        paging_rules=paging_config(AckTokens(b"k" * 32, "https://alarm.example")),
        news=LinkNews(),
        take=lambda _: None,
    )


@pytest.fixture
def wake() -> Wake:
    return Wake()


@pytest.fixture
def commands(db: Database, clock: FrozenClock, wake: Wake) -> AlarmService:
    """The commands of a companion whose news go over the link."""
    return make_commands(db, clock, wake)


@dataclass(frozen=True)
class Holder:
    key_id: str
    site_id: str | None


@dataclass
class RunningLink:
    """A companion's link on a port of its own."""

    server: LinkServer
    http: TestServer

    @property
    def url(self) -> str:
        return str(self.http.make_url("/"))


type StartLink = Callable[..., Awaitable[RunningLink]]


@pytest.fixture
async def start_link() -> AsyncIterator[StartLink]:
    """Starts the link of a companion with these commands; all are stopped at the end."""
    running: list[RunningLink] = []

    async def start(commands: AlarmService, wake: Wake, *, heartbeat_s: float = 15) -> RunningLink:
        async def authorize(request: web.Request) -> Holder:
            key = await commands.db.read(
                lambda conn: api_key_by_hash(
                    ALL_SITES, conn, token_hash(request.headers["Authorization"].removeprefix("Bearer "))
                )
            )
            if key is None or key.revoked_at is not None:
                raise web.HTTPUnauthorized
            if not key.role.covers(Role.OPERATE):
                raise web.HTTPForbidden
            return Holder(key.id, key.site_id)

        server = LinkServer(
            commands=commands,
            wake=wake,
            authorize=authorize,
            inbound=lambda _channel_id: RecordingInbound(),
            instance=COMPANION,
            heartbeat_s=heartbeat_s,
        )
        app = web.Application()
        app.router.add_get("/v1/link", server.handle)
        http = TestServer(app)
        await http.start_server()
        running.append(RunningLink(server, http))
        return running[-1]

    yield start
    for link in running:
        await link.server.close()
        await link.http.close()


@pytest.fixture
async def link(commands: AlarmService, wake: Wake, start_link: StartLink) -> RunningLink:
    return await start_link(commands, wake)


@pytest.fixture
async def panel(engine: Engine, directory: Directory) -> Panel:
    """The office's Home Assistant, which an engine hears."""
    return Panel(engine.commands, await meet(engine.commands, site_id=directory.site))


@pytest.fixture
async def token(db: Database, directory: Directory, clock: FrozenClock) -> str:
    """An API key that may operate, for the only site."""
    return (
        await db.write(
            lambda conn: create_api_key(
                ALL_SITES, conn, name="Home", role=Role.OPERATE, site_id=directory.site, now=clock()
            )
        )
    )[1]


@pytest.fixture
async def home(token: str) -> AsyncIterator[HomeAssistant]:
    """A Home Assistant that keeps what it must keep, and is not connected yet."""
    fake = HomeAssistant(INSTANCE, token)
    yield fake
    await fake.close()


async def meet(
    commands: AlarmService,
    *,
    site_id: str | None,
    stream: str = "s1",
    instance: str = INSTANCE,
    received: int = 0,
    key_id: str = "a key",
) -> Peer:
    """Let a Home Assistant say hello, without a socket."""
    hello = Hello(version=1, stream=stream, instance=instance, name="Home", received=received)
    return await commands.run(
        ALL_SITES, lambda unit: publishing.meet(unit.conn, hello, key_id, site_id, unit.now)
    )


async def press(commands: AlarmService, *, site_id: str | None = "office") -> Alarm:
    """Raise an alarm with a phone's key."""
    trigger = Trigger(
        source=Source.YEALINK, kind=AlarmKind.PANIC, title="Panic key: Reception", site_id=site_id
    )
    raised = await commands.run(
        ALL_SITES, lambda unit: unit.raise_alarm(trigger, Actor(name=None, via="yealink"))
    )
    return raised.alarm


class Panel:
    """Says events one after the other, without a socket."""

    def __init__(self, commands: AlarmService, peer: Peer) -> None:
        self._commands = commands
        self._peer = peer
        self._said = 0

    async def say(self, *bodies: dict[str, Any]) -> None:
        for body in bodies:
            self._said += 1
            await self._commands.run(
                self._peer.scope, partial(self._apply, seq=self._said, event=parse_event(body))
            )

    def _apply(self, unit: AlarmTransaction, seq: int, event: HomeAssistantEvent) -> None:
        inbound.apply(unit, self._peer, seq, event)
