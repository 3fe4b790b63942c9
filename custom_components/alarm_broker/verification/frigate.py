"""Asks a Frigate server (0.14 to 0.18) for its cameras, what it saw, and pictures of it; always within a few seconds.

    FrigateError
    ├── FrigateUnreachable   no connection, too slow, certificate refused
    ├── FrigateRefused       user, password or role is not enough
    ├── FrigateNotFound      Frigate answers, and does not have this
    └── FrigateUnusable      something answers that this client cannot use

Whatever arrives here comes from the network: nothing past this file sees an unchecked value.
"""

import asyncio
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf, isfinite
from time import monotonic, time
from typing import Any, override

import aiohttp
from yarl import URL

CALL_TIMEOUT_S = 5.0
"""No method takes longer, with all it has to ask: an alarm never waits for a camera."""
MAX_JSON_BYTES = 4 * 1024 * 1024
MAX_PICTURE_BYTES = 8 * 1024 * 1024
MAX_TEXT = 255
PICTURE_HEIGHT = 720
"""Pixels; enough to see a face, small enough for a message."""

LOOK_BACK = timedelta(minutes=30)
"""How long before a window an event that ended in it may have begun."""
LOOK_BACK_ENTRIES = 100
"""Asked for on top of the limit, so that what was over before the window takes no place of what was not."""
RENEW_AFTER = 0.9
"""The part of a token's life after which a new one is fetched."""

_EVENT_ID = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?-[A-Za-z0-9]{1,32}")
# Frigate: REGEX_CAMERA_NAME; it also keeps a comma out of a list and a slash out of a path.
_CAMERA = re.compile(r"[A-Za-z0-9_-]{1,128}")
_BLANK = re.compile(r"\s")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,4096}")
_TOKEN_COOKIE = "frigate_token"  # noqa: S105 - the cookie's name
_MALFORMED = (LookupError, TypeError, ValueError)

_NO_FRIGATE = (
    "What answers at this address is not Frigate. Check the address, and its path behind a reverse proxy."
)


class FrigateError(Exception):
    """No answer that can be used; the text says what to do and holds no secret."""


class FrigateUnreachable(FrigateError):
    """No connection, too slow, or a certificate that was refused."""


class FrigateRefused(FrigateError):
    """Not allowed: no or a wrong login, a role that may not see this, or too many logins."""


class FrigateNotFound(FrigateError):
    """Frigate does not know the event or camera, or has no such picture (yet)."""


