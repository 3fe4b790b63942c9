"""Finds out whether a pooler stands before PostgreSQL that takes the server away between two transactions.

PgBouncer with `pool_mode = transaction` (or `statement`): what is told by NOTIFY goes to whoever has the server by then,
and a prepared statement is looked for where it is not. Nothing in its protocol says so; it shows in who serves whom.
"""

import asyncio
from contextlib import AsyncExitStack

import asyncpg
from sqlalchemy.engine import URL

TRIES = 8
"""Transactions on each connection: a pooler that goes round its servers comes back to one that was seen."""
CONNECT_TIMEOUT_S = 10
ANSWER_S = 5.0
IN_THE_WAY = (
    "DATABASE_URL leads to PgBouncer in transaction mode, which loses what replicas tell each other (LISTEN) and "
    "prepared statements: set it to the address of PostgreSQL itself, or of a pool with pool_mode = session."
)


async def takes_servers_away(url: URL) -> bool:
    """Return whether two connections share a server, or one has several; raises what the driver raises if there is none."""
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with AsyncExitStack() as stack:
        first = await _connected(stack, dsn)
        try:
            # What the protocol said at the beginning: a pooler says a number of its own.
            if await _server_of(first) == first.get_server_pid():
                return False
            second = await _connected(stack, dsn)
            served: list[set[int]] = [set(), set()]
            for _ in range(TRIES):
                for connection, servers in zip((first, second), served, strict=True):
                    servers.add(await _server_of(connection))
        except asyncpg.PostgresError as err:
            return "pooling mode" in str(err)  # statement mode refuses every transaction, and says why
        except TimeoutError:
            return False  # a pool of one server in session mode: the second connection waits for the first
        return len(served[0]) > 1 or not served[0].isdisjoint(served[1])


async def _connected(stack: AsyncExitStack, dsn: str) -> asyncpg.Connection:
    # No names for statements: on a server that somebody else had, they may be taken.
    connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S, statement_cache_size=0)
    stack.callback(connection.terminate)
    return connection


async def _server_of(connection: asyncpg.Connection) -> int:
    async with asyncio.timeout(ANSWER_S), connection.transaction():
        pid: int = await connection.fetchval("SELECT pg_backend_pid()")
        return pid
