"""The command, as an operator sees it: what it prints, what it leaves behind, its exit status."""

import asyncio
import csv
import io
import logging
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection
from typer.testing import CliRunner

from companion.commands.command_line import app
from companion.commands.errors import USER_ERRORS
from companion.commands.settings import become_service_user
from companion.config import CONFIG_FILE, Settings
from companion.directory.presses import pressed_device
from companion.ids import token_hash
from companion.store import tables
from companion.store.database import open_database
from companion.store.migrate import Tables
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from tests.companion.directory.documents import SECRETS, office
from tests.e2e.processes import ROOT
from tests.fakes.packages import Packages, pager
from tests.fakes.signal import FakeSignal
from tests.fakes.sms import FakeSms

NIGHT = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
DELIVERY = {
    "kind": "page",
    "occurrence": "0.0",
    "channel_id": "sms",
    "person_id": "guard",
    "position": 0,
    "recipient": "Guard",
    "message": {},
    "state": "sent",
    "attempts": 1,
    "first_page": True,
    "record": False,
    "fence": 1,
    "uncertain": False,
    "cancelled": False,
}


@dataclass(frozen=True)
class Result:
    """What an operator sees."""

    status: int
    out: str
    err: str


type Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in before[0]:
            handler.close()  # it has a thread
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command on this test's database."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ALARM_BROKER_DATA_DIR", str(tmp_path / "data"))
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)

    def invoke(*arguments: str, given: bytes | None = None) -> Result:
        # In a thread: the command has an event loop of its own.
        with ThreadPoolExecutor(1) as executor:
            result = executor.submit(CliRunner().invoke, app, list(arguments), input=given).result()
        if isinstance(result.exception, USER_ERRORS):  # what `main` prints
            return Result(1, result.stdout, str(result.exception))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Result(result.exit_code, result.stdout, result.stderr)

    return invoke


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "directory.yaml"
    path.write_bytes(orjson.dumps(office()))
    return path


def _write(database_url: str, work: Callable[[Connection], object]) -> None:
    async def write() -> None:
        db = open_database(database_url)
        await db.write(work)
        await db.close()

    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, write()).result()


def test_a_document_is_applied_and_the_second_time_changes_nothing(run: Run, document: Path) -> None:
    first, second = run("apply", str(document)), run("apply", str(document))

    assert first.status == 0
    assert "+ site office\n" in first.out
    assert first.out.endswith("9 added, 0 changed, 0 removed, 0 unchanged.\n")
    assert second.out == "0 added, 0 changed, 0 removed, 9 unchanged.\n"
    assert "hunter22" not in first.out


def test_a_dry_run_shows_the_plan_and_leaves_everything_as_it_is(run: Run, document: Path) -> None:
    planned = run("apply", "--dry-run", str(document))

    assert planned.out.endswith("Would be: 9 added, 0 changed, 0 removed, 0 unchanged.\n")
    assert "9 added" in run("apply", str(document)).out


