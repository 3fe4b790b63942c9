"""A provider that refuses us and says all that it was told: nobody reads a channel's secret anywhere in the service."""

import logging
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, override

import aiohttp
import orjson
import pytest
from aiohttp import hdrs, web
from sqlalchemy.engine import Connection

from companion.app import Companion
from companion.channels.registry import kind_named
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
from tests.companion.channels.cases import CASES, At
from tests.companion.channels.subjects import MARKS
from tests.fakes.certificates import HouseCa
from tests.fakes.peers import Wrong
from tests.fakes.server import FakeServer

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

SAID = ("error", "errors", "message", "description", "detail", "reason", "more_info", "title", "errcode")
"""Where providers say why not."""


@dataclass
class Gossip(FakeServer):
    """Refuses everybody, and quotes the whole request."""

    @override
    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/{path:.*}", self._refuse)]

    async def _refuse(self, request: web.Request) -> web.Response:
        # In the words of every provider at once; what is quoted first is what is shown of a long text.
        quoted = [request.headers.get(hdrs.AUTHORIZATION, ""), request.headers.get("X-Key", "")]
        said = " ".join(("no:", *quoted, request.raw_path, await request.text()))
        return web.json_response(dict.fromkeys(SAID, said) | {"errors": [said]}, status=401)


@asynccontextmanager
async def gossiping(name: str, ca: HouseCa, folder: Path) -> AsyncIterator[dict[str, Any]]:
    """Yield the settings of a channel whose provider refuses it."""
    case, wrong = CASES[name], Wrong.NO_LOGIN
    async with AsyncExitStack() as stack:
        tls = ca.server(folder) if wrong in case.encrypted else None
        if case.speaks_http:
            port = (await stack.enter_async_context(Gossip())).port
        else:
            port = (await stack.enter_async_context(case.provider(wrong, tls, 0))).port
        yield case.settings(wrong, At(host="127.0.0.1", port=port, pem=None if tls is None else ca.pem))


def document_of(configs: dict[str, dict[str, Any]]) -> bytes:
    """Return a directory of these channels, and somebody on each."""
    channels, people = [], []
    for name, config in configs.items():
        case, slug = CASES[name], re.sub(r"\W+", "-", name)
        address = case.address if kind_named(case.kind).addressed else ""
        channels.append({"id": slug, "kind": case.kind, "name": name, "config": config})
        people.append({"id": slug, "name": name, "contacts": [{"channel": slug, "address": address}]})
    return orjson.dumps({"channels": channels, "people": people})


async def told_of(running: Companion, configs: dict[str, dict[str, Any]]) -> str:
    """Raise an alarm that goes to all of them; return its id once each has failed."""
    read = read_document(document_of(configs), References(environ={}))
    secrets = Secrets(load_secret_key(running.settings))
    await running.db.write(lambda conn: apply_document(conn, read, secrets))
    everybody = policy(step(*(person(re.sub(r"\W+", "-", name)) for name in configs)))
    pages = trigger(policy=everybody, site_id=None, device_id=None)
    raised = await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(pages, PHONE))
    failed = 0
    while failed < len(configs):
        found = await running.db.read(lambda conn: deliveries_of(ALL_SITES, conn, raised.alarm.id))
        failed = sum(delivery.last_error is not None for delivery, _ in found)
    return raised.alarm.id


async def shown(running: Companion, alarm_id: str) -> dict[str, str]:
    """Return what an administrator reads: over the API and in the dashboard, by its path."""

    def admin(conn: Connection) -> str:
        return create_api_key(
            ALL_SITES, conn, name="Admin", role=Role.ADMIN, site_id=None, now=running.clock()
        )[1]

    key, url = await running.db.write(admin), running.settings.public_url
    found = {}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        for path in (f"/v1/alarms/{alarm_id}", "/v1/alarms", "/v1/admin/channels"):
            async with http.get(url + path, headers={"Authorization": f"Bearer {key}"}) as reply:
                assert reply.status == 200, path
                found[path] = await reply.text()
        async with http.get(f"{url}/admin/login") as form:
            [token] = re.findall(r'name="form_token" value="([^"]+)"', await form.text())
        await http.post(f"{url}/admin/login", data={"key": key, "form_token": token})
        for path in ("/admin", f"/admin/alarms/{alarm_id}", "/admin/channels", "/admin/people"):
            async with http.get(url + path) as page:
                assert page.url.path == path
                found[path] = await page.text()
    return found


async def test_no_secret_of_any_channel_is_read_anywhere(
    running: Companion, ca: HouseCa, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with AsyncExitStack() as stack:
        configs = {name: await stack.enter_async_context(gossiping(name, ca, tmp_path)) for name in CASES}
        alarm_id = await told_of(running, configs)
        found = await shown(running, alarm_id)
        tried = await running.db.read(lambda conn: deliveries_of(ALL_SITES, conn, alarm_id))

    found["the log"] = caplog.text
    found["the deliveries"] = str(tried)
    assert all(name in found[f"/admin/alarms/{alarm_id}"] for name in CASES)
    leaks = {
        place: re.findall(f".{{0,80}}{re.escape(mark)}.{{0,20}}", text)
        for place, text in found.items()
        for mark in MARKS
        if mark in text
    }
    assert leaks == {}
