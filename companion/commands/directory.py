"""`apply` and `demo-data`."""

import asyncio
import sys
from pathlib import Path
from secrets import token_bytes

import typer
from sqlalchemy.engine import Connection

from companion.alarms.store import list_alarms
from companion.clock import utc_now
from companion.commands.database import untouched, written
from companion.commands.errors import Refused
from companion.commands.settings import quiet_settings
from companion.config import SECRET_KEY_LENGTH, Settings, existing_secret_key, load_secret_key
from companion.directory import store as directory
from companion.directory.apply import Action, Plan, apply_document, plan_document
from companion.directory.demo import DEMO_DOCUMENT
from companion.directory.parsing import MAX_BYTES, read_document
from companion.directory.references import References
from companion.directory.roles import Role
from companion.directory.seed import Document
from companion.dispatch.wake import Wake
from companion.ids import new_token
from companion.store.scope import ALL_SITES
from companion.store.secrets import (
    SecretKeyChanged,
    Secrets,
    confirm_secret_key,
    replace_secret_key,
    secret_key_matches,
)

MARKS = {Action.ADDED: "+", Action.CHANGED: "~", Action.REMOVED: "-"}


def apply(config: Path | None, file: Path, *, dry_run: bool, new_secret_key: bool) -> None:
    """Make the directory equal to the document, or show what would change."""
    # Before the settings: root may read files that the user of the service may not.
    try:
        raw = sys.stdin.buffer.read(MAX_BYTES + 1) if str(file) == "-" else file.read_bytes()
    except OSError as err:
        raise Refused(f"{file} cannot be read: {err.strerror}.") from err
    document = read_document(raw, References())
    settings = quiet_settings(config)
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

    async with untouched(settings) as db:
        return await db.read(plan)


async def _apply(settings: Settings, document: Document, *, new_secret_key: bool) -> Plan:
    secrets = Secrets(load_secret_key(settings))

    def carry_out(conn: Connection) -> Plan:
        (replace_secret_key if new_secret_key else confirm_secret_key)(conn, secrets)
        plan = apply_document(conn, document, secrets)
        Wake.hint(conn)  # to what listens to the channels
        directory.channels(
            ALL_SITES, conn, secrets
        )  # raises if one that the document lacks is sealed with another key
        return plan

    return await written(settings, carry_out)


def _show_plan(plan: Plan, *, dry_run: bool) -> None:
    for change in plan.changes:
        if change.action is not Action.UNCHANGED:
            fields = f": {', '.join(change.fields)}" if change.fields else ""
            typer.echo(f"{MARKS[change.action]} {change.kind} {change.id}{fields}")
    counted = ", ".join(f"{plan.count(action)} {action}" for action in Action)
    typer.echo(f"{'Would be: ' if dry_run else ''}{counted}.")
    for warning in plan.warnings:
        typer.echo(f"Warning: {warning}", err=True)


def demo_data(config: Path | None) -> None:
    """Fill an empty database, and print a token to try it out."""
    settings = quiet_settings(config)
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

    admin_key = asyncio.run(written(settings, fill))
    typer.echo(f"Press the panic key:  curl '{settings.public_url}/v1/yealink/alarm?token={token}'")
    typer.echo(f"Dashboard:            {settings.public_url}/admin")
    typer.echo(f"Admin key:            {admin_key}")
