"""The lookout wakes whoever waits: when anybody has written into the file, and when the clock is not where it was."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from companion.dispatch.lookout import Lookout
from companion.dispatch.wake import Wake
from tests.fakes.clock import FrozenClock


@dataclass
class Scene:
    """A file, another process that may write into it, and somebody who waits."""

    lookout: Lookout
    other: sqlite3.Connection
    clock: FrozenClock
    wake: Wake

    def __post_init__(self) -> None:
        self.woken = self.wake.subscribe()
        self.is_woken()  # at its first look it knows nothing of before

    def is_woken(self) -> bool:
        self.lookout.look()
        was = self.woken.is_set()
        self.woken.clear()
        return was


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    path = tmp_path / "alarm broker.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("CREATE TABLE note (text TEXT)")
    clock, wake = FrozenClock(), Wake()
    lookout = Lookout(path, wake, clock, monotonic=lambda: 100.0)
    yield Scene(lookout, other, clock, wake)
    lookout.close()
    other.close()


def test_nobody_is_woken_while_nothing_happens(scene: Scene) -> None:
    assert [scene.is_woken() for _ in range(3)] == [False, False, False]


def test_what_somebody_else_has_committed_wakes_once(scene: Scene) -> None:
    scene.other.execute("INSERT INTO note VALUES ('due at once')")

    assert [scene.is_woken(), scene.is_woken()] == [True, False]


def test_what_is_not_committed_yet_wakes_nobody(scene: Scene) -> None:
    scene.other.execute("BEGIN IMMEDIATE")
    scene.other.execute("INSERT INTO note VALUES ('perhaps')")
    meanwhile = scene.is_woken()
    scene.other.execute("COMMIT")

    assert [meanwhile, scene.is_woken()] == [False, True]


def test_a_machine_that_slept_wakes_whoever_waits_by_a_clock_that_stood_still(scene: Scene) -> None:
    scene.clock.advance(8 * 3600)

    assert [scene.is_woken(), scene.is_woken()] == [True, False]


def test_a_file_that_cannot_be_read_leaves_nobody_asleep(tmp_path: Path) -> None:
    wake = Wake()
    woken = wake.subscribe()
    lookout = Lookout(tmp_path / "gone.db", wake, FrozenClock())

    lookout.look()

    assert woken.is_set()
    assert not (tmp_path / "gone.db").exists()
