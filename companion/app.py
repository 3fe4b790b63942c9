"""The composition root: settings → store → workers → web; what starts first stops last."""

import asyncio
import errno
import gc
import logging
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, nullcontext, suppress
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Self

from aiohttp import web
from sqlalchemy.engine import Connection
from yarl import URL

from companion.alarms import outcomes
from companion.alarms.ack_links import AckTokens
from companion.alarms.inbound import InboundOfChannels
from companion.alarms.model import Alarm, Change
from companion.alarms.paging import PagingConfig
from companion.alarms.pictures import forget_pictures, shown_picture
from companion.alarms.retention import forget_alarms, forget_messages
from companion.alarms.service import AlarmService
from companion.alarms.transaction import AlarmTransaction
from companion.channels.base import Message, Outcome, Picture
from companion.channels.registry import kind_or_stand_in, oddities_of_packages
from companion.clock import Host, SteadyClock
from companion.config import Settings, SettingsInvalid, load_secret_key
from companion.directory import store as directory
from companion.directory.roles import Role
from companion.dispatch.claim import new_owner
from companion.dispatch.compose import compose
from companion.dispatch.delivery import Delivery
from companion.dispatch.listening import ChannelListeners
from companion.dispatch.lookout import Lookout
from companion.dispatch.outbox import Claim
from companion.dispatch.pool import RunningChannels
from companion.dispatch.retry import Verdict
from companion.dispatch.store import forget_heard
from companion.dispatch.wake import Wake
from companion.dispatch.worker import Dispatcher, DispatcherConfig
from companion.jobs import Job, jobs_of
from companion.link import publishing
from companion.link.errands import LinkedHouse
from companion.link.session import LinkServer
from companion.logging import bind
from companion.store.database import Database, Work, normalized_url, open_database
from companion.store.instance import own_instance_id
from companion.store.migrate import migrate
from companion.store.private_files import tighten
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets, confirm_secret_key
from companion.texts.reasons import Reason
from companion.timekeeping.timeline import Timeline
from companion.troubles.channel_watch import ChannelWatch
from companion.troubles.model import Trouble
from companion.troubles.store import forget_troubles
from companion.web.auth import (
    Caller,
    caller_of,
)
from companion.web.callbacks import callback_url
from companion.web.certificate import Certificate
from companion.web.context import WebContext
from companion.web.http import connections
from companion.web.http.middleware import is_trusted
from companion.web.metrics import Metrics
from companion.web.routes import make_web_app

_LOGGER = logging.getLogger(__name__)

POLL_S = {"sqlite": 30.0, "postgresql": 5.0}
"""How often whoever waits looks by itself. Only on PostgreSQL can a wake-up be lost: on SQLite the lookout sees every commit."""
LOADING_S = 5.0
"""How long a start waits for the packages of channels."""
TROUBLES_KEPT = timedelta(days=90)
HEARD_KEPT = timedelta(days=30)
"""No provider repeats what it could not get rid of for longer than some days."""
BETWEEN_BATCHES_S = 0.05
"""While old rows are deleted: what waits for the database goes first."""


class _LinkNews:
    """Alarms speak, Home Assistant listens."""

    def changed(self, unit: AlarmTransaction, alarm: Alarm, change: Change) -> None:
        """Queue the alarm's snapshot for every Home Assistant of its site."""
        publishing.publish(unit, alarm, change)

    def trouble(self, unit: AlarmTransaction, delivery: Delivery, reason: Reason) -> None:
        """Queue that a delivery was given up."""
        publishing.publish_trouble(unit, delivery, reason)

    def service_trouble(self, unit: AlarmTransaction, trouble: Trouble) -> None:
        """Queue what is wrong with the service itself."""
        publishing.publish_service_trouble(unit, trouble)


