"""`key create`, `key list` and `key revoke`."""

import asyncio
from datetime import datetime
from functools import partial
from pathlib import Path

import typer
from sqlalchemy.engine import Connection

from companion.clock import utc_now
from companion.commands.database import read, written
from companion.commands.errors import Refused
from companion.commands.settings import quiet_settings
from companion.directory import store as directory
from companion.directory.roles import Role
from companion.store.scope import ALL_SITES


def create(config: Path | None, *, name: str, role: Role, site: str | None) -> None:
    """Make a key and print it, this once."""

    def made(conn: Connection) -> str:
        if site is not None and directory.site_by_id(ALL_SITES, conn, site) is None:
            known = ", ".join(one.id for one in directory.sites(ALL_SITES, conn)) or "none yet"
            raise Refused(f"There is no site {site!r}. Sites: {known}.")
        return directory.create_api_key(ALL_SITES, conn, name=name, role=role, site_id=site, now=utc_now())[1]

    typer.echo(asyncio.run(written(quiet_settings(config), made)))


def show(config: Path | None) -> None:
    """Show every key, without the keys themselves."""
    from companion.commands.printing import print_table  # the other two have no table

    print_table(
        (
            (
                key.id,
                key.name,
                key.role,
                key.site_id or "all",
                _day(key.created_at),
                _day(key.last_used_at),
                "revoked" if key.revoked_at else "active",
            )
            for key in asyncio.run(read(quiet_settings(config), partial(directory.api_keys, ALL_SITES)))
        ),
        columns=("id", "name", "role", "site", "created", "last used", "state"),
    )


def _day(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d}"


def revoke(config: Path | None, key_id: str) -> None:
    """Make a key useless, from now on."""
    revoked = partial(directory.revoke_api_key, ALL_SITES, key_id=key_id, now=utc_now())
    if not asyncio.run(written(quiet_settings(config), revoked)):
        raise Refused(f"There is no active key {key_id}: `alarm-broker key list` shows them.")
    typer.echo("Revoked.")
