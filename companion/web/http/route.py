"""What a route is: one description from which both the router and the OpenAPI document are made."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from companion.directory.roles import Role
from companion.web.auth import Caller
from companion.web.context import ProblemView, WebContext
from companion.web.problems import Problem

ID = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""What an id in a path looks like; anything else is not there."""


class Input(BaseModel):
    """Values that come in: unknown ones are refused, and none is bent into another type.

    As those that go out, it is compiled when it is first used: most of the API is never called.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Output(BaseModel):
    """Values that go out."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class NoQuery(Input):
    """No query parameters at all."""


@dataclass(frozen=True, kw_only=True)
class Call[Q, B]:
    """A request after its key, query and body were checked."""

    request: web.Request
    context: WebContext
    query: Q
    body: B
    holder: Caller | None

    @property
    def caller(self) -> Caller:
        """Return who holds the key. Only for routes that need one."""
        assert self.holder is not None, "the route needs no key"  # noqa: S101 # a mistake in the table, found by the first test
        return self.holder

    def path(self, name: str) -> str:
        """Return a value from the path."""
        return self.request.match_info[name]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer that needs more than its body."""

    body: BaseModel
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


type RouteHandler = Callable[[Call[Any, Any]], Awaitable[BaseModel | Answer | web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class Route:
    """One operation for programs."""

    method: str
    path: str
    """With `{name}` for ids; see ID."""
    handler: RouteHandler
    name: str
    """The operation's id in the document."""
    summary: str
    tag: str
    role: Role | None = None
    """The least role of the key; None: no key."""
    all_sites: bool = False
    """The key must not be for one site."""
    query: type[BaseModel] = NoQuery
    documented_query: type[BaseModel] | None = None
    """The handler reads the query itself, and refuses nothing in it; this is for the document."""
    body: type[BaseModel] | None = None
    """A JSON body of this shape."""
    body_types: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Bodies that the handler reads itself: content type and schema, for the document."""
    body_required: bool = True
    header_parameters: Mapping[str, str] = field(default_factory=dict)
    """Headers that mean something here, each with a sentence."""
    answers: Mapping[int, type[BaseModel] | None] = field(default_factory=dict)
    other_answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Bodies of 200 that are not JSON made from a model: content type and schema."""
    problems: tuple[type[Problem], ...] = ()
    problems_also_as: str | None = None
    """Content type in which problems are shown too, if the caller asks for it."""
    per_minute: int | None = None
    """Requests a minute and client; None: no limit."""


type PageHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page for people: its handler does everything, the table adds the limit and the look of problems."""

    method: str
    path: str
    """As aiohttp writes it."""
    handler: PageHandler
    name: str
    summary: str
    statuses: tuple[int, ...] = (200,)
    """What it may answer, besides the problems that `view` shows."""
    query: type[BaseModel] | None = None
    content_types: tuple[str, ...] = ("text/html",)
    """What 200 is."""
    form: type[BaseModel] | None = None
    """The fields of the form it takes, for the document."""
    view: ProblemView
    per_minute: int | None = 120
