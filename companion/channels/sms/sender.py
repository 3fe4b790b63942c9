"""SMS through any gateway with an HTTP interface: method, address, headers, body and success are configured."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self, override
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from pydantic import Field, JsonValue, SecretStr, model_validator
from yarl import URL

from companion.channels.base import Channel, Heard, Message, Outcome, Refused, Sent, TryAgain
from companion.channels.http import (
    HeaderSecret,
    HttpClient,
    HttpOptions,
    Reply,
    answered_at,
    retry_after,
    shortened,
)
from companion.channels.render import sms_text
from companion.channels.sms.answers import (
    MISSING,
    AnswerRule,
    Pointer,
    Reading,
    Verdict,
    pointed,
    read,
)
from companion.texts.reasons import Reason

PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}")
MESSAGE_NAMES = frozenset({"to", "to_digits", "text", "id"})
SAID_LIMIT, ANSWER_LIMIT = 120, 500
"""Characters of an answer that a reason and the channel test quote."""


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


class SmsConfig(HttpOptions):
    """How one gateway wants to be asked.

    `{to}`, `{text}` and `{id}` stand for the number, the text and a key that stays the same over all
    attempts; `{to_digits}` for the number without its `+`; `{sender}` for `sender`; `{name}` for a value
    of `secrets`. Each is encoded for where it stands.
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
    body: Literal["json", "form", "query"] = Field(default="json", description="Where the template goes.")
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
    segments: int = Field(
        default=2, ge=1, le=4, description="Longest text, in SMS of 160 (153 when several) characters."
    )
    unicode: bool = Field(
        default=False,
        description="The gateway takes Unicode: a text with letters that plain SMS lack keeps them, in SMS of 70 (67) characters. "
        "Otherwise they are replaced by their nearest, or by a question mark.",
    )

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
            raise ValueError("to, to_digits, text and id cannot be names of secrets")
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


@dataclass(frozen=True)
class Prepared:
    """A request as it goes out."""

    url: str
    headers: Mapping[str, str]
    data: bytes | None


class SmsChannel(Channel):
    """Sends one request a message, as configured."""

    def __init__(self, config: SmsConfig) -> None:
        self._config = config
        self._http = HttpClient(config, secrets=secrets_in(config))

    @override
    async def send(self, message: Message) -> Outcome:
        text = sms_text(message, segments=self._config.segments, unicode=self._config.unicode)
        values = {"to": message.address, "text": text, "id": message.idempotency_key}
        request = prepared(self._config, values)
        reply = await self._http.request(
            self._config.method, URL(request.url, encoded=True), headers=request.headers, data=request.data
        )
        if not isinstance(reply, Reply):
            return reply
        # Whoever reads a reason must not be able to answer the alarm with it.
        said = self._http.quoted(reply.text, private={text, *link_token(message)}, limit=ANSWER_LIMIT)
        reading = read(self._config.answers, reply)
        heard = Heard(answer=said, rule=None if reading is None else reading.rule)
        return replace(self._outcome(reply, reading, said), heard=heard)

    @override
    async def check(self) -> Outcome:
        """Ask for the bare address; without a message no gateway can say whether it would take one."""
        url = URL(self._config.url.get_secret_value().split("{")[0], encoded=True)
        reply = await self._http.request("HEAD", url.with_query(None), headers=plain_headers(self._config))
        if not isinstance(reply, Reply):
            return reply
        failure = self._http.failure(reply)
        if reply.status in {401, 403} or reply.status >= 500:
            return failure
        return Sent(
            provider_ref=None,
            status_code=reply.status,
            warning=Reason("sms.reachable" if self._knows_sent else "sms.reachable_without_rule"),
        )

    @override
    async def close(self) -> None:
        await self._http.close()

    @property
    def _knows_sent(self) -> bool:
        return any(rule.verdict is Verdict.SENT for rule in self._config.answers)

    def _outcome(self, reply: Reply, reading: Reading | None, said: str) -> Outcome:
        status, words = reply.status, shortened(said, SAID_LIMIT)
        if reading is None:
            if not reply.is_success:
                return self._http.failure(reply, words)
            if self._knows_sent:
                reason = Reason("sms.no_rule", status=status, said=words)
                return TryAgain(reason=reason, status_code=status, uncertain=True, unknown=True)
            return Sent(provider_ref=self._ref(reply), status_code=status)
        match reading.verdict:
            case Verdict.SENT:
                return Sent(provider_ref=reading.message_id or self._ref(reply), status_code=status)
            case Verdict.AGAIN:
                return TryAgain(
                    reason=Reason("sms.not_sent", status=status, rule=reading.rule, said=words),
                    status_code=status,
                    after=retry_after(reply.headers.get("Retry-After"), answered_at(reply)),
                )
            case Verdict.REFUSED:
                reason = Reason("sms.refused", status=status, rule=reading.rule, said=words)
                return Refused(reason=reason, status_code=status)

    def _ref(self, reply: Reply) -> str | None:
        pointer = self._config.id_pointer
        found = MISSING if pointer is None else pointed(reply.json(), pointer)
        return str(found) if isinstance(found, str | int) else None


