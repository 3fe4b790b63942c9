"""Signal, through signal-cli-rest-api: people and groups, with receipts in its json-rpc modes."""

import asyncio
import logging
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, override

import aiohttp
from yarl import URL

from companion.channels.base import (
    Answer,
    Channel,
    Inbound,
    KnowsRecipients,
    Listens,
    Message,
    MessageKind,
    Outcome,
    Receipt,
    Refused,
    Response,
    Sent,
    TryAgain,
)
from companion.channels.http import SAY_S, Failure, HttpClient, Reply, briefly, not_understood
from companion.channels.render import headline, signal_text
from companion.channels.signal.answers import answer_in
from companion.channels.signal.receipts import ReceiptsLostError, receipts_in
from companion.channels.signal.settings import SignalSettings
from companion.texts.reasons import Reason

_LOGGER = logging.getLogger(__name__)

# The bridge answers 400 for nearly everything; in json-rpc mode a network failure says no more than "Failed to send message".
# So only what is known to be final is final, and the rest is tried again while the next contact point is told.
RECIPIENT = (
    "unregistered",
    "untrusted identity",
    "invalid group",
    "group not found",
    "invalid recipient",
    "invalid number",
)
"""This recipient cannot be reached, however often it is tried."""
REQUEST = ("invalid request", "couldn't process request")
"""The bridge does not understand us: it will not the next time either."""
NUMBERS_ASKED = 50
"""Numbers in one question: they stand in its address."""
TIMED_OUT = ("timeout", "timed out", "broken pipe", "closed")
SENDER = ("regist", "does not exist", "not linked", "no such account")
AGAIN_S = (1, 4, 15)
"""Pauses, in seconds, between attempts to take an answer."""
CAPTCHA_WORDS = ("captcha", "proof required")


