"""Which number sends, with which templates, and how Meta proves that it is it who calls."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self, override

from pydantic import Field, HttpUrl, model_validator

from companion.channels.http import HeaderSecret, HttpOptions
from companion.channels.phone_numbers import e164
from companion.texts.language import FALLBACK, LANGUAGE_PATTERN, primary

type TemplateName = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,512}$")]
type Button = Literal["reply", "url"]


def only_english() -> Mapping[str, str]:
    """Return the languages of templates that are there in English alone."""
    return {FALLBACK: FALLBACK}


class WhatsAppSettings(HttpOptions):
    """Which number, and with which templates."""

    url: HttpUrl = Field(
        default=HttpUrl("https://graph.facebook.com"), description="Address of the Graph API."
    )
    version: str = Field(
        default="v23.0",
        pattern=r"^v\d{1,3}\.\d$",
        description="Version of the Graph API; each lives two years.",
    )
    phone_number_id: str = Field(
        pattern=r"^\d{5,25}$", description="Phone number ID of the number that sends."
    )
    token: HeaderSecret = Field(
        min_length=1,
        description="Token of a system user that does not expire, with whatsapp_business_messaging.",
    )
    template: TemplateName = Field(
        default="alarm", description="Template of what asks for an answer: two variables, and `buttons`."
    )
    news_template: TemplateName = Field(
        default="alarm_news", description="Template of everything else: two variables, no buttons."
    )
    languages: Annotated[
        Mapping[
            Annotated[str, Field(pattern=LANGUAGE_PATTERN)],
            Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")],
        ],
        Field(min_length=1),
    ] = Field(
        default_factory=only_english,
        description="Language code of the templates for each language that they are approved in, such as {en: en_GB}. "
        "Whoever reads another one gets the first.",
    )
    buttons: tuple[Button, ...] = Field(
        default=("url",),
        max_length=2,
        description="Buttons of `template`, in their order: `url` opens the acknowledge link, `reply` acknowledges.",
    )
    app_secret: HeaderSecret | None = Field(
        default=None, min_length=1, description="Secret of the app: it proves that a callback is Meta's."
    )
    verify_token: HeaderSecret | None = Field(
        default=None, min_length=8, description="Word of your own with which Meta introduces itself once."
    )

    @model_validator(mode="after")
    def _can_hear_what_is_pressed(self) -> Self:
        if (self.app_secret is None) != (self.verify_token is None):
            raise ValueError("app_secret and verify_token belong together")
        if "reply" in self.buttons and self.app_secret is None:
            raise ValueError(
                "a reply button needs app_secret and verify_token: nobody would hear that it is pressed"
            )
        if len(set(self.buttons)) < len(self.buttons):
            raise ValueError("buttons: each only once")
        return self

    def language_code(self, language: str) -> str:
        """Return the template's language for a reader's."""
        of = self.languages
        return of.get(language) or of.get(primary(language)) or next(iter(of.values()))

    @classmethod
    @override
    def formed_address(cls, address: str, country: str | None) -> str:
        return e164(address, country)
