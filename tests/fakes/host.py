"""A host whose wall clock a test sets, as a person or a time server would; what runs, runs as it really does."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg

from companion.clock import Host, utc_now


@dataclass
class SetHost:
    """The host of one machine; `host()` is what a companion on it is given."""

    set_by: timedelta = timedelta()
    switched_on: int = 1
    """How often: each time the machine is another one to whoever asks how long it runs."""
    _real: Host = field(default_factory=Host)

    def host(self) -> Host:
        return Host(self.wall, self._real.running_s, lambda: f"boot-{self.switched_on}")

    def wall(self) -> datetime:
        return utc_now() + self.set_by


MOVABLE_CLOCK = """
CREATE SCHEMA moved;
CREATE TABLE moved.clock (set_by interval NOT NULL);
INSERT INTO moved.clock VALUES ('0');
CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT pg_catalog.clock_timestamp() + set_by FROM moved.clock';
"""


async def make_clock_movable(database_url: str) -> None:
    """Let the server of this database tell a time that a test can set; for connections that are made after this."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(MOVABLE_CLOCK)
    name = database_url.rpartition("/")[2]
    await connection.execute(f'ALTER DATABASE "{name}" SET search_path = moved, pg_catalog, public')
    await connection.close()


async def set_server_clock(database_url: str, by: timedelta) -> None:
    """Let the server's clock differ from the true time by this much."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE moved.clock SET set_by = $1", by)
    await connection.close()
