"""python-telegram-bot over our own HTTP client: its bounds and its guard hold, and httpx is not asked for anything."""

import logging
from typing import Any, Final, override

from aiohttp import FormData
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData
from yarl import URL

from companion.channels.http import BODY_LIMIT, Failure, HttpClient, Reply, not_understood, waiting
from companion.channels.telegram.settings import TelegramSettings

UPDATES: Final = 10
"""How many are taken at once …"""
UPDATES_LIMIT: Final = 4 * 1024 * 1024
"""… and the most bytes that they may be: one is a text and the one that it answers, of 4096 characters each, with mark-up."""

UNREADABLE: Final = (TypeError, KeyError, ValueError, AttributeError)
"""What the library raises for an answer that is not of the form that it expects."""

# The library says every call with its parameters, so the text and the acknowledge link, at this level.
logging.getLogger("telegram").setLevel(logging.WARNING)


class UnansweredError(TelegramError):
    """Nothing came back in which the Bot API says yes or no by itself: what it means is decided already."""

    def __init__(self, failure: Failure) -> None:
        super().__init__("no answer of the Bot API")
        self.failure = failure


class GuardedRequest(BaseRequest):
    """One call of the Bot API. What is wrong with the way there, or with the server, raises UnansweredError."""

    __slots__ = ("_http",)

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    @property
    @override
    def read_timeout(self) -> float | None:
        """None: the time of a call is bounded by the channel's settings."""
        return None

    @override
    async def initialize(self) -> None:
        """Nothing is to be done: the client connects when it is asked for something."""

    @override
    async def shutdown(self) -> None:
        """Nothing is to be done: the client belongs to the channel."""

    @override
    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Return the status and the body of what is an answer of the Bot API.

        `read_timeout` is how long the server may keep us waiting before it says anything, on top of the channel's own times.
        """
        held_s = read_timeout if isinstance(read_timeout, int | float) else 0
        media_type, body = await _form(request_data or RequestData())
        reply = await self._http.request(
            method,
            URL(url, encoded=True),
            data=body,
            headers={"Content-Type": media_type},
            held_s=held_s,
            limit=UPDATES_LIMIT if held_s else BODY_LIMIT,
        )
        if not isinstance(reply, Reply):
            raise UnansweredError(reply)
        answers = reply.fields
        if reply.is_success:
            if answers.get("ok") is not True or "result" not in answers:
                raise UnansweredError(not_understood(reply))
        elif reply.status == 429 or reply.status >= 500 or not isinstance(answers.get("description"), str):
            raise UnansweredError(
                waiting(self._http.failure(reply, answers.get("description")), _wait_in(answers))
            )
        return reply.status, reply.body


async def _form(data: RequestData) -> tuple[str, bytes]:
    """Return the parameters of a call as a form, and its type. Half characters are replaced: the library would fail over them."""
    if not data.contains_files:
        return (
            "application/x-www-form-urlencoded",
            data.url_encoded_parameters({"errors": "replace"}).encode(),
        )
    form = FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value.encode(errors="replace").decode())
    for name, (filename, content, media_type) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=media_type)
    written = form()
    return written.headers["Content-Type"], await written.as_bytes()


def _wait_in(answer: dict[str, Any]) -> object:
    """Return the seconds that the Bot API names in the body: they are for one chat."""
    parameters = answer.get("parameters")
    return parameters.get("retry_after") if isinstance(parameters, dict) else None


class GuardedBot(Bot):
    """The library's bot, whose updates come as they are: one that it cannot read must not hide the others."""

    __slots__ = ()

    async def raw_updates(self, *, offset: int | None, wait_s: int, kinds: list[str]) -> list[Any]:
        """Return what has come since `offset`, as JSON; wait for it if nothing has. Raises TelegramError."""
        data = {"offset": offset, "limit": UPDATES, "timeout": wait_s, "allowed_updates": kinds}
        found = await self._post("getUpdates", data, read_timeout=wait_s)
        return found if isinstance(found, list) else []


def bot_of(config: TelegramSettings, http: HttpClient) -> GuardedBot:
    """Return the bot of a channel; it asks nobody anything yet."""
    request = GuardedRequest(http)
    base = f"{str(config.url).rstrip('/')}/bot"
    token = config.token.get_secret_value()
    return GuardedBot(token, base_url=base, request=request, get_updates_request=request)
