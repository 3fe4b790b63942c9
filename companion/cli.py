"""The command `alarm-broker`."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from secrets import token_bytes
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.engine import Connection

from companion.alarms.store import list_alarms
from companion.app import serve as run_service
from companion.channels.registry import load_every_kind
from companion.clock import utc_now
from companion.config import (
    CONFIG_FILE,
    SECRET_KEY_LENGTH,
    Settings,
    SettingsInvalid,
    existing_secret_key,
    load_secret_key,
    load_settings,
    unknown_variables,
)
from companion.directory import store as directory
from companion.directory.apply import Action, Plan, apply_document, plan_document
from companion.directory.demo import DEMO_DOCUMENT
from companion.directory.model import Role
from companion.directory.parsing import MAX_BYTES, read_document
from companion.directory.references import References
from companion.directory.seed import Document, DocumentInvalid
from companion.export import csv_lines, json_lines, recorded_alarms
from companion.ids import new_token
from companion.logging import configure_logging
from companion.selfcheck import Result, check_installation
from companion.store.database import Database, StoreUnavailable, normalized_url, open_database
from companion.store.migrate import DatabaseTooNew, Tables, migrate, tables_of
from companion.store.scope import ALL_SITES
from companion.store.secrets import (
    SecretKeyChanged,
    Secrets,
    WrongSecretKey,
    confirm_secret_key,
    replace_secret_key,
    secret_key_matches,
)

_LOGGER = logging.getLogger(__name__)

USER_ERRORS = (
    SettingsInvalid,
    StoreUnavailable,
    DatabaseTooNew,
    DocumentInvalid,
    SecretKeyChanged,
    WrongSecretKey,
)
MARKS = {Action.ADDED: "+", Action.CHANGED: "~", Action.REMOVED: "-"}
COLOURS = {Result.OK: "green", Result.WARNING: "yellow", Result.ERROR: "red"}

app = typer.Typer(
    name="alarm-broker",
    help="Make sure that somebody answers an alarm.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(no_args_is_help=True, help="API keys: who may use the API and the dashboard.")
app.add_typer(keys, name="key")


class Refused(Exception):
    """What was asked for cannot be done; the message says why and what to do instead."""


class ExportFormat(StrEnum):
    """How the record is written."""

    JSON = "json"
    CSV = "csv"


def main() -> None:
    """Run the command; whatever a user can mend ends in one sentence and status 1."""
    try:
        app()
    except (*USER_ERRORS, Refused) as err:
        sys.stderr.write(f"{err}\n")
        sys.exit(1)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 # typer calls it so
    if wanted:
        typer.echo(version("alarm-broker"))
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            help=f"Settings file (YAML); else ALARM_BROKER_CONFIG, else {CONFIG_FILE} if it is there."
        ),
    ] = None,
    _version: Annotated[  # noqa: FBT002 # an option on the command line is called by its name
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    context.obj = config


def _settings(context: typer.Context) -> Settings:
    """Return the settings, with logging set up as they say."""
    settings = load_settings(context.obj)
    configure_logging(settings.log_level, settings.log_format)
    for said in unknown_variables(os.environ):
        _LOGGER.warning("%s", said)
    return settings


def _quiet_settings(context: typer.Context) -> Settings:
    """Return the settings for a command that talks to a person: of the log it shows only what is wrong.

    From here on the process is the service's user (see `become_service_user`).
    """
    settings = load_settings(context.obj)
    configure_logging("warning", "console")
    for said in unknown_variables(os.environ):
        typer.echo(f"Warning: {said}", err=True)
    become_service_user(settings)
    return settings


def become_service_user(settings: Settings) -> None:
    """Let root work as the owner of the SQLite database.

    What root writes beside it (the write-ahead log) the service could not write any more: every alarm would be refused.
    """
    url = normalized_url(settings.database_url)
    if url.drivername != "sqlite" or os.geteuid() != 0:
        return
    file = Path(url.database or "")
    owned = next((path for path in (file, *file.parents) if path.exists()), None)
    if owned is not None and (owner := owned.stat()).st_uid != 0:
        load_every_kind()  # that user may not read where this program is
        os.setegid(owner.st_gid)
        os.seteuid(owner.st_uid)


@asynccontextmanager
async def _migrated(database_url: str) -> AsyncIterator[Database]:
    await migrate(database_url)
    db = open_database(database_url)
    try:
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def _untouched(settings: Settings) -> AsyncIterator[Database]:
    """Yield the database as it is; where there is none yet, an empty one that goes away again."""
    match await tables_of(settings.database_url):
        case Tables.NONE:
            with TemporaryDirectory() as folder:
                async with _migrated(f"sqlite:///{folder}/empty.db") as db:
                    yield db
        case Tables.OLD:
            raise Refused(
                "The database has the tables of an older version, and a plan must not change them: "
                "`alarm-broker migrate` does, and so does the next start of the service."
            )
        case Tables.CURRENT:
            db = open_database(settings.database_url)
            try:
                yield db
            finally:
                await db.close()


async def _write[T](settings: Settings, work: Callable[[Connection], T]) -> T:
    async with _migrated(settings.database_url) as db:
        return await db.write(work)


async def _read[T](settings: Settings, work: Callable[[Connection], T]) -> T:
    async with _migrated(settings.database_url) as db:
        return await db.read(work)


def _print(table: Table) -> None:
    # Into a file or a pipe: one line a row, so that `grep` finds whole ones. What a name has in brackets or colons is
    # the name's.
    width = None if sys.stdout.isatty() else 1000
    Console(width=width, markup=False, emoji=False).print(table)


# --- the service ----------------------------------------------------------------------------------------


@app.command()
def serve(context: typer.Context) -> None:
    """Run the service until it is stopped."""
    settings = _settings(context)
    try:
        asyncio.run(run_service(settings))
    except OSError as err:
        raise Refused(f"The service cannot go on: {err}") from err


@app.command("migrate")
def migrate_command(context: typer.Context) -> None:
    """Bring the database to the newest tables; `serve` does this by itself."""
    settings = _quiet_settings(context)
    asyncio.run(migrate(settings.database_url))
    typer.echo("The database has the newest tables.")


@app.command()
def check(context: typer.Context) -> None:
    """Try settings, database, secret key and every channel, without telling anybody."""
    findings = asyncio.run(check_installation(_quiet_settings(context)))
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        table.add_row(
            Text(finding.result, style=COLOURS[finding.result]),
            finding.part,
            Text(finding.message, overflow="fold"),
        )
    _print(table)
    if any(finding.result is Result.ERROR for finding in findings):
        raise typer.Exit(1)


# --- the directory --------------------------------------------------------------------------------------


@app.command()
def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The document; `-` reads standard input.")],
    dry_run: Annotated[  # noqa: FBT002 # as above
        bool, typer.Option("--dry-run", help="Only show the plan.")
    ] = False,
    new_secret_key: Annotated[  # noqa: FBT002 # as above
        bool, typer.Option("--new-secret-key", help="The old secret key is lost: store every secret anew.")
    ] = False,
) -> None:
    """Make the directory (people, channels, policies, sites, devices) equal to a YAML document."""
    # Before the settings: root may read files that the user of the service may not.
    try:
        raw = sys.stdin.buffer.read(MAX_BYTES + 1) if str(file) == "-" else file.read_bytes()
    except OSError as err:
        raise Refused(f"{file} cannot be read: {err.strerror}.") from err
    document = read_document(raw, References())
    settings = _quiet_settings(context)
    if dry_run:
        plan = asyncio.run(_plan(settings, document, new_secret_key=new_secret_key))
    else:
        plan = asyncio.run(_apply(settings, document, new_secret_key=new_secret_key))
    _show_plan(plan, dry_run=dry_run)


async def _plan(settings: Settings, document: Document, *, new_secret_key: bool) -> Plan:
    """Return what would change; nothing is written, not even a secret key or an empty database."""
    secrets = Secrets(existing_secret_key(settings) or token_bytes(SECRET_KEY_LENGTH))

    def plan(conn: Connection) -> Plan:
        if not new_secret_key and not secret_key_matches(conn, secrets):
            raise SecretKeyChanged
        return plan_document(conn, document, secrets)

    async with _untouched(settings) as db:
        return await db.read(plan)


async def _apply(settings: Settings, document: Document, *, new_secret_key: bool) -> Plan:
    secrets = Secrets(load_secret_key(settings))

    def carry_out(conn: Connection) -> Plan:
        (replace_secret_key if new_secret_key else confirm_secret_key)(conn, secrets)
        plan = apply_document(conn, document, secrets)
        directory.channels(
            ALL_SITES, conn, secrets
        )  # raises if one that the document lacks is sealed with another key
        return plan

    return await _write(settings, carry_out)


def _show_plan(plan: Plan, *, dry_run: bool) -> None:
    for change in plan.changes:
        if change.action is not Action.UNCHANGED:
            fields = f": {', '.join(change.fields)}" if change.fields else ""
            typer.echo(f"{MARKS[change.action]} {change.kind} {change.id}{fields}")
    counted = ", ".join(f"{plan.count(action)} {action}" for action in Action)
    typer.echo(f"{'Would be: ' if dry_run else ''}{counted}.")
    for warning in plan.warnings:
        typer.echo(f"Warning: {warning}", err=True)


@app.command("demo-data")
def demo_data(context: typer.Context) -> None:
    """Fill an empty database with a small directory, and print a token to try it out."""
    settings = _quiet_settings(context)
    token = new_token()
    document = read_document(DEMO_DOCUMENT, References(environ={"DEMO_TOKEN": token}))
    secrets = Secrets(load_secret_key(settings))

    def fill(conn: Connection) -> str:
        there_is = (directory.sites, directory.people, directory.channels, directory.devices)
        if any(some(ALL_SITES, conn) for some in there_is) or list_alarms(ALL_SITES, conn, limit=1):
            raise Refused("The database is not empty; demo data would mix with yours. Use another data_dir.")
        confirm_secret_key(conn, secrets)
        apply_document(conn, document, secrets)
        _, clear = directory.create_api_key(
            ALL_SITES, conn, name="Demo", role=Role.ADMIN, site_id=None, now=utc_now()
        )
        return clear

    admin_key = asyncio.run(_write(settings, fill))
    typer.echo(f"Press the panic key:  curl '{settings.public_url}/v1/yealink/alarm?token={token}'")
    typer.echo(f"Dashboard:            {settings.public_url}/admin")
    typer.echo(f"Admin key:            {admin_key}")


# --- the record -----------------------------------------------------------------------------------------


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as err:
        raise typer.BadParameter("write it like 2026-11-20 or 2026-11-20T22:00+01:00") from err
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


@app.command()
def export(
    context: typer.Context,
    since: Annotated[
        str | None, typer.Option(help="Alarms raised from this time (UTC if it has no zone).")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Alarms raised before this time.")] = None,
    form: Annotated[
        ExportFormat, typer.Option("--format", help="csv has one line a record.")
    ] = ExportFormat.JSON,
) -> None:
    """Write alarms with their journals and deliveries to standard output, newest first."""
    settings = _quiet_settings(context)
    with suppress(BrokenPipeError):  # whoever reads it (`head`) has seen enough
        asyncio.run(_export(settings, since=_moment(since), until=_moment(until), form=form))


async def _export(
    settings: Settings, *, since: datetime | None, until: datetime | None, form: ExportFormat
) -> None:
    async with _migrated(settings.database_url) as db:
        records = recorded_alarms(db, since=since, until=until)
        async for text in json_lines(records) if form is ExportFormat.JSON else csv_lines(records):
            sys.stdout.write(text)


# --- API keys -------------------------------------------------------------------------------------------


@keys.command("create")
def create_key(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="Who or what will use it.")],
    role: Annotated[Role, typer.Option(help="read; operate: also answer alarms; admin: everything.")],
    site: Annotated[str | None, typer.Option(help="Only for this site.")] = None,
) -> None:
    """Make a key and print it, this once."""
    settings = _quiet_settings(context)

    def create(conn: Connection) -> str:
        if site is not None and directory.site_by_id(ALL_SITES, conn, site) is None:
            known = ", ".join(one.id for one in directory.sites(ALL_SITES, conn)) or "none yet"
            raise Refused(f"There is no site {site!r}. Sites: {known}.")
        return directory.create_api_key(ALL_SITES, conn, name=name, role=role, site_id=site, now=utc_now())[1]

    typer.echo(asyncio.run(_write(settings, create)))


@keys.command("list")
def list_keys(context: typer.Context) -> None:
    """Show every key, without the keys themselves."""
    table = Table(box=None, pad_edge=False)
    for column in ("id", "name", "role", "site", "created", "last used", "state"):
        table.add_column(column, overflow="fold")
    for key in asyncio.run(_read(_quiet_settings(context), partial(directory.api_keys, ALL_SITES))):
        state = "revoked" if key.revoked_at else "active"
        cells: list[Any] = [key.id, key.name, key.role, key.site_id or "all"]
        table.add_row(*map(Text, cells), _day(key.created_at), _day(key.last_used_at), state)
    _print(table)


def _day(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d}"


@keys.command("revoke")
def revoke_key(
    context: typer.Context, key_id: Annotated[str, typer.Argument(help="From `key list`.")]
) -> None:
    """Make a key useless, from now on."""
    settings = _quiet_settings(context)
    if not asyncio.run(
        _write(settings, lambda conn: directory.revoke_api_key(ALL_SITES, conn, key_id, utc_now()))
    ):
        raise Refused(f"There is no active key {key_id}: `alarm-broker key list` shows them.")
    typer.echo("Revoked.")
