"""Whatever the holder of one site's key asks, on every route and page: nothing of the other site is told or changed."""

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy.engine import Connection

from companion.directory.apply import apply_document
from companion.ids import new_id
from companion.store import tables
from companion.store.secrets import Secrets
from companion.web.http.route import Page, Route
from companion.web.routes import table
from tests.companion.directory.documents import read
from tests.companion.web.harness import (
    SECRET_KEY,
    Api,
)
from tests.companion.web.people_pages import saw, token_for
from tests.companion.web.threaded import Session, application, in_a_thread, signed_in
from tests.fakes.channel import FakeChannel, FakePool
from tests.fakes.clock import FrozenClock

MINE, THEIRS = "office", "bravo"
SECRET = re.compile("hush|555501", re.IGNORECASE)
"""In each name, title, note and address of the other site; its ids have THEIRS in them."""
FORM = "application/x-www-form-urlencoded"


def directory() -> dict[str, Any]:
    """Return two sites that have the same; the other one's names are secret. A guard and a channel are shared."""

    def of(site: str, name: str, number: str) -> dict[str, list[dict[str, Any]]]:
        own = {"site": site}
        sms = {"channel": f"{site}-sms", "address": f"+4930{number}1"}
        targets = [{"person": f"{site}-keeper"}, {"person": "guard"}, sms | {"name": f"{name} group"}]
        return {
            "sites": [
                {
                    "id": site,
                    "name": f"{name} site",
                    "timezone": "UTC",
                    "policy": f"{site}-policy",
                    "rooms": [{"id": f"{site}-room", "name": f"{name} room"}],
                }
            ],
            "channels": [
                {
                    "id": f"{site}-sms",
                    "kind": "sms",
                    "name": f"{name} sms",
                    "config": {"url": "http://[::1]/"},
                }
                | own
            ],
            "people": [
                {"id": f"{site}-keeper", "name": f"{name} keeper", "contacts": [sms]} | own,
                # Somebody whom a shared policy tells, as one could before policies had a site.
                {"id": f"{site}-clerk", "name": f"{name} clerk", "contacts": [sms]} | own,
            ],
            "policies": [
                {"id": f"{site}-policy", "name": f"{name} policy", "steps": [{"targets": targets}]} | own,
                {
                    "id": f"{site}-clerks",
                    "name": f"{name} clerks",
                    "steps": [{"targets": [{"person": f"{site}-clerk"}]}],
                },
            ],
            "devices": [
                {
                    "id": f"{site}-phone",
                    "kind": "yealink",
                    "name": f"{name} phone",
                    "room": f"{site}-room",
                    "person": f"{site}-keeper",
                    "token": f"{site}-phone-token-0123456789",
                }
                | own
            ],
        }

    mine, theirs = of(MINE, "Open", "111111"), of(THEIRS, "Hush", "555501")
    both = {section: mine[section] + theirs[section] for section in mine}
    both["channels"].append({"id": "sms", "kind": "sms", "name": "SMS", "config": {"url": "http://[::1]/"}})
    guard = {"id": "guard", "name": "Guard", "contacts": [{"channel": "sms", "address": "+49302222222"}]}
    both["people"].append(guard)
    return both


