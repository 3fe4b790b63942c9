"""How a channel talks HTTP: bounded in time and size, guarded addresses, and one reading of what an answer means."""

import asyncio
import json
import os
import re
from collections.abc import AsyncGenerator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import escape
from typing import Annotated, Any
from urllib.parse import quote, quote_plus

import aiohttp
from aiohttp import hdrs
from pydantic import AfterValidator, Field, SecretStr
from yarl import URL

from companion.channels.addresses import ForbiddenAddressError, guarded_socket
from companion.channels.base import Refused, TryAgain
from companion.channels.kind import ChannelSettings
from companion.channels.proxy import proxy_of, refuse_forbidden, secrets_in, usable_proxy
from companion.channels.resolver import ChannelResolver
from companion.channels.trust import refusal, tls_context, usable_ca
from companion.texts.reasons import Reason

type Failure = TryAgain | Refused

BODY_LIMIT = 64 * 1024
FRAME_LIMIT = 256 * 1024
REASON_LIMIT = 300
"""Characters of a reason in English …"""
QUOTE_LIMIT = 240
"""… and of a provider's words in it."""
ERROR_BODY_TIME_S = 2
"""An error is an error by its status; its text is waited for only this long."""
SAY_S = 4.0
"""How long it may take to say back what became of an answer: a provider that calls us waits meanwhile, or the next answer does."""
LONGEST_RETRY_AFTER = timedelta(days=7)
KEPT_S = 1.0
"""How long a connection waits for the next message of a burst. No server that we know gives up an idle one sooner: with
one that it has just closed nobody could say whether the alarm got through."""

TRY_AGAIN_STATUSES = frozenset({408, 425, 429})
TEMPORARY_REDIRECTS = frozenset({302, 303, 307})
"""A page of maintenance, or a portal in between: RFC 9110 says that the address itself still holds."""
# What HTTP itself names as final for a request (RFC 9110, 6585). Of the rest providers make their own use: 400 for a
# network that failed, 402 for "too fast", 409 for "not now". So the rest is tried again while the next contact is told.
FINAL_STATUSES = frozenset({404, 405, 410, 413, 414, 415, 422, 431})
# A gateway that lost its back end, or a program that failed after it had stored the request.
UNCERTAIN_STATUSES = frozenset({500, 502, 504})


def header_safe(value: SecretStr) -> SecretStr:
    """Return a header value that cannot begin another header; the line end of a secret's file is dropped.

    An empty one proves nothing: anybody can sign with it.
    """
    text = value.get_secret_value().strip()
    if not text:
        raise ValueError("must not be empty")
    if any(ord(character) < 32 for character in text):
        raise ValueError("must be one line")
    return SecretStr(text)


HeaderSecret = Annotated[SecretStr, AfterValidator(header_safe)]


class HttpOptions(ChannelSettings):
    """What every channel that talks HTTP can be told about time, and about the way to its provider."""

    timeout_s: float = Field(default=15, gt=0, le=25, description="Longest time of one request, in seconds.")
    connect_timeout_s: float = Field(
        default=5, gt=0, le=25, description="Longest time to connect, in seconds."
    )
    read_timeout_s: float = Field(
        default=10, gt=0, le=25, description="Longest silence of the server, in seconds."
    )
    proxy: Annotated[SecretStr, AfterValidator(usable_proxy)] | None = Field(
        default=None,
        description="HTTP proxy, such as http://proxy.example:3128. Kept secret: it may hold a password.",
    )
    ca: Annotated[str, AfterValidator(usable_ca)] | None = Field(
        default=None,
        description="Certificates (PEM) of a house CA, or the server's own: this channel trusts them and no others.",
    )


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An HTTP answer, cut to what may be read of it."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        """Whether the server says that it did what was asked."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text, without the mark that some servers put before it (U+FEFF)."""
        return self.body.decode("utf-8-sig", "replace")

    def json(self, default: Any = None) -> Any:
        """Return the parsed body, or `default` when it is no JSON."""
        return parsed(self.body, default)

    @property
    def fields(self) -> dict[str, Any]:
        """What the JSON object that the body is consists of; nothing, if it is none."""
        found = self.json()
        return found if isinstance(found, dict) else {}

    def word(self, name: str) -> str:
        """Return the text in one of `fields`, empty if there is none."""
        found = self.fields.get(name)
        return found if isinstance(found, str) else ""


