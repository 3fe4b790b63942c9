"""Calls over Twilio: the alarm is read out, a key acknowledges, and a mailbox is not taken for a person."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, override

from companion.channels.base import (
    Answer,
    Callback,
    CallbackReply,
    Channel,
    Inbound,
    Message,
    Outcome,
    Receipt,
    TakesCallbacks,
    Undelivered,
)
from companion.channels.twilio import TwilioApi
from companion.channels.twilio_callbacks import answered, called_by_twilio
from companion.channels.twilio_voice.settings import TwilioVoiceSettings
from companion.channels.twilio_voice.speech import ACKNOWLEDGES, Voice, call
from companion.texts.reasons import Reason

LONGEST_CALL_S: Final = 180
"""A mailbox that never hangs up costs no more than this."""
NOT_REACHED: Final = {
    "busy": "twilio_voice.busy",
    "no-answer": "twilio_voice.no_answer",
    "failed": "twilio_voice.failed",
    "canceled": "twilio_voice.failed",
}


class TwilioVoiceChannel(Channel, TakesCallbacks):
    """Makes one call a request; Twilio calls back with the key that was pressed, and with who or what answered.

    A call that may have been made is made again: no call of Twilio's list says what it was about, and to be called
    twice harms nobody.
    """

    def __init__(self, config: TwilioVoiceSettings) -> None:
        self._config = config
        self._api = TwilioApi(config)

    @override
    async def send(self, message: Message) -> Outcome:
        config, back = self._config, message.callback_url
        silent = {
            "To": message.address,
            "From": config.sender,
            "Timeout": str(config.ring_s),
            "TimeLimit": str(LONGEST_CALL_S),
            "Twiml": call(message, voices=config.voices, callback_url=None),
        }
        fields = silent
        if back is not None:
            twiml = call(message, voices=config.voices, callback_url=back)
            fields = silent | {"Twiml": twiml, "StatusCallback": back} | self._detection(back)
        return await self._api.create(
            "Calls", fields, uncalled=silent, warning=Reason("twilio_voice.no_callbacks")
        )

    @override
    async def check(self) -> Outcome:
        return await self._api.check("Calls")

    @override
    async def called_back(self, callback: Callback, inbound: Inbound) -> CallbackReply | None:
        fields = called_by_twilio(callback, self._config.auth_token)
        if fields is None:
            return None
        if "Digits" in fields:
            return await self._pressed(callback, fields, inbound)
        if news := self._news(fields):
            await inbound.receipt(news)
        return answered()

    @override
    async def close(self) -> None:
        await self._api.close()

    def _detection(self, callback_url: str) -> dict[str, str]:
        """Return what has Twilio listen who answers, while the alarm is read already: a person does not wait in silence."""
        if not self._config.machine_detection:
            return {}
        return {
            "MachineDetection": "Enable",
            "AsyncAmd": "true",
            "AsyncAmdStatusCallback": callback_url,
        }

    async def _pressed(
        self, callback: Callback, fields: Mapping[str, str], inbound: Inbound
    ) -> CallbackReply:
        """Take the key, and say what became of it; any other key is no answer, and is asked for again."""
        voice = Voice(callback.query.get("language", ""), self._config.voices)
        if fields["Digits"] != ACKNOWLEDGES:
            return answered(voice.asks(voice.press_key, callback.url), voice.says(voice.nobody_pressed))
        answer = Answer(
            event_id=f"{fields.get('CallSid', '')}-{ACKNOWLEDGES}",
            sender=fields.get("To", ""),
            acknowledges=True,
            token=callback.query.get("token"),
            thread_ref=fields.get("CallSid"),
        )
        response = await inbound.answer(answer)
        return answered() if response is None else answered(voice.says(response.text))

    def _news(self, fields: Mapping[str, str]) -> Receipt | Undelivered | None:
        """Return what Twilio says of a call: who answered says more than that it ended."""
        ref, status, by = fields.get("CallSid", ""), fields.get("CallStatus", ""), fields.get("AnsweredBy")
        if by is not None and (by.startswith("machine") or by == "fax"):
            return Undelivered(provider_ref=ref, reason=Reason("twilio_voice.machine"))
        if status in NOT_REACHED:
            return Undelivered(provider_ref=ref, reason=Reason(NOT_REACHED[status]))
        is_person = by == "human" or (status == "completed" and not self._config.machine_detection)
        return Receipt(provider_ref=ref, at=datetime.now(UTC)) if is_person else None
