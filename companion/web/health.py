"""For operators and their machines: is it alive, is it ready, how much does it do."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum

import sqlalchemy as sa
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from companion.channels.trouble_texts import cause_text, trouble_title
from companion.directory import store as directory
from companion.directory.apply import stored_state
from companion.directory.contacts import Oddity, oddities
from companion.directory.model import ChannelRow, Role
from companion.dispatch.health import DispatchHealth, dispatch_health
from companion.dispatch.wake import Wake
from companion.ids import new_id
from companion.store.database import Database, StoreUnavailable
from companion.store.tables import channel, contact_point, meta, policy
from companion.troubles.channel_health import ChannelHealth
from companion.troubles.channel_watch import health_of_channels
from companion.troubles.model import Trouble, TroubleKind, TroubleSeverity
from companion.troubles.reach_audit import KINDS as REACH_KINDS, ReachesNobody, who_reaches_nobody
from companion.troubles.store import open_troubles, operator_ids
from companion.web.auth import bearer_token, caller_of
from companion.web.certificate import Certificate
from companion.web.context import CLIENT, WebContext
from companion.web.desk_words import said
from companion.web.http.middleware import is_loopback
from companion.web.http.route import Call, NoQuery, Output, Route
from companion.web.metrics import figures
from companion.web.problems import KeyMissing, NotReady, OneSiteOnly, RoleTooLow
from companion.web.words import words_for

DATABASE_LIMIT_S = 5
PROBE_BYTES = 16_384
ASK_WITH_KEY = "Ask from this host, or with an API key for all sites, for what there is to say."


class Light(StrEnum):
    """How a part is."""

    GREEN = "green"
    YELLOW = "yellow"
    """It works, but an operator should look."""
    RED = "red"
    """An alarm would not be told as it should be."""


_SEVERITY = {Light.GREEN: 0, Light.YELLOW: 1, Light.RED: 2}
_SHOWN_OTHERWISE = {TroubleKind.CHANNEL_REFUSES.value, *(kind.value for kind in REACH_KINDS.values())}
"""Kinds of trouble that have a part of their own, which knows it at once."""


class Part(Output):
    """One part of the service."""

    name: str
    light: Light
    says: str


class Liveness(Output):
    """The process answers."""

    status: str = "alive"
    instance: str
    version: str


class Readiness(Output):
    """This replica can take an alarm."""

    status: str = "ready"
    parts: list[Part]


class Alerting(Output):
    """Somebody would be told; what an operator should look at is yellow."""

    status: str = "alerting"
    parts: list[Part]


async def healthz(call: Call[NoQuery, None]) -> Liveness:
    """Answer while the process lives; nothing else is looked at."""
    return Liveness(instance=call.context.instance_id, version=call.context.version)


async def readyz(call: Call[NoQuery, None]) -> Readiness:
    """Answer whether this replica could take an alarm now, for a load balancer; raises NotReady."""
    parts = await readiness(call.context)
    _refuse_if_red(parts)
    return Readiness(parts=parts)


async def healthz_alerting(call: Call[NoQuery, None]) -> Alerting:
    """Answer whether somebody would be told of an alarm that came now, for a monitor; raises NotReady."""
    parts = await alerting(call.context)
    if not await _may_read(call):
        parts = [part.model_copy(update={"says": ASK_WITH_KEY}) for part in _without_names(parts)]
    _refuse_if_red(parts)
    return Alerting(parts=parts)


def _refuse_if_red(parts: list[Part]) -> None:
    red = [part for part in parts if part.light is Light.RED]
    if red:
        raise NotReady(
            " ".join(f"{part.name}: {part.says}" for part in red),
            parts=[part.model_dump(mode="json") for part in parts],
        )


async def _may_read(call: Call[NoQuery, None]) -> bool:
    """Return whether the caller may know names of sites, channels and alarms: a program here, or a key for all sites."""
    if bearer_token(call.request) is None:
        return _is_from_here(call.request)
    caller = await caller_of(call.request, call.context)
    caller.require(Role.READ)
    caller.require_all_sites()
    return True


def _without_names(parts: list[Part]) -> list[Part]:
    """Return one part of each sort, with the worst light of them."""
    worst: dict[str, Part] = {}
    for part in parts:
        sort = part.name.partition(" ")[0]
        known = worst.get(sort)
        if known is None or _SEVERITY[part.light] > _SEVERITY[known.light]:
            worst[sort] = Part(name=sort, light=part.light, says=part.says)
    return list(worst.values())


async def readiness(context: WebContext) -> list[Part]:
    """Return whether this replica can take an alarm: proved by a write, as an alarm would be written."""
    return await _database_first(context, lambda _conn: [], misplaced=Light.YELLOW)


async def alerting(context: WebContext) -> list[Part]:
    """Return whether somebody would be told: the database, everything between an alarm and a person, open troubles.

    Costs as much as the directory is large, however many alarms there have been.
    """
    now = context.clock()
    parts = await _database_first(context, lambda conn: alerting_parts(conn, now), misplaced=Light.RED)
    return parts if context.certificate is None else [*parts, certificate_part(context.certificate, now)]


def certificate_part(found: Certificate, now: datetime) -> Part:
    """Return how long phones, panels and the browsers of responders still trust us."""
    until = _at(found.ends_at)
    if found.is_over(now):
        says = f"It has run out, at {until}: links and panels do not reach us. Put a new one into its files."
        return Part(name="certificate", light=Light.RED, says=says)
    if found.is_late(now):
        says = f"It runs out at {until} and was not renewed. Put a new one into its files."
        return Part(name="certificate", light=Light.YELLOW, says=says)
    return Part(name="certificate", light=Light.GREEN, says=f"It is good until {until}.")


def alerting_parts(conn: Connection, now: datetime, language: str = "en") -> list[Part]:
    """Return how everything between an alarm and a person is, the database aside, in the reader's language."""
    health = health_of_channels(conn)
    rows, state = directory.channels(conn), stored_state(conn)
    return [
        dispatcher_part(dispatch_health(conn, now), language),
        directory_part(conn, language),
        *(reach_part(one, language) for one in who_reaches_nobody(conn, state)),
        *(address_part(one) for one in oddities(state) if one.hopeless),
        *(channel_part(row, health.get(row.id), language) for row in rows),
        *(trouble_part(one, language) for one in open_troubles(conn) if one.kind not in _SHOWN_OTHERWISE),
    ]