class FrigateUnusable(FrigateError):
    """Something answered, but not what was asked for: a server error, another server, no picture, too much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrigateCamera:
    """A camera that is switched on."""

    name: str
    friendly_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrigateEvent:
    """One object that was followed through a camera's picture."""

    event_id: str
    camera: str
    label: str
    sub_label: str | None
    """Who or what it is more exactly: the name of a face."""
    score: float
    """The best one so far, 0..1; 0 when Frigate gave none."""
    started_at: datetime
    """UTC, as every moment here."""
    ended_at: datetime | None
    """None while it is still followed."""
    has_clip: bool
    false_positive: bool
    stationary: bool
    """True only when Frigate says so; the list of events of 0.14 to 0.18 does not carry it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrigateReview:
    """A stretch of activity, as Frigate puts it before a person."""

    review_id: str
    camera: str
    severity: str
    """alert or detection; a running one may still rise."""
    started_at: datetime
    ended_at: datetime | None
    event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Login:
    token: str | None = field(repr=False)
    """None: authentication is switched off, nothing has to be sent."""
    renew_at: float
    """On the clock of `monotonic`."""


class FrigateClient:
    """One Frigate server. Every method that asks raises a FrigateError after CALL_TIMEOUT_S at the latest."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        *,
        username: str | None = None,
        password: str | None = None,
        ssl: bool = True,
    ) -> None:
        """Keep the address; `session` stays the caller's. With `ssl` false any certificate is taken.

        `url` may carry the path of a reverse proxy. Raises ValueError when it is no http or https address, or holds
        a user, a query or a fragment.
        """
        self._session = session
        self._base = _base_url(url)
        self._username = username
        self._password = password or ""
        self._ssl = ssl
        self._lock = asyncio.Lock()
        self._login: _Login | None = None
        self._refusals = 0
        self._refusal = ""

    @override
    def __repr__(self) -> str:
        return f"<FrigateClient {self._base}>"

    async def async_cameras(self) -> tuple[FrigateCamera, ...]:
        """Return the cameras that are switched on, in the order of Frigate's configuration. Needs the login."""
        async with _time_limit():
            answer = await self._async_json("config", {})
        cameras = answer.get("cameras") if isinstance(answer, dict) else None
        if not isinstance(cameras, dict):
            raise FrigateUnusable(_NO_FRIGATE)
        return tuple(
            _camera(name, config)
            for name, config in cameras.items()
            if _CAMERA.fullmatch(name)
            and isinstance(config, dict)
            and config.get("enabled", True) is not False
        )

    async def async_events(
        self, cameras: Sequence[str], *, after: datetime, before: datetime, limit: int = 50
    ) -> tuple[FrigateEvent, ...]:
        """Return the newest `limit` events that overlap the window from `after` to `before`, newest first.

        That is: begun in it, still running, or ended in it and begun at most LOOK_BACK before it. Entries that make
        no sense are left out.
        """
        if not cameras:
            return ()
        asked: dict[str, str | int | float] = {"cameras": _joined(cameras), "include_thumbnails": 0}
        async with _time_limit():
            # Frigate: `after` and `before` are about the start alone, and both leave their own moment out.
            begun = {"after": _unix(after - LOOK_BACK), "before": _unix(before + timedelta(seconds=1))}
            recent = await self._async_json("events", asked | begun | {"limit": limit + LOOK_BACK_ENTRIES})
            # One that is still followed may have begun hours ago.
            running = {"in_progress": 1, "before": begun["before"], "limit": limit}
            still = await self._async_json("events", asked | running)
        events = [*_entries(recent, _event), *_entries(still, _event)]
        by_id = {event.event_id: event for event in events if event.camera in cameras}
        return _newest(by_id.values(), after=after, before=before, limit=limit)

    async def async_reviews(
        self, cameras: Sequence[str], *, after: datetime, before: datetime, limit: int = 50
    ) -> tuple[FrigateReview, ...]:
        """Return the newest `limit` reviews that overlap the window from `after` to `before`, newest first.

        One that began or ended more than LOOK_BACK outside the window may be missing: older versions do not
        find those. Entries that make no sense are left out.
        """
        if not cameras:
            return ()
        asked: dict[str, str | int | float] = {
            "cameras": _joined(cameras),
            # Frigate: first the window had to hold the whole review, today the review has to touch the window.
            "after": _unix(after - LOOK_BACK),
            "before": _unix(before + LOOK_BACK),
            "limit": limit + LOOK_BACK_ENTRIES,
        }
        async with _time_limit():
            answer = await self._async_json("review", asked)
        by_id = {review.review_id: review for review in _entries(answer, _review) if review.camera in cameras}
        return _newest(by_id.values(), after=after, before=before, limit=limit)

    async def async_snapshot(self, event_id: str, *, height: int = PICTURE_HEIGHT) -> bytes:
        """Return an event's picture with a box around the object, or its thumbnail while there is none.

        `height` is in pixels; older versions heed it only while the event runs. Raises FrigateNotFound when there is
        neither: a new event has its first picture after a second or so.
        """
        _check(_EVENT_ID, event_id, "event")
        async with _time_limit():
            try:
                return await self._async_picture(
                    self._api("events", event_id, "snapshot.jpg").with_query(bbox=1, height=height)
                )
            except FrigateNotFound:
                return await self._async_picture(self._api("events", event_id, "thumbnail.jpg"))

    async def async_latest(self, camera: str, *, height: int = PICTURE_HEIGHT) -> bytes:
        """Return the camera's newest picture, `height` pixels high; of a camera that is down, Frigate shows an old one."""
        _check(_CAMERA, camera, "camera")
        async with _time_limit():
            return await self._async_picture(self._api(camera, "latest.jpg").with_query(height=height))

    def clip_url(self, event_id: str) -> str:
        """Return where a browser finds the event's film, once it has ended. Raises FrigateNotFound for no event id."""
        _check(_EVENT_ID, event_id, "event")
        return str(self._api("events", event_id, "clip.mp4"))

    def event_url(self, event_id: str) -> str:
        """Return the page of Frigate's own interface about the event. Raises FrigateNotFound for no event id."""
        _check(_EVENT_ID, event_id, "event")
        # Frigate: "View in Explore" of its own interface goes there; 0.14 has no such page and opens its first one.
        return str((self._base / "explore").with_query(event_id=event_id))

    def _api(self, *parts: str) -> URL:
        return self._base.joinpath("api", *parts)

    async def _async_picture(self, url: URL) -> bytes:
        picture = await self._async_get(url, MAX_PICTURE_BYTES)
        if not _is_picture(picture):
            raise FrigateUnusable("Frigate sent no picture. Check that the address leads to Frigate itself.")
        return picture

    async def _async_json(self, path: str, query: Mapping[str, str | int | float]) -> object:
        try:
            body = await self._async_get(self._api(path).with_query(query), MAX_JSON_BYTES)
            return json.loads(body)
        except (FrigateNotFound, ValueError, RecursionError) as err:
            raise FrigateUnusable(_NO_FRIGATE) from err

    async def _async_get(self, url: URL, max_bytes: int) -> bytes:
        login = await self._async_log_in()
        body = await self._async_ask(url, login, max_bytes)
        if body is None and login is not None:
            # A changed password or a new server secret ends a token before its time.
            body = await self._async_ask(url, await self._async_log_in(refused=login), max_bytes)
        if body is not None:
            return body
        if login is None:
            raise FrigateRefused("Frigate wants a login: enter a user name and a password.")
        raise FrigateRefused(
            "Frigate does not take its own login. Check the user in Frigate, and its system clock."
        )

    async def _async_ask(self, url: URL, login: _Login | None, max_bytes: int) -> bytes | None:
        """Return the body of the answer, None for a 401."""
        headers = {"Authorization": f"Bearer {login.token}"} if login is not None and login.token else {}
        with _connection_errors():
            # A redirect would carry the token to somewhere nobody typed.
            async with self._session.get(
                url, headers=headers, ssl=self._ssl, allow_redirects=False
            ) as response:
                if response.status == 401:
                    return None
                _expect_ok(response.status)
                return await _async_read(response, max_bytes)

    async def _async_log_in(self, *, refused: _Login | None = None) -> _Login | None:
        """Return the login to use, never the one just `refused`; None when there is no user to log in."""
        if self._username is None:
            return None
        refusals = self._refusals
        async with self._lock:
            if self._login is not None and self._login is not refused and monotonic() < self._login.renew_at:
                return self._login
            if self._refusals != refusals:
                # Another call was turned away while this one waited: a second try only feeds the login limiter.
                raise FrigateRefused(self._refusal)
            try:
                self._login = await self._async_new_login()
            except FrigateRefused as err:
                self._refusals += 1
                self._refusal = str(err)
                raise
            return self._login

    async def _async_new_login(self) -> _Login:
        started = monotonic()
        account = {"user": self._username, "password": self._password}
        with _connection_errors():
            async with self._session.post(
                self._api("login"), json=account, ssl=self._ssl, allow_redirects=False
            ) as response:
                match response.status:
                    case 401:
                        raise FrigateRefused("Frigate does not take the login: check user name and password.")
                    case 404:
                        return _Login(None, inf)
                    case 429:
                        raise FrigateRefused("Frigate takes no more logins for now: wait some minutes.")
                    case status:
                        _expect_ok(status)
                # Frigate may flag the cookie as Secure: over http a cookie jar would drop it.
                token = _token(response.headers.getall("Set-Cookie", []))
        return _Login(token, started + RENEW_AFTER * _life_s(token))


