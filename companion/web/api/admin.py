"""Devices and channels over the API."""

from datetime import datetime
from functools import partial
from typing import Any, Self

from sqlalchemy.engine import Connection

from companion.channels.base import Per, Quota
from companion.directory import store as directory
from companion.directory.model import ChannelRow, Device
from companion.directory.roles import Role
from companion.ids import new_token, token_hash
from companion.store.secrets import WrongSecretKey
from companion.troubles.channel_health import ChannelHealth
from companion.troubles.store import health_of_channels
from companion.web.http.route import Call, NoQuery, Output, Route
from companion.web.problems import UnknownDevice


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
    """Which of person, room and site a responder is not told."""
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


class QuotaOut(Output):
    """How many messages a channel's provider takes, as the last check found it."""

    limit: int
    used: int
    """By the provider's own count, or ours where it says none."""
    per: Per
    """It begins anew after it; days and months of UTC."""

    @classmethod
    def of(cls, found: Quota | None) -> Self | None:
        """Return the quota as it is shown."""
        if found is None or found.used is None:
            return None
        return cls(limit=found.limit, used=found.used, per=found.per)


class ChannelOut(Output):
    """A channel. Its secrets can be written, never read."""

    id: str
    kind: str
    name: str
    site: str | None
    """The only site that may tell people over it; null: all sites share it."""
    enabled: bool
    concurrency: int
    timeout_s: float
    config: dict[str, Any]
    secrets: list[str] | None
    """Names of the secrets that are set; null: this service's secret key cannot read them."""
    quota: QuotaOut | None
    """Null: the provider does not count, or was not asked yet."""


class ChannelList(Output):
    """Channels, by id."""

    channels: list[ChannelOut]


async def list_devices(call: Call[NoQuery, None]) -> DeviceList:
    """Return the devices that the caller may see."""
    found = await call.context.db.read(partial(directory.devices, call.caller.scope))
    return DeviceList(devices=[DeviceOut.of(one) for one in found])


async def show_device(call: Call[NoQuery, None]) -> DeviceOut:
    """Return one device."""
    return DeviceOut.of(await call.context.db.read(lambda conn: _visible(conn, call)))


async def rotate_token(call: Call[NoQuery, None]) -> DeviceToken:
    """Give the device a new token."""
    token = new_token()

    def work(conn: Connection) -> Device:
        device = _visible(conn, call)
        directory.put_token(call.caller.scope, conn, device.id, token_hash(token))
        return device

    device = await call.context.db.write(work)
    base = call.context.settings.public_url
    return DeviceToken(device=device.id, token=token, url=f"{base}/v1/yealink/alarm?token={token}")


def _visible(conn: Connection, call: Call[NoQuery, None]) -> Device:
    device_id = call.path("device_id")
    device = directory.device_by_id(call.caller.scope, conn, device_id)
    if device is None:
        raise UnknownDevice(f"There is no device {device_id}. GET /v1/admin/devices lists those there are.")
    return device


async def list_channels(call: Call[NoQuery, None]) -> ChannelList:
    """Return every channel, its secrets by name only."""
    secrets, scope = call.context.secrets, call.caller.scope

    def work(conn: Connection) -> list[ChannelOut]:
        sealed, health = directory.sealed_secrets(scope, conn), health_of_channels(scope, conn)
        return [
            _channel_out(row, _secret_names(row.id, sealed[row.id]), health.get(row.id))
            for row in directory.channels(scope, conn)
        ]

    def _secret_names(channel_id: str, stored: str | None) -> list[str] | None:
        try:
            return [] if stored is None else sorted(secrets.open(channel_id, stored))
        except WrongSecretKey:
            return None

    return ChannelList(channels=await call.context.db.read(work))


def _channel_out(row: ChannelRow, secret_names: list[str] | None, health: ChannelHealth | None) -> ChannelOut:
    return ChannelOut(
        id=row.id,
        kind=row.kind,
        name=row.name,
        site=row.site_id,
        enabled=row.enabled,
        concurrency=row.concurrency,
        timeout_s=row.timeout_s,
        config=dict(row.config),
        secrets=secret_names,
        quota=None if health is None else QuotaOut.of(health.quota),
    )


_administration = partial(Route, tag="administration", role=Role.ADMIN)

ROUTES = (
    _administration(
        method="GET",
        path="/v1/admin/devices",
        handler=list_devices,
        name="list_devices",
        summary="Devices, what each still needs, and when it was last heard of",
        answers={200: DeviceList},
    ),
    _administration(
        method="GET",
        path="/v1/admin/devices/{device_id}",
        handler=show_device,
        name="show_device",
        summary="One device",
        answers={200: DeviceOut},
        problems=(UnknownDevice,),
    ),
    _administration(
        method="POST",
        path="/v1/admin/devices/{device_id}/token",
        handler=rotate_token,
        name="rotate_token",
        summary="Give a device a new token; the old one is worth nothing from then on",
        answers={200: DeviceToken},
        problems=(UnknownDevice,),
    ),
    _administration(
        method="GET",
        path="/v1/admin/channels",
        handler=list_channels,
        name="list_channels",
        summary="Channels; of their secrets only the names",
        all_sites=True,
        answers={200: ChannelList},
    ),
)
