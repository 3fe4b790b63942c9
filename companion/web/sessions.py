"""Signed session cookies of the dashboard, and the tokens that tie a form to its session."""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import orjson
from aiohttp import web
from sqlalchemy.engine import Connection

from companion.config import Settings
from companion.directory import store as directory
from companion.directory.model import ApiKey
from companion.store.scope import ALL_SITES
from companion.web.auth import (
    Caller,
    caller_of_key,
)
from companion.web.context import WebContext
from companion.web.ended_sessions import end_session, session_ended
from companion.web.problems import FormExpired

RENEW_AFTER = 0.1
"""The part of its time after which a session that is used is renewed: not every answer needs a new cookie."""


@dataclass(frozen=True)
class Session:
    """What a session cookie says. The key is looked up again each time, so revoking it ends its sessions."""

    key_id: str
    expires_at: datetime
    nonce: str


class Sessions:
    """Makes and reads session cookies, and the tokens that tie a form to its session."""

    def __init__(self, secret_key: bytes, settings: Settings) -> None:
        self._key = hmac.digest(secret_key, b"alarm-broker session", hashlib.sha256)
        self._life = timedelta(hours=settings.session_hours)
        self._secure = settings.public_url.startswith("https://")

    @property
    def cookie_name(self) -> str:
        """Return the cookie's name; browsers let nobody else set one with the prefix."""
        return "__Host-alarm_broker" if self._secure else "alarm_broker"

    def begin(self, response: web.StreamResponse, key_id: str, now: datetime) -> Session:
        """Put a new session for the holder of the key into the response."""
        session = Session(key_id, now + self._life, secrets.token_urlsafe(16))
        self._put(response, session)
        return session

    def renew(self, response: web.StreamResponse, session: Session, now: datetime) -> None:
        """Let the session last its whole time from now on, as somebody is using it."""
        if now > session.expires_at - self._life * (1 - RENEW_AFTER):
            self._put(response, replace(session, expires_at=now + self._life))

    def _put(self, response: web.StreamResponse, session: Session) -> None:
        body = orjson.dumps([session.key_id, int(session.expires_at.timestamp()), session.nonce])
        response.set_cookie(
            self.cookie_name,
            f"{_b64(body)}.{_b64(self._sign(b'cookie', body))}",
            max_age=int(self._life.total_seconds()),
            httponly=True,
            samesite="Strict",
            secure=self._secure,
            path="/",
        )

    def end(self, response: web.StreamResponse) -> None:
        """Take the session's cookie away."""
        response.del_cookie(self.cookie_name, path="/", secure=self._secure, httponly=True, samesite="Strict")

    def read(self, request: web.Request, now: datetime) -> Session | None:
        """Return the request's session, or None if it has none that is ours and still runs."""
        body, _, signature = request.cookies.get(self.cookie_name, "").partition(".")
        try:
            raw, given = _unb64(body), _unb64(signature)
        except binascii.Error, ValueError:
            return None
        if not hmac.compare_digest(self._sign(b"cookie", raw), given):
            return None
        key_id, expires_at, nonce = orjson.loads(raw)
        session = Session(key_id, datetime.fromtimestamp(expires_at, UTC), nonce)
        # One that was begun while the clock stood in the future must not run until then; a correction ends none.
        return session if now < session.expires_at < now + 2 * self._life else None

    def form_token(self, session: Session) -> str:
        """Return what every form of this session carries in a hidden field."""
        return _b64(self._sign(b"form", session.nonce.encode()))

    def check_form(self, session: Session, given: str) -> None:
        """Raise FormExpired unless `given` is the form token of the session."""
        if not hmac.compare_digest(self.form_token(session).encode(), given.encode(errors="surrogatepass")):
            raise FormExpired("Load the page again and send the form once more.")

    def _sign(self, purpose: bytes, body: bytes) -> bytes:
        return hmac.digest(self._key, purpose + b"\n" + body, hashlib.sha256)


async def session_caller(
    request: web.Request, context: WebContext, sessions: Sessions
) -> tuple[Session, Caller] | None:
    """Return the request's session and who it belongs to, or None: log in again."""
    session = sessions.read(request, context.clock())
    if session is None:
        return None

    def work(conn: Connection) -> ApiKey | None:
        if session_ended(conn, session.nonce):
            return None
        return next((key for key in directory.api_keys(ALL_SITES, conn) if key.id == session.key_id), None)

    key = await context.db.read(work)
    return None if key is None or key.revoked_at is not None else (session, caller_of_key(key))


async def end_for_good(session: Session, context: WebContext) -> None:
    """End the session on our side: a copy of its cookie is worth nothing from now on.

    Not even a copy that was renewed since: none of them lives longer than a session that begins now.
    """
    now = context.clock()
    until = now + timedelta(hours=context.settings.session_hours)
    await context.db.write(lambda conn: end_session(conn, session.nonce, until, now))


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