@asynccontextmanager
async def _time_limit() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(CALL_TIMEOUT_S):
            yield
    except TimeoutError as err:
        raise FrigateUnreachable("Frigate takes too long. Check that it runs and is not overloaded.") from err


@contextmanager
def _connection_errors() -> Iterator[None]:
    try:
        yield
    except aiohttp.ClientSSLError as err:
        raise FrigateUnreachable(
            "Frigate's certificate is not trusted. Frigate makes its own: switch the check off, or install another."
        ) from err
    except aiohttp.ClientResponseError as err:
        raise FrigateUnusable(_NO_FRIGATE) from err
    except (aiohttp.ClientError, OSError) as err:
        raise FrigateUnreachable("No connection to Frigate. Check the address, and that it runs.") from err


def _expect_ok(status: int) -> None:
    match status:
        case 200:
            return
        case 403:
            raise FrigateRefused("Frigate does not let this user see that: give it a role that may.")
        case 404:
            raise FrigateNotFound(
                "Frigate does not know this event or camera, or has no picture of it (yet)."
            )
        case _ if 300 <= status < 400:
            raise FrigateUnusable("The server sends on to another address: enter that one.")
        case _:
            raise FrigateUnusable(f"Frigate answers with the error {status}: look into its log.")


async def _async_read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > max_bytes:
            raise FrigateUnusable(
                f"Frigate sends more than {max_bytes // 1024 // 1024} MiB: check what answers there."
            )
    return bytes(body)


