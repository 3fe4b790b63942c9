"""Databases for walks: each example of a property has one of its own."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.companion.conftest import TEMPLATE
from tests.fakes.postgres import Postgres


@pytest.fixture
def new_database(
    database_kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[], AbstractContextManager[str]]:
    """Gives a migrated, empty database for each walk."""

    @contextmanager
    def sqlite() -> Iterator[str]:
        path = tmp_path / f"{uuid.uuid4().hex}.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"

    @contextmanager
    def postgresql() -> Iterator[str]:
        server: Postgres = request.getfixturevalue("postgres")
        name = f"walk_{uuid.uuid4().hex}"
        server.create_database(name, template=TEMPLATE)
        yield server.url(name)
        server.drop_database(name)

    return {"sqlite": sqlite, "postgresql": postgresql}[database_kind]
