"""`script/bootstrap` on machines that lack something: it says what, and does not blame somebody else."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BASICS = ("bash", "cat", "cut", "dirname", "flock", "id", "mkdir", "sha256sum", "uname")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that was never set up."""
    (tmp_path / "script").mkdir()
    shutil.copy(ROOT / "script/bootstrap", tmp_path / "script/bootstrap")
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).touch()
    return tmp_path


def start(checkout: Path, has: Sequence[str] = BASICS) -> subprocess.Popen[str]:
    """Run it on a machine that has only these programs in a user's PATH."""
    programs = checkout / "bin"
    programs.mkdir()
    for name in has:
        found = shutil.which(name)
        assert found is not None, name
        (programs / name).symlink_to(found)
    environment = {"PATH": str(programs), "HOME": str(checkout), "XDG_CACHE_HOME": str(checkout / "cache")}
    return subprocess.Popen(
        ["/bin/bash", "script/bootstrap"],
        cwd=checkout,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=60)
    return said


def test_a_missing_compiler_is_called_so(checkout: Path) -> None:
    process = start(checkout)
    said = end(process)

    assert process.returncode == 1
    assert "these are missing (under Debian's names): " in said
    assert " g++" in said
    assert "index" not in said


def test_what_is_there_is_found_with_the_path_of_an_ordinary_user(checkout: Path) -> None:
    """ldconfig is in /usr/sbin, and a pipe into `grep -q` fails where it has found something."""
    said = end(start(checkout))

    assert "ldconfig" not in said
    assert "libturbojpeg0" not in said


def test_it_says_which_systems_it_knows(checkout: Path) -> None:
    assert "This sets itself up on Debian 12 or newer" in end(start(checkout))


def test_a_second_one_waits_for_the_first(checkout: Path) -> None:
    lock = checkout / "cache/alarm-broker/lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = start(checkout)
        assert process.stdout is not None
        assert "waiting for another set-up to end" in process.stdout.readline()
        fcntl.flock(held, fcntl.LOCK_UN)

    assert "these are missing" in end(process)


def test_the_uv_of_the_checkouts_own_environment_is_left_alone(checkout: Path) -> None:
    """It is on the PATH where .venv is activated, and it would vanish with .venv in the middle of the work."""
    own = checkout / ".venv/bin"
    own.mkdir(parents=True)
    lines = (checkout / "script/bootstrap").read_text().partition("CACHE=")[0]
    (checkout / "script/bootstrap").write_text(f'{lines}echo "$PATH"\n')

    environment = {"PATH": f"{own}:/usr/local/bin:{own}:/usr/bin:/bin:{own}"}
    said = subprocess.run(
        ["/bin/bash", "script/bootstrap"],
        cwd=checkout,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.strip() == "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