def _base_url(typed: str) -> URL:
    problem = "The address has to look like http://host:5000 or https://host:8971, without a user or a query."
    try:
        url = URL(typed.strip())
        known = url.scheme in {"http", "https"} and url.host is not None and not _BLANK.search(url.host)
    except ValueError:
        # Not chained: the text of the cause may hold a password.
        raise ValueError(problem) from None
    if not known or url.user is not None or url.password is not None or url.query_string or url.fragment:
        raise ValueError(problem)
    return url.with_path(url.raw_path.rstrip("/").removesuffix("/api").rstrip("/") or "/", encoded=True)


def _check(pattern: re.Pattern[str], value: str, kind: str) -> None:
    if not pattern.fullmatch(value):
        raise FrigateNotFound(f"Frigate has no {kind} of this name: check how it is written.")


def _joined(cameras: Sequence[str]) -> str:
    for camera in cameras:
        _check(_CAMERA, camera, "camera")
    return ",".join(cameras)


def _token(cookies: Sequence[str]) -> str:
    for cookie in cookies:
        name, _, rest = cookie.partition("=")
        token = rest.partition(";")[0].strip().strip('"')
        if name.strip() == _TOKEN_COOKIE and _TOKEN.fullmatch(token):
            return token
    raise FrigateUnusable(
        "Frigate's login gave no token: leave auth.cookie_name in its configuration as it comes."
    )


def _life_s(token: str) -> float:
    """Return how many seconds from its issue the token holds, without verifying it; endless when it does not say."""
    with suppress(*_MALFORMED, RecursionError):
        payload = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        # `iat` makes it independent of a server clock that is wrong; older versions do not have it.
        life = finite_number(claims["exp"]) - finite_number(claims.get("iat", time()))
        # Over already by our clock, and just issued: then the clocks differ, and a 401 will tell.
        return life if life > 0 else inf
    return inf


def _is_picture(body: bytes) -> bool:
    return body.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (
        body[:4] == b"RIFF" and body[8:12] == b"WEBP"
    )


def _unix(at: datetime) -> float:
    return round(at.timestamp(), 3)


