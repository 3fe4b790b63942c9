"""What is counted is what is there: after any changes, by whomever, undone ones, deleted rows, and while it is summed up."""

import asyncio
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.model import Source, Status
from companion.alarms.statistics import ANSWER_BUCKETS, Answered, Counted, Span, counted
from companion.dispatch.delivery import State
from companion.dispatch.health import counts_by_channel_and_state
from companion.store.database import Database, open_database
from companion.store.scope import ALL_SITES, OneSite
from companion.store.tables import alarm, alarm_tally, delivery, delivery_tally
from companion.store.tallies import FEW, sum_up
from tests.fakes.clock import START

SITES = ("office", "warehouse", None)
CHANNELS = ("sms", "signal")


class Undone(Exception):
    """Ends a transaction without a trace."""


class Walk:
    """Changes rows by chance, as no command would and any might."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # no secret
        self.made = 0

    def some(self, conn: Connection) -> None:
        for _ in range(self.chance.randint(1, 5)):
            self.chance.choice(
                [
                    self.press,
                    self._change,
                    self._change,
                    self.deliver,
                    self._settle,
                    self._settle,
                    self._delete,
                ]
            )(conn)

    def press(self, conn: Connection) -> None:
        self.made += 1
        row = {
            "id": f"a{self.made}",
            "version": 1,
            "kind": "panic",
            "severity": "high",
            "title": "x",
            "round": 0,
        }
        row |= {"timezone": "UTC", "details": {}, "presses": 1, "step": 0, "steps_run": 0}
        row |= {"source": self.chance.choice(list(Source)), "test": self.chance.random() < 0.3}
        row |= {"site_id": self.chance.choice(SITES), **self._changed()}
        conn.execute(sa.insert(alarm).values(**row))

    def _changed(self) -> dict[str, Any]:
        raised_at = START + timedelta(seconds=self.chance.randrange(100_000))
        took = timedelta(milliseconds=self.chance.choice([0, 15_000, 15_001, 29_999, 1_234_567, 10**9]))
        return {
            "status": self.chance.choice(list(Status)),
            "raised_at": raised_at,
            "acknowledged_at": self.chance.choice([None, raised_at + took, raised_at + took]),
            "exhausted_at": self.chance.choice([None, raised_at]),
        }

    def _one(self) -> str:
        return str(self.chance.randint(1, max(1, self.made)))

    def _change(self, conn: Connection) -> None:
        conn.execute(sa.update(alarm).where(alarm.c.id == f"a{self._one()}").values(**self._changed()))

    def deliver(self, conn: Connection) -> None:
        self.made += 1
        row: dict[str, Any] = {
            "id": f"d{self.made}",
            "alarm_id": None,
            "kind": "page",
            "occurrence": str(self.made),
        }
        row |= {"channel_id": self.chance.choice(CHANNELS), "position": 0, "address": "x", "recipient": "x"}
        row |= {
            "message": {},
            "due_at": START,
            "attempts": 0,
            "first_page": False,
            "record": False,
            "fence": 0,
        }
        row |= {"uncertain": False, "cancelled": False, "created_at": START}
        conn.execute(sa.insert(delivery).values(**row, state=self.chance.choice(list(State))))

    def _settle(self, conn: Connection) -> None:
        state = self.chance.choice(list(State))
        conn.execute(sa.update(delivery).where(delivery.c.id == f"d{self._one()}").values(state=state))

    def _delete(self, conn: Connection) -> None:
        """As retention does."""
        conn.execute(sa.delete(delivery).where(delivery.c.id == f"d{self._one()}"))
        conn.execute(sa.delete(alarm).where(alarm.c.id == f"a{self._one()}"))


def found_by_reading_all(conn: Connection, site_id: str | None, *, tests: bool) -> Counted:
    rows = [
        row
        for row in conn.execute(sa.select(alarm))
        if (tests or not row.test) and site_id in {None, row.site_id}
    ]
    took = [_milliseconds(row.acknowledged_at - row.raised_at) for row in rows if row.acknowledged_at]
    return Counted(
        by_status={one: sum(row.status == one for row in rows) for one in Status},
        by_source={one: sum(row.source == one for row in rows) for one in Source},
        exhausted=sum(row.exhausted_at is not None for row in rows),
        answered=Answered(
            counts=[sum(ms <= bucket * 1000 for ms in took) for bucket in ANSWER_BUCKETS],
            count=len(took),
            total_s=sum(took) / 1000,
        ),
    )


def _milliseconds(took: timedelta) -> int:
    return round(took / timedelta(milliseconds=1))


def assert_right(conn: Connection) -> None:
    for tests in (True, False):
        assert counted(ALL_SITES, conn, tests=tests) == found_by_reading_all(conn, None, tests=tests)
    assert counted(OneSite("office"), conn) == found_by_reading_all(conn, "office", tests=False)
    in_office = counted(ALL_SITES, conn, Span(site_id="office"))
    assert in_office == found_by_reading_all(conn, "office", tests=False)
    assert in_office == counted(OneSite("office"), conn, Span(since=START - timedelta(days=1)))
    there = Counter((row.channel_id, row.state) for row in conn.execute(sa.select(delivery)))
    assert {(channel, state): count for channel, state, count in counts_by_channel_and_state(conn)} == there


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_what_is_counted_is_what_is_there(db: Database, seed: int) -> None:
    walk = Walk(seed)

    def undone(conn: Connection) -> None:
        walk.some(conn)
        raise Undone

    for turn in range(60):
        await db.write(walk.some)
        with pytest.raises(Undone):
            await db.write(undone)
        if turn % 10 == 9:
            await sum_up(db)
        if turn % 4 == 0:
            await db.read(assert_right)

    await db.read(assert_right)


async def test_many_lines_become_few_and_the_counts_stay(db: Database) -> None:
    def many(conn: Connection) -> None:
        Walk(1).press(conn)
        for status in [Status.ACKNOWLEDGED, Status.RESOLVED] * FEW:
            conn.execute(sa.update(alarm).values(status=status))

    await db.write(many)
    before = await db.read(_lines)

    await sum_up(db)

    assert (before > FEW, await db.read(_lines)) == (True, 1)
    await db.read(assert_right)


def _lines(conn: Connection) -> int:
    return conn.execute(sa.select(sa.func.count()).select_from(alarm_tally)).scalar_one()


async def test_while_others_write_and_sum_up_nothing_is_counted_twice_or_lost(
    db: Database, database_url: str
) -> None:
    other = open_database(database_url)
    walk = Walk(7)
    for _ in range(20):
        await db.write(walk.deliver)
    ids = [f"d{number}" for number in range(1, 21)]

    async def change(there: Database, delivery_id: str) -> None:
        for state in [State.SENT, State.ERROR] * 30:
            await there.write(
                lambda conn, state=state: conn.execute(  # type: ignore[misc] # bound here
                    sa.update(delivery).where(delivery.c.id == delivery_id).values(state=state)
                )
            )

    summing = [sum_up(there) for there in (db, other) * 5]
    await asyncio.gather(
        *(change(there, one) for there, one in zip((db, other) * 10, ids, strict=True)), *summing
    )
    await asyncio.gather(sum_up(db), sum_up(other))

    await db.read(assert_right)
    await other.close()


async def test_what_is_idle_is_not_written_to(db: Database) -> None:
    await db.write(Walk(1).press)
    before = await db.read(lambda conn: conn.execute(sa.select(alarm_tally.c.id)).all())

    await sum_up(db)

    assert await db.read(lambda conn: conn.execute(sa.select(alarm_tally.c.id)).all()) == before


async def test_a_page_on_its_way_is_no_line_until_it_stays_what_it_is(db: Database) -> None:
    """So a press, a claim and a try again cost nothing here."""
    walk = Walk(3)

    def work(conn: Connection) -> None:
        walk.deliver(conn)
        conn.execute(sa.delete(delivery_tally))
        for state in (State.PENDING, State.PROCESSING, State.FAILED, State.PROCESSING):
            conn.execute(sa.update(delivery).values(state=state))

    await db.write(work)
    await db.write(lambda conn: conn.execute(sa.delete(delivery_tally)))
    await db.write(lambda conn: conn.execute(sa.update(delivery).values(state=State.PENDING)))

    assert await db.read(lambda conn: conn.execute(sa.select(delivery_tally)).all()) == []
