"""What every test of the companion may ask for: a database of either kind, the time, a small directory."""

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.config import Settings
from companion.escalation.policy import Policy
from companion.ids import token_hash
from companion.store import database, tables
from companion.store.database import Database, open_database
from companion.store.migrate import migrate
from tests.builders import Engine, make_engine
from tests.companion.databases import PostgresDatabases, outside_of_any_loop
from tests.fakes.certificates import HouseCa
from tests.fakes.clock import FrozenClock
from tests.fakes.packages import Packages
from tests.fakes.ports import free_port
from tests.fakes.postgres import Postgres


@pytest.fixture(autouse=True)
def _network(socket_enabled: None) -> None:
    """Let the companion talk to what the tests start on 127.0.0.1; Home Assistant's plugin forbids it."""


@pytest.fixture(scope="session")
def postgres_databases(postgres: Postgres) -> PostgresDatabases:
    """Lends out migrated, empty databases on it."""
    return PostgresDatabases(postgres)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    outside_of_any_loop(lambda: migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database this run of the test is about."""
    kind: str = request.param
    return kind


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated, empty database of this test's own."""
    if database_kind == "sqlite":
        path = tmp_path / "alarm-broker.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    with databases.lent() as url:
        yield url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """That database, open."""
    opened = open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def ca() -> HouseCa:
    """The CA of a house, which only those trust who are told of it."""
    return HouseCa()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings of a service on that database."""
    return Settings(
        data_dir=tmp_path, database_url=database_url, host="127.0.0.1", port=free_port(), zeroconf=False
    )


@pytest.fixture
def short_waits_for_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for what somebody else holds for a tenth of a second only."""
    monkeypatch.setattr(database, "LOCK_LIMIT_S", 0.1)


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that the test moves."""
    return FrozenClock()


@pytest.fixture
def now(clock: FrozenClock) -> datetime:
    """When the test begins."""
    return clock()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    """Installs packages of others, for this test."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    found = Packages(folder)
    yield found
    found.uninstall()


@dataclass(frozen=True)
class Directory:
    """The ids in the seeded directory.

    Two people: the porter on Signal, then SMS; the guard on SMS. One policy: a ticket and the porter at once, the
    guard after 60 s, all of it twice. One phone with everything known, one with neither person nor room.
    """

    site: str = "office"
    room: str = "reception"
    porter: str = "porter"
    guard: str = "guard"
    signal: str = "signal"
    sms: str = "sms"
    zammad: str = "zammad"
    policy: str = "standard"
    phone: str = "desk-phone"
    phone_token: str = "desk-phone-token-0123456789"
    incomplete_phone: str = "cellar-phone"
    incomplete_phone_token: str = "cellar-phone-token-0123456789"


POLICY = Policy.model_validate(
    {
        "id": "standard",
        "name": "Standard",
        "steps": [
            {"targets": [{"channel": "zammad"}, {"person": "porter"}]},
            {"after": 60, "targets": [{"person": "guard"}]},
        ],
        "repeat": 1,
        "repeat_after": 120,
    }
)


@pytest.fixture
async def directory(db: Database) -> Directory:
    """The small directory, in `db`."""
    ids = Directory()
    await db.write(lambda conn: seed_directory(conn, ids))
    return ids


@pytest.fixture
def engine(db: Database, clock: FrozenClock, directory: Directory) -> Engine:
    """An engine on `db` for the small directory; who needs another, or several, makes them."""
    return make_engine(db, clock)


def seed_directory(conn: Connection, ids: Directory) -> None:
    conn.execute(
        sa.insert(tables.policy).values(
            id=ids.policy, name=POLICY.name, body=POLICY.model_dump(mode="json", exclude_unset=True)
        )
    )
    conn.execute(
        sa.insert(tables.site).values(
            id=ids.site, name="Office", timezone="Europe/Berlin", policy_id=ids.policy
        )
    )
    conn.execute(sa.insert(tables.room).values(id=ids.room, site_id=ids.site, name="Reception"))
    conn.execute(
        sa.insert(tables.person),
        [
            {"id": ids.porter, "site_id": ids.site, "name": "Porter", "language": "en"},
            {"id": ids.guard, "site_id": ids.site, "name": "Guard", "language": "de"},
        ],
    )
    channel: dict[str, Any] = {
        "config": {},
        "secrets": None,
        "enabled": True,
        "concurrency": 2,
        "timeout_s": 5.0,
        "revision": 1,
    }
    conn.execute(
        sa.insert(tables.channel),
        [
            {"id": kind, "kind": kind, "name": kind.capitalize(), **channel}
            for kind in (ids.signal, ids.sms, ids.zammad)
        ],
    )
    conn.execute(
        sa.insert(tables.contact_point),
        [
            {"id": "c1", "person_id": ids.porter, "channel_id": ids.signal, "address": "+491", "position": 0},
            {"id": "c2", "person_id": ids.porter, "channel_id": ids.sms, "address": "+491", "position": 1},
            {"id": "c3", "person_id": ids.guard, "channel_id": ids.sms, "address": "+492", "position": 0},
        ],
    )
    device: dict[str, Any] = {
        "kind": "yealink",
        "site_id": ids.site,
        "test": False,
        "enabled": True,
        "last_context": {},
        "minute_count": 0,
    }
    conn.execute(
        sa.insert(tables.device),
        [
            {
                **device,
                "id": ids.phone,
                "name": "Desk phone",
                "room_id": ids.room,
                "person_id": ids.porter,
                "token_hash": token_hash(ids.phone_token),
            },
            {
                **device,
                "id": ids.incomplete_phone,
                "name": "Cellar phone",
                "room_id": None,
                "person_id": None,
                "token_hash": token_hash(ids.incomplete_phone_token),
            },
        ],
    )