def parsed(body: bytes, default: Any = None) -> Any:
    """Return JSON that somebody else has written, or `default` when it is not (whole) JSON, or nested beyond all reason."""
    try:
        return json.loads(body)
    except ValueError, RecursionError:
        return default


def answered_at(reply: Reply) -> datetime:
    """Return the time by the provider's own clock: its dates are by that one, however wrong ours is."""
    try:
        said = parsedate_to_datetime(reply.headers.get("Date", ""))
    except ValueError:
        return datetime.now(UTC)
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def failure_of_status(reply: Reply, now: datetime, detail: str = "") -> Failure:
    """Return what an answer other than success means; `detail` is the provider's own words, already scrubbed."""
    status = reply.status
    reason = http_status(status, detail)
    if status in TRY_AGAIN_STATUSES or status >= 500:
        return TryAgain(
            reason=reason,
            status_code=status,
            after=retry_after(reply.headers.get("Retry-After"), now),
            uncertain=status in UNCERTAIN_STATUSES,
        )
    if status in {401, 403}:
        reason = Reason("credentials_refused", answer=reason)
        return Refused(reason=reason, status_code=status, channel_broken=True)
    if status < 400:
        reason = Reason("redirected", status=status)
        if status in TEMPORARY_REDIRECTS:
            return TryAgain(reason=reason, status_code=status)
        return Refused(reason=reason, status_code=status, channel_broken=True)
    if status in FINAL_STATUSES:
        return Refused(reason=reason, status_code=status)
    return TryAgain(reason=reason, status_code=status, unknown=True)


def failure_of_error(error: Exception) -> Failure:
    """Return what a request that got no answer means. Never quotes the error: it may hold the address."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            # Not final: a portal in between shows one of its own, and one that ran out is renewed within minutes.
            return TryAgain(reason=Reason("certificate_refused", why=refusal(error.certificate_error)))
        case aiohttp.ClientConnectorSSLError():
            return TryAgain(reason=Reason("no_tls"))
        case ForbiddenAddressError():
            return Refused(reason=Reason("address_forbidden"), channel_broken=True)
        case aiohttp.ClientHttpProxyError():
            return TryAgain(reason=Reason("proxy_refused", status=error.status), status_code=error.status)
        case aiohttp.ClientConnectorError() if isinstance(
            error.os_error, ForbiddenAddressError | aiohttp.ClientConnectorError
        ):
            return failure_of_error(error.os_error)
        case aiohttp.ClientConnectorDNSError():
            return TryAgain(reason=Reason("name_not_found"))
        case aiohttp.ClientConnectorError():
            number = error.os_error.errno
            if number and number > 0:
                return TryAgain(reason=Reason("not_connected_because", why=os.strerror(number)))
            return TryAgain(reason=Reason("not_connected"))
        case aiohttp.ConnectionTimeoutError():
            return TryAgain(reason=Reason("not_connected_in_time"))
        case aiohttp.InvalidURL():
            return Refused(reason=Reason("no_web_address"), channel_broken=True)
        case TimeoutError():
            return TryAgain(reason=Reason("no_answer"), uncertain=True)
        case _:
            return TryAgain(reason=Reason("connection_lost"), uncertain=True)


def http_status(status: int, said: str = "") -> Reason:
    """Return an answer's status as a reason, with what the provider said, if it said anything."""
    if said:
        return Reason("http_status_said", status=status, said=shortened(said, QUOTE_LIMIT))
    return Reason("http_status", status=status)


