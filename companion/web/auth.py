"""Who is asking: the holder of an API key."""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from companion.alarms.model import Actor
from companion.directory import store as directory
from companion.directory.model import ApiKey
from companion.directory.roles import Role
from companion.ids import token_hash
from companion.store.database import StoreUnavailable
from companion.store.scope import ALL_SITES, Scope, scope_of
from companion.web.context import CLIENT, WRONG_TRIES, WebContext
from companion.web.problems import (
    KeyMissing,
    OneSiteOnly,
    RoleTooLow,
    TooManyRequests,
)

TOUCH_EVERY = timedelta(minutes=1)
"""How exact `last_used_at` is: not every request is worth a write."""
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="alarm-broker"'}


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The holder of a valid key."""

    key_id: str
    name: str
    role: Role
    site_id: str | None
    """The only site the caller may see, or None: every site."""

    def actor(self, *, via: str = "api") -> Actor:
        """Return who stands in the journal."""
        return Actor(name=self.name, via=via)

    @property
    def scope(self) -> Scope:
        """Return whose rows the caller's queries may see and change."""
        return scope_of(self.site_id)

    def require(self, role: Role) -> None:
        """Raise RoleTooLow unless the caller may do what `role` may."""
        if not self.role.covers(role):
            raise RoleTooLow(
                f"This needs the role {role}, the key {self.name!r} has {self.role}. Ask an administrator for another key."
            )

    def require_all_sites(self) -> None:
        """Raise OneSiteOnly if the caller may see one site only."""
        if self.site_id is not None:
            raise OneSiteOnly("This is about all sites. Use a key without a site.")


def bearer_token(request: web.Request) -> str | None:
    """Return the token of the Authorization header, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


async def caller_of(request: web.Request, context: WebContext) -> Caller:
    """Return who holds the request's API key; raises KeyMissing."""
    clear = bearer_token(request)
    if clear is None:
        raise KeyMissing("Send the API key in the header `Authorization: Bearer ab_…`.", headers=CHALLENGE)
    found = await caller_with_key(clear, context)
    if found is None:
        count_wrong_try(request)
        raise KeyMissing(
            "This API key is not known or was revoked. Make another with `alarm-broker key create`.",
            headers=CHALLENGE,
        )
    return found


async def caller_with_key(clear: str, context: WebContext) -> Caller | None:
    """Return who holds the key `clear`, or None if it is unknown or revoked; keeps when it was last used."""
    hashed = token_hash(clear)
    key = await context.db.read(lambda conn: directory.api_key_by_hash(ALL_SITES, conn, hashed))
    if key is None or key.revoked_at is not None:
        return None
    now = context.clock()
    if key.last_used_at is None or now - key.last_used_at >= TOUCH_EVERY:
        # With a disk that is full, reading must still work.
        with suppress(StoreUnavailable):
            await context.db.write(lambda conn: directory.touch_api_key(ALL_SITES, conn, key.id, now))
    return caller_of_key(key)


def count_wrong_try(request: web.Request) -> None:
    """Raise TooManyRequests if the request's client has guessed too often. Who is right is never asked to wait."""
    wait_s = request.app[WRONG_TRIES].take(request[CLIENT], time.monotonic())
    if wait_s:
        raise TooManyRequests(
            f"Too many wrong keys from this address. Wait {wait_s} seconds.", retry_after_s=wait_s
        )


def caller_of_key(key: ApiKey) -> Caller:
    """Return the holder of the key."""
    return Caller(key_id=key.id, name=key.name, role=key.role, site_id=key.site_id)
