"""A stand-in for Zammad's REST API: tickets, articles, tags and search, as strict as the documented one."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, override

from aiohttp import hdrs, web

from tests.fakes.server import FakeServer

STATES = {
    1: "new",
    2: "open",
    3: "pending reminder",
    4: "closed",
    5: "merged",
    6: "removed",
    7: "pending close",
}
PRIORITIES = {1: "1 low", 2: "2 normal", 3: "3 high"}


@dataclass(kw_only=True)
class Article:
    """One entry of a ticket."""

    id: int
    ticket_id: int
    subject: str
    body: str
    content_type: str
    type: str
    internal: bool
    sender: str
    created_at: datetime


@dataclass(kw_only=True)
class Ticket:
    """A ticket as its API shows it."""

    id: int
    number: str
    title: str
    group: str
    state: str
    priority: str
    customer: str
    tags: list[str]
    created_at: datetime
    articles: list[Article] = field(default_factory=list)


class Unprocessable(Exception):
    """Zammad's 422."""


@dataclass
class FakeZammad(FakeServer):
    """Zammad with one agent token."""

    token: str = "zammad-token"
    groups: list[str] = field(default_factory=lambda: ["Users", "Alarm"])
    customers: list[str] = field(default_factory=lambda: ["alarm@site.example"])
    index_lag: timedelta = timedelta(seconds=1)
    """How late a new ticket shows in a search by `query`."""
    has_search_index: bool = True
    """Without Elasticsearch a `query` only looks into texts, not into tags."""
    understands_conditions: bool = True
    """A version that does not ignores the `condition` and lists the newest tickets."""
    rights: dict[str, list[str]] | None = None
    """What the token's user may do in each group; None: everything in every group."""
    mandatory: dict[str, list[str]] = field(default_factory=dict)
    """Fields without which a form is not taken, by its screen: `create_middle`, `edit`."""
    has_forms: bool = True
    """Zammad 5 and later say what a form offers and demands."""
    tag_new: bool = True
    """Anybody may make tags; else only a token with `admin.tag`."""
    is_tag_admin: bool = False
    known_tags: list[str] = field(default_factory=lambda: ["alarm"])
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    tickets: list[Ticket] = field(default_factory=list, init=False)

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve the part of the API a channel and a setup page use."""
        api = "/api/v1"
        return [
            web.get(f"{api}/users/me", self._guarded(self._me)),
            web.get(f"{api}/users/search", self._guarded(self._search_users)),
            web.get(f"{api}/signshow", self._guarded(self._session)),
            web.get(f"{api}/tag_list", self._guarded(self._tag_list)),
            web.post(f"{api}/core_workflows/perform", self._guarded(self._form)),
            web.get(f"{api}/groups", self._guarded(self._groups)),
            web.get(f"{api}/ticket_states", self._guarded(self._states)),
            web.get(f"{api}/ticket_priorities", self._guarded(self._priorities)),
            web.post(f"{api}/tickets", self._guarded(self._create)),
            web.get(f"{api}/tickets/search", self._guarded(self._search)),
            web.get(f"{api}/tickets/{{id:\\d+}}", self._guarded(self._show_ticket)),
            web.put(f"{api}/tickets/{{id:\\d+}}", self._guarded(self._change)),
            web.post(f"{api}/ticket_articles", self._guarded(self._add_article)),
            web.get(f"{api}/ticket_articles/{{id:\\d+}}", self._guarded(self._show_article)),
            web.get(f"{api}/ticket_articles/by_ticket/{{id:\\d+}}", self._guarded(self._articles)),
            web.get(f"{api}/tags", self._guarded(self._tags)),
            web.post(f"{api}/tags/add", self._guarded(self._add_tag)),
            web.delete(f"{api}/tags/remove", self._guarded(self._remove_tag)),
        ]

    def ticket_tagged(self, tag: str) -> Ticket:
        """Return the one ticket with this tag."""
        (ticket,) = [one for one in self.tickets if tag in one.tags]
        return ticket

    def merge(self, ticket: Ticket, into: Ticket) -> None:
        """Move all articles of a ticket into another one, as an agent does."""
        into.articles += ticket.articles
        ticket.articles = []
        ticket.state = "merged"

    def _guarded(self, handler: Any) -> Any:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if request.headers.get(hdrs.AUTHORIZATION) != f"Token token={self.token}":
                return error(401, "Authentication required")
            try:
                return await handler(request)  # type: ignore[no-any-return]  # the handlers below
            except Unprocessable as err:
                return error(422, str(err))
            except LookupError as err:
                return error(404, str(err.args[0]))

        return guarded

    async def _me(self, _request: web.Request) -> web.Response:
        me = {"id": 3, "login": "alarm-broker", "email": "alarm-broker@site.example"}
        return web.json_response({**me, "groups": self._rights()})

    def _rights(self) -> dict[str, list[str]]:
        return {name: ["full"] for name in self.groups} if self.rights is None else self.rights

    async def _search_users(self, request: web.Request) -> web.Response:
        found = [one for one in self.customers if request.query.get("query", "") in one]
        return web.json_response([{"id": i, "login": one, "email": one} for i, one in enumerate(found, 1)])

    async def _session(self, _request: web.Request) -> web.Response:
        return web.json_response({"session": {"id": 3}, "config": {"tag_new": self.tag_new}})

    async def _tag_list(self, _request: web.Request) -> web.Response:
        if not self.is_tag_admin:
            return error(403, "Not authorized")
        return web.json_response([])

    async def _form(self, request: web.Request) -> web.Response:
        if not self.has_forms:
            return error(404, "No route matches")
        data = await json_object(request)
        groups = dict(enumerate(self.groups, 1))
        # Zammad: a group may be chosen for a new ticket by who may create there.
        offered = [i for i, name in groups.items() if {"full", "create"} & set(self._rights().get(name, []))]
        return web.json_response(
            {
                "restrict_values": {"group_id": ["", *map(str, offered)]},
                "mandatory": {
                    "title": True,
                    "group_id": True,
                    "note": False,
                    **dict.fromkeys(self.mandatory.get(data["screen"], []), True),
                },
                "visibility": {"title": "show", "secret": "remove"},
                "assets": {"Group": {str(i): {"id": i, "name": groups[i]} for i in offered}},
            }
        )

    async def _groups(self, _request: web.Request) -> web.Response:
        return web.json_response([{"id": i, "name": name} for i, name in enumerate(self.groups, 1)])

    async def _states(self, _request: web.Request) -> web.Response:
        return web.json_response(
            [{"id": i, "name": name, "active": True, "state_type": name} for i, name in STATES.items()]
        )

    async def _priorities(self, _request: web.Request) -> web.Response:
        return web.json_response([{"id": i, "name": name, "active": True} for i, name in PRIORITIES.items()])

    async def _create(self, request: web.Request) -> web.Response:
        data = await json_object(request)
        if not data.get("title"):
            raise Unprocessable("Title can't be blank")
        if not data.get("group") and not data.get("group_id"):
            raise Unprocessable("Group can't be blank")
        ticket = Ticket(
            id=len(self.tickets) + 1,
            number=str(84001 + len(self.tickets)),
            title=data["title"],
            group=looked_up("group", data, dict(enumerate(self.groups, 1))),
            state=looked_up("state", {"state": "new", **data}, STATES),
            priority=looked_up("priority", {"priority": "2 normal", **data}, PRIORITIES),
            customer=self._customer(data),
            # Zammad: tags in the create call are one comma-separated string; they are kept in lower case for search.
            tags=[
                tag
                for tag in (one.strip() for one in str(data.get("tags", "")).split(","))
                # One that is not allowed is left out without a word.
                if tag and (self.tag_new or self.is_tag_admin or tag in self.known_tags)
            ],
            created_at=self.clock(),
        )
        if data.get("article"):
            self._append(ticket, data["article"])
        self.tickets.append(ticket)
        return web.json_response(self._as_json(ticket, request), status=201)

    async def _change(self, request: web.Request) -> web.Response:
        ticket, data = self._ticket(request.match_info["id"]), await json_object(request)
        state = looked_up("state", {"state": ticket.state, **data}, STATES)
        missing = [
            one for one in self.mandatory.get("edit", []) if state != ticket.state and not data.get(one)
        ]
        if state.startswith("pending") and not data.get("pending_time"):
            missing.append("pending_time")
        # All of it is one transaction: an article in the same request is lost with the rest.
        if missing:
            raise Unprocessable(f"Missing required value for field '{missing[0]}'!")
        if ticket.state == "merged":
            raise Unprocessable("A merged ticket cannot be changed")
        if data.get("article"):
            self._append(ticket, data["article"])
        ticket.state = state
        ticket.title = data.get("title", ticket.title)
        return web.json_response(self._as_json(ticket, request))

    async def _show_ticket(self, request: web.Request) -> web.Response:
        return web.json_response(self._as_json(self._ticket(request.match_info["id"]), request))

    async def _search(self, request: web.Request) -> web.Response:
        limit = int(request.query.get("limit", request.query.get("per_page", "50")))
        if query := request.query.get("query"):
            found = [one for one in self.tickets if self._matches(one, query)]
        elif not self.understands_conditions:
            found = list(self.tickets)
        elif tag := request.query.get("condition[ticket.tags][value]"):
            # Zammad (can_search.rb): without a query the database is asked, "since it is more up to date".
            found = [one for one in self.tickets if tag in one.tags]
        elif words := request.query.get("condition[article.body][value]"):
            found = [one for one in self.tickets if any(words in article.body for article in one.articles)]
        else:
            found = list(self.tickets)
        found = found[::-1][:limit]
        if request.query.get("expand") == "true":
            return web.json_response([self._as_json(one, request) for one in found])
        ids = [one.id for one in found]
        assets = {"Ticket": {str(one.id): self._as_json(one, request) for one in found}}
        return web.json_response({"tickets": ids, "tickets_count": len(ids), "assets": assets})

    def _matches(self, ticket: Ticket, query: str) -> bool:
        texts = [ticket.title, ticket.number, *(article.body for article in ticket.articles)]
        in_text = any(query.lower() in text.lower() for text in texts)
        if not self.has_search_index:
            return in_text
        tag = re.fullmatch(r'tags:"?([^"]+)"?', query)
        indexed = ticket.created_at + self.index_lag <= self.clock()
        return indexed and (in_text if tag is None else tag[1] in ticket.tags)

    async def _add_article(self, request: web.Request) -> web.Response:
        data = await json_object(request)
        article = self._append(self._ticket(data.get("ticket_id")), data)
        return web.json_response(article_json(article), status=201)

    async def _show_article(self, request: web.Request) -> web.Response:
        for article in (article for ticket in self.tickets for article in ticket.articles):
            if str(article.id) == request.match_info["id"]:
                return web.json_response(article_json(article))
        raise LookupError("Couldn't find Ticket::Article")

    async def _articles(self, request: web.Request) -> web.Response:
        return web.json_response([article_json(a) for a in self._ticket(request.match_info["id"]).articles])

    async def _tags(self, request: web.Request) -> web.Response:
        return web.json_response({"tags": self._ticket(request.query.get("o_id")).tags})

    async def _add_tag(self, request: web.Request) -> web.Response:
        data = await json_object(request)
        ticket = self._ticket(data.get("o_id"))
        if data["item"] not in ticket.tags:
            ticket.tags.append(data["item"])
        return web.json_response(data=True, status=201)

    async def _remove_tag(self, request: web.Request) -> web.Response:
        data = await json_object(request)
        ticket = self._ticket(data.get("o_id"))
        ticket.tags = [tag for tag in ticket.tags if tag != data["item"]]
        return web.json_response(data=True, status=201)

    def _ticket(self, ticket_id: Any) -> Ticket:
        for ticket in self.tickets:
            if str(ticket.id) == str(ticket_id):
                return ticket
        raise LookupError(f"Couldn't find Ticket with 'id'={ticket_id}")

    def _customer(self, data: dict[str, Any]) -> str:
        wanted = data.get("customer_id")
        if isinstance(wanted, str) and wanted.startswith("guess:"):
            email = wanted.removeprefix("guess:")
            if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
                raise Unprocessable(f"Invalid email '{email}' of customer")
            if email not in self.customers:
                self.customers.append(email)
            return email
        if data.get("customer") in self.customers:
            return str(data["customer"])
        if data.get("customer"):
            raise Unprocessable(f"No lookup value found for 'customer': {data['customer']!r}")
        if isinstance(wanted, int) and 0 < wanted <= len(self.customers):
            return self.customers[wanted - 1]
        raise Unprocessable("Attribute 'customer_id' required!")

    def _append(self, ticket: Ticket, data: dict[str, Any]) -> Article:
        if not data.get("body"):
            raise Unprocessable('Need at least article: { body: "some text" }')
        if data.get("type", "note") not in {"note", "email", "phone", "web"}:
            raise Unprocessable(f"No lookup value found for 'type': {data['type']!r}")
        article = Article(
            id=sum(len(one.articles) for one in [*self.tickets, ticket]) + 1,
            ticket_id=ticket.id,
            subject=data.get("subject", ""),
            body=data["body"],
            content_type=data.get("content_type", "text/plain"),
            type=data.get("type", "note"),
            # Zammad: an article of an agent that does not say is internal.
            internal=data.get("internal", True),
            sender=data.get("sender", "Agent"),
            created_at=self.clock(),
        )
        ticket.articles.append(article)
        return article

    def _as_json(self, ticket: Ticket, request: web.Request) -> dict[str, Any]:
        ids = {
            "id": ticket.id,
            "number": ticket.number,
            "title": ticket.title,
            "group_id": self.groups.index(ticket.group) + 1,
            "state_id": id_of(STATES, ticket.state),
            "priority_id": id_of(PRIORITIES, ticket.priority),
            "customer_id": self.customers.index(ticket.customer) + 1,
            "article_ids": [article.id for article in ticket.articles],
            "created_at": ticket.created_at.isoformat(),
        }
        names = {name: getattr(ticket, name) for name in ("group", "state", "priority", "customer")}
        return ids | names if request.query.get("expand") == "true" else ids


async def json_object(request: web.Request) -> dict[str, Any]:
    """Return the request's JSON object, as Rails reads it."""
    try:
        data = await request.json()
    except ValueError as err:
        raise Unprocessable("Invalid JSON") from err
    if not isinstance(data, dict):
        raise Unprocessable("Expected an object")
    return data


def looked_up(name: str, data: dict[str, Any], known: dict[int, str]) -> str:
    """Return the value's name, given by name or as `<name>_id`."""
    if (by_id := data.get(f"{name}_id")) in known:
        return known[by_id]
    if data.get(name) not in known.values():
        raise Unprocessable(f"No lookup value found for '{name}': {data.get(name)!r}")
    return str(data[name])


def id_of(known: dict[int, str], name: str) -> int:
    """Return the number Zammad has for a name."""
    return next(number for number, one in known.items() if one == name)


def article_json(article: Article) -> dict[str, Any]:
    """Return an article as the API shows it."""
    return {**vars(article), "created_at": article.created_at.isoformat()}


def error(status: int, text: str) -> web.Response:
    """Return an error in Zammad's form."""
    return web.json_response({"error": text, "error_human": text}, status=status)