async def _database_first(
    context: WebContext, work: Callable[[Connection], list[Part]], *, misplaced: Light
) -> list[Part]:
    """Prove a write, then look further. A file that is `misplaced` still takes alarms: how bad that is, the caller knows."""

    def write(conn: Connection) -> list[Part]:
        _prove_write(conn)
        return [
            Part(name="database", light=Light.GREEN, says=f"{conn.dialect.name} takes writes."),
            *work(conn),
        ]

    try:
        async with asyncio.timeout(DATABASE_LIMIT_S):
            parts = await context.db.write(write)
            return parts + file_parts(context.db, misplaced) + hearing_parts(context.wake)
    except (StoreUnavailable, SQLAlchemyError, TimeoutError) as err:
        says = f"Nothing can be written ({type(err).__name__}). Alarms cannot be taken; look at the log."
        return [Part(name="database", light=Light.RED, says=says)]


def file_parts(db: Database, misplaced: Light) -> list[Part]:
    """Return that what is written now will be gone."""
    if not db.misplaced:
        return []
    says = "The database was moved, removed or replaced: all is lost at the next start. Put it back."
    return [Part(name="file", light=misplaced, says=says)]


def hearing_parts(wake: Wake) -> list[Part]:
    """Return that this replica does not hear the others; it finds by looking what they would have told it."""
    if wake.deaf_because is None:
        return []
    says = f"Other replicas are not heard ({wake.deaf_because}): what they pass on is found by looking, seconds later."
    return [Part(name="replicas", light=Light.YELLOW, says=says)]


def _prove_write(conn: Connection) -> None:
    """Write and commit as much as an alarm with its messages needs, and leave nothing behind.

    A row of its own each time: replicas that are asked at the same moment must not wait for each other.
    """
    key = f"probe:{new_id()}"
    conn.execute(sa.insert(meta).values(key=key, value="x" * PROBE_BYTES))
    conn.execute(sa.delete(meta).where(meta.c.key == key))


def directory_part(conn: Connection, language: str = "en") -> Part:
    """Return whether there is anybody to tell and a way to do it."""
    lacks = [
        what
        for what, table in (
            ("channel that is switched on", channel),
            ("contact", contact_point),
            ("policy", policy),
        )
        if conn.execute(
            sa.select(table).where(table.c.enabled) if table is channel else sa.select(table).limit(1)
        ).first()
        is None
    ]
    if lacks:
        wanted = said(language, " and no ").join(said(language, one) for one in lacks)
        says = said(language, "There is no {what}: nobody would be told. Apply a directory.").format(
            what=wanted
        )
        return Part(name="directory", light=Light.RED, says=says)
    if not operator_ids(conn):
        says = said(
            language,
            "Nobody is told when something is wrong with the service: name `operators` in `installation`.",
        )
        return Part(name="directory", light=Light.YELLOW, says=says)
    says = said(language, "There are people to tell and ways to do it.")
    return Part(name="directory", light=Light.GREEN, says=says)


def reach_part(found: ReachesNobody, language: str = "en") -> Part:
    """Return that alarms of a site, panic key or panel would tell nobody."""
    text = "Alarms of {name} would tell nobody. {cause} See to its policy, or `last_resort`."
    says = said(language, text).format(name=found.name, cause=cause_text(found.cause, language))
    return Part(name=f"{found.kind} {found.id}", light=Light.RED, says=says)


