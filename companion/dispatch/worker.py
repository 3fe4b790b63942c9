"""The dispatcher: claim, send outside any transaction, record. A slow provider delays only itself."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, repeat
from typing import Protocol

from sqlalchemy.engine import Connection

from companion.channels.base import Channel, Message, MessageKind, Outcome, Picture, Refused, TryAgain
from companion.clock import Clock
from companion.dispatch import claim
from companion.dispatch.delivery import PAGES, Delivery, State, Urgency
from companion.dispatch.record import cancel_unsent, record
from companion.dispatch.retry import Done, GiveUp, RetryPolicy, Verdict, decide
from companion.dispatch.slots import Room, Slots, ordinary_limit
from companion.dispatch.store import delivery_by_id, thread_ref, whole
from companion.dispatch.wake import SETTLE_S, Wake, wait
from companion.store.database import Database, StoreUnavailable
from companion.store.scope import ALL_SITES
from companion.store.sql import perhaps_lost_race
from companion.store.statements import savepoint
from companion.texts.reasons import Reason

_LOGGER = logging.getLogger(__name__)

FRESH = timedelta(milliseconds=200)
"""A claim this young was made in a transaction that saw the alarm open: no need to look again before the send."""
DEFAULT_CONCURRENCY = 8
PICTURE_S = 1.0
"""How long a message waits for its picture to be read."""
SHOW_PICTURES = PAGES | {MessageKind.CONFIRMED, MessageKind.VERIFIED}
"""What asks somebody to come, or says that somebody is there."""
LOCKED_PAUSE_S = 1.0
"""When leases whose rows somebody else holds are renewed again."""
AWAY_PAUSES_S = (0.2, 1.0, 3.0)
"""Waits while the database is away; the last one again and again."""


class ChannelUnusable(Exception):
    """A channel's configuration or secrets cannot be used; the message says what to do."""


