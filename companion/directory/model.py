"""What the directory knows: sites, rooms, people and how to reach them, devices, channels, API keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from companion.directory.roles import Role
from companion.escalation.policy import Policy


@dataclass(frozen=True, kw_only=True)
class Site:
    """A home or an office."""

    id: str
    name: str
    timezone: str
    """IANA zone in which times are shown to people."""
    country: str | None
    """ISO 3166-1 alpha-2, of phone numbers without a country code; None: the installation's."""
    policy_id: str | None
    vacation_policy_id: str | None
    """Instead, while the house is in its vacation window."""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What holds for every site."""

    last_resort_id: str | None
    """The policy of alarms that have no other: without one they tell nobody."""
    operators: tuple[str, ...]
    """Ids of the people who are told when something is wrong with the service itself."""
    country: str | None
    """ISO 3166-1 alpha-2, of phone numbers without a country code."""


class DirectoryPolicy(Policy):
    """A policy as the directory has it: with whose it is."""

    site: str | None = Field(
        default=None, description="Id of the only site whose alarms may follow it; absent: all sites share it"
    )

    @property
    def body(self) -> Policy:
        """Return what an alarm follows."""
        return Policy.model_validate(self.model_dump(exclude={"site"}))


@dataclass(frozen=True, kw_only=True)
class Room:
    """Where in a site something hangs or stands."""

    id: str
    site_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who can be told."""

    id: str
    site_id: str | None
    """None: all sites share them."""
    name: str
    language: str


class DeviceKind(StrEnum):
    """What a device may be: it presses at an address below `/v1/<kind>/`, and its alarms have a source of that name."""

    YEALINK = "yealink"


@dataclass(frozen=True, kw_only=True)
class Device:
    """A thing with a token that raises alarms: a phone's panic key."""

    id: str
    kind: str
    name: str
    site_id: str | None
    room_id: str | None
    person_id: str | None
    policy_id: str | None
    """Instead of the site's."""
    test: bool
    """Raises test alarms only."""
    enabled: bool
    last_seen_at: datetime | None
    last_context: Mapping[str, Any]
    minute_started_at: datetime | None
    """Start of the minute that the rate limit counts in."""
    minute_count: int

    @property
    def missing(self) -> tuple[str, ...]:
        """Return which of person, room and site a responder would not be told."""
        mapping = {"person": self.person_id, "room": self.room_id, "site": self.site_id}
        return tuple(name for name, value in mapping.items() if value is None)


@dataclass(frozen=True, kw_only=True)
class ChannelRow:
    """A configured channel as it is stored."""

    id: str
    site_id: str | None
    """None: all sites share it."""
    kind: str
    name: str
    config: Mapping[str, Any]
    """Without its secrets: may be shown."""
    secrets: Mapping[str, Any] = field(repr=False)
    """Empty unless they were asked for."""
    enabled: bool
    concurrency: int
    timeout_s: float
    revision: int
    """Rises with every change, so that a running channel is rebuilt."""

    @property
    def full_config(self) -> dict[str, Any]:
        """Return what `channels.registry.build_channel` wants. Never shown."""
        return {**self.config, **self.secrets}


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """Who may use the API; the key itself is stored only as a hash."""

    id: str
    name: str
    role: Role
    site_id: str | None
    """None: every site."""
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
