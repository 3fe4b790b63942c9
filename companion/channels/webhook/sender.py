"""A webhook: one request an event, signed over the very bytes that go out."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import override

from yarl import URL

from companion.channels.base import Channel, Heard, Message, MessageKind, Outcome, Refused, Sent
from companion.channels.http import BODY_LIMIT, HttpClient, Reply, not_understood, shortened
from companion.channels.templates import Prepared, plain_headers, prepared, secrets_of_headers
from companion.channels.webhook.events import event, values
from companion.channels.webhook.settings import WebhookSettings
from companion.channels.webhook.signing import signatures
from companion.channels.webhooks import secrets_of
from companion.texts.reasons import Reason

SAID_LIMIT, ANSWER_LIMIT = 120, 500
"""Characters of an answer that a reason and the channel test quote."""
WEB_PAGE = re.compile(rb"\s*<(?:!doctype|html)\b", re.IGNORECASE)


class WebhookChannel(Channel):
    """Sends one request an event. A 2xx says that the program has taken it, and nothing about any person."""

    def __init__(self, config: WebhookSettings) -> None:
        self._config = config
        self._http = HttpClient(config, secrets=secrets_in(config))

    @override
    async def send(self, message: Message) -> Outcome:
        now = datetime.now(UTC)
        request = request_for(self._config, message, now)
        reply = await self._http.request(
            self._config.method,
            URL(request.url, encoded=True),
            headers={
                **request.headers,
                "Idempotency-Key": message.idempotency_key,
                **signatures(self._config.signing_keys, message.idempotency_key, request.data or b"", now),
            },
            data=request.data,
        )
        if not isinstance(reply, Reply):
            return reply
        private = {message.ack_token or "", message.ack_url or ""}
        said = self._http.quoted(reply.text, private=private, limit=ANSWER_LIMIT)
        outcome = self._outcome(reply, shortened(said, SAID_LIMIT))
        if message.kind is not MessageKind.TEST:
            return outcome
        return replace(outcome, heard=Heard(answer=said, rule=None))

    @override
    async def check(self) -> Outcome:
        """Ask whether anything answers there; only an event shows whether it is taken."""
        url = URL(self._config.url.get_secret_value().split("{", maxsplit=1)[0], encoded=True)
        # Signed, too: many receivers let nothing else in.
        proof = signatures(self._config.signing_keys, "check", b"", datetime.now(UTC))
        reply = await self._http.request("HEAD", url, headers=plain_headers(self._config.headers) | proof)
        if not isinstance(reply, Reply):
            return reply
        if reply.status in {401, 403, 410} or reply.status >= 500:
            return self._failure(reply, "")
        return Sent(provider_ref=None, status_code=reply.status, warning=Reason("webhook.reachable"))

    @override
    async def close(self) -> None:
        await self._http.close()

    def _outcome(self, reply: Reply, said: str) -> Outcome:
        if not reply.is_success:
            return self._failure(reply, "" if WEB_PAGE.match(reply.body) else said)
        # A page for people, or one without an end, is what a portal in between answers, or a door that is wide open.
        if WEB_PAGE.match(reply.body) or len(reply.body) >= BODY_LIMIT:
            return not_understood(reply)
        return Sent(provider_ref=None, status_code=reply.status)

    def _failure(self, reply: Reply, said: str) -> Outcome:
        if reply.status == 410:
            return Refused(reason=Reason("webhook.gone"), status_code=410, channel_broken=True)
        return self._http.failure(reply, said)


def request_for(config: WebhookSettings, message: Message, now: datetime) -> Prepared:
    """Return the request as the program wants it, but for what proves that it is ours."""
    headers = plain_headers(config.headers)
    secrets = {name: secret.get_secret_value() for name, secret in config.secrets.items()}
    every = {**secrets, **values(message, now, link=config.ack_link)}
    if config.body != "event":
        return prepared(config.url.get_secret_value(), config.body, config.template, every, headers)
    bare = prepared(config.url.get_secret_value(), "query", {}, every, headers)
    data = json.dumps(event(message, now, link=config.ack_link), ensure_ascii=False).encode()
    return replace(bare, headers={"Content-Type": "application/json", **headers}, data=data)


def secrets_in(config: WebhookSettings) -> frozenset[str]:
    """Return what must never be quoted: the address and its parts, headers (also without their scheme), secrets and keys."""
    return frozenset(
        [
            *secrets_of(config.url),
            *secrets_of_headers(config.headers),
            *(one.get_secret_value() for one in (*config.secrets.values(), *config.signing_keys)),
        ]
    )
