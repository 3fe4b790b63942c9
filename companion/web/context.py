"""What the handlers work with; made by the composition root, carried by the application."""

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from companion.alarms.service import AlarmService
from companion.channels.base import Inbound
from companion.clock import Clock
from companion.config import Settings
from companion.dispatch.wake import Wake
from companion.dispatch.worker import ChannelPool
from companion.rate_limit import RateLimit
from companion.store.database import Database
from companion.store.secrets import Secrets
from companion.web.certificate import Certificate
from companion.web.metrics import Metrics
from companion.web.problems import Problem
from companion.wording.own_texts import OwnTexts


@dataclass(frozen=True, kw_only=True)
class WebContext:
    """Everything a handler may use."""

    settings: Settings
    db: Database
    clock: Clock
    wake: Wake
    commands: AlarmService
    channels: ChannelPool
    secrets: Secrets
    """Seals and opens the secrets of channels."""
    secret_key: bytes = field(repr=False)
    """Signs sessions and forms, each with a key of its own derived from it."""
    instance_id: str
    version: str
    metrics: Metrics
    texts: Callable[[], OwnTexts]
    """Returns what the installation has written itself."""
    inbound: Callable[[str], Inbound]
    """Whom a channel, named by its id, tells what it hears."""
    certificate: Certificate | None = None
    """Our own; None: a proxy in front has one, or nobody."""


CONTEXT: web.AppKey[WebContext] = web.AppKey("context", WebContext)

WRONG_TRIES: web.AppKey[RateLimit] = web.AppKey("wrong_tries", RateLimit)
"""Wrong keys, tokens and logins of each client."""

CLIENT: web.RequestKey[str] = web.RequestKey("client", str)
"""The client's address as far as we believe it; set by the middleware."""

ALARM_ID: web.RequestKey[str] = web.RequestKey("alarm_id", str)
"""The alarm a request is about, once that is known; its line in the log has it."""

REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)


@dataclass(frozen=True)
class ProblemView:
    """How a request's problems are shown when not as problem+json: a page for people, XML for a phone."""

    render: Callable[[web.Request, Problem], web.Response]


PROBLEM_VIEW: web.RequestKey[ProblemView] = web.RequestKey("problem_view", ProblemView)


LOST_VIEW: web.AppKey[ProblemView] = web.AppKey("lost_view", ProblemView)
"""How a browser is shown that there is no such page, among the pages of the dashboard."""


def context_of(request: web.Request) -> WebContext:
    """Return the context of the application that serves the request."""
    return request.app[CONTEXT]
