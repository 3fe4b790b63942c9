"""A workflow of Microsoft Teams. That it took a message means that it is queued, and nothing tells whether a card appeared."""

from typing import override

from companion.channels.base import Channel, Message, Outcome, Sent
from companion.channels.cards import card_of
from companion.channels.http import HttpClient, Reply, not_understood
from companion.channels.teams.adaptive import request
from companion.channels.teams.settings import STOPPED, TeamsSettings, is_at
from companion.channels.webhooks import address_of, failure_of_webhook, secrets_of
from companion.texts.reasons import Reason


class TeamsChannel(Channel):
    """Posts to the one place that the workflow is for."""

    def __init__(self, config: TeamsSettings) -> None:
        self._config = config
        self._url = address_of(config.url)
        self._http = HttpClient(config, secrets=secrets_of(config.url))

    @override
    async def send(self, message: Message) -> Outcome:
        reply = await self._http.request(
            "POST",
            self._url,
            data=request(card_of(message)),
            headers={"Content-Type": "application/json; charset=utf-8"},
        )
        if not isinstance(reply, Reply):
            return reply
        if not reply.is_success:
            return failure_of_webhook(self._http, reply, said(reply))
        if reply.status != 202 and reply.body.strip():
            return not_understood(reply)
        return Sent(provider_ref=None, status_code=reply.status)

    @override
    async def check(self) -> Outcome:
        """Ask the server whether it is there: the workflow itself cannot be tried without telling people."""
        reply = await self._http.request("GET", self._url.origin())
        if not isinstance(reply, Reply):
            return reply
        if reply.status >= 500:
            return self._http.failure(reply)
        warning = Reason("teams.untried")
        if is_at(self._config.url, STOPPED):
            warning = Reason("teams.stopped")
        return Sent(provider_ref=None, status_code=reply.status, warning=warning)

    @override
    async def close(self) -> None:
        await self._http.close()


def said(reply: Reply) -> object:
    """Return the words of an error of Power Automate."""
    error = reply.fields.get("error")
    return error.get("message") if isinstance(error, dict) else error
