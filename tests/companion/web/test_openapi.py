"""The document is true: every operation is driven from it, against the real application on a real socket."""

import asyncio
import shutil
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_socket
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from companion.channels.base import TryAgain
from companion.store.database import open_database
from companion.web import openapi
from companion.web.metrics import Metrics
from companion.web.rate_limit import RateLimit
from companion.web.routes import PAGES, ROUTES
from tests.companion.conftest import Directory, _seed
from tests.companion.web.harness import (
    Api,
    FakeChannel,
    FakePool,
    make_keys,
    settings_in,
    started,
    web_context,
)
from tests.fakes.clock import FrozenClock

URL = "http://127.0.0.1"
DOCUMENT = openapi.document(
    openapi.with_own_route(ROUTES, PAGES, version="1", url=URL), PAGES, version="1", url=URL
)
schema = schemathesis.openapi.from_dict(DOCUMENT)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    ignored_auth,
    unsupported_method,
]


@dataclass
class Running:
    """The application in a thread of its own, as the test's client blocks."""

    url: str
    key: str
    ids: dict[str, list[str]]


def _serve(
    database_url: str, folder: Path, ready: threading.Event, stop: threading.Event, box: dict[str, Any]
) -> None:
    async def main() -> None:
        db = open_database(database_url)
        ids = Directory()
        await db.write(lambda conn: _seed(conn, ids))
        pool = FakePool(
            {ids.sms: FakeChannel(), ids.zammad: FakeChannel(TryAgain(reason="500", status_code=500))}
        )
        context = web_context(settings_in(folder), db, FrozenClock(), pool, Metrics())
        client = await started(context, wrong_tries=RateLimit(10**9, 60))
        api = Api(client=client, context=context, channels=pool, keys=await make_keys(context, ids.site))
        alarm_id = await api.raised()
        detail = (await api.call("GET", f"/v1/alarms/{alarm_id}")).json
        spare = (await api.call("POST", "/v1/admin/keys", json={"name": "spare", "role": "read"})).json
        box["running"] = Running(
            url=str(client.make_url("")).rstrip("/"),
            key=api.keys["admin"],
            ids={
                "alarm_id": [alarm_id, await api.raised()],
                "delivery_id": [one["id"] for one in detail["deliveries"]],
                "device_id": [ids.phone],
                "policy_id": [ids.policy],
                "channel_id": [ids.sms, ids.zammad, ids.signal],
                "key_id": [spare["about"]["id"]],
            },
        )
        ready.set()
        await asyncio.to_thread(stop.wait)
        await client.close()
        await db.close()

    asyncio.run(main())


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The application on a database of this kind."""
    pytest_socket.enable_socket()  # Home Assistant's plugin has closed the door before this fixture could ask
    folder = tmp_path_factory.mktemp("openapi")
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), folder / "test.db")
        database_url = f"sqlite:///{folder / 'test.db'}"
    else:
        server = request.getfixturevalue("postgres")
        name = f"test_{uuid.uuid4().hex}"
        server.create_database(name, template="migrated")
        database_url = server.url(name)
    box: dict[str, Any] = {}
    ready, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=_serve, args=(database_url, folder, ready, stop, box))
    thread.start()
    assert ready.wait(30)
    yield box["running"]
    stop.set()
    thread.join()


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """Do without Home Assistant's look for left-over threads: the application's outlive each single test here."""


@schema.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_promises(
    case: schemathesis.Case[Any], running: Running
) -> None:
    _with_ids_that_exist(case, running.ids)

    case.call_and_validate(
        base_url=running.url, headers={"Authorization": f"Bearer {running.key}"}, checks=CHECKS
    )


def _with_ids_that_exist(case: schemathesis.Case[Any], ids: dict[str, list[str]]) -> None:
    """Put ids that exist in the place of half of those that are made up: else no handler would ever be reached."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    for name, value in dict(case.path_parameters).items():
        known = ids.get(name, [])
        if known and len(str(value)) % 2:
            case.path_parameters[name] = known[len(str(value)) % len(known)]
