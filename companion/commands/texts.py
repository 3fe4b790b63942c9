"""`preview`."""

import asyncio
import re
import sys
from pathlib import Path

import typer

from companion import preview as previews
from companion.channels.base import MessageKind
from companion.commands.database import untouched
from companion.commands.errors import Refused
from companion.commands.settings import quiet_settings
from companion.config import SECRET_KEY_LENGTH, Settings, existing_secret_key
from companion.preview import ChannelNotReadable, NotThere, Preview, SmsPreview, Wanted
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets
from companion.texts.language import LANGUAGE_PATTERN
from companion.wording.template import TEMPLATE_LIMIT


def preview(
    config: Path | None,
    *,
    kind: MessageKind,
    language: str,
    channel: str | None,
    site: str | None,
    alarm: str | None,
    title: str | None,
    template: Path | None,
) -> None:
    """Show what would be sent; a template that cannot be used is told, and ends in status 1."""
    if not re.fullmatch(LANGUAGE_PATTERN, language):
        raise Refused(
            f"{language} is no language that messages are written in: en, de, fr, nl, or like de-AT."
        )
    text = None if template is None else _read(template)
    wanted = Wanted(
        kind=kind, language=language, channel=channel, site=site, alarm=alarm, title=title, text=text
    )
    found = asyncio.run(_preview(quiet_settings(config), wanted))
    _show(found)
    if found.faults:
        raise typer.Exit(1)


def _read(template: Path) -> str:
    try:
        if str(template) == "-":
            return sys.stdin.read(TEMPLATE_LIMIT + 1)
        with template.open(encoding="utf-8") as file:
            return file.read(TEMPLATE_LIMIT + 1)
    except OSError as err:
        raise Refused(f"{template} cannot be read: {err.strerror}.") from err
    except UnicodeDecodeError as err:
        raise Refused(f"{template} is no text in UTF-8.") from err


async def _preview(settings: Settings, wanted: Wanted) -> Preview:
    secrets = Secrets(existing_secret_key(settings) or bytes(SECRET_KEY_LENGTH))
    try:
        async with untouched(settings) as db:
            of = await db.read(
                lambda conn: previews.material(ALL_SITES, conn, wanted, secrets, settings.public_url)
            )
    except (NotThere, ChannelNotReadable) as err:
        raise Refused(str(err)) from err
    return previews.preview(of)


def _show(found: Preview) -> None:
    typer.echo(f"Title ({_whose(found.title_from)}): {found.title}")
    typer.echo(f"Text ({_whose(found.text_from)}):\n{found.text}")
    if found.sms is not None:
        typer.echo(_as_sms(found.sms))
    for fault in found.faults:
        typer.echo(f"{fault.part} of {fault.text}: {fault.problem}", err=True)


def _whose(text_id: str | None) -> str:
    return "ours" if text_id is None else text_id


def _as_sms(sms: SmsPreview) -> str:
    said = f"SMS: {sms.alphabet}, {sms.characters} characters, {sms.segments} SMS"
    return f"{said}; left out: {sms.left_out}" if sms.left_out else said
