"""`serve` and `migrate`."""

import asyncio
import logging
import os
from pathlib import Path

from companion.app import serve as run_service
from companion.commands.errors import Refused
from companion.config import load_settings, unknown_variables
from companion.logging import configure_logging

_LOGGER = logging.getLogger(__name__)


def serve(config: Path | None) -> None:
    """Run the service until it is stopped."""
    settings = load_settings(config)
    configure_logging(settings.log_level, settings.log_format)
    for said in unknown_variables(os.environ):
        _LOGGER.warning("%s", said)
    try:
        asyncio.run(run_service(settings))
    except OSError as err:
        raise Refused(f"The service cannot go on: {err}") from err
