"""Files that only the service's own user may read: the database holds names, alarms and hashes of keys."""

import logging
import os
import stat
from contextlib import suppress
from pathlib import Path

_LOGGER = logging.getLogger(__name__)

OTHERS = stat.S_IRWXG | stat.S_IRWXO
BESIDE = ("", "-wal", "-shm", "-journal")
"""What SQLite writes beside a database, with its mode: https://sqlite.org/tempfiles.html"""


def private_database(path: Path) -> None:
    """Make the database file so that only we can read it, or tighten it and what is beside it; says so in the log."""
    with suppress(FileExistsError):
        # Never opened when it is there: closing it again would end this process's locks on it (POSIX, fcntl).
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    for end in BESIDE:
        tighten(path.with_name(path.name + end))


def tighten(path: Path) -> None:
    """Take the rights of group and others on the file or folder away, if it is there and ours; says so in the log."""
    try:
        found = path.stat()
        if not found.st_mode & OTHERS:
            return
        if found.st_uid != os.geteuid():
            _LOGGER.warning("%s can be used by others of this host, and is not ours to change", path)
            return
        path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
    except FileNotFoundError:
        return
    except OSError as err:
        _LOGGER.warning("%s can be used by others of this host: %s", path, err.strerror)
        return
    _LOGGER.warning("%s could be used by others of this host; now only by this user", path)