def not_understood(reply: Reply) -> TryAgain:
    """Return what a success means whose body is not the provider's: perhaps a login page answered."""
    return TryAgain(
        reason=Reason("not_understood", status=reply.status),
        status_code=reply.status,
        uncertain=True,
    )


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Return the wait a `Retry-After` header asks for, seconds or HTTP date; None when it says nothing usable."""
    if value is None:
        return None
    try:
        if value.strip().isdecimal():
            return min(timedelta(seconds=int(value.strip()[:9])), LONGEST_RETRY_AFTER)
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(aware - now, timedelta(0)), LONGEST_RETRY_AFTER)


def waiting(failure: Failure, seconds: object) -> Failure:
    """Return the failure with the wait that a provider names in its answer, if it names one: it knows better than a header."""
    # Whoever writes NaN or Infinity names none.
    if isinstance(failure, TryAgain) and isinstance(seconds, int | float) and 0 <= seconds < float("inf"):
        limit = LONGEST_RETRY_AFTER.total_seconds()
        return replace(failure, after=timedelta(seconds=min(seconds, limit)))
    return failure


def scrubbed(text: str, secrets: Iterable[str], *, limit: int = REASON_LIMIT) -> str:
    """Return a provider's words on one line, without our secrets and without links (one may be an ack link)."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for form in written_forms(secret):
            text = text.replace(form, "***")
    text = re.sub(r"(?i)\b[a-z]+://\S+", "(link)", text)[: limit * 4]
    return shortened(" ".join("".join(c if c.isprintable() else " " for c in text).split()), limit)


def written_forms(secret: str) -> list[str]:
    """Return how a provider may echo what it was sent: as it is, and as addresses, forms, JSON and HTML write it."""
    as_json = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    return [secret, quote(secret, safe=""), quote_plus(secret), *as_json, escape(secret)]


async def briefly[T](call: Awaitable[T], within_s: float) -> T | TryAgain:
    """Return what the call returns, if it does so soon: for what must not hold up something more important."""
    try:
        async with asyncio.timeout(within_s):
            return await call
    except TimeoutError:
        return TryAgain(reason=Reason("no_answer_in_time"))


def shortened(text: str, limit: int = REASON_LIMIT) -> str:
    """Return `text` cut to what a reason may hold."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


class AnswerLostError(aiohttp.ClientError):
    """The connection ended after the request had begun to go out."""


async def never_repeat(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Let a request go out once: aiohttp repeats a lost GET or PUT by itself, and some gateways send SMS by GET."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except aiohttp.ClientOSError, aiohttp.ServerDisconnectedError:
        raise AnswerLostError from None


async def never_follow(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Let a WebSocket go nowhere but where it was sent.

    aiohttp's `ws_connect` follows redirects and cannot be told not to; ours would take the channel's secret headers along.
    """
    response = await handler(request)
    if hdrs.UPGRADE in request.headers and 300 <= response.status < 400:
        response.close()
        raise aiohttp.WSServerHandshakeError(
            response.request_info, (), status=response.status, message="a redirect is not followed"
        )
    return response


