"""Channels tried by an operator: are the credentials right, does a message arrive."""

import asyncio
import time
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from sqlalchemy.engine import Connection

from companion.alarms.model import Severity, Source
from companion.channels.base import AddressInvalid, Message, MessageKind, Outcome, Refused, Sent, TryAgain
from companion.channels.registry import KindUnavailable, find_kind, formed_address
from companion.directory import store as directory
from companion.directory.apply import stored_state
from companion.directory.contacts import country_of
from companion.directory.roles import Role
from companion.dispatch import outbox
from companion.dispatch.delivery import Delivery, State
from companion.dispatch.record import record
from companion.dispatch.retry import Done, GiveUp
from companion.dispatch.store import delivery_by_id
from companion.dispatch.wake import wait
from companion.dispatch.worker import ChannelUnusable, RunningChannel
from companion.ids import new_id
from companion.texts.language import LANGUAGE_PATTERN
from companion.texts.reasons import Reason, spelled_out
from companion.troubles.channel_health import Try
from companion.troubles.channel_watch import note
from companion.web.api.fields import DetailValue
from companion.web.callbacks import callback_url
from companion.web.http.route import Call, Input, NoQuery, Output, Route
from companion.web.problems import ChannelNotUsable, InvalidRequest, UnknownChannel

TEST_LIMIT_S: Final = 25
"""Shorter than the request's own limit, so that the caller hears what was the matter."""
LOOK_EVERY_S: Final = 1.0
"""What another replica heard may come without a wake-up."""


class ChannelTrial(Input):
    """How to try a channel."""

    address: DetailValue | None = Field(
        default=None, description="Send a test message there (empty for a ticket system); absent: only check"
    )
    language: Annotated[str, Field(pattern=LANGUAGE_PATTERN)] = "en"
    wait_s: Annotated[float, Field(ge=0, le=20)] = 15
    """Longest time to wait for the provider's receipt, where there is one; the whole request ends after 25 seconds."""


class TrialReceipt(Output):
    """What the provider said, later, became of the message."""

    state: Literal["none_yet", "delivered", "read", "undelivered"]
    """`none_yet`: a receipt was waited for, and did not come in time."""
    reason: str | None = None
    """Why it was not delivered, in English."""
    reason_code: str | None = None
    reason_facts: dict[str, Any] = Field(default_factory=dict)


class TrialResult(Output):
    """What the provider said."""

    sent: bool
    """A message went out; false: the channel was only checked."""
    outcome: str
    """`sent` (for a check: all is well), `failed`, `uncertain` or `refused`."""
    reason: str | None
    """Why not, in English."""
    reason_code: str | None = None
    reason_facts: dict[str, Any] = Field(default_factory=dict)
    """The same for programs; codes of one kind of channel begin with its name, such as `sms.no_rule`."""
    warning: str | None
    """What to know although it worked, in English."""
    warning_code: str | None = None
    warning_facts: dict[str, Any] = Field(default_factory=dict)
    status_code: int | None
    provider_ref: str | None
    answer: str | None
    """The gateway's own words, cut, and without secrets, links and the message; null: the channel does not show them."""
    rule: str | None
    """Which of the channel's `answers` read them, such as `answers[1]`; null: none."""
    receipt: TrialReceipt | None
    """Whether it arrived; null: the message was not taken, or its provider never says."""
    took_s: float


async def try_channel(call: Call[NoQuery, ChannelTrial]) -> TrialResult:
    """Check the channel, or send a test message over it, and return what its provider said."""
    channel_id = call.path("channel_id")
    row = await call.context.db.read(
        lambda conn: directory.channel_by_id(call.caller.scope, conn, channel_id)
    )
    if row is None:
        raise UnknownChannel(
            f"There is no channel {channel_id}. GET /v1/admin/channels lists those there are."
        )
    try:
        running = await call.context.channels.get(channel_id)
    except ChannelUnusable as err:
        raise ChannelNotUsable(f"{err}.") from err
    if running is None:
        raise ChannelNotUsable(
            f"Channel {channel_id} is switched off. Set `enabled: true` and apply the directory."
        )
    started, started_at = time.monotonic(), call.context.clock()
    message = None
    if call.body.address is not None:
        address = await _formed(call, row.kind, call.body.address)
        clock = await call.context.db.read(partial(directory.only_site, call.caller.scope))
        timezone = "UTC" if clock is None else clock.timezone
        called_back = callback_url(call.context.settings.public_url, channel_id)
        message = _test_message(address, call.body, started_at, timezone, called_back)
        message = replace(message, wording=call.context.texts().wording(channel_id, None))
    outcome = await _tried(running, message)
    made = None
    if message is not None:
        made = await call.context.db.write(
            lambda conn: _record(conn, channel_id, message, outcome, started_at, call.context.clock())
        )
    what = Try.PROBE if message is None else Try.SEND
    await call.context.commands.run(call.caller.scope, lambda unit: note(unit, [(channel_id, what, outcome)]))
    receipt = None
    if made is not None and isinstance(outcome, Sent) and outcome.receipt_follows:
        until = min(time.monotonic() + call.body.wait_s, started + TEST_LIMIT_S)
        receipt = _receipt(await _heard_of(call, made, until))
    return _result(outcome, receipt, sent=message is not None, took_s=round(time.monotonic() - started, 3))


