"""Whether this installation would work: each part is tried, without telling anybody an alarm."""

import asyncio
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

import yarl
from sqlalchemy.engine import Connection

from companion.channels.base import KnowsRecipients, Outcome, Refused, Sent, TryAgain, UsesHouse
from companion.channels.registry import (
    ChannelConfigError,
    build_channel,
    mistakes,
    oddities_of_packages,
    validated,
)
from companion.clock import utc_now
from companion.config import Settings, SettingsInvalid, existing_secret_key, unknown_variables
from companion.directory import store as directory
from companion.directory.apply import stored_state
from companion.directory.contacts import Addressed, addresses, oddities
from companion.directory.doubts import doubts
from companion.directory.model import ChannelRow
from companion.directory.state import MESSAGE_TEXT, Row, State
from companion.dispatch.health import dispatch_health
from companion.dispatch.wake import Wake
from companion.link.errands import LinkedHouse
from companion.store.database import Database, StoreUnavailable, normalized_url, open_database
from companion.store.migrate import DatabaseTooNew, Tables, tables_of
from companion.store.scope import ALL_SITES
from companion.store.secrets import SecretKeyChanged, Secrets, WrongSecretKey, secret_key_matches
from companion.troubles.channel_health import ChannelHealth, Try, after
from companion.troubles.reach_audit import who_reaches_nobody
from companion.troubles.store import health_of_channels, open_troubles
from companion.web.certificate import Certificate
from companion.web.health_checks import (
    SHOWN_OTHERWISE,
    HealthCheck,
    HealthStatus,
    channel_check,
    dispatcher_check,
    reach_check,
    trouble_check,
)