class Companion:
    """The running service: use it as an async context manager."""

    def __init__(self, settings: Settings, host: Host | None = None) -> None:
        self.settings = settings
        host = host or Host()
        self.clock = SteadyClock(host)
        self.wake = Wake()
        self.db: Database = open_database(settings.database_url)
        self._stack = AsyncExitStack()
        self.timeline = Timeline(self.db, self.clock, host, looked=self._lookout())
        self._secret_key = load_secret_key(settings)
        self._secrets = Secrets(self._secret_key)
        self._tokens = AckTokens(self._secret_key, settings.public_url)
        self.metrics = Metrics()
        owner, lease = new_owner(), timedelta(seconds=settings.lease_s)
        self.channels = RunningChannels(
            self.db, self._secrets, house=partial(LinkedHouse, self.db, self.clock, self.wake)
        )
        self.dispatcher = Dispatcher(
            db=self.db,
            clock=self.clock,
            wake=self.wake,
            channels=self.channels,
            compose=self._compose,
            picture=self._picture,
            report=self._report,
            observer=self,
            log_context=lambda alarm_id: nullcontext() if alarm_id is None else bind(alarm_id=alarm_id),
            rules=DispatcherConfig(
                owner=owner, lease=lease, poll_s=POLL_S[self.db.dialect], retry=settings.retry_policy()
            ),
        )
        self.commands = AlarmService(
            db=self.db,
            clock=self.clock,
            wake=self.wake,
            paging_rules=PagingConfig(
                kind_of=kind_or_stand_in,
                tokens=self._tokens,
                claim=Claim(owner, lease, self.dispatcher.has_room),
                failover_after=timedelta(seconds=settings.failover_s),
                reaction=timedelta(seconds=settings.reaction_s),
            ),
            news=_LinkNews(),
            take=self.dispatcher.take,
        )
        self.channel_watch = ChannelWatch(
            db=self.db, clock=self.clock, channels=self.channels, run=partial(self.commands.run, ALL_SITES)
        )
        self._inbound = InboundOfChannels(self.commands, partial(callback_url, settings.public_url))
        self._listeners = ChannelListeners(self.channels, self.wake, self._inbound.of)

    def _lookout(self) -> Callable[[], None]:
        """Return what is to be done each time the clock was looked at."""
        path = normalized_url(self.settings.database_url).database
        if self.db.dialect != "sqlite" or path is None:
            return lambda: None
        lookout = Lookout(Path(path), self.wake, self.clock)
        self._stack.callback(lookout.close)
        return lookout.look

    def sent(self, delivery: Delivery, outcome: Outcome, verdict: Verdict, *, lag_s: float) -> None:
        """Let those who count know of one attempt (the dispatcher's observer)."""
        self.metrics.sent(delivery, outcome, verdict, lag_s=lag_s)
        self.channel_watch.sent(delivery, outcome, verdict, lag_s=lag_s)

    def _compose(self, delivery: Delivery, thread_ref: str | None) -> Message:
        key = delivery.message.get("recipient_key")
        url = None
        if key is not None and delivery.alarm_id is not None:
            url = self._tokens.url(self._tokens.token(delivery.alarm_id, key))
        called_back = callback_url(self.settings.public_url, delivery.channel_id)
        wording = self.channels.texts.wording(delivery.channel_id, delivery.message.get("site_id"))
        return compose(delivery, thread_ref, url, called_back, wording)

    async def _picture(self, alarm_id: str) -> Picture | None:
        return await self.db.read(lambda conn: shown_picture(ALL_SITES, conn, alarm_id))

    def _report(self, conn: Connection, delivery: Delivery, verdict: Verdict) -> None:
        outcomes.report(self.commands.unit(ALL_SITES, conn), delivery, verdict)

    async def __aenter__(self) -> Self:
        """Migrate, start the workers, and only then answer requests."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening, let sends in flight end or release them, close everything."""
        await self._stack.aclose()

    async def _start(self) -> None:
        tighten(self.settings.data_dir)
        self._stack.push_async_callback(self.db.close)
        await migrate(self.settings.database_url)
        await self.db.write(lambda conn: confirm_secret_key(conn, self._secrets))
        instance_id = await self.db.write(own_instance_id)
        for oddity in await asyncio.to_thread(lambda: list(oddities_of_packages())):
            _LOGGER.warning("%s", oddity)
        _say_who_can_be_told(await self.db.read(partial(directory.counts, ALL_SITES)))
        await self.timeline.start()
        self._stack.push_async_callback(self.channels.close)
        self._stack.push_async_callback(self._inbound.close)
        certificate = _certificate(self.settings)
        for job in jobs_of(
            timeline=self.timeline,
            wake=self.wake,
            wake_url=self.settings.database_url if self.db.dialect == "postgresql" else None,
            poll_s=POLL_S[self.db.dialect],
            dispatcher=self.dispatcher,
            grace_s=self.settings.shutdown_grace_s,
            alarms=self.commands,
            listeners=self._listeners,
            channel_watch=self.channel_watch,
            tidy=self.tidy,
            certificate=certificate,
        ):
            self._run(job)
        # The first alarm finds its channels built, unless a package takes its time: it holds nobody else up.
        with suppress(TimeoutError):
            async with asyncio.timeout(LOADING_S):
                await self._listeners.looked.wait()
        await self._listen(instance_id, certificate)

    def _run(self, job: Job) -> None:
        """Run a job until the service stops; one that ends by itself is a fault that ends the service."""
        task = asyncio.create_task(job.run(), name=job.name)
        task.add_done_callback(_report_end)

        async def stop() -> None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        self._stack.push_async_callback(stop)
        if job.end is not None:
            self._stack.push_async_callback(job.end)

    async def _listen(self, instance_id: str, certificate: Certificate | None) -> None:
        context = WebContext(
            settings=self.settings,
            db=self.db,
            clock=self.clock,
            wake=self.wake,
            commands=self.commands,
            channels=self.channels,
            secrets=self._secrets,
            secret_key=self._secret_key,
            instance_id=instance_id,
            version=version("alarm-broker"),
            metrics=self.metrics,
            certificate=certificate,
            texts=lambda: self.channels.texts,
            inbound=self._inbound.of,
        )
        link = LinkServer(
            commands=self.commands,
            wake=self.wake,
            authorize=partial(_may_link, context),
            inbound=self._inbound.of,
            instance=instance_id,
        )
        app = make_web_app(context, link=link.handle)
        app.on_shutdown.append(lambda _: link.close())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=self.settings.shutdown_grace_s)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        limits = connections.Limits(
            descriptors=connections.raise_descriptor_limit(),
            per_address=self.settings.connections_per_address,
            is_proxy=partial(is_trusted, self.settings.trusted_proxies),
        )
        server = runner.server
        assert server is not None, "the runner was set up"  # noqa: S101 # for the type checker
        with _explained_bind(self.settings.host, self.settings.port):
            for listening in connections.listeners(self.settings.host, self.settings.port, limits):
                serving = await asyncio.get_running_loop().create_server(
                    connections.guarded(server, limits),
                    sock=listening,
                    ssl=None if certificate is None else certificate.context,
                    ssl_handshake_timeout=None if certificate is None else connections.HEADERS_S,
                    ssl_shutdown_timeout=None if certificate is None else connections.LINGERING_S,
                    backlog=connections.AT_ONCE,
                )
                self._stack.callback(serving.close)
                host, port = listening.getsockname()[:2]
                _LOGGER.info(
                    "Listening on %s:%s, responders reach it as %s", host, port, self.settings.public_url
                )
        if self.settings.zeroconf:
            from companion.link.announce import announced  # 4 MB that many installations switch off

            await self._stack.enter_async_context(
                announced(
                    instance_id=instance_id,
                    version=context.version,
                    name=URL(self.settings.public_url).host or "companion",
                    host=self.settings.host,
                    port=self.settings.port,
                )
            )

    async def tidy(self) -> None:
        """Delete what was kept long enough: pictures, alarms that are over, troubles that have been over for long."""
        now, settings = self.clock(), self.settings
        await self.db.write(lambda conn: forget_troubles(ALL_SITES, conn, now - TROUBLES_KEPT))
        await self._forget(lambda conn: forget_heard(conn, now - HEARD_KEPT))
        if settings.picture_days:
            pictures_before = now - timedelta(days=settings.picture_days)
            await self._forget(lambda conn: forget_pictures(ALL_SITES, conn, pictures_before))
        if settings.record_days:
            over_before = now - timedelta(days=settings.record_days)
            alarms = await self._forget(lambda conn: forget_alarms(ALL_SITES, conn, over_before))
            await self._forget(lambda conn: forget_messages(conn, over_before))
            if alarms:
                _LOGGER.info("Deleted %s alarms that were over for %g days", alarms, settings.record_days)

    async def _forget(self, batch: Work[int]) -> int:
        """Delete one batch after the other until there is no more, and return how many; presses go first."""
        deleted = 0
        while found := await self.db.write(batch):
            deleted += found
            await asyncio.sleep(BETWEEN_BATCHES_S)
        return deleted


