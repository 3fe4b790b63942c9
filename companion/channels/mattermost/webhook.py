"""Incoming webhooks of Mattermost and of Rocket.Chat: the same request, and each its own way to say yes."""

from typing import override

from companion.channels.base import Channel, Message, Outcome, Refused, Sent
from companion.channels.cards import card_of
from companion.channels.http import Failure, HttpClient, Reply, not_understood
from companion.channels.markdown import markdown
from companion.channels.mattermost.settings import MattermostSettings
from companion.channels.webhooks import address_of, failure_of_webhook, secrets_of
from companion.texts.reasons import Reason

NO_SUCH_HOOK = frozenset(
    {"web.incoming_webhook.invalid.app_error", "web.incoming_webhook.disabled.app_error"}
)
"""Mattermost says so with 400 (`app/webhook.go`)."""
NO_SUCH_CHANNEL = "web.incoming_webhook.channel"
"""How the codes begin with which Mattermost refuses a channel: it has found the webhook then."""
CHECKED = "alarm-broker-checks-this-webhook"
"""A channel that nobody has."""


class MattermostWebhook(Channel):
    """Posts to the one channel that the webhook is for."""

    def __init__(self, config: MattermostSettings) -> None:
        self._config = config
        self._url = address_of(config.url)
        self._http = HttpClient(config, secrets=secrets_of(config.url))

    @override
    async def send(self, message: Message) -> Outcome:
        reply = await self._http.request("POST", self._url, json_body={"text": markdown(card_of(message))})
        if not isinstance(reply, Reply):
            return reply
        if not reply.is_success:
            return self._failure(reply)
        took = reply.text.strip() == "ok" or reply.fields.get("success") is True
        return Sent(provider_ref=None, status_code=reply.status) if took else not_understood(reply)

    @override
    async def check(self) -> Outcome:
        """Ask without telling anybody: Mattermost for a channel that it has not, Rocket.Chat only for its version."""
        if self._is_of_rocket_chat:
            return await self._check_rocket_chat()
        body = {"text": CHECKED, "channel": CHECKED}
        reply = await self._http.request("POST", self._url, json_body=body)
        if not isinstance(reply, Reply):
            return reply
        if reply.word("id").startswith(NO_SUCH_CHANNEL):
            return Sent(provider_ref=None, status_code=reply.status)
        return not_understood(reply) if reply.is_success else self._failure(reply)

    @override
    async def close(self) -> None:
        await self._http.close()

    @property
    def _is_of_rocket_chat(self) -> bool:
        """Whether the address ends as Rocket.Chat's do: `/hooks/ID/TOKEN`, where Mattermost has `/hooks/ID`."""
        return len(self._url.parts) >= 3 and self._url.parts[-3] == "hooks"

    async def _check_rocket_chat(self) -> Outcome:
        info = self._url.parent.parent.parent / "api" / "info"
        reply = await self._http.request("GET", info)
        if not isinstance(reply, Reply):
            return reply
        if reply.fields.get("success") is not True:
            return not_understood(reply) if reply.is_success else self._failure(reply)
        return Sent(provider_ref=None, status_code=reply.status, warning=Reason("mattermost.webhook_untried"))

    def _failure(self, reply: Reply) -> Failure:
        failure = failure_of_webhook(self._http, reply, said(reply))
        if reply.word("id") in NO_SUCH_HOOK:
            return Refused(reason=failure.reason, status_code=reply.status, channel_broken=True)
        return failure


def said(reply: Reply) -> str:
    """Return the words of an error: `message` in Mattermost, `error` in Rocket.Chat."""
    return reply.word("message") or reply.word("error")
