"""What can be asked of the command `alarm-broker`.

What a command does is imported when it is run: `--help` needs none of it.
"""

from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from companion.channels.base import MessageKind
from companion.directory.roles import Role

app = typer.Typer(
    name="alarm-broker",
    help="Make sure that somebody answers an alarm.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(no_args_is_help=True, help="API keys: who may use the API and the dashboard.")
app.add_typer(keys, name="key")


class ExportFormat(StrEnum):
    """How the record is written."""

    JSON = "json"
    CSV = "csv"


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
            help="Settings file (YAML); else ALARM_BROKER_CONFIG, else /etc/alarm-broker/alarm-broker.yaml if it is there."
        ),
    ] = None,
    _version: Annotated[  # noqa: FBT002 # an option on the command line is called by its name
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    context.obj = config


@app.command()
def serve(context: typer.Context) -> None:
    """Run the service until it is stopped."""
    from companion.commands import service

    service.serve(context.obj)


@app.command()
def migrate(context: typer.Context) -> None:
    """Bring the database to the newest tables; `serve` does this by itself."""
    from companion.commands import database

    database.bring_up_to_date(context.obj)


@app.command()
def check(context: typer.Context) -> None:
    """Try settings, database, secret key and every channel, without telling anybody."""
    from companion.commands import installation

    installation.check(context.obj)


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
    from companion.commands import directory

    directory.apply(context.obj, file, dry_run=dry_run, new_secret_key=new_secret_key)


@app.command()
def preview(
    context: typer.Context,
    kind: Annotated[MessageKind, typer.Option(help="What the message wants.")] = MessageKind.PAGE,
    language: Annotated[str, typer.Option(help="Of its reader: en, de, fr, nl, or like de-AT.")] = "en",
    channel: Annotated[str | None, typer.Option(help="Id of the channel that it would go over.")] = None,
    site: Annotated[str | None, typer.Option(help="Id of the site; else the only one there is.")] = None,
    alarm: Annotated[str | None, typer.Option(help="Id of an alarm; else a sample.")] = None,
    title: Annotated[str | None, typer.Option(help="A template to try as title.")] = None,
    template: Annotated[
        Path | None, typer.Option(help="A file with a template to try as text; `-` reads standard input.")
    ] = None,
) -> None:
    """Show what would be sent, without telling anybody: with the texts of the directory, or with templates to try."""
    from companion.commands import texts

    texts.preview(
        context.obj,
        kind=kind,
        language=language,
        channel=channel,
        site=site,
        alarm=alarm,
        title=title,
        template=template,
    )


@app.command("demo-data")
def demo_data(context: typer.Context) -> None:
    """Fill an empty database with a small directory, and print a token to try it out."""
    from companion.commands import directory

    directory.demo_data(context.obj)


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
    from companion.commands import record

    record.export(context.obj, since=since, until=until, as_csv=form is ExportFormat.CSV)


@keys.command("create")
def create_key(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="Who or what will use it.")],
    role: Annotated[Role, typer.Option(help="read; operate: also answer alarms; admin: everything.")],
    site: Annotated[str | None, typer.Option(help="Only for this site.")] = None,
) -> None:
    """Make a key and print it, this once."""
    from companion.commands import keys as work

    work.create(context.obj, name=name, role=role, site=site)


@keys.command("list")
def list_keys(context: typer.Context) -> None:
    """Show every key, without the keys themselves."""
    from companion.commands import keys as work

    work.show(context.obj)


@keys.command("revoke")
def revoke_key(
    context: typer.Context, key_id: Annotated[str, typer.Argument(help="From `key list`.")]
) -> None:
    """Make a key useless, from now on."""
    from companion.commands import keys as work

    work.revoke(context.obj, key_id)
