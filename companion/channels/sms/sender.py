"""SMS through any gateway with an HTTP interface: method, address, headers, body and success are configured."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import override
from urllib.parse import parse_qsl, urlsplit

from yarl import URL

from companion.channels.base import (
    Answer,
    Callback,
    CallbackReply,
    Channel,
    Heard,
    Inbound,
    Message,
    MessageKind,
    Outcome,
    Quota,
    Refused,
    Sent,
    TakesCallbacks,
    TryAgain,
)
from companion.channels.gsm import gsm
from companion.channels.http import (
    SAY_S,
    Failure,
    HttpClient,
    Reply,
    answered_at,
    briefly,
    retry_after,
    shortened,
)
from companion.channels.render import sms_text
from companion.channels.sms.answers import (
    MISSING,
    Reading,
    Verdict,
    pointed,
    read,
)
from companion.channels.sms.settings import SmsSettings
from companion.channels.templates import (
    PLACEHOLDER,
    SHORTEST_SECRET,
    Prepared,
    plain_headers,
    prepared,
    secrets_of_headers,
)
from companion.texts.reasons import Reason

_LOGGER = logging.getLogger(__name__)

SAID_LIMIT, ANSWER_LIMIT = 120, 500
"""Characters of an answer that a reason and the channel test quote."""


class SmsChannel(Channel, TakesCallbacks):
    """Sends one request a message, and hears what the gateway calls back, as configured."""

    def __init__(self, config: SmsSettings) -> None:
        self._config = config
        self._http = HttpClient(config, secrets=secrets_in(config))

    @override
    async def send(self, message: Message) -> Outcome:
        form, is_heard = self._config.sms_form, message.callback_url is not None
        by_reply = form.by_reply and is_heard
        text = sms_text(message, segments=form.segments, unicode=form.unicode, by_reply=by_reply)
        reply = await self._sent(message.address, text, message.idempotency_key, message.callback_url)
        if not isinstance(reply, Reply):
            return reply

        def said() -> str:
            # Whoever reads a reason must not be able to answer the alarm with it.
            return self._http.quoted(reply.text, private={text, *link_token(message)}, limit=ANSWER_LIMIT)

        reading = read(self._config.answers, reply)
        outcome = self._outcome(reply, reading, lambda: shortened(said(), SAID_LIMIT))
        if message.kind is not MessageKind.TEST:
            return outcome
        return replace(outcome, heard=Heard(answer=said(), rule=None if reading is None else reading.rule))

    @override
    async def check(self) -> Outcome:
        """Ask for the bare address; without a message no gateway can say whether it would take one."""
        url = URL(self._config.url.get_secret_value().split("{")[0], encoded=True)
        reply = await self._http.request(
            "HEAD", url.with_query(None), headers=plain_headers(self._config.headers)
        )
        if not isinstance(reply, Reply):
            return reply
        failure = self._http.failure(reply)
        if reply.status in {401, 403} or reply.status >= 500:
            return failure
        quota = self._config.quota
        return Sent(
            provider_ref=None,
            status_code=reply.status,
            warning=Reason("sms.reachable" if self._knows_sent else "sms.reachable_without_rule"),
            quota=None if quota is None else Quota(limit=quota.limit, per=quota.per),
        )

    @override
    async def called_back(self, callback: Callback, inbound: Inbound) -> CallbackReply | None:
        callbacks, secret = self._config.callbacks, self._config.callback_secret
        if callbacks is None or secret is None:
            return None
        if not callbacks.proof.holds(callback, secret.get_secret_value()):
            return None
        for event in callbacks.events(callback):
            if isinstance(event, Answer):
                await self._answered(event, inbound)
            else:
                await inbound.receipt(event)
        return CallbackReply(body="OK")

    async def _answered(self, answer: Answer, inbound: Inbound) -> None:
        """Pass an answer on, and say by SMS what became of it; nobody can write to a name."""
        response = await inbound.answer(answer)
        if response is None or not answer.sender.startswith("+"):
            return
        text = response.text if self._config.unicode else gsm(response.text)
        reply = await briefly(self._sent(answer.sender, text, f"answer-{answer.event_id}", None), SAY_S)
        if not isinstance(reply, Reply) or not reply.is_success:
            _LOGGER.warning("Nobody could be told by SMS what became of their answer")

    async def _sent(self, to: str, text: str, key: str, callback_url: str | None) -> Reply | Failure:
        values = {"to": to, "text": text, "id": key, "callback": self._callback(callback_url)}
        request = request_for(self._config, values)
        url = URL(request.url, encoded=True)
        return await self._http.request(self._config.method, url, headers=request.headers, data=request.data)

    def _callback(self, url: str | None) -> str:
        """Return where the gateway can call, with the secret if it stands there; nothing if it cannot."""
        callbacks, secret = self._config.callbacks, self._config.callback_secret
        if url is None or callbacks is None or secret is None:
            return url or ""
        if callbacks.proof.by != "query":
            return url
        return str(URL(url).update_query({callbacks.proof.name: secret.get_secret_value()}))

    @override
    async def close(self) -> None:
        await self._http.close()

    @property
    def _knows_sent(self) -> bool:
        return any(rule.verdict is Verdict.SENT for rule in self._config.answers)

    def _outcome(self, reply: Reply, reading: Reading | None, said: Callable[[], str]) -> Outcome:
        status = reply.status
        if reading is None:
            if not reply.is_success:
                return self._http.failure(reply, said())
            if self._knows_sent:
                reason = Reason("sms.no_rule", status=status, said=said())
                return TryAgain(reason=reason, status_code=status, uncertain=True, unknown=True)
            return self._taken(self._ref(reply), status)
        match reading.verdict:
            case Verdict.SENT:
                return self._taken(reading.message_id or self._ref(reply), status)
            case Verdict.AGAIN:
                return TryAgain(
                    reason=Reason("sms.not_sent", status=status, rule=reading.rule, said=said()),
                    status_code=status,
                    after=retry_after(reply.headers.get("Retry-After"), answered_at(reply)),
                )
            case Verdict.REFUSED:
                reason = Reason("sms.refused", status=status, rule=reading.rule, said=said())
                return Refused(reason=reason, status_code=status)

    def _taken(self, ref: str | None, status: int) -> Sent:
        callbacks = self._config.callbacks
        hears = ref is not None and callbacks is not None and callbacks.receipts is not None
        return Sent(provider_ref=ref, status_code=status, receipt_follows=hears)

    def _ref(self, reply: Reply) -> str | None:
        pointer = self._config.id_pointer
        found = MISSING if pointer is None else pointed(reply.json(), pointer)
        return str(found) if isinstance(found, str | int) else None


def link_token(message: Message) -> set[str]:
    """Return what makes the acknowledge link of the message a secret."""
    return {message.ack_url.rsplit("/", 1)[-1]} if message.ack_url else set()


def request_for(config: SmsSettings, values: Mapping[str, str]) -> Prepared:
    """Return the gateway's request for these values."""
    every = {name: secret.get_secret_value() for name, secret in config.secrets.items()} | dict(values)
    if config.sender is not None:
        every["sender"] = config.sender
    every["to_digits"] = values["to"].removeprefix("+")
    headers = plain_headers(config.headers)
    if config.idempotency_header is not None:
        headers[config.idempotency_header] = values["id"]
    return prepared(config.url.get_secret_value(), config.body, config.template, every, headers)


def secrets_in(config: SmsSettings) -> frozenset[str]:
    """Return what must never be quoted: headers (also without their scheme), secrets, and the address's values."""
    url = config.url.get_secret_value()
    parts = urlsplit(url)
    secret = [url, *(one.get_secret_value() for one in config.secrets.values())]
    if config.callback_secret is not None:
        secret.append(config.callback_secret.get_secret_value())
    likely = [parts.username, parts.password, *(value for _name, value in parse_qsl(parts.query))]
    # A parameter such as `v=1` is no secret.
    return frozenset(
        [
            *secret,
            *secrets_of_headers(config.headers),
            *(one for one in likely if one and len(one) >= SHORTEST_SECRET and not PLACEHOLDER.search(one)),
        ]
    )
