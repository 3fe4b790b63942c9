"""Discord's webhooks: a message is known by its id, so it can be changed later."""

from dataclasses import replace
from typing import Any, Literal, override

from companion.channels.base import Channel, Message, Outcome, Refused, Sent
from companion.channels.cards import card_of, replaces_first
from companion.channels.discord.embeds import message_of
from companion.channels.discord.settings import DiscordSettings
from companion.channels.http import Failure, HttpClient, Reply, not_understood, waiting
from companion.channels.webhooks import address_of, failure_of_webhook, secrets_of

GONE_MESSAGE = 10008
"""The first message was deleted: what there is to say becomes one of its own."""


class DiscordChannel(Channel):
    """Posts to the one channel that the webhook is for; `Sent.provider_ref` is the message's id."""

    def __init__(self, config: DiscordSettings) -> None:
        self._config = config
        self._url = address_of(config.url)
        self._http = HttpClient(config, secrets=secrets_of(config.url))

    @override
    async def send(self, message: Message) -> Outcome:
        body = message_of(card_of(message))
        if message.thread_ref is not None and replaces_first(message):
            changed = await self._call("PATCH", body, message.thread_ref)
            if not isinstance(changed, Reply) or _code(changed) != GONE_MESSAGE:
                return self._outcome(changed)
        return self._outcome(await self._call("POST", body))

    @override
    async def check(self) -> Outcome:
        """Ask for the webhook itself, which tells nobody."""
        outcome = self._outcome(await self._http.request("GET", self._url))
        return replace(outcome, provider_ref=None) if isinstance(outcome, Sent) else outcome

    @override
    async def close(self) -> None:
        await self._http.close()

    async def _call(
        self, method: Literal["POST", "PATCH"], body: dict[str, Any], message_id: str | None = None
    ) -> Reply | Failure:
        if message_id is None:
            # Only an answer that is waited for says which message it is about.
            url = self._url.update_query(wait="true")
        else:
            url = (self._url.with_query(None) / "messages" / message_id).with_query(self._url.query)
        return await self._http.request(method, url, json_body=body)

    def _outcome(self, reply: Reply | Failure) -> Outcome:
        if not isinstance(reply, Reply):
            return reply
        if reply.is_success:
            found = reply.word("id")
            return Sent(provider_ref=found, status_code=reply.status) if found else not_understood(reply)
        failure = failure_of_webhook(self._http, reply, reply.fields.get("message"))
        if reply.status == 400 and _code(reply):
            return Refused(reason=failure.reason, status_code=400)
        return waiting(failure, reply.fields.get("retry_after"))


def _code(reply: Reply) -> int:
    """Return Discord's code of an error, 0 if there is none."""
    found = reply.fields.get("code")
    return found if isinstance(found, int) and not reply.is_success else 0
