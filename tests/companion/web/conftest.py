"""The web application for every test of it."""

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_socket
import sqlalchemy as sa

from companion.store import tables
from companion.store.database import Database, open_database
from companion.web.metrics import Metrics
from tests.companion.conftest import Directory
from tests.companion.databases import PostgresDatabases
from tests.companion.web.harness import (
    Api,
    make_keys,
    settings_in,
    started,
    web_context,
)
from tests.fakes.channel import FakeChannel, FakePool
from tests.fakes.clock import FrozenClock

OTHER_SITE = "warehouse"


@pytest.fixture
def press_per_minute() -> int:
    """How often a key may be pressed; a test may say otherwise by a parameter of this name."""
    return 10


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lasting_database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of a migrated, empty database of this kind, for all tests of a file."""
    pytest_socket.enable_socket()  # Home Assistant's plugin has closed the door before this fixture could ask
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("lasting") / "test.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    with databases.lent() as database_url:
        yield database_url


@pytest.fixture
async def api(
    db: Database, directory: Directory, clock: FrozenClock, tmp_path: Path, press_per_minute: int
) -> AsyncIterator[Api]:
    """The application over the small directory, with a second site that has nothing."""
    await db.write(
        lambda conn: conn.execute(
            sa.insert(tables.site).values(id=OTHER_SITE, name="Warehouse", timezone="UTC", policy_id=None)
        )
    )
    pool = FakePool({directory.sms: FakeChannel(), directory.zammad: FakeChannel()})
    context = web_context(
        settings_in(tmp_path, press_per_minute=press_per_minute), db, clock, pool, Metrics()
    )
    client = await started(context)
    yield Api(client=client, context=context, channels=pool, keys=await make_keys(context, OTHER_SITE))
    await client.close()


@pytest.fixture
async def replica(api: Api, database_url: str, clock: FrozenClock) -> AsyncIterator[Api]:
    """A second application on the database of `api`, with connections of its own."""
    db = open_database(database_url)
    context = web_context(api.context.settings, db, clock, api.channels, Metrics())
    client = await started(context)
    yield replace(api, client=client, context=context)
    await client.close()
    await db.close()