def link_token(message: Message) -> set[str]:
    """Return what makes the acknowledge link of the message a secret."""
    return {message.ack_url.rsplit("/", 1)[-1]} if message.ack_url else set()


def prepared(config: SmsConfig, values: Mapping[str, str]) -> Prepared:
    """Return the request for these values, each encoded for where it stands and none read as a template again."""
    every = {name: secret.get_secret_value() for name, secret in config.secrets.items()} | dict(values)
    if config.sender is not None:
        every["sender"] = config.sender
    every["to_digits"] = values["to"].removeprefix("+")
    url = filled(
        config.url.get_secret_value(), {name: quote(value, safe="") for name, value in every.items()}
    )
    headers = plain_headers(config)
    if config.idempotency_header is not None:
        headers[config.idempotency_header] = values["id"]
    if config.body == "json":
        data = json.dumps(filled_deep(config.template, every)).encode()
        return Prepared(url, {"Content-Type": "application/json", **headers}, data)
    fields = urlencode({name: plain(filled_deep(value, every)) for name, value in config.template.items()})
    if config.body == "form":
        return Prepared(
            url, {"Content-Type": "application/x-www-form-urlencoded", **headers}, fields.encode()
        )
    return Prepared(f"{url}{'&' if '?' in url else '?'}{fields}" if fields else url, headers, None)


def plain_headers(config: SmsConfig) -> dict[str, str]:
    """Return the configured headers as they go over the wire."""
    return {name: value.get_secret_value() for name, value in config.headers.items()}


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return the template with its placeholders replaced in one pass: a text that holds `{to}` stays as it is."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], template)


def filled_deep(template: JsonValue, values: Mapping[str, str]) -> JsonValue:
    """Return JSON data with the placeholders in all its texts replaced."""
    match template:
        case str():
            return filled(template, values)
        case list():
            return [filled_deep(one, values) for one in template]
        case dict():
            return {name: filled_deep(one, values) for name, one in template.items()}
        case _:
            return template


def plain(value: JsonValue) -> str:
    """Return a value as forms and queries write it."""
    return json.dumps(value) if isinstance(value, bool) else str(value)


def names_in(template: JsonValue) -> set[str]:
    """Return the placeholders used anywhere in JSON data."""
    match template:
        case str():
            return set(PLACEHOLDER.findall(template))
        case list():
            return set().union(*(names_in(one) for one in template))
        case dict():
            return set().union(*(names_in(one) for one in template.values()))
        case _:
            return set()


def secrets_in(config: SmsConfig) -> frozenset[str]:
    """Return what must never be quoted: headers (also without their scheme), secrets, and the address's values."""
    url = config.url.get_secret_value()
    parts = urlsplit(url)
    secret = [url, *(one.get_secret_value() for one in config.secrets.values())]
    likely = [parts.username, parts.password, *(value for _name, value in parse_qsl(parts.query))]
    for header in plain_headers(config).values():
        likely += [header, header.rsplit(" ", 1)[-1]]
    # A parameter such as `v=1` is no secret, and without its digit no reason could be read.
    return frozenset(
        [*secret, *(one for one in likely if one and len(one) > 3 and not PLACEHOLDER.search(one))]
    )
