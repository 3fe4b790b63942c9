"""The command `alarm-broker`."""

import sys


def main() -> None:
    """Run the command; whatever a user can mend ends in one sentence and status 1."""
    try:
        _run(sys.argv[1:])
    except Exception as err:
        from companion.commands.errors import USER_ERRORS  # whoever raises one has imported them

        if not isinstance(err, USER_ERRORS):
            raise
        sys.stderr.write(f"{err}\n")
        sys.exit(1)


def _run(arguments: list[str]) -> None:
    if arguments != ["serve"]:
        from companion.commands.command_line import app

        app()
        return
    # As it is started everywhere: what runs for months keeps no parser of command lines in memory.
    from companion.commands.service import serve

    serve(None)