async def _may_link(context: WebContext, request: web.Request) -> Caller:
    """Return who wants to link; raises what the request is answered with if they may not."""
    caller = await caller_of(request, context)
    caller.require(Role.OPERATE)
    return caller


def _say_who_can_be_told(there: Mapping[str, int]) -> None:
    _LOGGER.info("The directory: %s", ", ".join(f"{number} {name}" for name, number in there.items()))
    if missing := [name for name, number in there.items() if not number and name != "devices"]:
        _LOGGER.warning(
            "Nobody can be told yet, there are no %s: `alarm-broker apply FILE`", " and no ".join(missing)
        )


def _report_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (err := task.exception()) is not None:
        # Half a service is worse than none: a supervisor starts it again, and a monitor sees that it was gone.
        _LOGGER.critical("The %s ended: %r", task.get_name(), err)
        signal.raise_signal(signal.SIGTERM)


def _certificate(settings: Settings) -> Certificate | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    try:
        return Certificate(settings.tls_cert, settings.tls_key)
    except (OSError, ValueError) as err:
        raise SettingsInvalid(
            f"The certificate cannot be used: {err}. Set ALARM_BROKER_TLS_CERT and ALARM_BROKER_TLS_KEY to the files."
        ) from err


@contextmanager
def _explained_bind(host: str, port: int) -> Iterator[None]:
    """Say of a refused address which setting is to be changed; raises SettingsInvalid."""
    try:
        yield
    except OSError as err:
        # asyncio gives errors of its own words, without a number, for some of these.
        match err.errno:
            case errno.EADDRINUSE:
                advice = "another program has it. Is Alarm Broker running already? Else set ALARM_BROKER_PORT"
            case errno.EACCES:
                advice = "this user may not use that port. Set ALARM_BROKER_PORT to one from 1024 on"
            case _:
                advice = f"{err}. Set ALARM_BROKER_HOST to an address of this host, or leave it out"
        raise SettingsInvalid(f"The service cannot listen on {host}, port {port}: {advice}.") from err


async def serve(settings: Settings) -> None:
    """Run the service until SIGTERM or SIGINT."""
    os.umask(0o077)  # whatever is written from here on is for this user only
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with Companion(settings):
        # What a start leaves behind stays until the end: no later search for garbage holds everything up to go through it.
        gc.freeze()
        await stopped.wait()
        _LOGGER.info("Stopping")
