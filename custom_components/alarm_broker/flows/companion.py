"""Asks an address whether a companion is there and takes the token, for the config flow."""

import asyncio
from dataclasses import dataclass

import aiohttp
from yarl import URL

from ..link.client import LinkLost, LinkRefused, TokenRefused, async_connect
from ..link.protocol import Hello

CHECK_TIMEOUT_S = 10
DEFAULT_PORT = 8440
"""Where a companion listens unless it was told otherwise."""


@dataclass(frozen=True, slots=True)
class Companion:
    """Who answered the hello at an address: what the entry keeps of it."""

    instance: str
    name: str


class NotUsable(Exception):
    """No companion that can be used; `reason` is the key of the text that says what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def base_url(typed: str) -> str:
    """Return the address as it is kept; one without a scheme is a host, with the companion's own port unless it names one.

    Raises NotUsable when it is not one.
    """
    typed = typed.strip()
    try:
        url = URL(typed if "://" in typed else f"http://{typed}")
        if "://" not in typed and url.host and url.explicit_port is None:
            url = url.with_port(DEFAULT_PORT)
    except ValueError as err:
        raise NotUsable("invalid_url") from err
    if url.scheme not in {"http", "https"} or not url.host or url.user or url.query_string or url.fragment:
        raise NotUsable("invalid_url")
    return str(url).rstrip("/")


async def async_check(session: aiohttp.ClientSession, *, url: str, token: str, hello: Hello) -> Companion:
    """Return who answers at `url`. Raises NotUsable with what is wrong, from the address up to the role."""
    await _async_expect_companion(session, url)
    await _async_expect_token_taken(session, url, token)
    try:
        ws, welcome = await async_connect(session, url=url, token=token, hello=hello)
    except TokenRefused as err:
        raise NotUsable("forbidden" if err.forbidden else "invalid_auth") from err
    except LinkRefused as err:
        raise NotUsable("site_unknown" if err.code == "site_unknown" else "link_refused") from err
    except LinkLost as err:
        raise NotUsable("link_refused") from err
    await ws.close()
    return Companion(welcome.instance, welcome.name)


async def _async_expect_companion(session: aiohttp.ClientSession, url: str) -> None:
    status = await _async_status(session, URL(url) / "healthz", {})
    if status != 200:
        raise NotUsable("cannot_connect" if status >= 500 else "not_a_companion")


async def _async_expect_token_taken(session: aiohttp.ClientSession, url: str, token: str) -> None:
    alarms = (URL(url) / "v1" / "alarms").with_query(limit=1)
    match await _async_status(session, alarms, {"Authorization": f"Bearer {token}"}):
        case 200:
            return
        case 401:
            raise NotUsable("invalid_auth")
        case 403:
            raise NotUsable("forbidden")
        case status if status == 429 or status >= 500:
            raise NotUsable("cannot_connect")
        case _:
            raise NotUsable("not_a_companion")


async def _async_status(session: aiohttp.ClientSession, url: URL, headers: dict[str, str]) -> int:
    try:
        async with (
            asyncio.timeout(CHECK_TIMEOUT_S),
            # A redirect would carry the token to somewhere nobody typed.
            session.get(url, headers=headers, allow_redirects=False) as response,
        ):
            return response.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as err:
        raise NotUsable("cannot_connect") from err
