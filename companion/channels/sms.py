"""SMS through any gateway with an HTTP interface: method, address, headers, body and success are configured."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, override
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, SecretStr, model_validator
from yarl import URL

from companion.channels.base import Channel, Message, Outcome, Refused, Sent, TryAgain
from companion.channels.http import (
    Failure,
    HeaderSecret,
    HttpClient,
    HttpOptions,
    Reply,
    not_understood,
    scrubbed,
)
from companion.channels.render import sms_text

PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}")
MESSAGE_NAMES = frozenset({"to", "text", "id"})
SAID_LIMIT = 120


def valid_pattern(pattern: str) -> str:
    """Return a regular expression that compiles."""
    try:
        re.compile(pattern)
    except re.error as err:
        raise ValueError("is not a regular expression") from err
    return pattern


def default_template() -> dict[str, JsonValue]:
    """Return what most small gateways understand."""
    return {"to": "{to}", "text": "{text}"}


type Pointer = Annotated[str, Field(pattern=r"^(/[^/]*)+$")]


class SuccessRule(BaseModel):
    """How to tell that the gateway took a message."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    status: frozenset[Annotated[int, Field(ge=200, le=299)]] = Field(
        default=frozenset({200, 201, 202}), min_length=1, description="HTTP statuses of success."
    )
    pointer: Pointer | None = Field(
        default=None, description="JSON pointer to a value that tells, such as /status."
    )
    equals: JsonValue = Field(default=None, description="What that value must be.")
    matches: Annotated[str, AfterValidator(valid_pattern)] | None = Field(
        default=None, description="Regular expression that the whole value must match."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.pointer is None and (self.equals is not None or self.matches is not None):
            raise ValueError("equals and matches need a pointer")
        return self


class SmsConfig(HttpOptions):
    """How one gateway wants to be asked.

    `{to}`, `{text}` and `{id}` stand for the number, the text and a key that stays the same over all
    attempts; `{name}` for a value of `secrets`. Each is encoded for where it stands.
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
    body: Literal["json", "form", "query"] = Field(default="json", description="Where the template goes.")
    template: dict[str, JsonValue] = Field(
        default_factory=default_template,
        description="Fields, with placeholders in their values.",
    )
    success: SuccessRule = Field(default_factory=SuccessRule)
    id_pointer: Pointer | None = Field(
        default=None, description="JSON pointer to the gateway's id of the message."
    )
    idempotency_header: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9-]+$", description="Header for the key, usually Idempotency-Key."
    )
    segments: int = Field(
        default=2, ge=1, le=4, description="Longest text, in SMS of 160 (153 when several) characters."
    )

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
            raise ValueError("to, text and id cannot be names of secrets")
        used = set(PLACEHOLDER.findall(url)) | names_in(self.template)
        if unknown := used - MESSAGE_NAMES - self.secrets.keys():
            raise ValueError(f"unknown placeholders: {', '.join(sorted(unknown))}")
        if missing := {"to", "text"} - used:
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
        self._secrets = secrets_in(config)
        self._http = HttpClient(config, secrets=self._secrets)

    @override
    async def send(self, message: Message) -> Outcome:
        text = sms_text(message, segments=self._config.segments)
        values = {"to": message.address, "text": text, "id": message.idempotency_key}
        request = prepared(self._config, values)
        reply = await self._http.request(
            self._config.method, URL(request.url, encoded=True), headers=request.headers, data=request.data
        )
        return self._outcome(reply) if isinstance(reply, Reply) else reply

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
            warning="reachable; only a message shows whether it is taken",
        )

    @override
    async def close(self) -> None:
        await self._http.close()

    def _outcome(self, reply: Reply) -> Outcome:
        config = self._config
        if not reply.is_success:
            return self._failure(reply)
        if reply.status not in config.success.status:
            return TryAgain(
                reason=f"HTTP {reply.status} is not a success by the channel's rule",
                status_code=reply.status,
                uncertain=True,
            )
        answer = reply.json()
        if config.success.pointer is not None:
            if answer is None:
                return not_understood(reply)
            if not fulfils(config.success, answer):
                said = scrubbed(reply.body.decode("utf-8", "replace"), self._secrets)[:SAID_LIMIT]
                return Refused(reason=f"HTTP {reply.status}, but refused: {said}", status_code=reply.status)
        found = pointed(answer, config.id_pointer) if config.id_pointer else None
        ref = str(found) if isinstance(found, str | int) else None
        return Sent(provider_ref=ref, status_code=reply.status)

    def _failure(self, reply: Reply) -> Failure:
        return self._http.failure(reply, reply.body.decode("utf-8", "replace")[: SAID_LIMIT * 4])


def prepared(config: SmsConfig, values: Mapping[str, str]) -> Prepared:
    """Return the request for these values, each encoded for where it stands and none read as a template again."""
    every = {name: secret.get_secret_value() for name, secret in config.secrets.items()} | dict(values)
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


def pointed(document: Any, pointer: str) -> Any:
    """Return what a JSON pointer (RFC 6901) names, or None."""
    for part in pointer.removeprefix("/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        else:
            return None
    return document


def fulfils(rule: SuccessRule, answer: Any) -> bool:
    """Return whether the answer's value is what the rule wants; with neither value nor pattern it must exist."""
    value = pointed(answer, rule.pointer or "")
    if rule.equals is not None and value != rule.equals:
        return False
    if rule.matches is not None:
        return value is not None and re.fullmatch(rule.matches, plain(value)[:1000]) is not None
    return value is not None
