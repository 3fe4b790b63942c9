"""The settings that a command works with, and the user as whom it does."""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Final

from companion.channels.registry import load_every_kind
from companion.config import Settings, load_settings, unknown_variables
from companion.logging import configure_logging
from companion.store.database import normalized_url

LOADED_LATE: Final = ("alembic.command", "alembic.config", "rich.console", "rich.table")
"""What commands import in the middle of their work, and only if it comes to that."""


def quiet_settings(config: Path | None) -> Settings:
    """Return the settings for a command that talks to a person: of the log it shows only what is wrong.

    From here on the process is the service's user (see `become_service_user`).
    """
    settings = load_settings(config)
    configure_logging("warning", "console")
    for said in unknown_variables(os.environ):
        sys.stderr.write(f"Warning: {said}\n")
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
        # That user may not read where this program is.
        load_every_kind()
        for late in LOADED_LATE:
            import_module(late)
        os.setegid(owner.st_gid)
        os.seteuid(owner.st_uid)
