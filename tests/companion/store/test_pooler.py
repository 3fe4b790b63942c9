"""A pooler that takes the server away between transactions is refused by name; one that does not is none of our business."""

from pathlib import Path

import pytest

from companion.app import Companion
from companion.config import Settings
from companion.store.database import StoreUnavailable
from companion.store.migrate import migrate, tables_of
from tests.fakes.pooler import pooled

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])


async def test_pgbouncer_in_transaction_mode_is_refused_by_name_at_the_start(
    database_url: str, tmp_path: Path
) -> None:
    async with pooled(database_url, "transaction") as through:
        settings = Settings(data_dir=tmp_path, database_url=through, host="127.0.0.1", port=0, zeroconf=False)

        with pytest.raises(
            StoreUnavailable, match=r"^DATABASE_URL leads to PgBouncer in transaction mode.*session\.$"
        ):
            async with Companion(settings):
                pass


async def test_a_pool_that_leaves_the_server_to_its_client_is_taken(database_url: str) -> None:
    async with pooled(database_url, "session") as through:
        await migrate(through)


async def test_check_names_it_too(database_url: str) -> None:
    async with pooled(database_url, "transaction") as through:
        with pytest.raises(StoreUnavailable, match="PgBouncer in transaction mode"):
            await tables_of(through)
