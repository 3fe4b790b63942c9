"""Apprise: a process for each message, which is ended when it takes too long."""

import asyncio
from datetime import UTC, datetime
from typing import override

from companion.channels.apprise.process import Done, carried_out
from companion.channels.apprise.settings import AppriseSettings
from companion.channels.base import Channel, Message, MessageKind, Outcome, Refused, Sent, TryAgain
from companion.channels.http import Reply, failure_of_status
from companion.channels.render import full_text, headline
from companion.texts.reasons import Reason

TYPES = {
    MessageKind.PAGE: "failure",
    MessageKind.EXHAUSTED: "failure",
    MessageKind.PRESSED_AGAIN: "failure",
    MessageKind.CONFIRMED: "warning",
    MessageKind.VERIFIED: "warning",
    MessageKind.TROUBLE: "warning",
    MessageKind.ACKNOWLEDGED: "info",
    MessageKind.NOTE: "info",
    MessageKind.TEST: "info",
    MessageKind.RESOLVED: "success",
    MessageKind.CANCELLED: "success",
    MessageKind.TROUBLE_OVER: "success",
}
"""By which Apprise chooses a colour or an icon."""


class AppriseChannel(Channel):
    """Apprise says yes or no, and the library's yes is no service's receipt: a message is never more than sent."""

    def __init__(self, config: AppriseSettings) -> None:
        self._config = config

    @override
    async def send(self, message: Message) -> Outcome:
        title, text = headline(message), full_text(message)
        order = {
            "url": self._config.url_for(message.address),
            "title": title,
            "body": text.removeprefix(title).strip() or text,
            "type": TYPES[message.kind],
        }
        try:
            async with asyncio.timeout(self._config.timeout_s):
                done = await carried_out(order)
        except TimeoutError:
            return TryAgain(reason=Reason("no_answer"), uncertain=True)
        return outcome_of(done)

    @override
    async def check(self) -> Outcome:
        """Ask Apprise whether it understands the URL; only a message shows whether the service takes one."""
        try:
            async with asyncio.timeout(self._config.timeout_s):
                done = await carried_out({"url": self._config.url_for("x")})
        except TimeoutError:
            return TryAgain(reason=Reason("no_answer_in_time"))
        if done is None or not done.understood:
            return outcome_of(done)
        return Sent(provider_ref=None, warning=Reason("apprise.understood"))

    @override
    async def close(self) -> None:
        """Nothing is kept."""


def outcome_of(done: Done | None) -> Outcome:
    """Return what Apprise's word means. A no without a status may be a connection that broke after the message was sent."""
    match done:
        case None:
            return TryAgain(reason=Reason("apprise.died"), uncertain=True)
        case Done(understood=False):
            return Refused(reason=Reason("apprise.not_understood"), channel_broken=True)
        case Done(forbidden=True, sent=False):
            return Refused(reason=Reason("address_forbidden"), channel_broken=True)
        case Done(sent=True):
            return Sent(provider_ref=None)
        case Done(status=int(status)) if status >= 300:
            return failure_of_status(Reply(status=status), datetime.now(UTC))
        case _:
            return TryAgain(reason=Reason("apprise.said_no"), uncertain=True)
