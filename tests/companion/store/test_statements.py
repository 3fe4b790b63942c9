"""Statements that the driver runs itself: what is written, read and raised is what SQLAlchemy would."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.store import tables
from companion.store.database import Database
from companion.store.statements import Statement, savepoint
from companion.texts.reasons import Reason

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
DELIVERY: dict[str, Any] = {
    "id": "d1",
    "alarm_id": None,
    "kind": "page",
    "occurrence": "0.0",
    "channel_id": "sms",
    "person_id": None,
    "position": 0,
    "address": "+491",
    "recipient": "Zoë",
    "message": {"title": "Müll; DROP", "details": [1, None, True]},
    "state": "pending",
    "due_at": NOON,
    "attempts": 1,
    "urgency": 0,
    "first_page": True,
    "record": False,
    "owner": None,
    "fence": 0,
    "lease_until": NOON.astimezone(timezone(timedelta(hours=5, minutes=30))) + timedelta(microseconds=7),
    "uncertain": False,
    "cancelled": True,
    "provider_ref": None,
    "last_error": Reason("no_answer_within", seconds=15),
    "source_key": None,
    "folded_into": None,
    "created_at": NOON,
    "sent_at": None,
    "delivered_at": None,
    "read_at": None,
}
INSERT = Statement(sa.insert(tables.delivery))
FIND = sa.select(tables.delivery).where(tables.delivery.c.id == sa.bindparam("id"))
PUT = Statement(sa.insert(tables.meta))


def keys(conn: Connection) -> list[str]:
    return sorted(conn.execute(sa.select(tables.meta.c.key)).scalars())


async def test_every_type_of_value_is_written_and_read_as_sqlalchemy_does(db: Database) -> None:
    """The same row, written and read by either, is the same; and so is what the file holds."""
    plain = sa.select(*(sa.cast(column, sa.Text) for column in tables.delivery.c)).order_by(
        tables.delivery.c.id
    )

    def work(conn: Connection) -> None:
        INSERT.run(conn, DELIVERY)
        conn.execute(sa.insert(tables.delivery), {**DELIVERY, "id": "d2", "alarm_id": "a"})
        by_driver = Statement(FIND).first(conn, {"id": "d2"})
        by_sqlalchemy = conn.execute(FIND, {"id": "d1"}).one()
        expected = {**DELIVERY, "lease_until": NOON + timedelta(microseconds=7)}

        assert dict(by_sqlalchemy._mapping) == expected
        assert by_driver == tuple({**expected, "id": "d2", "alarm_id": "a"}.values())
        first, second = conn.execute(plain).all()
        assert first[4:] == second[4:]

    await db.write(work)


async def test_a_query_may_have_values_of_its_own_and_another_text_on_each_database(db: Database) -> None:
    """As an update that returns what it has changed, with a constant in it."""
    update = (
        sa.update(tables.delivery)
        .where(tables.delivery.c.id == sa.bindparam("which"), tables.delivery.c.state == "pending")
        .values(
            attempts=tables.delivery.c.attempts + 1,
            due_at=sa.bindparam("at", type_=tables.delivery.c.due_at.type),
        )
        .returning(tables.delivery.c.attempts, tables.delivery.c.due_at)
    )
    asked: list[str] = []

    def of(dialect: str) -> sa.Update:
        asked.append(dialect)
        return update

    statement = Statement(of)

    def work(conn: Connection) -> list[tuple[Any, ...]]:
        INSERT.run(conn, DELIVERY)
        later = NOON + timedelta(hours=1)
        assert statement.first(conn, {"which": "nobody", "at": later}) is None
        return statement.rows(conn, {"which": "d1", "at": later})

    assert await db.write(work) == [(2, NOON + timedelta(hours=1))]
    assert asked == [db.dialect], "built once"


async def test_many_rows_are_one_call(db: Database) -> None:
    await db.write(lambda conn: PUT.run(conn, *({"key": str(n), "value": "v"} for n in range(3))))
    await db.write(PUT.run)

    assert await db.read(keys) == ["0", "1", "2"]


async def test_what_goes_wrong_is_what_sqlalchemy_raises_and_tells_no_values(db: Database) -> None:
    def twice(conn: Connection) -> None:
        PUT.run(conn, {"key": "k", "value": "a-secret"})
        PUT.run(conn, {"key": "k", "value": "a-secret"})

    with pytest.raises(sa.exc.IntegrityError) as caught:
        await db.write(twice)

    assert "a-secret" not in str(caught.value)
    assert await db.read(keys) == []


@pytest.mark.parametrize("values", [{"key": "k"}, {"key": "k", "value": "v", "color": "red"}])
async def test_a_value_that_is_missing_or_too_many_is_a_mistake(db: Database, values: dict[str, str]) -> None:
    """It must not be left out in silence: a column would stay as it was."""
    await db.write(lambda conn: PUT.run(conn, {"key": "other", "value": "v"}))

    with pytest.raises((TypeError, KeyError)):
        await db.write(lambda conn: PUT.run(conn, values))


async def test_a_savepoint_undoes_only_what_was_done_inside(db: Database) -> None:
    def work(conn: Connection) -> None:
        PUT.run(conn, {"key": "before", "value": "v"})
        with pytest.raises(sa.exc.IntegrityError), savepoint(conn):
            PUT.run(conn, {"key": "inside", "value": "v"})
            PUT.run(conn, {"key": "before", "value": "v"})
        with savepoint(conn):
            PUT.run(conn, {"key": "after", "value": "v"})

    await db.write(work)

    assert await db.read(keys) == ["after", "before"]