@dataclass
class World:
    """The application in a thread of its own: what hypothesis drives must not wait in an event loop."""

    loop: asyncio.AbstractEventLoop
    api: Api
    session: Session
    mine: dict[str, str]
    """By name in a path, query or body: something of the caller's own site."""
    theirs: dict[str, str]
    """The same of the other one."""

    def do[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Return what the work returns there."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


async def _things(api: Api, site: str, words: str) -> dict[str, str]:
    """Let something happen at the site, and return what it can be called by."""
    alarm_id = await api.raised(site=site, title=f"{words} fire", details={"what": f"{words} detail"})
    await api.call("POST", f"/v1/alarms/{alarm_id}/notes", json={"text": f"{words} note"})
    await api.press(f"{site}-phone-token-0123456789", model=f"{words} model")
    await saw(api, alarm_id, camera=f"{words} camera", link=f"https://home.example/{words}")
    given_up = sa.update(tables.delivery).where(tables.delivery.c.alarm_id == alarm_id).values(state="error")
    await api.context.db.write(lambda conn: conn.execute(given_up))
    detail = (await api.call("GET", f"/v1/alarms/{alarm_id}")).json
    keys = (await api.call("GET", "/v1/admin/keys")).json["keys"]
    own_key = next(key for key in keys if key["site"] == site)
    await api.context.db.write(lambda conn: _link(conn, site, words))
    return {
        "alarm_id": alarm_id,
        "delivery_id": detail["deliveries"][0]["id"],
        "device_id": f"{site}-phone",
        "policy_id": f"{site}-policy",
        "channel_id": f"{site}-sms",
        "key_id": own_key["id"],
        "site": site,
        "room": f"{site}-room",
        "person": f"{site}-keeper",
        "clerks": f"{site}-clerks",
        "ack_token": token_for(alarm_id, f"{site}-keeper"),
    }


def _link(conn: Connection, site: str, words: str) -> None:
    peer = {
        "instance": f"{site}-home",
        "name": f"{words} home",
        "site_id": site,
        "received": 0,
        "next_seq": 1,
    }
    conn.execute(sa.insert(tables.link_peer).values(**peer, their_stream="a", our_stream="b"))
    area = {"area": "house", "name": f"{words} area", "state": "armed_away", "at": FrozenClock()()}
    conn.execute(sa.insert(tables.link_area).values(instance=f"{site}-home", **area))
    trouble = {
        "key": f"site_reaches_nobody:{site}",
        "kind": "site_reaches_nobody",
        "subject": f"{words} trouble",
    }
    when = {"since": FrozenClock()(), "last_at": FrozenClock()()}
    conn.execute(
        sa.insert(tables.trouble).values(
            **trouble, **when, site_id=site, hidden=False, facts={}, severity="error"
        )
    )


@asynccontextmanager
async def _two_sites(database_url: str, folder: Path) -> AsyncIterator[World]:
    pool = FakePool({f"{site}-sms": FakeChannel() for site in (MINE, THEIRS)} | {"sms": FakeChannel()})

    def seed(conn: Connection) -> None:
        apply_document(conn, read(directory()), Secrets(SECRET_KEY))

    async with application(database_url, folder, pool, seed, other_site=THEIRS) as api:
        session = await signed_in(api, lambda key: key.site_id == MINE)
        theirs, mine = await _things(api, THEIRS, "Hush"), await _things(api, MINE, "Open")
        yield World(
            loop=asyncio.get_running_loop(),
            api=api,
            session=session,
            mine=mine,
            theirs=theirs,
        )


@pytest.fixture(scope="module")
def world(lasting_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two sites on it."""
    folder = tmp_path_factory.mktemp("two-sites")
    with in_a_thread(_two_sites(lasting_database_url, folder)) as world:
        yield world


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """Do without Home Assistant's look for left-over threads: the application's outlive each single test here."""


# --- what is asked --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """One request. What stands for something of a site is `{name}`, or `{their name}` for the other site's."""

    path: str
    query: list[tuple[str, str]]
    body: Any

    @property
    def names(self) -> list[str]:
        """Return what of the other site it names, the longest first: one may be within another."""
        found = set(re.findall(r"\{their ([a-z_]+)\}", f"{self.path} {self.query} {self.body}"))
        return sorted(found, key=lambda name: -len(name))

    def of(self, world: World, theirs: Mapping[str, str]) -> tuple[str, list[tuple[str, str]], Any]:
        """Return path, query and body with the names filled in."""
        names = {f"{{{name}}}": value for name, value in world.mine.items()}
        names |= {f"{{their {name}}}": value for name, value in theirs.items()}
        return _filled(self.path, names), _filled(self.query, names), _filled(self.body, names)


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case str():
            return re.sub(r"\{[a-z_ ]+\}", lambda match: names.get(match[0], match[0]), value)
        case dict():
            return {_filled(key, names): _filled(inner, names) for key, inner in value.items()}
        case list():
            return [_filled(inner, names) for inner in value]
        case tuple():
            return tuple(_filled(inner, names) for inner in value)
        case _:
            return value


NAMES = (
    "alarm_id",
    "delivery_id",
    "device_id",
    "policy_id",
    "channel_id",
    "key_id",
    "site",
    "room",
    "person",
    "clerks",
)


def _text() -> st.SearchStrategy[str]:
    named = st.sampled_from([f"{{their {name}}}" for name in NAMES] * 2 + [f"{{{name}}}" for name in NAMES])
    return named | st.sampled_from(["made-up", "2026-11-20T12:00:00Z", "+49301234567"])


def _like(schema: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values that fit a model's JSON schema; what is free text mostly names something of the other site."""
    if "$ref" in schema:
        return _like(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "anyOf" in schema:
        return st.one_of([_like(one, root) for one in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    match schema.get("type"):
        case "object" if "properties" in schema:
            needed = set(schema.get("required", ()))
            fields = {name: _like(one, root) for name, one in schema["properties"].items()}
            return st.fixed_dictionaries(
                {name: one for name, one in fields.items() if name in needed},
                optional={name: one for name, one in fields.items() if name not in needed},
            )
        case "object":
            return st.dictionaries(st.just("note"), _text(), max_size=1)
        case "array":
            return st.lists(_like(schema.get("items", {}), root), min_size=1, max_size=2)
        case "string":
            return _text()
        case "boolean":
            return st.booleans()
        case "integer" | "number":
            return st.integers(1, 50)
        case _:
            return st.none()


def _model(model: Any) -> st.SearchStrategy[Any]:
    schema = model.model_json_schema()
    return _like(schema, schema)


@st.composite
def asked(draw: st.DrawFn, operation: Route | Page) -> Asked:
    """Return a request to the operation that mostly is about what the other site has."""

    def place(match: re.Match[str]) -> str:
        own_link = match[1] == "ack_token"  # a link is its holder's right, whatever keys there are
        return match[0] if own_link else draw(st.sampled_from([f"{{their {match[1]}}}"] * 3 + [match[0]]))

    path = re.sub(r"\{(\w+)\}", place, operation.path)
    query: list[tuple[str, str]] = []
    model = operation.query
    for name, value in (draw(_model(model)) if model is not None else {}).items():
        values = value if isinstance(value, list) else [value]
        query += [
            (name, str(one).lower() if isinstance(one, bool) else str(one))
            for one in values
            if one is not None
        ]
    form = operation.form if isinstance(operation, Page) else operation.body
    return Asked(path, query, None if form is None else draw(_model(form)))


# --- what is answered -----------------------------------------------------------------------------------


def rows_of_theirs(conn: Connection) -> str:
    """Return every row that is the other site's, or hangs on one that is."""
    alarms = sa.select(tables.alarm.c.id).where(tables.alarm.c.site_id == THEIRS)
    sites = [one for one in tables.metadata.sorted_tables if "site_id" in one.c]
    queries = [sa.select(one).where(one.c.site_id == THEIRS) for one in sites]
    queries += [
        sa.select(one).where(one.c.alarm_id.in_(alarms))
        for one in tables.metadata.sorted_tables
        if "alarm_id" in one.c and one is not tables.dedup
    ]
    queries.append(sa.select(tables.link_event).where(tables.link_event.c.instance == f"{THEIRS}-home"))
    return "\n".join(sorted(str(row) for query in queries for row in conn.execute(query)))


async def _ask(
    world: World, operation: Route | Page, request: Asked, theirs: Mapping[str, str]
) -> tuple[int, str]:
    path, query, body = request.of(world, theirs)
    if isinstance(operation, Route):
        json = {} if body is None or operation.method == "GET" else {"json": body}
        reply = await world.api.call(operation.method, path, MINE, params=query, **json)
    else:
        fields = {"data": {**body, "form_token": world.session.form_token}} if body is not None else {}
        cookie = {"Cookie": world.session.cookie}
        reply = await world.api.call(operation.method, path, None, params=query, headers=cookie, **fields)
    headers = [f"{name}: {value}" for name, value in reply.headers.items() if name not in OF_THE_MOMENT]
    text = "\n".join([*headers, reply.body.decode(errors="replace")])
    for name in request.names:  # what the caller has sent may come back
        text = text.replace(theirs[name], f"<{name}>")
    return reply.status, text


OF_THE_MOMENT = frozenset({"Date", "Content-Length", "X-Request-Id"})
_CHANGES = re.compile(r'[0-9a-f]{8}-[0-9a-f-]{27}|name="form_token" value="[\w-]+"|alarm_broker_login=[\w-]+')
READING_FIRST = sorted(table(), key=lambda one: one.method != "GET")
"""What the caller writes may name the other site, and would be read again after it."""


def _lasting(text: str) -> str:
    """Return an answer without what differs from one to the next."""
    return _CHANGES.sub("…", text)


@pytest.mark.parametrize("operation", READING_FIRST, ids=lambda one: one.name)
@settings(max_examples=12, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_of_the_other_site_is_told_or_changed(
    world: World, operation: Route | Page, data: st.DataObject
) -> None:
    request = data.draw(asked(operation))
    made_up = {
        name: new_id() if name.endswith(("alarm_id", "delivery_id", "key_id")) else f"made-up-{name}"
        for name in world.theirs
    }
    before = world.do(world.api.context.db.read(rows_of_theirs))

    status, told = world.do(_ask(world, operation, request, world.theirs))

    assert SECRET.search(told) is None, told
    assert THEIRS not in told, told
    assert world.do(world.api.context.db.read(rows_of_theirs)) == before
    if (
        "{their " in request.path or operation.method == "GET"
    ):  # else the first may have changed what the next finds
        status_of_nothing, told_of_nothing = world.do(_ask(world, operation, request, made_up))
        assert (status, _lasting(told)) == (status_of_nothing, _lasting(told_of_nothing))
