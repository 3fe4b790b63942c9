"""The database is for the service's own user only, whatever the umask was and whoever made the file."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from companion.store.database import open_database
from companion.store.migrate import migrate


@pytest.fixture
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_open_umask")
@pytest.mark.parametrize("made_before", [False, True])
async def test_nobody_else_can_read_the_database_or_what_is_beside_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, made_before: bool
) -> None:
    path = tmp_path / "folder" / "alarm.db"
    if made_before:
        path.parent.mkdir()
        path.touch(0o666)
        path.with_name("alarm.db-wal").touch(0o644)

    db = open_database(f"sqlite:///{path}")
    await db.write(lambda conn: conn.execute(sa.text("CREATE TABLE t (a)")))
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    await db.close()

    assert {"alarm.db", "alarm.db-wal", "alarm.db-shm"} <= set(modes)
    assert set(modes.values()) == {0o600}
    assert ("could be used by others" in caplog.text) is made_before


@pytest.mark.usefixtures("_open_umask")
async def test_a_database_that_a_command_makes_was_never_open_to_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "folder" / "alarm.db"

    await migrate(f"sqlite:///{path}")
    db = open_database(f"sqlite:///{path}")
    await db.close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "could be used by others" not in caplog.text
