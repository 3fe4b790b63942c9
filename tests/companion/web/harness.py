"""The web application on a real database and a real socket, with keys of every role."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.engine import Connection

from companion.alarms.ack_links import AckTokens
from companion.alarms.inbound import InboundOfChannels
from companion.alarms.model import Alarm, Change
from companion.alarms.service import AlarmService
from companion.alarms.transaction import AlarmTransaction
from companion.clock import Clock
from companion.config import Settings
from companion.directory import store
from companion.directory.roles import Role
from companion.dispatch.delivery import Delivery
from companion.dispatch.wake import Wake
from companion.rate_limit import RateLimit
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets
from companion.texts.reasons import Reason
from companion.troubles.model import Trouble
from companion.web.callbacks import callback_url
from companion.web.context import WRONG_TRIES, WebContext
from companion.web.metrics import Metrics
from companion.web.routes import make_web_app
from companion.wording.own_texts import OwnTexts
from tests.builders import paging_config
from tests.fakes.channel import FakePool

SECRET_KEY = b"a secret key only for tests, long enough"
PHONE = "/v1/yealink/alarm"


class NoNews:
    """Nobody listens."""

    def changed(self, unit: AlarmTransaction, alarm: Alarm, change: Change) -> None:
        """Say nothing."""

    def trouble(self, unit: AlarmTransaction, delivery: Delivery, reason: Reason) -> None:
        """Say nothing."""

    def service_trouble(self, unit: AlarmTransaction, trouble: Trouble) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Reply:
    """An answer that was read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """Return the body."""
        return json.loads(self.text)

    @property
    def problem(self) -> str:
        """Return the slug of the problem document."""
        assert self.headers["Content-Type"] == "application/problem+json", self.text
        return str(self.json["type"]).removeprefix("/problems/")


@dataclass(frozen=True, kw_only=True)
class Api:
    """A client of the application, and what is behind it."""

    client: TestClient[Any, Any]
    context: WebContext
    channels: FakePool
    keys: Mapping[str, str]
    """By role; also `office` and `other`: of role admin, each for one site."""

    async def call(self, method: str, path: str, key: str | None = "admin", **kwargs: Any) -> Reply:
        """Return the answer to a request with the key of this name."""
        headers = dict(kwargs.pop("headers", {}))
        if key is not None:
            headers.setdefault("Authorization", f"Bearer {self.keys.get(key, key)}")
        async with self.client.request(
            method, path, headers=headers, allow_redirects=False, **kwargs
        ) as response:
            return Reply(response.status, response.headers.copy(), await response.read())

    async def press(self, token: str, **params: str) -> Reply:
        """Return the answer to a press of a phone's key."""
        return await self.call("GET", PHONE, None, params={"token": token, **params})

    async def raised(self, **body: Any) -> str:
        """Return the id of a new alarm at the office."""
        new = {"kind": "panic", "title": "Help", "site": "office", **body}
        reply = await self.call("POST", "/v1/alarms", json=new)
        assert reply.status == 201, reply.text
        return str(reply.json["id"])


def web_context(
    settings: Settings, db: Database, clock: Clock, pool: FakePool, metrics: Metrics
) -> WebContext:
    """Return what the handlers work with; everything is real but the channels."""
    paging = paging_config(AckTokens(SECRET_KEY, settings.public_url))
    wake = Wake()
    commands = AlarmService(
        db=db, clock=clock, wake=wake, paging_rules=paging, news=NoNews(), take=lambda _taken: None
    )
    return WebContext(
        settings=settings,
        db=db,
        clock=clock,
        wake=wake,
        commands=commands,
        channels=pool,
        secrets=Secrets(SECRET_KEY),
        secret_key=SECRET_KEY,
        instance_id="test-instance",
        version="0.0.1",
        metrics=metrics,
        texts=OwnTexts,
        inbound=InboundOfChannels(commands, partial(callback_url, settings.public_url)).of,
    )


def settings_in(folder: Path, **values: Any) -> Settings:
    """Return settings that touch nothing outside of the folder."""
    return Settings(data_dir=folder, public_url="http://alarm.example", zeroconf=False, **values)


async def make_keys(context: WebContext, other_site: str) -> dict[str, str]:
    """Return the clear text of one key a role, and of one for each of two sites."""
    now = context.clock()
    wanted: list[tuple[str, Role, str | None]] = [(role.value, role, None) for role in Role]
    wanted += [("other", Role.ADMIN, other_site), ("office", Role.ADMIN, "office")]

    def work(conn: Connection) -> dict[str, str]:
        return {
            name: store.create_api_key(ALL_SITES, conn, name=f"{name} key", role=role, site_id=site, now=now)[
                1
            ]
            for name, role, site in wanted
        }

    return await context.db.write(work)


async def started(context: WebContext, *, wrong_tries: RateLimit | None = None) -> TestClient[Any, Any]:
    """Return a client of the running application; the caller closes it."""
    app = make_web_app(context)
    if wrong_tries is not None:
        app[WRONG_TRIES] = wrong_tries
    client: TestClient[Any, Any] = TestClient(TestServer(app))
    await client.start_server()
    return client
