"""How one gateway wants to be asked, and how its answers are read."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Self, override
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, model_validator

from companion.channels.base import Per
from companion.channels.http import HeaderSecret, HttpOptions
from companion.channels.kind import Mistake, SmsForm
from companion.channels.phone_numbers import e164
from companion.channels.sms.answers import AnswerRule, Pointer, Verdict
from companion.channels.sms.callbacks import Callbacks
from companion.channels.sms.own_numbers import own_numbers
from companion.channels.templates import PLACEHOLDER, Place, names_in

MESSAGE_NAMES = frozenset({"to", "to_digits", "text", "id", "callback"})


def default_template() -> dict[str, JsonValue]:
    """Return what most small gateways understand."""
    return {"to": "{to}", "text": "{text}"}


BELIEVED = (
    # Without rules every 2xx is believed, but neither what calls itself an error nor the page of a portal in between.
    AnswerRule(matches=r"(?i)^[\s<!]*(err|error|fail|failed|failure|doctype|html)\b", verdict=Verdict.AGAIN),
)


def rules_of(success: Any) -> list[Any]:
    """Return the rules that `success` stands for, the form in which channels were written before there were rules."""
    if not isinstance(success, dict):
        return [success]
    named = {"status": [200, 201, 202]} | {
        name: value for name, value in success.items() if value is not None
    }
    if isinstance(named.get("matches"), str):
        named["matches"] = rf"\A(?:{named['matches']})\z"
    rules = [{**named, "verdict": Verdict.SENT}]
    if "pointer" in named and not named.keys().isdisjoint({"equals", "matches"}):
        rules.append({"status": named["status"], "pointer": named["pointer"], "verdict": Verdict.REFUSED})
    return rules


class MessagesPaidFor(BaseModel):
    """How many messages the gateway takes; days and months of UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(ge=1, le=1_000_000)
    per: Per = Per.MONTH


class SmsSettings(HttpOptions):
    """How one gateway wants to be asked.

    `{to}`, `{text}` and `{id}` stand for the number, the text and a key that stays the same over all
    attempts; `{to_digits}` for the number without its `+`; `{sender}` for `sender`; `{callback}` for the
    address at which the gateway can call back; `{name}` for a value of `secrets`. Each is encoded for where it stands.
    """

    method: Literal["GET", "POST", "PUT"] = "POST"
    url: SecretStr = Field(
        description="Address; placeholders are allowed after the host. Kept secret: it may hold a key."
    )
    headers: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")], HeaderSecret] = Field(
        default_factory=dict, description="Headers, such as Authorization. Kept secret."
    )
    secrets: dict[Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")], SecretStr] = Field(
        default_factory=dict, description="Values for further placeholders. Kept secret."
    )
    sender: str | None = Field(
        default=None,
        min_length=1,
        max_length=40,
        description="Number or name that messages come from, as the gateway wants it, for the placeholder {sender}.",
    )
    body: Place = Field(default="json", description="Where the template goes.")
    template: dict[str, JsonValue] = Field(
        default_factory=default_template,
        description="Fields, with placeholders in their values.",
    )
    answers: tuple[AnswerRule, ...] = Field(
        default=BELIEVED,
        description="How answers are read: the first rule that fits decides. What no rule fits is tried again if one says "
        "`sent`; without such a rule every other 2xx is sent. Other statuses mean what they mean in HTTP.",
    )
    id_pointer: Pointer | None = Field(
        default=None, description="JSON pointer to the gateway's id of the message."
    )
    idempotency_header: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9-]+$", description="Header for the key, usually Idempotency-Key."
    )
    callback_secret: Annotated[HeaderSecret, Field(min_length=16)] | None = Field(
        default=None, description="Secret with which the gateway proves that it is it who calls back."
    )
    callbacks: Callbacks | None = Field(
        default=None,
        description="What the gateway tells when it calls back, and where in its request that stands.",
    )
    segments: int = Field(
        default=2, ge=1, le=4, description="Longest text, in SMS of 160 (153 when several) characters."
    )
    unicode: bool = Field(
        default=False,
        description="The gateway takes Unicode: a text with letters that plain SMS lack keeps them, in SMS of 70 (67) characters. "
        "Otherwise they are replaced by their nearest, or by a question mark.",
    )
    quota: MessagesPaidFor | None = Field(
        default=None,
        description="How many messages the gateway takes, of a plan or a card for example: at 80 % the operators are warned.",
    )

    @property
    @override
    def sms_form(self) -> SmsForm:
        hears = self.callbacks is not None and self.callbacks.replies is not None
        return SmsForm(segments=self.segments, unicode=self.unicode, by_reply=hears)

    @model_validator(mode="before")
    @classmethod
    def _reads_success(cls, settings: Any) -> Any:
        if not isinstance(settings, dict) or "success" not in settings:
            return settings
        if "answers" in settings:
            raise ValueError("success is the older form of answers: leave it out")
        rest = {name: value for name, value in settings.items() if name != "success"}
        return rest | {"answers": rules_of(settings["success"])}

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        url = self.url.get_secret_value()
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or PLACEHOLDER.search(parts.netloc):
            raise ValueError("url must begin with http:// or https:// and a host without placeholders")
        if self.body == "json" and self.method == "GET":
            raise ValueError("a GET has no body: use body: query")
        flat = all(isinstance(value, str | int | float | bool) for value in self.template.values())
        if self.body != "json" and not flat:
            raise ValueError(f"body: {self.body} takes only plain values")
        if MESSAGE_NAMES & self.secrets.keys():
            raise ValueError("to, to_digits, text, id and callback cannot be names of secrets")
        if (self.callbacks is None) != (self.callback_secret is None):
            raise ValueError("callbacks and callback_secret belong together")
        used = set(PLACEHOLDER.findall(url)) | names_in(self.template)
        if self.sender is not None and "sender" in self.secrets:
            raise ValueError("sender stands in secrets too: leave it out there")
        if self.sender is not None and "sender" not in used:
            raise ValueError("sender is used nowhere: write {sender} where the gateway wants it")
        own = self.secrets.keys() if self.sender is None else {*self.secrets, "sender"}
        if unknown := used - MESSAGE_NAMES - own:
            raise ValueError(f"unknown placeholders: {', '.join(sorted(unknown))}")
        if missing := {"to", "text"} - {"to" if name == "to_digits" else name for name in used}:
            raise ValueError(f"missing placeholders: {', '.join(sorted(missing))}")
        return self

    @classmethod
    @override
    def formed_address(cls, address: str, country: str | None) -> str:
        return e164(address, country)

    @classmethod
    @override
    def own_addresses(cls, config: Mapping[str, Any]) -> Iterable[str]:
        return own_numbers(config)

    @override
    def mistakes(self) -> Iterator[Mistake]:
        # Its automata are needed where settings are applied, not where they are used.
        from companion.channels.sms.reachability import dead_rules

        for index, message in dead_rules(self.answers):
            yield Mistake(f".answers[{index}]", message)
