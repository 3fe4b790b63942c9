"""Devices and channels over the API."""

import asyncio
import time
from datetime import datetime
from typing import Annotated, Any, Final, Self

import sqlalchemy as sa
from pydantic import Field
from sqlalchemy.engine import Connection

from companion.alarms.model import Severity, Source
from companion.channels.base import Message, MessageKind, Outcome, Refused, Sent, TryAgain
from companion.directory.model import ChannelRow, Device, Role
from companion.dispatch.worker import ChannelUnusable, Configured
from companion.errors import ChannelNotUsable, UnknownChannel, UnknownDevice
from companion.ids import new_id, new_token, token_hash
from companion.store import directory, tables
from companion.store.secrets import WrongSecretKey
from companion.web.api.fields import DetailValue
from companion.web.route import Call, Input, NoQuery, Output, Route

TEST_LIMIT_S: Final = 25
"""Shorter than the request's own limit, so that the caller hears what was the matter."""


class DeviceOut(Output):
    """A device and when it was last heard of."""

    id: str
    kind: str
    name: str
    site: str | None
    room: str | None
    person: str | None
    policy: str | None
    test: bool
    enabled: bool
    missing: list[str]
    """What keeps its key from raising an alarm (409)."""
    last_seen_at: datetime | None
    last_context: dict[str, Any]

    @classmethod
    def of(cls, device: Device) -> Self:
        """Return what is said about `device`."""
        return cls(
            id=device.id,
            kind=device.kind,
            name=device.name,
            site=device.site_id,
            room=device.room_id,
            person=device.person_id,
            policy=device.policy_id,
            test=device.test,
            enabled=device.enabled,
            missing=list(device.missing),
            last_seen_at=device.last_seen_at,
            last_context=dict(device.last_context),
        )


class DeviceList(Output):
    """Devices, by name."""

    devices: list[DeviceOut]


class DeviceToken(Output):
    """A device's new token. This is the only time that it is shown; the old one is worth nothing now."""

    device: str
    token: str
    url: str
    """What the phone's key must call."""


class ChannelOut(Output):
    """A channel. Its secrets can be written, never read."""

    id: str
    kind: str
    name: str
    enabled: bool
    concurrency: int
    timeout_s: float
    config: dict[str, Any]
    secrets: list[str] | None
    """Names of the secrets that are set; null: this service's secret key cannot read them."""


class ChannelList(Output):
    """Channels, by id."""

    channels: list[ChannelOut]


class ChannelTrial(Input):
    """How to try a channel."""

    address: DetailValue | None = Field(
        default=None, description="Send a test message there (empty for a ticket system); absent: only check"
    )
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = "en"


class TrialResult(Output):
    """What the provider said."""

    sent: bool
    """A message went out; false: the channel was only checked."""
    outcome: str
    """`sent` (for a check: all is well), `failed`, `uncertain` or `refused`."""
    reason: str | None
    status_code: int | None
    provider_ref: str | None
    took_s: float


async def list_devices(call: Call[NoQuery, None]) -> DeviceList:
    """Return the devices that the caller may see."""
    mine = call.caller.site_id
    found = await call.context.db.read(directory.devices)
    return DeviceList(devices=[DeviceOut.of(one) for one in found if mine in {None, one.site_id}])


async def show_device(call: Call[NoQuery, None]) -> DeviceOut:
    """Return one device."""
    return DeviceOut.of(await call.context.db.read(lambda conn: _visible(conn, call)))


async def rotate_token(call: Call[NoQuery, None]) -> DeviceToken:
    """Give the device a new token."""
    token = new_token()

    def work(conn: Connection) -> Device:
        device = _visible(conn, call)
        conn.execute(
            sa.update(tables.device)
            .where(tables.device.c.id == device.id)
            .values(token_hash=token_hash(token))
        )
        return device

    device = await call.context.db.write(work)
    base = call.context.settings.public_url
    return DeviceToken(device=device.id, token=token, url=f"{base}/v1/yealink/alarm?token={token}")


def _visible(conn: Connection, call: Call[NoQuery, None]) -> Device:
    device_id = call.path("device_id")
    device = directory.device_by_id(conn, device_id)
    if device is None or call.caller.site_id not in {None, device.site_id}:
        raise UnknownDevice(f"There is no device {device_id}. GET /v1/admin/devices lists those there are.")
    return device