class HttpClient:
    """One channel's connection pool. Created without a running loop, connected at the first request."""

    def __init__(
        self, options: HttpOptions, *, headers: Mapping[str, str] | None = None, secrets: Iterable[str] = ()
    ) -> None:
        self._options = options
        self._headers = dict(headers or {})
        self._proxy = proxy_of(options.proxy)
        self._secrets = frozenset((*secrets, *secrets_in(options.proxy)))
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        """By whether a connection is kept for the next message."""
        self._keeps = True
        self._resolver = ChannelResolver()

    async def request(
        self,
        method: str,
        url: URL,
        *,
        json_body: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        held_s: float = 0,
        limit: int = BODY_LIMIT,
    ) -> Reply | Failure:
        """Return the server's answer whatever its status, or what it means that there was none.

        `held_s` is how long the server may hold its answer back on purpose (long polling), on top of the channel's times;
        `limit` is how many bytes of it are read.
        """
        try:
            async with self._connected().request(
                method,
                url,
                json=json_body,
                data=data,
                allow_redirects=False,
                headers={**self._headers, **(headers or {})},
                proxy=await self._proxy_for(url),
                timeout=self._times(held_s),
            ) as response:
                return await self._read(response, limit)
        except (aiohttp.ClientError, TimeoutError, OSError) as err:
            # Perhaps a server that ends connections without a word: from now on each message has its own. One that held
            # its answer back may as well have been cut off by something in between, which has seen nothing for long.
            self._keeps &= held_s > 0 or not isinstance(err, AnswerLostError)
            return failure_of_error(err)

    def failure(self, reply: Reply, said: object = None, *, private: Iterable[str] = ()) -> Failure:
        """Return what an answer other than success means, quoting what the provider `said` when that is text."""
        detail = self.quoted(said, private=private) if isinstance(said, str) else ""
        return failure_of_status(reply, answered_at(reply), detail)

    def quoted(self, said: str, *, private: Iterable[str] = (), limit: int = REASON_LIMIT) -> str:
        """Return a provider's words as they may be shown: without the channel's secrets and what else is `private`."""
        return scrubbed(said, {*self._secrets, *private}, limit=limit)

    @asynccontextmanager
    async def websocket(self, url: URL) -> AsyncGenerator[aiohttp.ClientWebSocketResponse]:
        """Connect a WebSocket; an oversized frame ends it, and so does a peer that is gone."""
        # No `heartbeat`: aiohttp 3.14 re-arms its timer while closing. Keep-alive of TCP finds a dead peer.
        async with self._connected().ws_connect(
            url, max_msg_size=FRAME_LIMIT, headers=self._headers, proxy=await self._proxy_for(url)
        ) as socket:
            yield socket

    async def _proxy_for(self, url: URL) -> URL | None:
        """Return the proxy to ask for this address, if there is one; raises ForbiddenAddressError."""
        if self._proxy is not None:
            await refuse_forbidden(url, self._resolver)
        return self._proxy

    async def close(self) -> None:
        """Give back connections."""
        for session in self._sessions.values():
            await session.close()
        await self._resolver.close()

    def _connected(self) -> aiohttp.ClientSession:
        if self._keeps not in self._sessions:
            self._sessions[self._keeps] = self._session(keeps=self._keeps)
        return self._sessions[self._keeps]

    def _session(self, *, keeps: bool) -> aiohttp.ClientSession:
        options = self._options
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                socket_factory=guarded_socket,
                keepalive_timeout=KEPT_S if keeps else None,
                force_close=not keeps,
                resolver=self._resolver,
                ssl=tls_context(options.ca) or True,
            ),
            middlewares=(never_repeat, never_follow),
            cookie_jar=aiohttp.DummyCookieJar(),
            # None of the channel's own: aiohttp shows a session's headers to the proxy as well.
            headers={"Accept-Encoding": "identity", "User-Agent": "alarm-broker"},
            timeout=self._times(),
        )

    def _times(self, held_s: float = 0) -> aiohttp.ClientTimeout:
        options = self._options
        return aiohttp.ClientTimeout(
            total=options.timeout_s + held_s,
            connect=options.connect_timeout_s,
            sock_read=options.read_timeout_s + held_s,
        )

    async def _read(self, response: aiohttp.ClientResponse, limit: int) -> Reply:
        body = bytearray()
        is_error = response.status >= 300
        try:
            async with asyncio.timeout(min(ERROR_BODY_TIME_S, self._options.timeout_s) if is_error else None):
                while len(body) < limit and (chunk := await response.content.read(limit - len(body))):
                    body += chunk
        except aiohttp.ClientError, TimeoutError:
            if not is_error:
                raise
        # What is left of an oversized body must not be read; after a whole one this leaves the connection for the next message.
        response.close()
        return Reply(status=response.status, headers=response.headers.copy(), body=bytes(body))
