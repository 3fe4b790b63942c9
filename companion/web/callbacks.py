"""Where providers call back: receipts, and what people answer. The channel proves that it is its provider who calls."""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from companion.channels.base import Callback, CallbackReply, TakesCallbacks
from companion.dispatch.worker import ChannelUnusable
from companion.web.auth import count_wrong_try
from companion.web.http.parsing import read_bytes
from companion.web.http.route import Call, NoQuery, Output, Route
from companion.web.problems import TooManyRequests, UnknownToken

_PATH: Final = "/v1/channels/{channel_id}/callback"
_ANY: Final[Mapping[str, Mapping[str, Any]]] = {
    "application/json": {},
    "application/x-www-form-urlencoded": {},
}


class ProviderQuery(Output):
    """Whatever the provider sends."""


def callback_url(public_url: str, channel_id: str) -> str:
    """Return where the channel's provider reaches us."""
    return public_url.rstrip("/") + _PATH.format(channel_id=channel_id)


async def called_back(call: Call[NoQuery, None]) -> web.Response:
    """Let the channel read what its provider says; anybody else learns nothing, not even whether there is such a channel."""
    reply = await _reply(call)
    if reply is None:
        count_wrong_try(call.request)
        raise UnknownToken("No channel takes this here.")
    return web.Response(status=reply.status, text=reply.body, content_type=reply.content_type)


async def _reply(call: Call[NoQuery, None]) -> CallbackReply | None:
    channel_id, request, context = call.path("channel_id"), call.request, call.context
    body = await read_bytes(request)
    try:
        running = await context.channels.get(channel_id)
    except ChannelUnusable:
        return None
    if running is None or not isinstance(running.channel, TakesCallbacks):
        return None
    callback = Callback(
        method=request.method,
        url=context.settings.public_url.rstrip("/") + request.raw_path,
        query=request.query,
        headers=request.headers,
        body=body,
    )
    return await running.channel.called_back(callback, context.inbound(channel_id))


ROUTES: Final = tuple(
    Route(
        method=method,
        path=_PATH,
        handler=called_back,
        name=name,
        summary="A channel's provider says what became of a message, or what somebody has answered",
        tag="channels",
        documented_query=ProviderQuery,
        body_types=_ANY if method == "POST" else {},
        body_required=False,
        other_answers={"text/plain": {"type": "string"}},
        problems=(UnknownToken, TooManyRequests),
    )
    for method, name in (("POST", "called_back"), ("GET", "called_back_by_get"))
)
