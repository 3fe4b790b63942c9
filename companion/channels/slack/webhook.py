"""Slack's incoming webhooks: one Slack channel each, no ids, so nothing can be changed later."""

from typing import Any, override

from companion.channels.base import Channel, Message, Outcome, Refused, Sent
from companion.channels.cards import card_of
from companion.channels.http import Failure, HttpClient, Reply, not_understood
from companion.channels.slack.blocks import blocks, fallback
from companion.channels.slack.settings import SlackSettings
from companion.channels.webhooks import address_of, failure_of_webhook, secrets_of

FINAL = frozenset({"invalid_payload", "invalid_blocks", "no_text", "too_many_attachments"})
"""Slack answers 400 and one of these words to what it will never take."""
NOTHING_IN_IT = frozenset({"no_text", "invalid_payload"})


class SlackWebhook(Channel):
    """Posts to the one channel that the webhook is for."""

    def __init__(self, config: SlackSettings) -> None:
        self._config = config
        self._http = HttpClient(config, secrets=secrets_of(config.url))

    @override
    async def send(self, message: Message) -> Outcome:
        card = card_of(message)
        reply = await self._post({"text": fallback(card), "blocks": blocks(card, None)})
        if not isinstance(reply, Reply):
            return reply
        if reply.is_success:
            return Sent(provider_ref=None, status_code=200) if said(reply) == "ok" else not_understood(reply)
        failure = failure_of_webhook(self._http, reply, reply.text)
        if reply.status == 400 and said(reply) in FINAL:
            return Refused(reason=failure.reason, status_code=400)
        return failure

    @override
    async def check(self) -> Outcome:
        """Post nothing: a webhook that lives says that there is no text in it, and tells nobody."""
        reply = await self._post({})
        if not isinstance(reply, Reply):
            return reply
        if reply.status == 400 and said(reply) in NOTHING_IN_IT:
            return Sent(provider_ref=None, status_code=400)
        return (
            not_understood(reply) if reply.is_success else failure_of_webhook(self._http, reply, reply.text)
        )

    @override
    async def close(self) -> None:
        await self._http.close()

    async def _post(self, body: dict[str, Any]) -> Reply | Failure:
        return await self._http.request("POST", address_of(self._config.url), json_body=body)


def said(reply: Reply) -> str:
    """Return the word that Slack answers with."""
    return reply.text.strip()