async def _heard_of(call: Call[NoQuery, ChannelTrial], made: Delivery, until: float) -> Delivery:
    """Return the delivery once its provider has said what became of it, or as it is at `until` (monotonic, seconds)."""
    context, scope = call.context, call.caller.scope
    woken = context.wake.subscribe()
    try:
        while True:
            found = await context.db.read(lambda conn: delivery_by_id(scope, conn, made.id))
            left_s = until - time.monotonic()
            if found is None or found.state is not State.SENT or left_s <= 0:
                return found or made
            await wait(woken, min(left_s, LOOK_EVERY_S), settle_s=0)
    finally:
        context.wake.unsubscribe(woken)


def _receipt(delivery: Delivery) -> TrialReceipt:
    if delivery.state is State.ERROR:
        return TrialReceipt(state="undelivered", **spelled_out({"reason": delivery.last_error}))
    if delivery.state is not State.DELIVERED:
        return TrialReceipt(state="none_yet")
    return TrialReceipt(state="delivered" if delivery.read_at is None else "read")


async def _formed(call: Call[NoQuery, ChannelTrial], kind: str, address: str) -> str:
    """Return the address as `apply` would store it, so that what is tried is what an alarm would use."""
    found = find_kind(kind)
    if found is None or not found.addressed:
        return address
    state = await call.context.db.read(stored_state)
    try:
        return formed_address(kind, address, country_of(state, None))
    except KindUnavailable as err:
        raise ChannelNotUsable(f"{err}.") from err
    except AddressInvalid as err:
        raise InvalidRequest(
            f"body.address: {err}", errors=[{"where": "body.address", "problem": str(err)}]
        ) from None


async def _tried(running: RunningChannel, message: Message | None) -> Outcome:
    limit_s = min(running.timeout_s, TEST_LIMIT_S)
    try:
        async with asyncio.timeout(limit_s):
            if message is None:
                return await running.channel.check()
            return await running.channel.send(message)
    except TimeoutError:
        return TryAgain(reason=Reason("no_answer_within", seconds=limit_s), uncertain=True)


def _record(
    conn: Connection, channel_id: str, message: Message, outcome: Outcome, started_at: datetime, now: datetime
) -> Delivery | None:
    """Write the test down like any delivery, so that readiness and dashboard know that the channel works again."""
    new = outbox.NewDelivery(
        kind=message.kind,
        occurrence=message.delivery_id,
        channel_id=channel_id,
        address=message.address,
        recipient=message.recipient,
        message={"title": message.title, "language": message.language},
    )
    # Claimed and finished in one transaction: no worker ever sees it waiting.
    claim = outbox.Claim("channel test/0/0", timedelta(0), lambda *_: True)
    [delivery] = outbox.enqueue(conn, None, [new], started_at, claim)
    verdict = Done() if isinstance(outcome, Sent) else GiveUp(outcome.reason)
    return record(conn, delivery, outcome, verdict, started_at=started_at, now=now)


def _test_message(
    address: str, trial: ChannelTrial, now: datetime, timezone: str, called_back: str
) -> Message:
    message_id = new_id()
    return Message(
        delivery_id=message_id,
        alarm_id=message_id,
        kind=MessageKind.TEST,
        idempotency_key=message_id,
        may_have_been_sent=False,
        thread_ref=None,
        address=address,
        recipient=address,
        language=trial.language,
        title="",
        severity=Severity.LOW,
        source=Source.API,
        raised_at=now,
        timezone=timezone,
        test=True,
        callback_url=called_back,
    )


def _result(outcome: Outcome, receipt: TrialReceipt | None, *, sent: bool, took_s: float) -> TrialResult:
    match outcome:
        case Sent(provider_ref=provider_ref, warning=warning):
            name, reason = "sent", None
        case TryAgain(uncertain=uncertain, reason=reason):
            name, provider_ref, warning = "uncertain" if uncertain else "failed", None, None
        case Refused(reason=reason):
            name, provider_ref, warning = "refused", None, None
    heard = outcome.heard
    return TrialResult(
        sent=sent,
        outcome=name,
        **spelled_out({"reason": reason, "warning": warning}),
        status_code=outcome.status_code,
        provider_ref=provider_ref,
        answer=None if heard is None else heard.answer,
        rule=None if heard is None else heard.rule,
        receipt=receipt,
        took_s=took_s,
    )


ROUTES = (
    Route(
        method="POST",
        path="/v1/admin/channels/{channel_id}/test",
        handler=try_channel,
        name="try_channel",
        summary="Check a channel, or send a test message over it",
        tag="administration",
        role=Role.ADMIN,
        all_sites=True,
        body=ChannelTrial,
        body_required=False,
        answers={200: TrialResult},
        problems=(UnknownChannel, ChannelNotUsable, InvalidRequest),
    ),
)
