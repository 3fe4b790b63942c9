"""`check`."""

import asyncio
from pathlib import Path

import typer
from rich.text import Text

from companion.commands.printing import print_table
from companion.commands.settings import quiet_settings
from companion.selfcheck import Result, check_installation

COLOURS = {Result.OK: "green", Result.WARNING: "yellow", Result.ERROR: "red"}


def check(config: Path | None) -> None:
    """Try every part, and say how each was found."""
    findings = asyncio.run(check_installation(quiet_settings(config)))
    print_table(
        (Text(one.result, style=COLOURS[one.result]), one.part, Text(one.message, overflow="fold"))
        for one in findings
    )
    if any(one.result is Result.ERROR for one in findings):
        raise typer.Exit(1)
