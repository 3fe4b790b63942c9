"""What a call says and asks, in the language of whoever is called, as TwiML. Pure."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit
from xml.etree.ElementTree import Element

from companion.channels.base import Message
from companion.channels.render import asks_for_answer, spoken_text
from companion.channels.twilio_callbacks import twiml, verb, within
from companion.texts.language import texts_for
from companion.texts.reasons import Reason

ACKNOWLEDGES = "1"
"""The key that acknowledges."""
TIMES = "2"
"""How often everything is said: whoever has just woken up misses the beginning."""
WAIT_S = "8"
"""How long a key is waited for after that, in seconds."""


def call(message: Message, *, voices: Mapping[str, str], callback_url: str | None) -> str:
    """Return what is said once somebody answers; a key is asked for where there is something to answer, and a way back."""
    voice = Voice(message.language, voices)
    text = spoken_text(message)
    if callback_url is None or message.ack_token is None or not asks_for_answer(message):
        return twiml(voice.says(text, loop=TIMES))
    asking = voice.asks(f"{text} {voice.press_key}", pressed_url(callback_url, message), loop=TIMES)
    return twiml(asking, voice.says(voice.nobody_pressed))


def pressed_url(callback_url: str, message: Message) -> str:
    """Return where Twilio says which key was pressed: the address is all that it brings back."""
    query = urlencode({"token": message.ack_token or "", "language": message.language})
    return f"{callback_url}{'&' if urlsplit(callback_url).query else '?'}{query}"


class Voice:
    """Who reads to one person."""

    def __init__(self, language: str, voices: Mapping[str, str]) -> None:
        self._texts = texts_for(language)
        self._attributes = {
            "language": Reason("twilio_voice.locale").said(self._texts),
            "voice": voices.get(language)
            or voices.get(self._texts.tag)
            or Reason("twilio_voice.voice").said(self._texts),
        }

    @property
    def press_key(self) -> str:
        """What is asked of the person."""
        return Reason("twilio_voice.press_key", key=ACKNOWLEDGES).said(self._texts)

    @property
    def nobody_pressed(self) -> str:
        """How a call ends in which nobody pressed anything."""
        return Reason("twilio_voice.nobody_pressed").said(self._texts)

    def says(self, text: str, *, loop: str = "1") -> Element:
        """Return the verb that reads a text."""
        return verb("Say", text, loop=loop, **self._attributes)

    def asks(self, text: str, url: str, *, loop: str = "1") -> Element:
        """Return the verb that reads a text and takes a key, also before it is read to its end."""
        gather = verb("Gather", input="dtmf", numDigits="1", timeout=WAIT_S, action=url, method="POST")
        return within(gather, self.says(text, loop=loop))
