"""How many statements stand between a press and its answer, and between a provider's yes and the record of it.

Each is a round trip on PostgreSQL, and a part of every alarm's time on SQLite. A new one must be worth it.
"""

import sqlite3

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.model import AlarmKind, Source
from companion.alarms.transaction import AlarmTransaction
from companion.store import tables
from companion.store.database import Database, PostgresDatabase
from companion.store.scope import ALL_SITES
from companion.triggers.press import Accepted, Press, Pressed, press
from tests.builders import make_engine, person, policy, step
from tests.companion.conftest import Directory
from tests.fakes.clock import FrozenClock

PANIC = Pressed(source=Source.YEALINK, kind=AlarmKind.PANIC, head="Panic key", context={})
AROUND = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "SELECT set_config", "SELECT pg_notify")
"""What every transaction begins and ends with."""
ELSEWHERE = ("SELECT min(", "SELECT DISTINCT delivery.owner")
"""What a dispatcher looks for meanwhile."""


async def written_by(db: Database) -> list[str]:
    """Return a list that each statement of a transaction that writes is added to, without what is around them."""
    seen: list[str] = []

    def note(text: str) -> None:
        if not text.startswith(AROUND + ELSEWHERE):
            seen.append(" ".join(text.split()))

    def note_once(text: str) -> None:
        """SQLite says a statement again for whatever its triggers do."""
        if [" ".join(text.split())] != seen[-1:]:
            note(text)

    def traced(conn: Connection) -> None:
        driver = conn.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_trace_callback(note_once)

    if isinstance(db, PostgresDatabase):
        sa.event.listen(
            db.engine.sync_engine, "before_cursor_execute", lambda _conn, _cursor, text, *_: note(text)
        )
    else:
        await db.write(traced)
    return seen


async def test_a_press_and_what_became_of_its_message(
    db: Database, clock: FrozenClock, directory: Directory
) -> None:
    engine = make_engine(db, clock, claims=True)
    one_person = policy(step(person("guard"))).model_dump(mode="json")

    def work(unit: AlarmTransaction) -> Press:
        return press(unit, directory.phone_token, PANIC, window_s=10, per_minute=10)

    await db.write(lambda conn: conn.execute(sa.update(tables.policy).values(body=one_person)).close())
    seen = await written_by(db)

    raised = await engine.commands.run(ALL_SITES, work)
    await engine.dispatch()

    assert isinstance(raised, Accepted)
    assert [text.split()[0] for text in seen] == [
        "SELECT",  # the device, its place, its person and its policy
        "UPDATE",  # when it was heard of
        "INSERT",  # whose press it is: of two at once, one wins
        "INSERT",  # the alarm
        "INSERT",  # its first line in the journal
        "SELECT",  # where the person is reached
        "INSERT",  # their link
        "SELECT",  # whether the source floods
        "INSERT",  # the message
        "INSERT",  # when they are told another way
        "INSERT",  # whom the step has told
        # The phone has its answer; what follows is written once the provider has taken the message.
        "INSERT",  # the attempt
        "UPDATE",  # the delivery, under its fence
        "DELETE",  # nobody needs to be told another way
        "INSERT",  # a line in the journal
    ], "\n".join(seen)