class Result(StrEnum):
    """How a part was found."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """What is the matter with one part, and what to do."""

    part: str
    result: Result
    message: str


async def check_installation(settings: Settings) -> list[Finding]:
    """Return one finding a part; nothing is changed."""
    findings = [_check_public_url(settings), *_check_certificate(settings)]
    findings += [Finding("packages", Result.WARNING, str(said)) for said in oddities_of_packages()]
    findings += [Finding("environment", Result.WARNING, said) for said in unknown_variables(os.environ)]
    findings += _check_folders(settings)
    secrets: Secrets | None = None
    try:
        key = existing_secret_key(settings)
        secrets = None if key is None else Secrets(key)
    except SettingsInvalid as err:
        findings.append(Finding("secret key", Result.ERROR, str(err)))
    else:
        if secrets is None:
            findings.append(
                Finding("secret key", Result.WARNING, "is not there yet; the first start will make it")
            )
    database = await _check_database(settings.database_url)
    findings.append(database)
    if database.result is Result.OK and secrets is not None:
        db = open_database(settings.database_url)
        try:
            findings += await _check_directory(db, secrets)
        finally:
            await db.close()
    return findings


def _check_public_url(settings: Settings) -> Finding:
    host = yarl.URL(settings.public_url).host
    if host in {"127.0.0.1", "localhost", "::1"}:
        advice = "set public_url to the address under which responders reach this service"
        return Finding(
            "public_url", Result.WARNING, f"links in messages begin with {settings.public_url}: {advice}"
        )
    return Finding("public_url", Result.OK, settings.public_url)


def _check_certificate(settings: Settings) -> list[Finding]:
    if settings.tls_cert is None or settings.tls_key is None:
        return []
    try:
        found = Certificate(settings.tls_cert, settings.tls_key)
    except (OSError, ValueError) as err:
        return [Finding("certificate", Result.ERROR, f"tls_cert and tls_key cannot be used: {err}")]
    until = f"{settings.tls_cert}, good until {found.ends_at:%Y-%m-%d %H:%M} UTC"
    if found.is_over(utc_now()):
        return [Finding("certificate", Result.ERROR, f"{until}: it has run out, renew it")]
    if found.is_late(utc_now()):
        return [Finding("certificate", Result.WARNING, f"{until}: it should have been renewed")]
    return [Finding("certificate", Result.OK, until)]


def _check_folders(settings: Settings) -> list[Finding]:
    """Return what keeps this user from making a database or a secret key, or from writing beside them."""
    folders = [] if settings.secret_key is not None else [settings.data_dir]
    url = normalized_url(settings.database_url)
    if url.drivername == "sqlite":
        folders.append(Path(url.database or "").parent)
    return [finding for folder in dict.fromkeys(folders) for finding in _check_folder(folder)]


def _check_folder(folder: Path) -> list[Finding]:
    nearest = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    if os.access(nearest, os.W_OK | os.X_OK, effective_ids=True):
        return []
    cannot = "be written to" if nearest == folder else "be made"
    why = f"user {os.geteuid()} may not write in {nearest}; let it, or set data_dir to another folder"
    return [Finding("folder", Result.ERROR, f"{folder} cannot {cannot}: {why}")]


async def _check_database(database_url: str) -> Finding:
    url = normalized_url(database_url)
    shown = url.render_as_string()
    try:
        match await tables_of(database_url):
            case Tables.NONE:
                return Finding(
                    "database",
                    Result.WARNING,
                    f"{shown} is not there yet, or empty; the first start makes it",
                )
            case Tables.OLD:
                return Finding(
                    "database", Result.WARNING, f"{shown} has old tables; the next start will change them"
                )
            case Tables.CURRENT:
                return Finding("database", Result.OK, shown)
    except (StoreUnavailable, DatabaseTooNew) as err:
        return Finding("database", Result.ERROR, str(err))


async def _check_directory(db: Database, secrets: Secrets) -> list[Finding]:
    if not await db.read(lambda conn: secret_key_matches(conn, secrets)):
        return [Finding("secret key", Result.ERROR, str(SecretKeyChanged()))]
    there = await db.read(partial(directory.counts, ALL_SITES))
    result = Result.OK if there["people"] and there["policies"] else Result.WARNING
    findings = [
        Finding("secret key", Result.OK, "is the one of this database"),
        Finding("directory", result, ", ".join(f"{name}: {number}" for name, number in there.items())),
    ]
    rows = await db.read(partial(directory.channels, ALL_SITES))
    state = await db.read(stored_state)
    findings += _check_stored(state)
    if not there["channels"]:
        findings.append(Finding("channels", Result.WARNING, "none is switched on: nobody would be told"))
    findings += await db.read(lambda conn: _check_record(conn, state))
    known = await db.read(partial(health_of_channels, ALL_SITES))
    told = list(addresses(state))
    checked = await asyncio.gather(
        *(_check_channel(db, row, secrets, told, known[row.id]) for row in rows if row.id in known)
    )
    return findings + [finding for found in checked for finding in found]


def _check_record(conn: Connection, state: State) -> list[Finding]:
    """Return what a running service has written down and `/healthz/alerting` says, the channels aside."""
    checks = [
        dispatcher_check(dispatch_health(conn, utc_now())),
        *(reach_check(one) for one in who_reaches_nobody(conn, state)),
        *(trouble_check(one) for one in open_troubles(ALL_SITES, conn) if one.kind not in SHOWN_OTHERWISE),
    ]
    return [_of_health(check) for check in checks if check.status is not HealthStatus.OK]


def _of_health(check: HealthCheck) -> Finding:
    return Finding(check.name, Result(check.status.value), str(check.reason))


def _check_stored(state: State) -> list[Finding]:
    """Return addresses at which nobody can be told, stored by a version that did not look, and all that is doubtful."""
    doubtful = [
        Finding(f"{one.kind} {one.id}{one.where}", Result.WARNING, one.message) for one in doubts(state)
    ]
    doubtful += [
        Finding(f"{MESSAGE_TEXT} {text_id}.{part}", Result.WARNING, f"{problem}: our words go out instead")
        for text_id, row in state[MESSAGE_TEXT].items()
        for part, problem in _faults_of_text(text_id, row)
    ]
    return doubtful + [
        Finding(
            f"{one.at.kind} {one.at.id}{one.at.where}",
            Result.ERROR if one.hopeless else Result.WARNING,
            str(one.reason),
        )
        for one in oddities(state)
    ]


def _faults_of_text(text_id: str, row: Row) -> Iterable[tuple[str, str]]:
    """Return what is wrong with a text that another version has stored."""
    from companion.wording.faults import faults  # with it comes Jinja's sandbox, and few houses write texts

    return faults(directory.own_text({"id": text_id, **row}))


async def _check_channel(
    db: Database, row: ChannelRow, secrets: Secrets, told: Sequence[Addressed], known: ChannelHealth
) -> list[Finding]:
    part = f"channel {row.id}"
    mine = [one for one in told if one.channel_id == row.id]
    missing: frozenset[str] = frozenset()
    try:
        opened = await db.read(lambda conn: directory.channel_by_id(ALL_SITES, conn, row.id, secrets))
        config = (opened or row).full_config
        channel = build_channel(row.kind, config)
        if isinstance(channel, UsesHouse):
            channel.move_in(LinkedHouse(db, utc_now, Wake(), row.id, row.site_id))
        # Stored by a version that did not look for them: the channel runs all the same.
        found = [
            Finding(f"{part}{one.where}", Result.WARNING, one.message)
            for one in mistakes(row.kind, validated(row.kind, config))
        ]
    except (WrongSecretKey, ChannelConfigError) as err:
        return [Finding(part, Result.ERROR, str(err))]
    try:
        async with asyncio.timeout(row.timeout_s):
            outcome = await channel.check()
            if isinstance(outcome, Sent) and isinstance(channel, KnowsRecipients):
                missing = await channel.unreachable([one.address for one in mine])
    except TimeoutError:
        return [Finding(part, Result.ERROR, f"no answer within {row.timeout_s:g} s")]
    finally:
        await channel.close()
    # A probe that passes settles probes that failed before, but no messages: only one that is taken does.
    if known.is_failing and after(known, Try.PROBE, outcome, utc_now()).is_failing:
        found.append(_of_health(channel_check(row, known)))
    return [*found, _found(part, row, outcome)] + [
        Finding(
            f"{one.kind} {one.id}{one.where}",
            Result.ERROR,
            f"{part} cannot reach {one.address!r}: {row.kind} says so",
        )
        for one in mine
        if one.address in missing
    ]


def _found(part: str, row: ChannelRow, outcome: Outcome) -> Finding:
    match outcome:
        case Sent(warning=None):
            return Finding(part, Result.OK, f"{row.kind} answers")
        case Sent(warning=warning):
            return Finding(part, Result.WARNING, str(warning))
        case TryAgain(reason=reason) | Refused(reason=reason):
            return Finding(part, Result.ERROR, str(reason))
