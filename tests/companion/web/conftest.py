"""The web application for every test of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from companion.store import tables
from companion.store.database import Database, open_database
from companion.web.metrics import Metrics
from tests.companion.conftest import Directory
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

OTHER_SITE = "warehouse"


@pytest.fixture
def press_per_minute() -> int:
    """How often a key may be pressed; a test may say otherwise by a parameter of this name."""
    return 10


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