class SignalChannel(Channel, KnowsRecipients, Listens):
    """Sends one request a recipient: with several, one bad number would fail those who got the message."""

    def __init__(self, config: SignalSettings) -> None:
        self._config = config
        self._base = URL(str(config.url))
        headers, secrets = {}, []
        if config.header_name and config.header_value:
            secrets = [config.header_value.get_secret_value()]
            headers = {config.header_name: secrets[0]}
        self._http = HttpClient(config, headers=headers, secrets=secrets)
        self._hears = False

    @override
    async def send(self, message: Message) -> Outcome:
        reply = await self._call("POST", "v2/send", self._request(message))
        if not isinstance(reply, Reply):
            return reply
        answer = reply.fields
        timestamp = answer.get("timestamp")
        if not str(timestamp).isdecimal():
            return not_understood(reply)
        return Sent(
            provider_ref=str(timestamp),
            status_code=reply.status,
            warning=_not_reached(answer),
            receipt_follows=True,
        )

    @override
    async def check(self) -> Outcome:
        """Ask the bridge for its mode and its numbers."""
        about = await self._call("GET", "v1/about")
        if not isinstance(about, Reply):
            return about
        if "mode" not in about.fields:
            return not_understood(about)
        accounts = await self._call("GET", "v1/accounts")
        known = accounts.json() if isinstance(accounts, Reply) else [self._config.number]
        if not isinstance(known, list) or self._config.number not in known:
            return Refused(reason=Reason("signal.not_registered"), channel_broken=True)
        warning = None
        if not str(about.fields["mode"]).startswith("json-rpc"):
            warning = Reason("signal.no_json_rpc")
        return Sent(provider_ref=None, status_code=about.status, warning=warning)

    @override
    async def unreachable(self, addresses: Sequence[str]) -> frozenset[str]:
        """Ask which numbers are registered with Signal, and which groups the sending number is a member of."""
        numbers = [one for one in addresses if one.startswith("+")]
        missing: set[str] = set()
        for first in range(0, len(numbers), NUMBERS_ASKED):
            asked = numbers[first : first + NUMBERS_ASKED]
            found = await self._listed("v1/search", [("numbers", number) for number in asked])
            missing |= {str(one.get("number")) for one in found or () if one.get("registered") is False}
        groups = {one for one in addresses if one.startswith("group.")}
        listed = await self._listed("v1/groups") if groups else None
        known = groups if listed is None else {str(one.get("id")) for one in listed}
        return frozenset((missing & set(numbers)) | (groups - known))

    async def _listed(self, path: str, query: Sequence[tuple[str, str]] = ()) -> list[dict[str, Any]] | None:
        """Return what the bridge lists of the sending number, or None when it does not."""
        reply = await self._http.request("GET", (self._base / path / self._config.number).with_query(query))
        found = reply.json() if isinstance(reply, Reply) and reply.is_success else None
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else None

    @override
    async def listen(self, inbound: Inbound) -> None:
        url = self._base / "v1/receive" / self._config.number
        try:
            async with self._http.websocket(url) as socket:
                self._hears = True
                async for frame in socket:
                    if frame.type is aiohttp.WSMsgType.TEXT:
                        await self._heard(frame.data, inbound)
        except aiohttp.ClientError, OSError:
            # Not chained: the original error holds the address.
            raise ReceiptsLostError(
                "the bridge's receipts cannot be had (it must run in json-rpc mode)"
            ) from None
        finally:
            self._hears = False

    async def _heard(self, frame: str, inbound: Inbound) -> None:
        """Pass on receipts and answers, and say in the same chat what became of an answer."""
        for receipt in receipts_in(frame):
            await noted(receipt, inbound)
        said = answer_in(frame, self._config.number)
        if said is None:
            return
        response = await taken(said.answer, inbound)
        if response is None:
            return
        request: dict[str, Any] = {
            "number": self._config.number,
            "recipients": [said.chat],
            "message": response.text,
            "text_mode": "normal",
        }
        if said.quotable is not None:
            at, words = said.quotable
            request |= {"quote_timestamp": at, "quote_author": said.answer.sender, "quote_message": words}
        reply = await briefly(self._call("POST", "v2/send", request), SAY_S)
        if not isinstance(reply, Reply):
            _LOGGER.warning("Nobody could be told over Signal what became of their answer: %s", reply.reason)

    @override
    async def close(self) -> None:
        await self._http.close()

    def _request(self, message: Message) -> dict[str, Any]:
        request: dict[str, Any] = {
            "number": self._config.number,
            "recipients": [message.address],
            # What is written while nobody listens is lost: the words to answer with are only named while we do.
            "message": signal_text(message, by_reply=self._hears),
            "text_mode": "styled",
        }
        if message.picture is not None:
            kind, data = message.picture.media_type, b64encode(message.picture.data).decode()
            request["base64_attachments"] = [f"data:{kind};filename={message.picture.name};base64,{data}"]
        first = message.thread_ref
        if first is not None and first.isdecimal() and message.kind is not MessageKind.PAGE:
            request |= {
                "quote_timestamp": int(first),
                "quote_author": self._config.number,
                "quote_message": headline(replace(message, kind=MessageKind.PAGE)),
            }
        return request

    async def _call(
        self, method: Literal["GET", "POST"], path: str, body: dict[str, Any] | None = None
    ) -> Reply | Failure:
        """Return a success, or what anything else means."""
        reply = await self._http.request(method, self._base / path, json_body=body)
        if not isinstance(reply, Reply) or reply.is_success:
            return reply
        answer = reply.fields
        error = answer.get("error")
        failure = self._http.failure(reply, error)
        if not isinstance(error, str):
            return failure
        tokens = answer.get("challenge_tokens")
        has_challenge = isinstance(tokens, list) and any(tokens)
        return self._read(failure, error.lower(), has_challenge=has_challenge)

    def _read(self, failure: Failure, error: str, *, has_challenge: bool) -> Failure:
        """Return what the bridge's words make of an answer that is not a success."""
        status, reason = failure.status_code, failure.reason
        # The bridge says so with 429 or 400 only: in another answer the word proves nothing.
        if status in {400, 429} and (has_challenge or any(word in error for word in CAPTCHA_WORDS)):
            return Refused(reason=Reason("signal.captcha"), status_code=status, channel_broken=True)
        if status == 429 and not (isinstance(failure, TryAgain) and failure.after):
            # A 429 of the bridge itself never names a wait, and without a token there is nothing to solve: the message
            # was delivered more often than not (signal-cli-rest-api issue 881). One with `Retry-After` is a proxy's.
            return TryAgain(reason=Reason("signal.rate_limited"), status_code=status, uncertain=True)
        if status != 400:
            return failure
        if self._config.number in error and any(word in error for word in SENDER):
            return Refused(reason=reason, status_code=status, channel_broken=True)
        if any(word in error for word in (*RECIPIENT, *REQUEST)):
            return Refused(reason=reason, status_code=status)
        return TryAgain(reason=reason, status_code=status, uncertain=any(word in error for word in TIMED_OUT))


async def taken(answer: Answer, inbound: Inbound) -> Response | None:
    """Return what is said to whoever answered. Signal says nothing twice: what cannot be taken now is tried again."""
    for pause in AGAIN_S:
        try:
            return await inbound.answer(answer)
        except Exception:  # noqa: BLE001 # whatever it is: nobody else will say it again
            await asyncio.sleep(pause)
    return await inbound.answer(answer)


async def noted(receipt: Receipt, inbound: Inbound) -> None:
    """Pass a receipt on. One that cannot be taken is left out: without the connection, answers would be lost for it."""
    try:
        await inbound.receipt(receipt)
    except Exception as err:  # noqa: BLE001 # whatever it is: what comes next is still to be heard
        _LOGGER.warning("A receipt of Signal could not be written down (%s)", type(err).__name__)


def _not_reached(answer: Mapping[str, Any]) -> Reason | None:
    """Return how many members of a group did not get what the others got, or None.

    201 with `errors.recipients`, one entry a member: signal-cli-rest-api issue 409.
    """
    errors = answer.get("errors")
    members = errors.get("recipients") if isinstance(errors, dict) else None
    if not isinstance(members, list) or not members:
        return None
    return Reason("signal.members_missed", count=len(members))