def address_part(found: Oddity) -> Part:
    """Return that nobody can be told at an address. Yellow: those who have others are told there."""
    name = f"{found.at.kind} {found.at.id}{found.at.where}"
    return Part(name=name, light=Light.YELLOW, says=f"{found.message}.")


def trouble_part(found: Trouble, language: str = "en") -> Part:
    """Return a trouble that is open."""
    light = Light.RED if found.severity is TroubleSeverity.ERROR else Light.YELLOW
    title = trouble_title(found.kind, subject=found.subject, facts=found.facts, language=language)
    says = said(language, "{title}, since {at}.").format(title=title, at=_at(found.since, language))
    return Part(name=f"trouble {found.key}", light=light, says=says)


def dispatcher_part(found: DispatchHealth, language: str = "en") -> Part:
    """Return how the dispatcher is: is anything late that should have been sent?"""
    if found.healthy:
        return Part(name="dispatcher", light=Light.GREEN, says=said(language, "Nothing is overdue."))
    text = "{messages} deliveries and {steps} escalation steps are overdue, the oldest by {s:.0f} s. Is a dispatcher running?"
    says = said(language, text).format(
        messages=found.overdue_deliveries, steps=found.overdue_alarms, s=found.oldest_due_s
    )
    return Part(name="dispatcher", light=Light.RED, says=says)


def channel_part(row: ChannelRow, health: ChannelHealth | None, language: str = "en") -> Part:
    """Return how a channel is."""
    name = f"channel {row.id}"
    if not row.enabled:
        return Part(name=name, light=Light.YELLOW, says=said(language, "It is switched off."))
    if health is None or not health.was_tried:
        says = said(language, "It was never tried: `alarm-broker check`, or send a test message over it.")
        return Part(name=name, light=Light.YELLOW, says=says)
    if health.is_failing and health.failing_since is not None:
        light = Light.RED if health.is_refusing else Light.YELLOW
        tries = health.failed_sends + health.failed_probes
        says = said(language, "It has refused {tries} times in a row since {at}: {reason}.").format(
            tries=tries, at=_at(health.failing_since, language), reason=health.reason
        )
        return Part(name=name, light=light, says=says)
    if health.sent_at is None:
        says = said(language, "Its provider answers; no message has gone over it yet.")
        return Part(name=name, light=Light.GREEN, says=says)
    says = said(language, "It took a message at {at}.").format(at=_at(health.sent_at, language))
    return Part(name=name, light=Light.GREEN, says=says)


def _at(moment: datetime, language: str = "en") -> str:
    return f"{moment.astimezone(UTC).strftime(words_for(language)['time'])} UTC"


def _is_from_here(request: web.Request) -> bool:
    # A proxy on this host that nobody has told us about: whom it speaks for, we cannot know.
    passed_on = not {"X-Forwarded-For", "Forwarded"}.isdisjoint(request.headers)
    return is_loopback(request[CLIENT]) and not passed_on


async def metrics(call: Call[NoQuery, None]) -> web.Response:
    """Answer with the figures: to a program on this host, or to the holder of a key for all sites."""
    context = call.context
    if bearer_token(call.request) is not None or not _is_from_here(call.request):
        caller = await caller_of(call.request, context)
        caller.require(Role.READ)
        caller.require_all_sites()
    now = context.clock()
    found = await context.db.read(lambda conn: figures(conn, now))
    return web.Response(body=context.metrics.exposition(found), headers={"Content-Type": CONTENT_TYPE_LATEST})


ROUTES = (
    Route(
        method="GET",
        path="/healthz",
        handler=healthz,
        name="liveness",
        summary="Is the process alive?",
        tag="operation",
        answers={200: Liveness},
    ),
    Route(
        method="GET",
        path="/readyz",
        handler=readyz,
        name="readiness",
        summary="Can this replica take an alarm? For load balancers; proved by a write.",
        tag="operation",
        answers={200: Readiness},
        problems=(NotReady,),
        per_minute=120,
    ),
    Route(
        method="GET",
        path="/healthz/alerting",
        handler=healthz_alerting,
        name="alerting",
        summary="Would somebody be told of an alarm that came now? The address to monitor. "
        "Details only from this host, or with a key for all sites.",
        tag="operation",
        answers={200: Alerting},
        problems=(NotReady, KeyMissing, RoleTooLow, OneSiteOnly),
        per_minute=120,
    ),
    Route(
        method="GET",
        path="/metrics",
        handler=metrics,
        name="metrics",
        summary="Figures for Prometheus; without a key only from this host",
        tag="operation",
        other_answers={CONTENT_TYPE_LATEST.partition(";")[0]: {"type": "string"}},
        problems=(KeyMissing, RoleTooLow, OneSiteOnly),
    ),
)
