"""API keys: who may use the API."""

from datetime import datetime
from functools import partial
from typing import Self

from aiohttp import web
from pydantic import Field
from sqlalchemy.engine import Connection

from companion.directory import store as directory
from companion.directory.model import ApiKey
from companion.directory.roles import Role
from companion.web.api.fields import Identifier, Line
from companion.web.http.route import Answer, Call, Input, NoQuery, Output, Route
from companion.web.problems import InvalidRequest, UnknownKey


class NewKey(Input):
    """Whom the key is for, and what it may do."""

    name: Line
    role: Role
    site: Identifier | None = Field(default=None, description="The only site it may see; absent: every site")


class KeyOut(Output):
    """A key, without the key itself."""

    id: str
    name: str
    role: Role
    site: str | None
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """Return what is said about `key`."""
        return cls(
            id=key.id,
            name=key.name,
            role=key.role,
            site=key.site_id,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
        )


class KeyMade(Output):
    """A new key. This is the only time that it is shown."""

    key: str
    about: KeyOut


class KeyList(Output):
    """Every key, revoked ones too, oldest first."""

    keys: list[KeyOut]


async def list_keys(call: Call[NoQuery, None]) -> KeyList:
    """Return every key."""
    found = await call.context.db.read(partial(directory.api_keys, call.caller.scope))
    return KeyList(keys=[KeyOut.of(key) for key in found])


async def make_key(call: Call[NoQuery, NewKey]) -> Answer:
    """Make a key and show it this once."""
    new, now, scope = call.body, call.context.clock(), call.caller.scope

    def work(conn: Connection) -> tuple[ApiKey, str]:
        if new.site is not None and directory.site_by_id(scope, conn, new.site) is None:
            problem = f"there is no site {new.site!r}"
            raise InvalidRequest(f"body.site: {problem}", errors=[{"where": "body.site", "problem": problem}])
        return directory.create_api_key(scope, conn, name=new.name, role=new.role, site_id=new.site, now=now)

    key, clear = await call.context.db.write(work)
    return Answer(body=KeyMade(key=clear, about=KeyOut.of(key)), status=201)


async def revoke_key(call: Call[NoQuery, None]) -> web.Response:
    """Make the key useless from now on."""
    key_id, now, scope = call.path("key_id"), call.context.clock(), call.caller.scope
    if not await call.context.db.write(lambda conn: directory.revoke_api_key(scope, conn, key_id, now)):
        raise UnknownKey(f"There is no valid key {key_id}. GET /v1/admin/keys lists them.")
    return web.Response(status=204)


_administration = partial(Route, tag="administration", role=Role.ADMIN, all_sites=True)

ROUTES = (
    _administration(
        method="GET",
        path="/v1/admin/keys",
        handler=list_keys,
        name="list_keys",
        summary="API keys, revoked ones too",
        answers={200: KeyList},
    ),
    _administration(
        method="POST",
        path="/v1/admin/keys",
        handler=make_key,
        name="make_key",
        summary="Make an API key; it is shown only in this answer",
        body=NewKey,
        answers={201: KeyMade},
    ),
    _administration(
        method="DELETE",
        path="/v1/admin/keys/{key_id}",
        handler=revoke_key,
        name="revoke_key",
        summary="Make a key useless from now on; its line stays in the list",
        answers={204: None},
        problems=(UnknownKey,),
    ),
)
