"""Which bot, and how it hears what people answer."""

from typing import Annotated, override

from pydantic import AfterValidator, Field, HttpUrl, SecretStr

from companion.channels.http import HeaderSecret, HttpOptions
from companion.channels.kind import ShowsPictures
from companion.channels.telegram.addresses import telegram_address


def _whole_token(value: SecretStr) -> SecretStr:
    bot_id, colon, rest = value.get_secret_value().partition(":")
    # Of ASCII letters: it stands in the address of every request as it is.
    if not (colon and bot_id.isascii() and bot_id.isdecimal() and rest.isascii()) or not all(
        character.isalnum() or character in "_-" for character in rest or " "
    ):
        raise ValueError("must be a bot's token as @BotFather shows it, such as 110201543:AAHdqTcvCH1v…")
    return value


class TelegramSettings(HttpOptions, ShowsPictures):
    """Which bot, and how it hears what people answer."""

    token: Annotated[HeaderSecret, AfterValidator(_whole_token)] = Field(
        description="The bot's token, as @BotFather shows it."
    )
    url: HttpUrl = Field(
        default=HttpUrl("https://api.telegram.org"), description="Address of the Bot API, if it is your own."
    )
    webhook: bool = Field(
        default=False,
        description="Telegram calls us with what people answer, which needs a public HTTPS address; otherwise we ask it.",
    )

    @property
    def bot_id(self) -> int:
        """The id of the bot's own user."""
        return int(self.token.get_secret_value().partition(":")[0])

    @classmethod
    @override
    def formed_address(cls, address: str, country: str | None) -> str:
        return telegram_address(address)
