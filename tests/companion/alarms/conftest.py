"""Databases for walks: each example of a property has one of its own."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.companion.databases import PostgresDatabases


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

    def postgresql() -> AbstractContextManager[str]:
        databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
        return databases.lent()

    return {"sqlite": sqlite, "postgresql": postgresql}[database_kind]
