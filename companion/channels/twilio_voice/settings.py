"""Which number calls, how long it rings, and who reads."""

from typing import Annotated

from pydantic import Field

from companion.channels.twilio import TwilioSettings
from companion.texts.language import LANGUAGE_PATTERN


class TwilioVoiceSettings(TwilioSettings):
    """Which account, what calls, and with which voice."""

    sender: str = Field(
        pattern=r"^\+[1-9]\d{5,14}$", description="Number of the account that calls, such as +4930123456."
    )
    ring_s: int = Field(
        default=30, ge=5, le=120, description="How long it rings, in seconds, until nobody is there."
    )
    machine_detection: bool = Field(
        default=True,
        description="Twilio listens whether a person or a machine answers (it costs extra): a mailbox is not reached.",
    )
    voices: dict[
        Annotated[str, Field(pattern=LANGUAGE_PATTERN)],
        Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]{1,80}$")],
    ] = Field(
        default_factory=dict,
        description="Voice for a language, as Twilio names it, such as {de: Polly.Vicki-Neural}.",
    )
