"""A service on the tests' own database, which keeps what it has as long as a test says."""

from pathlib import Path

from companion.config import Settings


def serving(database_url: str, folder: Path, *, picture_days: float = 30, record_days: float = 0) -> Settings:
    """Return the settings of a service that nobody calls."""
    return Settings(
        data_dir=folder,
        database_url=database_url,
        host="127.0.0.1",
        port=0,
        zeroconf=False,
        picture_days=picture_days,
        record_days=record_days,
    )
