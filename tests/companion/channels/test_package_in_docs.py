"""The package that docs/channels.md shows is a channel: installed, applied, and sent through as it stands there."""

import re
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from companion.channels.base import AddressInvalid, Refused, Sent
from companion.channels.registry import formed_address, kind_named, kind_names
from companion.clock import utc_now
from companion.directory import store as directory
from companion.directory.apply import apply_document
from companion.directory.parsing import read_document
from companion.directory.references import References
from companion.dispatch.pool import RunningChannels
from companion.dispatch.wake import Wake
from companion.extensions import GROUP
from companion.link.errands import LinkedHouse
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets
from companion.texts.language import texts_for
from tests.companion.channels.messages import message
from tests.fakes.packages import Packages

PAGE = (Path(__file__).parents[3] / "docs/channels.md").read_text()
SHOWN = dict(
    re.findall(r"^`([\w/]+\.(?:py|toml))`(?:(?!```).)*```\w+\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
)
SECRETS = Secrets(b"k" * 32)


@dataclass
class Gateway:
    """The pagers' gateway, as the page describes it."""

    url: str = ""
    received: list[tuple[dict[str, Any], str, str]] = field(default_factory=list)

    async def page(self, request: web.Request) -> web.Response:
        body, headers = await request.json(), request.headers
        self.received.append((body, headers["Authorization"], headers["Idempotency-Key"]))
        return web.json_response({"id": 7}, status=404 if body["pager"] == "99" else 201)

    async def status(self, _request: web.Request) -> web.Response:
        return web.Response()


@pytest.fixture
async def acme() -> AsyncIterator[Gateway]:
    found, app = Gateway(), web.Application()
    app.router.add_post("/pages", found.page)
    app.router.add_get("/status", found.status)
    async with TestServer(app) as server:
        found.url = str(server.make_url("")).rstrip("/")
        yield found


@pytest.fixture
def _installed(packages: Packages) -> None:
    project = tomllib.loads(SHOWN["pyproject.toml"])["project"]
    files = {path: text for path, text in SHOWN.items() if path.endswith(".py")}
    packages.install(project["name"], files, project["entry-points"][GROUP])


@pytest.mark.usefixtures("_installed")
async def test_the_package_in_the_documentation_sends(db: Database, acme: Gateway) -> None:
    [channels] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    text = channels.replace("http://pager.example", acme.url)
    document = read_document(text, References(environ={"PAGER_TOKEN": "hunter2"}))
    await db.write(partial(apply_document, document=document, secrets=SECRETS))
    pool = RunningChannels(db, SECRETS, house=partial(LinkedHouse, db, utc_now, Wake()))

    running = await pool.get("pager")
    assert running is not None
    checked = await running.channel.check()
    sent = await running.channel.send(message(address="12345"))
    refused = await running.channel.send(message(address="99"))
    await pool.close()

    [row] = await db.read(partial(directory.channels, ALL_SITES))
    body, authorization, key = acme.received[0]
    assert (checked, sent) == (Sent(provider_ref=None), Sent(provider_ref="7", status_code=201))
    assert (body["pager"], authorization, key) == ("12345", "Bearer hunter2", "key-1")
    assert "Panic key: Reception" in body["text"]
    assert row.config == {"url": acme.url}
    assert isinstance(refused, Refused)
    assert str(refused.reason) == "the gateway knows no pager 99"
    assert refused.reason.said(texts_for("de")) == "das Gateway kennt keinen Pager 99"


@pytest.mark.usefixtures("_installed")
def test_the_package_in_the_documentation_forms_addresses() -> None:
    assert formed_address("pager", "12 345", None) == "12345"
    with pytest.raises(AddressInvalid, match="is no pager: write its digits"):
        formed_address("pager", "Anna", None)


def test_the_documentation_has_the_sentence_of_each_kind() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|$", PAGE, re.MULTILINE))

    assert set(rows) == set(kind_names())
    assert [name for name, said in rows.items() if not said.startswith(kind_named(name).summary)] == []
