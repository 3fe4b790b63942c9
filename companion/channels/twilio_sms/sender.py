"""SMS over Twilio: sent, followed until it arrived, and answered."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, override

from companion.channels.base import (
    Answer,
    Callback,
    CallbackReply,
    Channel,
    Inbound,
    Message,
    Outcome,
    Receipt,
    Sent,
    TakesCallbacks,
    TryAgain,
    Undelivered,
)
from companion.channels.render import sms_text
from companion.channels.twilio import TwilioApi
from companion.channels.twilio_callbacks import answered, called_by_twilio, verb
from companion.channels.twilio_sms.settings import TwilioSmsSettings
from companion.texts.reasons import Reason

LOOKED_AT = 50
"""How many of the newest messages to a number are looked at for one that may have been sent already."""
CLOCKS = timedelta(minutes=5)
"""How far the clock of a site may be from Twilio's."""
LOST: Final = frozenset({"failed", "undelivered", "canceled"})
ARRIVED: Final = frozenset({"delivered", "read"})
WHY: Final = {
    "21610": "twilio_sms.opted_out",
    "30003": "twilio_sms.switched_off",
    "30004": "twilio_sms.blocked",
    "30005": "twilio_sms.unknown_number",
    "30006": "twilio_sms.landline",
    "30007": "twilio_sms.filtered",
    "30034": "twilio_sms.not_registered",
    "30036": "twilio_sms.too_late",
}
"""https://www.twilio.com/docs/api/errors: why a message that was taken did not arrive."""


class TwilioSmsChannel(Channel, TakesCallbacks):
    """Sends one message a request; Twilio calls back with what became of it, and with what people write back."""

    def __init__(self, config: TwilioSmsSettings) -> None:
        self._config = config
        self._api = TwilioApi(config)

    @override
    async def send(self, message: Message) -> Outcome:
        if message.may_have_been_sent:
            found = await self._sent_before(message)
            if found is not None:
                return found
        fields = self._fields(message)
        called = fields if message.callback_url is None else fields | {"StatusCallback": message.callback_url}
        warning = Reason("twilio_sms.no_receipts")
        return await self._api.create("Messages", called, uncalled=fields, warning=warning)

    @override
    async def check(self) -> Outcome:
        return await self._api.check("Messages")

    @override
    async def called_back(self, callback: Callback, inbound: Inbound) -> CallbackReply | None:
        fields = called_by_twilio(callback, self._config.auth_token)
        if fields is None:
            return None
        sid = fields.get("MessageSid", "")
        status = fields.get("MessageStatus")
        if status is None:
            return await self._written(sid, fields, inbound)
        if status in ARRIVED:
            await inbound.receipt(Receipt(provider_ref=sid, at=datetime.now(UTC), read=status == "read"))
        if status in LOST:
            await inbound.receipt(Undelivered(provider_ref=sid, reason=why_lost(fields.get("ErrorCode", ""))))
        return answered()

    @override
    async def close(self) -> None:
        await self._api.close()

    async def _written(self, sid: str, fields: Mapping[str, str], inbound: Inbound) -> CallbackReply:
        """Take what somebody wrote, and answer them in the same conversation."""
        answer = Answer(
            event_id=sid, sender=fields.get("From", ""), acknowledges=False, words=fields.get("Body", "")
        )
        response = await inbound.answer(answer)
        return answered() if response is None else answered(verb("Message", response.text))

    def _fields(self, message: Message) -> dict[str, str]:
        config = self._config
        sender = (
            {"From": config.sender}
            if config.sender is not None
            else {"MessagingServiceSid": config.messaging_service_sid or ""}
        )
        return {
            "To": message.address,
            **sender,
            "Body": self._text(message),
            "ValidityPeriod": str(config.validity_s),
        }

    def _text(self, message: Message) -> str:
        form = self._config.sms_form
        return sms_text(message, segments=form.segments, unicode=form.unicode, by_reply=form.by_reply)

    async def _sent_before(self, message: Message) -> Outcome | None:
        """Return the message as sent if an earlier attempt has made it, None if none has, or why nobody can say.

        Twilio has no key against repeats. Not narrowed down by the date of sending: what still waits there has none.
        The first page of the alarm has the same text as one that repeats it, and is not it.
        """
        found = await self._api.listed("Messages", {"To": message.address, "PageSize": str(LOOKED_AT)})
        if isinstance(found, TryAgain):
            return replace(found, uncertain=True)
        if not isinstance(found, list):
            return None
        texts = {self._text(replace(message, may_have_been_sent=repeated)) for repeated in (False, True)}
        since = message.raised_at - CLOCKS
        for one in found:
            if (
                isinstance(one, dict)
                and is_one_of(one, texts, since)
                and one.get("sid") != message.thread_ref
            ):
                return Sent(
                    provider_ref=str(one.get("sid")), receipt_follows=message.callback_url is not None
                )
        return None


def is_one_of(listed: Mapping[str, Any], texts: set[str], since: datetime) -> bool:
    """Return whether a message of Twilio's list has one of these texts, was made `since` then, and is not lost.

    An account on trial has words of Twilio's before each text.
    """
    body = listed.get("body")
    try:
        made = parsedate_to_datetime(str(listed.get("date_created")))
    except ValueError:
        return False
    return (
        isinstance(body, str)
        and any(body.endswith(text) for text in texts)
        and listed.get("status") not in LOST
        and made.tzinfo is not None
        and made >= since
    )


def why_lost(code: str) -> Reason:
    """Return why a message did not arrive, by Twilio's code."""
    if code in WHY:
        return Reason(WHY[code])
    return Reason("twilio_sms.undelivered", code=code or "?")