class KindUnusable(ChannelUnusable):
    """No channel of this kind can run here: what is to go over it waits."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class RunningChannel:
    """A channel that messages can go over, and its limits."""

    channel: Channel
    concurrency: int
    timeout_s: float
    revision: int = 0
    """Of the row that it was built from."""
    pictures: bool = False
    """It shows `Message.picture`."""


class ChannelPool(Protocol):
    """Where the dispatcher gets channels from."""

    async def get(self, channel_id: str) -> RunningChannel | None:
        """Return the channel, or None if there is none of this id (any more) or it is switched off.

        Raises ChannelUnusable; KindUnusable.
        """
        ...


class Observer(Protocol):
    """Who counts."""

    def sent(self, delivery: Delivery, outcome: Outcome, verdict: Verdict, *, lag_s: float) -> None:
        """Note one attempt. `lag_s`: from the moment it was due to the moment it was begun."""
        ...


@dataclass(frozen=True, kw_only=True)
class DispatcherConfig:
    """How the dispatcher works."""

    owner: str
    lease: timedelta
    poll_s: float
    """How long a lost wake-up may cost."""
    retry: RetryPolicy


class Dispatcher:
    """Sends what is due. Any number of processes may run one on the same database."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        wake: Wake,
        channels: ChannelPool,
        compose: Callable[[Delivery, str | None], Message],
        picture: Callable[[str], Awaitable[Picture | None]],
        report: Callable[[Connection, Delivery, Verdict], None],
        observer: Observer,
        log_context: Callable[[str | None], AbstractContextManager[None]],
        rules: DispatcherConfig,
    ) -> None:
        self._db = db
        self._clock = clock
        self._wake = wake
        self._channels = channels
        self._compose = compose
        self._picture = picture
        self._report = report
        self._observer = observer
        self._log_context = log_context
        self._rules = rules
        self._slots: dict[str, Slots] = {}
        self._tasks: dict[asyncio.Task[None], Delivery] = {}
        self._begun: set[str] = set()
        self._recording: set[str] = set()
        self._turning = asyncio.Lock()
        self._stopping = False
        self._full = False
        self._stopped = asyncio.Event()
        self._left: list[str] = []

    def take(self, deliveries: list[Delivery]) -> None:
        """Send deliveries that were claimed for this worker in the transaction that made them."""
        if self._stopping:
            self._left += [delivery.id for delivery in deliveries]
            return
        for delivery in deliveries:
            task = asyncio.create_task(self._deliver(delivery), name=f"deliver {delivery.id}")
            self._tasks[task] = delivery
            task.add_done_callback(self._tasks.pop)

    @property
    def sending(self) -> Mapping[asyncio.Task[None], Delivery]:
        """What this worker holds at this moment: each delivery that waits for its slot or its provider, by its task."""
        return dict(self._tasks)

    async def run(self) -> None:
        """Work until stopped or cancelled."""
        woken = self._wake.subscribe()
        renewing = asyncio.create_task(self._renew_forever())
        try:
            while not self._stopping:
                try:
                    sleep_s = await self.turn()
                except Exception:
                    _LOGGER.exception("The dispatcher could not look for due deliveries; trying again")
                    sleep_s = 1.0
                await wait(woken, sleep_s, settle_s=SETTLE_S)
            await self._stopped.wait()  # until then the leases of what is still being sent are kept
        finally:
            renewing.cancel()
            self._wake.unsubscribe(woken)

    async def stop(self, grace_s: float) -> None:
        """Take nothing new; let what is being sent end within `grace_s`, and release the rest.

        What has not begun is given back as if never taken; what did not end in time may have been sent.
        """
        self._stopping = True
        self._wake.notify()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s), self._turning:
                pass  # a claim that was being committed has become tasks now
        waiting = {task: item for task, item in self._tasks.items() if item.id not in self._begun}
        for task in waiting:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=grace_s)
        late = {task: item for task, item in self._tasks.items() if not task.done()}
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await self._let_go([item.id for item in waiting.values()], [item.id for item in late.values()])
        self._stopped.set()

    async def _let_go(self, unsent: list[str], late: list[str]) -> None:
        """Leave everything to other workers, or to this one's next start."""
        unsent = [*unsent, *self._left]

        def write(conn: Connection) -> None:
            claim.release(conn, self._rules.owner, unsent)
            claim.renew(conn, self._rules.owner, late, self._clock())  # ends the lease at once

        if unsent or late:
            try:
                await self._db.write(write)
            except StoreUnavailable:
                _LOGGER.warning("%s deliveries wait for their leases to end", len(unsent) + len(late))

    async def turn(self) -> float:
        """Claim and start what is due, once; return how long nothing will be."""
        async with self._turning:
            return await self._turn()

    async def _turn(self) -> float:
        if self._stopping:  # since this turn was waited for
            return 0.0
        now = self._clock()
        due_at = await self._db.read(lambda conn: claim.next_at(conn, now, me=self._rules.owner))
        if due_at is None or due_at > now:
            return (
                self._rules.poll_s
                if due_at is None
                else min(self._rules.poll_s, (due_at - now).total_seconds())
            )
        rooms = {channel_id: self._room(channel_id) for channel_id in self._slots}
        taken = await self._db.write(lambda conn: self._claim(conn, rooms))
        self.take(taken)
        # Nothing taken though something is due: its channel is full, and a delivery that ends there wakes us.
        self._full = not taken
        return 0.0 if taken else min(self._rules.poll_s, 1.0)

    def _claim(self, conn: Connection, rooms: dict[str, Room]) -> list[Delivery]:
        now = self._clock()
        busy = [delivery.id for delivery in list(self._tasks.values())]
        me, lease = self._rules.owner, self._rules.lease
        for abandoned in claim.take_back(conn, now, me=me, lease=lease, busy=busy):
            self._tell(conn, abandoned, GiveUp(abandoned.last_error or Reason("worker_died")))
        return whole(ALL_SITES, conn, claim.claim_due(conn, me, now, lease, rooms))

    def has_room(self, channel_id: str, urgency: Urgency) -> bool:
        """Return whether a delivery over the channel would be sent at once and not wait behind others here."""
        return self._room(channel_id).is_for(urgency)

    def _room(self, channel_id: str) -> Room:
        """Return what could be sent at once. What is urgent passes by what waits, and by nothing that is being sent."""
        slots = self._slots.get(channel_id)
        size, sending = (DEFAULT_CONCURRENCY, 0) if slots is None else (slots.size, slots.ordinary)
        held = [
            item.urgency
            for item in list(self._tasks.values())
            if item.channel_id == channel_id and item.id not in self._recording
        ]
        urgent = held.count(Urgency.LIFE)
        ordinary = min(ordinary_limit(size), size - urgent) - (len(held) - urgent)
        return Room(urgent=size - urgent - sending, ordinary=ordinary)

    async def _renew_forever(self) -> None:
        """Keep the leases of what waits for a slot or for a provider."""
        often_s = self._rules.lease.total_seconds() / 3
        pause_s = often_s
        while True:
            await asyncio.sleep(pause_s)
            try:
                pause_s = often_s if await self._renew() else min(often_s, LOCKED_PAUSE_S)
            except Exception:
                _LOGGER.exception("The leases could not be kept; trying again")

    async def _renew(self) -> bool:
        """Keep the leases; return whether each one could be kept that is still needed."""
        held = [delivery.id for delivery in self._tasks.values()]
        if not held:
            return True

        def write(conn: Connection) -> list[str]:
            return claim.renew(conn, self._rules.owner, held, self._clock() + self._rules.lease)

        kept = await self._db.write(write)
        return {delivery.id for delivery in self._tasks.values()}.isdisjoint(set(held) - set(kept))

    async def _deliver(self, delivery: Delivery) -> None:
        with self._log_context(delivery.alarm_id):
            try:
                running = await self._channel(delivery.channel_id)
                if isinstance(running, Refused | TryAgain):
                    await self._finish(delivery, running, self._clock())
                    return
                async with self._slots_of(delivery.channel_id, running.concurrency).place(delivery.urgency):
                    write = await self._send(delivery, running)
                if write is None:
                    return
                # Outside the slot: a row that somebody else holds must not keep other messages from the provider.
                self._recording.add(delivery.id)
                await write()
            except Exception:
                # The lease runs out, and the delivery is tried again, marked as perhaps sent.
                _LOGGER.exception("Delivery %s could not be finished", delivery.id)
            finally:
                self._begun.discard(delivery.id)
                self._recording.discard(delivery.id)
                if self._full:
                    self._wake.notify()

    async def _channel(self, channel_id: str) -> RunningChannel | Refused | TryAgain:
        try:
            running = await self._patiently(lambda: self._channels.get(channel_id))
        except KindUnusable as err:
            return TryAgain(reason=err.reason, tried=False)
        except ChannelUnusable as err:
            return Refused(reason=Reason("channel_unusable", why=str(err)), channel_broken=True)
        except Exception as err:
            # The person's next contact point must not wait until the lease has run out.
            _LOGGER.exception("Channel %s cannot be used", channel_id)
            return Refused(reason=Reason("channel_failed", error=type(err).__name__), channel_broken=True)
        if running is None:
            return Refused(reason=Reason("channel_gone"), channel_broken=True)
        return running

    def _slots_of(self, channel_id: str, concurrency: int) -> Slots:
        slots = self._slots.get(channel_id)
        if slots is None or slots.size != concurrency:
            slots = self._slots[channel_id] = Slots(concurrency)
        return slots

    async def _send(
        self, delivery: Delivery, running: RunningChannel
    ) -> Callable[[], Awaitable[None]] | None:
        """Send the delivery if it is still needed; return what writes down what became of it, or None."""
        reference = picture = None
        if not (delivery.first_page and timedelta() <= self._clock() - delivery.created_at < FRESH):
            current, reference = await self._patiently(
                lambda: self._db.read(
                    lambda conn: (
                        delivery_by_id(ALL_SITES, conn, delivery.id),
                        thread_ref(ALL_SITES, conn, delivery),
                    )
                )
            )
            if current is None or (current.owner, current.fence) != (delivery.owner, delivery.fence):
                _LOGGER.info("Delivery %s has gone to another worker", delivery.id)
                return None
            if current.cancelled and not current.record:
                return lambda: self._patiently(
                    lambda: self._db.write(lambda conn: cancel_unsent(conn, delivery))
                )
            picture = await self._picture_of(delivery, running)  # an alarm of this moment has none
        self._begun.add(delivery.id)
        started_at = self._clock()
        outcome = await self._call(delivery, running, reference, picture)
        return partial(self._finish, delivery, outcome, started_at)

    async def _picture_of(self, delivery: Delivery, running: RunningChannel) -> Picture | None:
        """Return what the message shows. Whatever is the matter with a picture, the message goes out without it."""
        # One that may have been sent is not delayed by it again: perhaps it was too much for the line.
        if not running.pictures or delivery.uncertain or delivery.kind not in SHOW_PICTURES:
            return None
        try:
            async with asyncio.timeout(PICTURE_S):
                return None if delivery.alarm_id is None else await self._picture(delivery.alarm_id)
        except Exception as err:  # noqa: BLE001 # whatever it is
            _LOGGER.warning("Delivery %s goes out without a picture (%s)", delivery.id, type(err).__name__)
            return None

    async def _call(
        self, delivery: Delivery, running: RunningChannel, reference: str | None, picture: Picture | None
    ) -> Outcome:
        try:
            message = replace(self._compose(delivery, reference), picture=picture)
        except Exception as err:
            _LOGGER.exception("Delivery %s could not be written as a message", delivery.id)
            return Refused(reason=Reason("message_unwritable", error=type(err).__name__))
        try:
            async with asyncio.timeout(running.timeout_s):
                outcome = await running.channel.send(message)
                if picture is not None and isinstance(outcome, Refused) and not outcome.channel_broken:
                    return await running.channel.send(replace(message, picture=None))
                return outcome
        except TimeoutError:
            return TryAgain(reason=Reason("no_answer_within", seconds=running.timeout_s), uncertain=True)
        except Exception as err:
            _LOGGER.exception("Channel %s failed on delivery %s", delivery.channel_id, delivery.id)
            return TryAgain(reason=Reason("channel_failed", error=type(err).__name__), uncertain=True)

    async def _finish(self, delivery: Delivery, outcome: Outcome, started_at: datetime) -> None:
        chance = random.random()

        def write(conn: Connection) -> tuple[Delivery | None, Verdict]:
            # Here, not before: while this waited, the clock may have been set, and every due time with it.
            now = self._clock()
            verdict = decide(
                outcome,
                attempt=delivery.attempts,
                first_page=delivery.first_page,
                policy=self._rules.retry,
                now=now,
                chance=chance,
                page=delivery.kind in PAGES and not delivery.record,
            )
            began_at = min(started_at, now)
            after = record(conn, delivery, outcome, verdict, started_at=began_at, now=now)
            if after is not None and after.state is not State.CANCELLED:
                self._tell(conn, after, verdict)
            return after, verdict

        # However long the database is away: what is not written down would be sent again.
        after, verdict = await self._patiently(lambda: self._db.write(write))
        if not isinstance(verdict, Done):
            self._wake.notify()  # there is another attempt, another contact point, or news
        self._observer.sent(delivery, outcome, verdict, lag_s=(started_at - delivery.due_at).total_seconds())
        _LOGGER.info(
            "Delivery %s to %s over %s: %s",
            delivery.id,
            delivery.recipient,
            delivery.channel_id,
            "its claim was lost" if after is None else after.state.value,
        )

    def _tell(self, conn: Connection, delivery: Delivery, verdict: Verdict) -> None:
        """Report what became of the delivery; a fault there must not undo the record of what was sent."""
        try:
            with savepoint(conn):
                self._report(conn, delivery, verdict)
        except Exception as err:
            if perhaps_lost_race(err):
                raise
            _LOGGER.exception("The result of delivery %s could not be reported", delivery.id)

    async def _patiently[T](self, what: Callable[[], Awaitable[T]]) -> T:
        """Return what `what` does, once the database is there."""
        for pause_s in chain(AWAY_PAUSES_S, repeat(AWAY_PAUSES_S[-1])):
            try:
                return await what()
            except StoreUnavailable as err:
                _LOGGER.warning("%s (trying again in %s s)", err, pause_s)
                await asyncio.sleep(pause_s)
        raise AssertionError("unreachable")