def test_a_dry_run_before_the_first_start_writes_nothing(
    run: Run, document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    before = sorted(tmp_path.rglob("*"))

    planned = run("apply", "--dry-run", str(document))

    assert planned.out.endswith("Would be: 9 added, 0 changed, 0 removed, 0 unchanged.\n")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_dry_run_changes_no_byte_of_a_database(
    run: Run, document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    run("apply", str(document))
    file = tmp_path / "data" / "alarm-broker.db"
    before = file.read_bytes()
    document.write_bytes(orjson.dumps({"devices": []}))

    assert "removed" in run("apply", "--dry-run", str(document)).out
    assert file.read_bytes() == before


def test_a_dry_run_does_not_migrate_an_old_database(
    run: Run, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("migrate")

    async def old(_database_url: str) -> Tables:
        return Tables.OLD

    monkeypatch.setattr("companion.commands.database.tables_of", old)
    planned = run("apply", "--dry-run", str(document))

    assert planned.status == 1
    assert "`alarm-broker migrate` does" in planned.err


def test_a_document_may_come_from_standard_input(run: Run) -> None:
    assert "9 added" in run("apply", "-", given=orjson.dumps(office())).out


def test_a_document_with_mistakes_ends_with_one_line_each_and_status_1(run: Run, document: Path) -> None:
    content = office()
    content["sites"][0]["timezone"] = "Mars"
    content["devices"][0]["room"] = "attic"
    document.write_bytes(orjson.dumps(content))

    result = run("apply", str(document))

    assert result.status == 1
    assert [line.split(":")[0] for line in result.err.splitlines()] == [
        "sites[0].timezone",
        "devices[0].room",
    ]


def test_a_mistake_in_one_field_hides_none_of_the_others(run: Run, document: Path) -> None:
    content = office()
    content["policies"][0]["steps"][1] |= {"after": -1, "targets": [{"person": "ghost"}]}
    content["sites"][0] |= {"timezone": "Mars/Olympus", "vacation_policy": "none"}
    content["channels"][1] |= {"enabled": "perhaps", "config": {"url": "nowhere"}}
    content["people"][0] |= {"language": "xx", "contacts": [{"channel": "pigeon", "address": "1"}]}
    content["people"][1]["name"] = ""
    content["people"][1]["contacts"][0]["address"] = "abc"
    content["installation"] = {"country": "de", "operators": ["nobody"]}
    document.write_bytes(orjson.dumps(content))

    result = run("apply", str(document))

    assert {line.split(": ")[0] for line in result.err.splitlines()} == {
        "policies[0].steps[1].after",
        "policies[0].steps[1].targets[0].person",
        "sites[0].timezone",
        "sites[0].vacation_policy",
        "channels[1].enabled",
        "channels[1].config",
        "people[0].language",
        "people[0].contacts[0].channel",
        "people[1].name",
        "people[1].contacts[0].address",
        "installation.country",
        "installation.operators[0]",
    }


def test_a_document_that_is_not_there_is_named(run: Run) -> None:
    result = run("apply", "/missing.yaml")

    assert (result.status, result.err) == (1, "/missing.yaml cannot be read: No such file or directory.")


def test_wrong_settings_end_with_status_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALARM_BROKER_PORT", "many")

    result = run("check")

    assert result.status == 1
    assert "port (ALARM_BROKER_PORT)" in result.err


def test_the_settings_file_can_be_named(run: Run, tmp_path: Path) -> None:
    result = run("--config", str(tmp_path / "none.yaml"), "migrate")

    assert "none.yaml cannot be read" in result.err


# --- the secret key -------------------------------------------------------------------------------------


@pytest.fixture
def other_key(run: Run, document: Path, tmp_path: Path) -> Path:
    """The document is applied, and then the secret key is lost."""
    run("apply", str(document))
    path = tmp_path / "data" / "secret.key"
    path.write_text("another key of at least 32 characters")
    return path


@pytest.mark.parametrize("option", ["--dry-run", None])
def test_a_command_with_another_secret_key_seals_nothing(
    run: Run, document: Path, other_key: Path, option: str | None
) -> None:
    result = run("apply", *([option] if option else []), str(document))

    assert result.status == 1
    assert "was set up with another secret key. Put that key back" in result.err


def test_a_lost_secret_key_is_replaced_on_demand(run: Run, document: Path, other_key: Path) -> None:
    replaced = run("apply", "--new-secret-key", str(document))

    assert "~ channel zammad: " in replaced.out
    assert run("apply", str(document)).out == "0 added, 0 changed, 0 removed, 9 unchanged.\n"


def test_a_lost_secret_key_is_not_replaced_while_a_channel_would_stay_unreadable(
    run: Run, document: Path, other_key: Path
) -> None:
    document.write_bytes(orjson.dumps({"people": office()["people"]}))

    result = run("apply", "--new-secret-key", str(document))

    assert result.status == 1
    assert "The secrets of channel 'sms' cannot be read with this secret key" in result.err
    assert "was set up with another" in run("apply", str(document)).err


# --- keys -----------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_then_only_listed(run: Run) -> None:
    created = run("key", "create", "--name", "dashboard", "--role", "admin")
    listed = run("key", "list")

    assert re.fullmatch(r"ab_admin_[\w-]{43}\n", created.out)
    assert created.out.strip() not in listed.out
    assert re.search(r"dashboard +admin +all +\d{4}-\d\d-\d\d +never +active", listed.out)


def test_a_key_for_an_unknown_site_is_refused_with_the_sites_there_are(run: Run, document: Path) -> None:
    run("apply", str(document))

    result = run("key", "create", "--name", "panel", "--role", "read", "--site", "ofice")

    assert (result.status, result.err) == (1, "There is no site 'ofice'. Sites: office.")


def test_a_revoked_key_stays_in_the_list_as_such(run: Run) -> None:
    run("key", "create", "--name", "old", "--role", "read")
    key_id = run("key", "list").out.splitlines()[1].split()[0]

    first, again = run("key", "revoke", key_id), run("key", "revoke", key_id)

    assert first.out == "Revoked.\n"
    assert (again.status, again.err) == (
        1,
        f"There is no active key {key_id}: `alarm-broker key list` shows them.",
    )
    assert "revoked" in run("key", "list").out


def test_an_unknown_role_is_a_mistake_in_usage(run: Run) -> None:
    assert run("key", "create", "--name", "x", "--role", "root").status == 2


# --- trying out, checking -------------------------------------------------------------------------------


def test_demo_data_gives_a_phone_that_could_be_pressed_at_once(run: Run, database_url: str) -> None:
    result = run("demo-data")

    token = re.search(r"token=([\w-]+)'", result.out)
    assert token is not None
    found = []
    _write(database_url, lambda conn: found.append(pressed_device(ALL_SITES, conn, token_hash(token[1]))))
    assert found[0] is not None
    assert (found[0].site, found[0].room, found[0].person) == ("Head office", "Reception", "Receptionist")


def test_demo_data_does_not_mix_with_real_data(run: Run, document: Path) -> None:
    run("apply", str(document))

    result = run("demo-data")

    assert result.status == 1
    assert "not empty" in result.err


def test_check_finds_a_channel_that_does_not_answer(run: Run) -> None:
    run("demo-data")

    result = run("check")

    assert result.status == 1
    assert re.search(r"ok +database", result.out)
    assert re.search(r"ok +directory +people: 3, channels: 1, policies: 1, devices: 1", result.out)
    assert re.search(r"error +channel sms +could not connect", result.out)
    assert re.search(r"warning +public_url .*set public_url", result.out)


def test_check_names_a_channel_whose_kind_is_not_there_and_what_is_odd_about_packages(
    run: Run, document: Path, database_url: str, packages: Packages
) -> None:
    run("apply", str(document))
    sms = sa.update(tables.channel).where(tables.channel.c.kind == "sms")
    _write(database_url, lambda conn: conn.execute(sms.values(kind="pager")))
    packages.install("acme-pager", pager(__init__="1 / 0"), {"pager": "acme_pager:KIND", "sms": "acme_pager"})

    result = run("check")

    assert result.status == 1
    assert re.search(r"error +channel sms +channel kind 'pager' of package acme-pager cannot", result.out)
    assert re.search(r"warning +packages +package acme-pager offers a channel kind 'sms'", result.out)


def test_check_names_an_address_at_which_nobody_can_be_told(
    run: Run, document: Path, database_url: str
) -> None:
    run("apply", str(document))
    guards = sa.update(tables.contact_point).where(tables.contact_point.c.person_id == "guard")
    _write(database_url, lambda conn: conn.execute(guards.values(address="0170 1111111")))

    result = run("check")

    assert re.search(
        r"error +person guard\.contacts\[0\]\.address +'0170 1111111' has no country code", result.out
    )
    assert "person porter" not in result.out


def test_check_says_again_what_is_doubtful_in_the_directory(run: Run, document: Path) -> None:
    content = office()
    content["policies"][0]["steps"][0]["after"] = 3600
    document.write_bytes(orjson.dumps(content))
    run("apply", str(document))

    result = run("check")

    assert re.search(
        r"warning +policy standard\.steps\[0\]\.after +nobody is told for the first 3600 s", result.out
    )


def test_check_says_that_a_channel_sends_from_a_contacts_own_number(run: Run, document: Path) -> None:
    content = office()
    content["channels"][1]["config"] |= {
        "sender": "4930222222",
        "template": {"to": "{to}", "text": "{text}", "from": "{sender}"},
    }
    document.write_bytes(orjson.dumps(content))
    run("apply", str(document))

    result = run("check")

    assert re.search(
        r"warning +person guard\.contacts\[0\]\.address +'\+4930222222' is the number that channel 'sms' itself",
        result.out,
    )


def test_check_names_a_rule_that_can_never_decide_and_was_stored_all_the_same(
    run: Run, document: Path, database_url: str
) -> None:
    run("apply", str(document))
    answers = [{"matches": "^ERR", "verdict": "refused"}, {"matches": "^ERR: 3", "verdict": "again"}]
    older = sa.update(tables.channel).where(tables.channel.c.id == "sms")
    _write(database_url, lambda conn: conn.execute(older.values(config={"answers": answers})))

    result = run("check")

    assert re.search(
        r"warning +channel sms\.answers\[1\] +can never decide: answers\[0\] fits first", result.out
    )


async def test_check_names_whom_signal_does_not_know(run: Run) -> None:
    content = office()
    async with FakeSignal(unregistered={"+491700000007"}) as signal:
        config = {"url": signal.url, "number": signal.number}
        content["channels"].append({"id": "signal", "kind": "signal", "name": "Signal", "config": config})
        content["people"][0]["contacts"].append({"channel": "signal", "address": "+491700000007"})
        await asyncio.to_thread(run, "apply", "-", given=orjson.dumps(content))

        result = await asyncio.to_thread(run, "check")

    said = r"error +person porter\.contacts\[1\]\.address +channel signal cannot reach '\+491700000007'"
    assert re.search(said, result.out)


def _failed(conn: Connection, channel_id: str, *, sends: int = 0, probes: int = 0) -> None:
    """Write down what a running service does once a channel has failed so often."""
    conn.execute(
        sa.insert(tables.channel_health).values(
            channel_id=channel_id,
            revision=1,
            failed_sends=sends,
            failed_probes=probes,
            probed_at=NIGHT,
            failing_since=NIGHT,
            reason=Reason("http_status", status=402),
        )
    )


async def test_check_says_that_the_service_knows_a_channel_to_refuse_whatever_the_probe_found(
    run: Run, database_url: str
) -> None:
    async with FakeSms() as gateway:
        await asyncio.to_thread(run, "apply", "-", given=orjson.dumps(_office_over(gateway)))
        content = await asyncio.to_thread(run, "check")
        await asyncio.to_thread(_write, database_url, lambda conn: _failed(conn, "sms", sends=80))

        refused = await asyncio.to_thread(run, "check")

    assert "refused" not in content.out
    assert refused.status == 1
    assert re.search(
        r"error +channel sms +It has refused 80 times in a row since 2026-11-20 23:00:00 UTC: .*402",
        refused.out,
    )


async def test_check_believes_its_own_probe_where_only_probes_had_failed(run: Run, database_url: str) -> None:
    async with FakeSms() as gateway:
        await asyncio.to_thread(run, "apply", "-", given=orjson.dumps(_office_over(gateway)))
        await asyncio.to_thread(_write, database_url, lambda conn: _failed(conn, "sms", probes=3))

        result = await asyncio.to_thread(run, "check")

    assert "refused" not in result.out


def _office_over(gateway: FakeSms) -> dict[str, Any]:
    content = office()
    content["channels"] = [
        {
            "id": "sms",
            "kind": "sms",
            "name": "SMS",
            "config": {"url": f"{gateway.url}/sms", "headers": {"Authorization": f"Bearer {gateway.token}"}},
        }
    ]
    content["policies"][0]["steps"][0]["targets"] = [{"person": "porter"}]
    return content


def test_check_tells_of_troubles_that_are_open(run: Run, document: Path, database_url: str) -> None:
    run("apply", str(document))
    trouble = {
        "kind": "alarm_unanswered",
        "subject": "Panic",
        "hidden": False,
        "facts": {},
        "severity": "error",
        "since": NIGHT,
        "last_at": NIGHT,
    }
    rows = [
        {**trouble, "key": "alarm_unanswered:1", "cleared_at": None},
        {**trouble, "key": "alarm_unanswered:2", "subject": "Fire", "cleared_at": NIGHT},
    ]
    _write(database_url, lambda conn: conn.execute(sa.insert(tables.trouble), rows))

    result = run("check")

    assert result.status == 1
    assert re.search(
        r"error +trouble alarm_unanswered:1 .*Panic.*, since 2026-11-20 23:00:00 UTC", result.out
    )
    assert "Fire" not in result.out


def test_check_says_that_another_secret_key_is_there(run: Run, document: Path, tmp_path: Path) -> None:
    run("apply", str(document))
    (tmp_path / "data" / "secret.key").write_text("another key of at least 32 characters")

    result = run("check")

    assert result.status == 1
    assert re.search(
        r"error +secret key +This database was set up with another secret key. Put that", result.out
    )


def test_check_refuses_a_key_that_everybody_can_read(run: Run, document: Path, tmp_path: Path) -> None:
    run("apply", str(document))
    path = tmp_path / "data" / "secret.key"
    path.chmod(path.stat().st_mode | stat.S_IROTH)

    result = run("check")

    assert result.status == 1
    assert f"chmod 600 {path}" in result.out


def test_check_of_nothing_yet_makes_no_database(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL")

    result = run("check")

    assert result.status == 0
    assert re.search(r"warning +database .* is not there yet", result.out)
    assert re.search(r"warning +secret key +is not there yet", result.out)
    assert not (tmp_path / "data").exists()


def test_check_names_a_database_that_is_away(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://alarm:hunter22@127.0.0.1:1/alarm")

    result = run("check")

    assert result.status == 1
    assert re.search(r"error +database .*127\.0\.0\.1:1/alarm cannot be read", result.out)
    assert "hunter22" not in result.out


# --- what is said when it cannot start ------------------------------------------------------------------


def started(
    tmp_path: Path, *arguments: str, program: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command as a program of its own, on an empty data folder; `program`: from another folder than ours."""
    base = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(  # noqa: S603 # our own program
        [sys.executable, "-m", "companion", *arguments],
        env=base
        | {"ALARM_BROKER_DATA_DIR": str(tmp_path / "data"), "ALARM_BROKER_HOST": "127.0.0.1"}
        | environment,
        cwd=program,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def last_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    return result.stderr.splitlines()[-1]


def test_a_taken_port_is_called_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = last_line(started(tmp_path, "serve", ALARM_BROKER_PORT=str(port)))

    assert said.startswith(f"The service cannot listen on 127.0.0.1, port {port}: another program has it.")
    assert "ALARM_BROKER_PORT" in said


def test_an_address_of_another_host_is_called_so(tmp_path: Path) -> None:
    said = last_line(started(tmp_path, "serve", ALARM_BROKER_HOST="192.0.2.1"))

    assert said.startswith("The service cannot listen on 192.0.2.1")
    assert "ALARM_BROKER_HOST" in said


def test_a_certificate_that_is_not_there_is_called_so(tmp_path: Path) -> None:
    said = last_line(
        started(tmp_path, "serve", ALARM_BROKER_TLS_CERT="/nowhere.pem", ALARM_BROKER_TLS_KEY="/nowhere.pem")
    )

    assert said.startswith("The certificate cannot be used: ")
    assert "ALARM_BROKER_TLS_CERT" in said


def test_the_service_says_at_its_start_who_can_be_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:  # it ends by itself
        result = started(tmp_path, "serve", ALARM_BROKER_PORT=str(taken.getsockname()[1]))

    assert "The directory: 0 people, 0 channels, 0 policies, 0 devices" in result.stdout + result.stderr
    assert (
        "no people and no channels and no policies: `alarm-broker apply FILE`"
        in result.stdout + result.stderr
    )


@pytest.mark.parametrize("command", [["key", "list"], ["check"]])
def test_a_variable_that_is_no_setting_is_named_with_the_one_that_is_meant(
    tmp_path: Path, command: list[str]
) -> None:
    result = started(tmp_path, *command, ALARM_BROKER_PUBLIC_ULR="https://alarm.example.org")

    said = "ALARM_BROKER_PUBLIC_ULR is set but is no setting; is ALARM_BROKER_PUBLIC_URL meant?"
    assert said in result.stdout + result.stderr
    assert result.returncode == 0


@pytest.fixture
def program() -> Iterator[Path]:
    """A folder with the program that every user of the host can read, wherever this checkout is."""
    with TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "companion", Path(folder) / "companion")
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def owned_by_the_service() -> Iterator[tuple[Path, int]]:
    """Yield an empty folder and its owner: nobody where the tests are run by root, else ourselves."""
    owner = 65_534 if os.geteuid() == 0 else os.geteuid()
    with TemporaryDirectory() as folder:
        os.chown(folder, owner, -1)
        yield Path(folder), owner


def test_what_root_does_by_hand_leaves_nothing_that_the_service_cannot_write(program: Path) -> None:
    """Run by root, a command works as the user whose database it is; by anybody else it is that user."""
    with owned_by_the_service() as (folder, owner):
        result = started(folder, "key", "create", "--role", "read", "--name", "Monitor", program=program)

        assert result.returncode == 0, result.stderr
        assert {path.stat().st_uid for path in folder.rglob("*")} == {owner}


def test_channels_are_loaded_before_root_becomes_a_user_who_perhaps_cannot_read_them(
    packages: Packages, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages.install("acme-pager", pager(), {"pager": "acme_pager:KIND"})
    there: list[set[str]] = []

    with owned_by_the_service() as (folder, _owner):
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(os, "setegid", lambda _group: None)
        monkeypatch.setattr(os, "seteuid", lambda _user: there.append(packages.imported()))
        become_service_user(Settings(data_dir=folder))

    assert there == [{"acme_pager", "acme_pager.settings", "acme_pager.sender"}]


def test_a_program_that_the_owner_of_the_database_cannot_read_is_called_so(program: Path) -> None:
    versions = program / "companion" / "store" / "migrations" / "versions"
    versions.chmod(0)

    with owned_by_the_service() as (folder, owner):
        result = started(folder, "key", "create", "--role", "read", "--name", "Monitor", program=program)

    versions.chmod(0o755)
    assert f"user {owner} may not read them" in last_line(result)


def test_check_says_that_the_data_folder_cannot_be_made(program: Path) -> None:
    with owned_by_the_service() as (folder, owner):
        folder.chmod(0o500)

        result = started(folder, "check", program=program, COLUMNS="1000")

    assert result.returncode == 1
    assert f"{folder}/data cannot be made: user {owner} may not write in {folder}" in result.stdout


def test_check_says_that_the_data_folder_cannot_be_written_to(program: Path) -> None:
    with owned_by_the_service() as (folder, owner):
        data = folder / "data"
        data.mkdir(mode=0o500)
        os.chown(data, owner, -1)

        result = started(folder, "check", program=program, COLUMNS="1000")

    assert result.returncode == 1
    assert f"{data} cannot be written to: user {owner} may not write in {data}" in result.stdout


# --- export ---------------------------------------------------------------------------------------------


def _record(conn: Connection, number: int) -> None:
    """Store an alarm whose names are formulas, with a journal and a delivery."""
    at = datetime(2026, 11, number, 12, tzinfo=UTC)
    alarm_id = f"alarm-{number:02}"
    conn.execute(
        sa.insert(tables.alarm).values(
            id=alarm_id,
            version=1,
            status="triggered",
            source="yealink",
            kind="panic",
            severity="critical",
            title="=HYPERLINK(1)",
            test=False,
            timezone="UTC",
            details={},
            presses=1,
            round=0,
            step=0,
            steps_run=0,
            raised_at=at,
            person="@SUM(A1)",
        )
    )
    conn.execute(
        sa.insert(tables.journal).values(
            alarm_id=alarm_id, at=at, event="noted", actor="+Guard", via="api", detail={"note": "-1"}
        )
    )
    conn.execute(
        sa.insert(tables.delivery).values(
            **DELIVERY,
            id=f"delivery-{number:02}",
            alarm_id=alarm_id,
            address="+4930111111",
            due_at=at,
            created_at=at,
            sent_at=at,
        )
    )
    conn.execute(
        sa.insert(tables.attempt).values(
            delivery_id=f"delivery-{number:02}",
            channel_id="sms",
            number=1,
            started_at=at,
            finished_at=at,
            outcome="sent",
            status_code=200,
            provider_ref="-ref",
        )
    )


@pytest.fixture
def recorded(database_url: str) -> None:
    def record(conn: Connection) -> None:
        for number in (1, 2, 3):
            _record(conn, number)

    _write(database_url, record)


def test_an_export_holds_alarms_with_journal_deliveries_and_attempts(run: Run, recorded: None) -> None:
    alarms = orjson.loads(run("export").out)

    assert [alarm["id"] for alarm in alarms] == ["alarm-03", "alarm-02", "alarm-01"]
    assert alarms[0]["journal"][0]["detail"] == {"note": "-1"}
    assert alarms[0]["deliveries"][0]["address"] == "+4930111111"
    assert alarms[0]["deliveries"][0]["attempts"][0]["provider_ref"] == "-ref"


def test_an_export_is_limited_to_a_span(run: Run, recorded: None) -> None:
    exported = orjson.loads(run("export", "--since", "2026-11-02", "--until", "2026-11-03T13:00+01:00").out)

    assert [alarm["id"] for alarm in exported] == ["alarm-02"]


def test_an_export_without_alarms_is_still_json(run: Run) -> None:
    assert orjson.loads(run("export").out) == []


def test_a_time_that_is_none_is_a_mistake_in_usage(run: Run) -> None:
    result = run("export", "--since", "yesterday")

    assert result.status == 2
    assert "2026-11-20T22:00+01:00" in result.err


def test_a_spreadsheet_finds_no_formula_in_the_export(run: Run, recorded: None) -> None:
    rows = list(csv.reader(io.StringIO(run("export", "--format", "csv").out)))

    header, *records = rows
    cells = [cell for row in records for cell in row]
    assert header[:2] == ["alarm_id", "raised_at"]
    assert [row[10] for row in records] == ["journal", "delivery", "attempt"] * 3
    assert {"'=HYPERLINK(1)", "'@SUM(A1)", "'+Guard", "'-ref"} <= set(cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


# --- the real process -----------------------------------------------------------------------------------


def test_a_users_mistake_ends_without_a_traceback(tmp_path: Path) -> None:
    result = subprocess.run(  # noqa: S603 # our own module
        [sys.executable, "-m", "companion", "apply", str(tmp_path / "missing.yaml")],
        env={"ALARM_BROKER_DATA_DIR": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode == 1
    assert result.stderr == f"{tmp_path / 'missing.yaml'} cannot be read: No such file or directory.\n"


def _imported(*arguments: str) -> set[str]:
    """Run the command in a process of its own and return the modules that it has imported."""
    result = subprocess.run(  # noqa: S603 # our own module
        [sys.executable, "-X", "importtime", "-m", "companion", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {line.rpartition("|")[2].strip() for line in result.stderr.splitlines() if "import time:" in line}


def test_a_command_is_described_without_what_it_needs_to_be_run() -> None:
    there = _imported("--help")

    assert "typer" in there
    assert there.isdisjoint({"asyncio", "aiohttp", "pydantic", "sqlalchemy", "alembic"})


def test_the_help_names_the_settings_file_that_is_read() -> None:
    said = re.sub(r"[\s│]+", "", CliRunner().invoke(app, ["--help"]).output)

    assert str(CONFIG_FILE) in said


# --- preview --------------------------------------------------------------------------------------------


TEXTS = [
    {
        "id": "page-de",
        "kind": "page",
        "language": "de",
        "title": "Hilfe: {{ room }}",
        "text": "Zu {{ person }}.",
    },
    {"id": "long", "kind": "resolved", "channel": "sms", "text": "lang " * 200},
]


@pytest.fixture
def previewed(run: Run, tmp_path: Path) -> Run:
    """Return the command `preview` on the office and its texts."""
    document = tmp_path / "office.yaml"
    document.write_bytes(orjson.dumps(office() | {"texts": TEXTS}))
    assert run("apply", str(document)).status == 0
    return lambda *arguments, given=None: run("preview", *arguments, given=given)


def test_a_preview_shows_the_words_of_the_house_and_whose_they_are(previewed: Run) -> None:
    german, english = previewed("--language", "de"), previewed()

    assert german.status == english.status == 0
    assert german.out.startswith(
        "Title (page-de): Hilfe: Reception\nText (page-de):\nHilfe: Reception\nZu Max Miller.\n"
    )
    assert english.out.startswith("Title (ours): ALARM: Panic key: Reception\nText (ours):\n")
    assert "Where: Reception, Office\n" in english.out


def test_a_preview_of_an_sms_shows_what_it_costs_and_what_does_not_fit(previewed: Run) -> None:
    short, long = (
        previewed("--channel", "sms", "--language", "de"),
        previewed("--channel", "sms", "--kind", "resolved"),
    )

    assert re.search(r"^SMS: GSM-7, \d+ characters, 1 SMS$", short.out, re.MULTILINE)
    assert re.search(r"^SMS: GSM-7, 30\d characters, 2 SMS; left out: (lang )+lang$", long.out, re.MULTILINE)


def test_templates_are_tried_before_they_are_written_into_the_directory(previewed: Run) -> None:
    good = previewed("--title", "Los: {{ room }}", "--template", "-", given=b"Schnell.")
    bad = previewed("--template", "-", given=b"a\n{{ rom }}")

    assert good.out.startswith("Title ((draft)): Los: Reception\nText ((draft)):\nLos: Reception\nSchnell.\n")
    assert bad.status == 1
    assert bad.err.startswith("text of (draft): line 2: there is no `rom`")
    assert bad.out.startswith("Title (ours): ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--channel", "fax"), "There is no channel fax."),
        (("--site", "villa"), "There is no site villa."),
        (("--alarm", "01JD"), "There is no alarm 01JD."),
        (("--language", "xx"), "xx is no language that messages are written in"),
        (("--template", "/nowhere"), "/nowhere cannot be read"),
    ],
)
def test_a_preview_of_what_is_not_there_says_so(
    previewed: Run, arguments: tuple[str, ...], said: str
) -> None:
    result = previewed(*arguments)

    assert (result.status, result.err.startswith(said)) == (1, True)


def test_check_names_a_text_that_another_version_has_stored_and_that_cannot_be_written(
    previewed: Run, run: Run, database_url: str
) -> None:
    asyncio.run(_spoil_texts(database_url))

    assert "warning message_text long.text line 1: there is no `gone`" in re.sub(" +", " ", run("check").out)
    assert previewed("--kind", "resolved", "--channel", "sms").err.startswith(
        "text of long: line 1: there is no `gone`"
    )


async def _spoil_texts(database_url: str) -> None:
    db = open_database(database_url)
    gone = sa.update(tables.message_text).where(tables.message_text.c.id == "long").values(text="{{ gone }}")
    await db.write(lambda conn: conn.execute(gone))
    await db.close()