async def list_channels(call: Call[NoQuery, None]) -> ChannelList:
    """Return every channel, its secrets by name only."""
    secrets = call.context.secrets

    def work(conn: Connection) -> list[ChannelOut]:
        sealed = dict(conn.execute(sa.select(tables.channel.c.id, tables.channel.c.secrets)).tuples().all())
        return [_channel_out(row, _secret_names(row.id, sealed[row.id])) for row in directory.channels(conn)]

    def _secret_names(channel_id: str, stored: str | None) -> list[str] | None:
        try:
            return [] if stored is None else sorted(secrets.open(channel_id, stored))
        except WrongSecretKey:
            return None

    return ChannelList(channels=await call.context.db.read(work))


def _channel_out(row: ChannelRow, secret_names: list[str] | None) -> ChannelOut:
    return ChannelOut(
        id=row.id,
        kind=row.kind,
        name=row.name,
        enabled=row.enabled,
        concurrency=row.concurrency,
        timeout_s=row.timeout_s,
        config=dict(row.config),
        secrets=secret_names,
    )


async def try_channel(call: Call[NoQuery, ChannelTrial]) -> TrialResult:
    """Check the channel, or send a test message over it, and return what its provider said."""
    channel_id = call.path("channel_id")
    row = await call.context.db.read(lambda conn: directory.channel_by_id(conn, channel_id))
    if row is None:
        raise UnknownChannel(
            f"There is no channel {channel_id}. GET /v1/admin/channels lists those there are."
        )
    try:
        configured = await call.context.channels.get(channel_id)
    except ChannelUnusable as err:
        raise ChannelNotUsable(f"{err}.") from err
    if configured is None:
        raise ChannelNotUsable(
            f"Channel {channel_id} is switched off. Set `enabled: true` and apply the directory."
        )
    started = time.monotonic()
    outcome = await _tried(configured, call.body, call.context.clock())
    return _result(outcome, sent=call.body.address is not None, took_s=round(time.monotonic() - started, 3))


async def _tried(configured: Configured, trial: ChannelTrial, now: datetime) -> Outcome:
    limit_s = min(configured.timeout_s, TEST_LIMIT_S)
    try:
        async with asyncio.timeout(limit_s):
            if trial.address is None:
                return await configured.channel.check()
            return await configured.channel.send(_test_message(trial.address, trial.language, now))
    except TimeoutError:
        return TryAgain(reason=f"no answer within {limit_s:g} s", uncertain=True)


def _test_message(address: str, language: str, now: datetime) -> Message:
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
        language=language,
        title="Test of this channel",
        severity=Severity.LOW,
        source=Source.API,
        raised_at=now,
        test=True,
    )


def _result(outcome: Outcome, *, sent: bool, took_s: float) -> TrialResult:
    match outcome:
        case Sent(provider_ref=provider_ref):
            name, reason = "sent", None
        case TryAgain(reason=reason, uncertain=uncertain):
            name, provider_ref = "uncertain" if uncertain else "failed", None
        case Refused(reason=reason):
            name, provider_ref = "refused", None
    return TrialResult(
        sent=sent,
        outcome=name,
        reason=reason,
        status_code=outcome.status_code,
        provider_ref=provider_ref,
        took_s=took_s,
    )


ROUTES = (
    Route(
        method="GET",
        path="/v1/admin/devices",
        handler=list_devices,
        name="list_devices",
        summary="Devices, what each still needs, and when it was last heard of",
        tag="administration",
        role=Role.ADMIN,
        answers={200: DeviceList},
    ),
    Route(
        method="GET",
        path="/v1/admin/devices/{device_id}",
        handler=show_device,
        name="show_device",
        summary="One device",
        tag="administration",
        role=Role.ADMIN,
        answers={200: DeviceOut},
        problems=(UnknownDevice,),
    ),
    Route(
        method="POST",
        path="/v1/admin/devices/{device_id}/token",
        handler=rotate_token,
        name="rotate_token",
        summary="Give a device a new token; the old one is worth nothing from then on",
        tag="administration",
        role=Role.ADMIN,
        answers={200: DeviceToken},
        problems=(UnknownDevice,),
    ),
    Route(
        method="GET",
        path="/v1/admin/channels",
        handler=list_channels,
        name="list_channels",
        summary="Channels; of their secrets only the names",
        tag="administration",
        role=Role.ADMIN,
        all_sites=True,
        answers={200: ChannelList},
    ),
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
        problems=(UnknownChannel, ChannelNotUsable),
    ),
)
