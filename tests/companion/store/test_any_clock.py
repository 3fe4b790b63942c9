"""Whatever becomes of the wall clock, in any order: nothing comes early, and nothing comes late for ever."""

import asyncio
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy.engine import Connection

from companion.clock import Host, SteadyClock
from companion.store.database import Database, open_database
from companion.store.tables import dedup, failover
from companion.timekeeping.timeline import SEEN_EVERY, TOLERANCE, Timeline
from tests.fakes.clock import START

WAITS = timedelta(hours=1)

type Turn = Callable[["Machine"], None]


class Machine:
    """A computer and what really happens, against which its companion is held."""

    def __init__(self) -> None:
        self.running_s = 1000.0
        self.wall = START
        self.boot = 1
        self.left = WAITS
        """How long what waits has really still to wait."""
        self.early = timedelta()
        self.late = timedelta()
        """How much too early or late it may come, by what nobody can know."""
        self.restart = False

    def host(self) -> Host:
        return Host(lambda: self.wall, lambda: self.running_s, lambda: str(self.boot))

    def run(self, seconds: float) -> None:
        self.running_s += seconds
        self.wall += timedelta(seconds=seconds)
        self.left -= timedelta(seconds=seconds)

    def set(self, by: timedelta) -> None:
        self.wall += by
        if abs(by) <= TOLERANCE:  # followed: the price of not taking a drift for a jump
            self.early += TOLERANCE
            self.late += TOLERANCE

    def service_off(self, seconds: float, by: timedelta) -> None:
        self.run(seconds)
        self.set(by)
        self.restart = True

    def off(self, seconds: float) -> None:
        """With a clock that goes on."""
        self.run(seconds)
        self._boots()

    def off_and_back(self, seconds: float, by: timedelta) -> None:
        """With a clock that is behind when it comes up: how long it was off is unknown."""
        self.left -= timedelta(seconds=seconds)
        self.wall -= by
        self.late += timedelta(seconds=seconds) + SEEN_EVERY
        self._boots()

    def _boots(self) -> None:
        self.running_s = 5.0
        self.boot += 1
        self.restart = True


SECONDS = st.floats(0, 600, allow_nan=False).map(lambda seconds: round(seconds, 3))
JUMPS = st.one_of(
    st.timedeltas(timedelta(days=-3000), timedelta(days=3000)),
    st.timedeltas(timedelta(seconds=-5), timedelta(seconds=5)),
)
TURNS = st.one_of(
    st.builds(lambda s: lambda machine: machine.run(s), st.floats(0, SEEN_EVERY.total_seconds())),
    st.builds(lambda by: lambda machine: machine.set(by), JUMPS),
    st.builds(lambda s, by: lambda machine: machine.service_off(s, by), SECONDS, JUMPS),
    st.builds(lambda s: lambda machine: machine.off(s), SECONDS),
    st.builds(
        lambda s, by: lambda machine: machine.off_and_back(s, by),
        SECONDS,
        st.timedeltas(SEEN_EVERY * 2, timedelta(days=3000)),
    ),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(turns=st.lists(TURNS, max_size=12))
def test_nothing_is_early_or_late_for_ever_whatever_becomes_of_the_clock(
    turns: list[Turn], migrated_sqlite: Path, tmp_path: Path
) -> None:
    shutil.copyfile(migrated_sqlite, tmp_path / "walk.db")
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"walk.db{suffix}").unlink(missing_ok=True)
    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, _walk(f"sqlite:///{tmp_path / 'walk.db'}", turns)).result()


async def _walk(database_url: str, turns: list[Turn]) -> None:
    db, machine = open_database(database_url), Machine()
    try:
        clock, timeline = await _started(db, machine)
        await db.write(lambda conn: _wait_until(conn, machine.wall + WAITS))
        for turn in turns:
            turn(machine)
            if machine.restart:
                clock, timeline = await _started(db, machine)
                machine.restart = False
            await timeline.look()

            for due_at in await db.read(_due):
                left = due_at - clock()
                assert (
                    machine.left - machine.early - TOLERANCE
                    <= left
                    <= machine.left + machine.late + TOLERANCE
                )
            assert abs(clock() - machine.wall) <= TOLERANCE
    finally:
        await db.close()


async def _started(db: Database, machine: Machine) -> tuple[SteadyClock, Timeline]:
    clock = SteadyClock(machine.host())
    timeline = Timeline(db, clock, machine.host())
    await timeline.start()
    return clock, timeline


def _wait_until(conn: Connection, at: datetime) -> None:
    conn.execute(sa.insert(failover).values(delivery_id="d", person_id="p", alarm_id="a", due_at=at))
    conn.execute(sa.insert(dedup).values(key="k", alarm_id="a", expires_at=at))


def _due(conn: Connection) -> list[datetime]:
    return [
        conn.execute(sa.select(column)).scalar_one() for column in (failover.c.due_at, dedup.c.expires_at)
    ]