def _newest[T: FrigateEvent | FrigateReview](
    found: Iterable[T], *, after: datetime, before: datetime, limit: int
) -> tuple[T, ...]:
    overlapping = [one for one in found if one.started_at <= before and (one.ended_at or after) >= after]
    return tuple(sorted(overlapping, key=lambda one: one.started_at, reverse=True)[:limit])


def _entries[T](answer: object, parse: Callable[[Mapping[str, Any]], T]) -> Iterator[T]:
    if not isinstance(answer, list):
        raise FrigateUnusable(_NO_FRIGATE)
    for row in answer:
        with suppress(*_MALFORMED):
            yield parse(_mapping(row))


def _camera(name: str, config: Mapping[str, Any]) -> FrigateCamera:
    return FrigateCamera(name=name, friendly_name=_optional_text(config.get("friendly_name")))


def _event(row: Mapping[str, Any]) -> FrigateEvent:
    data = _mapping(row.get("data"))
    sub_label = row.get("sub_label")
    return FrigateEvent(
        event_id=_text(row["id"], _EVENT_ID),
        camera=_text(row["camera"], _CAMERA),
        label=_text(row["label"]),
        # Frigate: of a recognised face both "Bob" and ["Bob", 0.97] occur.
        sub_label=_optional_text(sub_label[0] if isinstance(sub_label, list) and sub_label else sub_label),
        score=max(_score(scores.get(name)) for scores in (row, data) for name in ("top_score", "score")),
        started_at=_moment(row["start_time"]),
        ended_at=_optional_moment(row.get("end_time")),
        has_clip=_flag(row.get("has_clip")),
        false_positive=_flag(row.get("false_positive")),
        stationary=_flag(row.get("stationary")) or _flag(data.get("stationary")),
    )


def _review(row: Mapping[str, Any]) -> FrigateReview:
    data = _mapping(row.get("data"))
    return FrigateReview(
        review_id=_text(row["id"], _EVENT_ID),
        camera=_text(row["camera"], _CAMERA),
        severity=_text(row["severity"], re.compile("alert|detection")),
        started_at=_moment(row["start_time"]),
        ended_at=_optional_moment(row.get("end_time")),
        event_ids=tuple(one for one in _texts(data.get("detections")) if _EVENT_ID.fullmatch(one)),
    )


def finite_number(value: object) -> float:
    """Return the finite number in an int, a float or a text. Raises ValueError or TypeError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("not a number")
    try:
        number = float(value)
    except OverflowError as err:
        raise ValueError("too big") from err
    if not isfinite(number):
        raise ValueError("not finite")
    return number


def _score(value: object) -> float:
    """Return a score of 0..1; what is none counts as 0, so that it speaks for nothing."""
    with suppress(*_MALFORMED):
        number = finite_number(value)
        return number if 0 <= number <= 1 else 0.0
    return 0.0


def _moment(value: object) -> datetime:
    try:
        return datetime.fromtimestamp(finite_number(value), UTC)
    except (OverflowError, OSError) as err:
        raise ValueError("no time of this calendar") from err


def _optional_moment(value: object) -> datetime | None:
    return None if value is None else _moment(value)


def _text(value: object, pattern: re.Pattern[str] = re.compile(".+", re.DOTALL)) -> str:
    if not isinstance(value, str) or not _is_text(value) or not pattern.fullmatch(value):
        raise ValueError("not the text it should be")
    return value


def _optional_text(value: object) -> str | None:
    return value if isinstance(value, str) and value and _is_text(value) else None


def _texts(value: object) -> tuple[str, ...]:
    found = map(_optional_text, value) if isinstance(value, list) else ()
    return tuple(one for one in found if one is not None)


def _is_text(value: str) -> bool:
    """Return whether a text is short enough, and can be written: JSON may hold half of a character (a lone surrogate)."""
    return len(value) <= MAX_TEXT and not any("\ud800" <= char <= "\udfff" for char in value)


def _flag(value: object) -> bool:
    return isinstance(value, int) and value == 1


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
