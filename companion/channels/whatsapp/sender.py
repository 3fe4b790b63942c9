"""WhatsApp: templates to people, whose fate and answers Meta tells by calling us."""

import logging
from collections.abc import Iterable
from typing import Any, Literal, override

from yarl import URL

from companion.channels.base import (
    Answer,
    Callback,
    CallbackReply,
    Channel,
    Inbound,
    Message,
    Outcome,
    Sent,
    TakesCallbacks,
)
from companion.channels.http import SAY_S, Failure, HttpClient, Reply, briefly, not_understood
from companion.channels.whatsapp.callbacks import events_in, introduced, is_of_meta
from companion.channels.whatsapp.errors import error_in, read
from companion.channels.whatsapp.settings import WhatsAppSettings
from companion.channels.whatsapp.templates import reply as reply_to, request
from companion.texts.reasons import Reason

_LOGGER = logging.getLogger(__name__)

FIELDS = "verified_name,quality_rating"


class WhatsAppChannel(Channel, TakesCallbacks):
    """Sends one request a message. That Meta takes it says little: what became of it comes back within seconds.

    Meta has no key against repeats and lists no messages: one that may have been sent is sent again, and says so.
    """

    def __init__(self, config: WhatsAppSettings) -> None:
        self._config = config
        token = config.token.get_secret_value()
        self._number = URL(str(config.url)) / config.version / config.phone_number_id
        self._http = HttpClient(config, headers={"Authorization": f"Bearer {token}"}, secrets=(token,))

    @override
    async def send(self, message: Message) -> Outcome:
        reply = await self._call("POST", request(self._config, message), private=[message.ack_token or ""])
        if not isinstance(reply, Reply):
            return reply
        ref = id_in(reply)
        if ref is None:
            return not_understood(reply)
        hears = self._config.app_secret is not None
        return Sent(provider_ref=ref, status_code=reply.status, receipt_follows=hears)

    @override
    async def check(self) -> Outcome:
        """Ask for the number, and what Meta thinks of it."""
        reply = await self._call("GET")
        if not isinstance(reply, Reply):
            return reply
        if "id" not in reply.fields:
            return not_understood(reply)
        warning = Reason("whatsapp.low_quality") if reply.fields.get("quality_rating") == "RED" else None
        return Sent(provider_ref=None, status_code=reply.status, warning=warning)

    @override
    async def called_back(self, callback: Callback, inbound: Inbound) -> CallbackReply | None:
        config = self._config
        if config.app_secret is None or config.verify_token is None:
            return None
        if callback.method == "GET":
            return introduced(callback, config.verify_token)
        if not is_of_meta(callback, config.app_secret):
            return None
        for event in events_in(callback.body, config.phone_number_id):
            if isinstance(event, Answer):
                await self._answered(event, inbound)
            else:
                await inbound.receipt(event)
        return CallbackReply()

    @override
    async def close(self) -> None:
        await self._http.close()

    async def _answered(self, answer: Answer, inbound: Inbound) -> None:
        """Pass an answer on, and say in the same chat what became of it."""
        response = await inbound.answer(answer)
        if response is None:
            return
        body = reply_to(answer.sender, answer.event_id, response.text)
        said = await briefly(self._call("POST", body), SAY_S)
        if not isinstance(said, Reply):
            _LOGGER.warning("Nobody could be told in WhatsApp what became of their answer: %s", said.reason)

    async def _call(
        self,
        method: Literal["GET", "POST"],
        body: dict[str, Any] | None = None,
        *,
        private: Iterable[str] = (),
    ) -> Reply | Failure:
        """Return a success, or what anything else means: of a message, or of the question what the number is."""
        url = self._number / "messages" if body else self._number.with_query(fields=FIELDS)
        reply = await self._http.request(method, url, json_body=body)
        if not isinstance(reply, Reply) or reply.is_success:
            return reply
        found = error_in(reply.fields.get("error"))
        if found is None:
            return self._http.failure(reply)
        code, said = found
        return read(self._http.failure(reply, f"{code} {said}", private=private), code)


def id_in(reply: Reply) -> str | None:
    """Return the id that Meta has given the message."""
    messages = reply.fields.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    found = first.get("id") if isinstance(first, dict) else None
    return found if isinstance(found, str) and found else None
