"""A database that was lent to a test is as good as a new one, or is not lent again."""

import asyncpg
import pytest

from tests.companion.databases import PostgresDatabases

WRITE = "INSERT INTO meta (key, value) VALUES ('a', 'b')"


async def use(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def test_a_database_comes_back_without_its_rows(postgres_databases: PostgresDatabases) -> None:
    with postgres_databases.lent() as url:
        await use(url, WRITE)

    with postgres_databases.lent() as again:
        connection = await asyncpg.connect(again)
        rows = await connection.fetchval("SELECT count(*) FROM meta")
        await connection.close()
    assert (again, rows) == (url, 0)


async def test_two_tests_never_have_the_same_database(postgres_databases: PostgresDatabases) -> None:
    with postgres_databases.lent() as one, postgres_databases.lent() as other:
        assert one != other


@pytest.mark.parametrize(
    "changing",
    [
        "ALTER TABLE meta ALTER COLUMN value DROP NOT NULL",
        "DROP TABLE meta",
        "CREATE TABLE more (id int)",
        "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ANALYZE meta",
        "UPDATE alembic_version SET version_num = '9999'",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''1MB''', current_database()); END $$",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$",
        "INSERT INTO meta (key, value) SELECT i, repeat('x', 1000) FROM generate_series(1, 5000) AS i",
    ],
)
async def test_a_database_in_which_more_than_rows_was_changed_is_not_lent_again(
    postgres_databases: PostgresDatabases, changing: str
) -> None:
    with postgres_databases.lent() as url:
        await use(url, WRITE, changing)

    with postgres_databases.lent() as other:
        assert other != url


async def test_whoever_is_still_connected_is_thrown_out(postgres_databases: PostgresDatabases) -> None:
    with postgres_databases.lent() as url:
        left = await asyncpg.connect(url)
        await left.execute(f"BEGIN; {WRITE}")

    with pytest.raises(asyncpg.PostgresConnectionError):
        await left.execute("SELECT 1")
