"""How a gateway calls back: how it proves itself, and where in its request number, text, id and status stand."""

import base64
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from companion.channels.base import AddressInvalid, Answer, Callback, Receipt, Undelivered
from companion.channels.http import parsed, shortened
from companion.channels.phone_numbers import e164, is_country
from companion.channels.signatures import same
from companion.channels.sms.answers import MISSING, Pointer, Scalar, as_text, listed, pointed
from companion.texts.reasons import Reason

FIELDS_LIMIT, EVENTS_LIMIT = 100, 200
WORD_LIMIT, ID_LIMIT = 60, 200

type Place = Annotated[str, Field(pattern=r"^((/([^/~]|~[01])*)+|[^/\s]+)$")]
"""A JSON pointer such as `/message/id`, or the name of a field of a form or of the address."""
type Words = Annotated[Annotated[frozenset[Scalar], Field(min_length=1)], BeforeValidator(listed)]


def known_country(code: str) -> str:
    """Return a country whose numbers are known; raises ValueError."""
    if not is_country(code):
        raise ValueError("is no country: two capital letters, such as DE")
    return code


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Proof(_Part):
    """How a request shows that it is the gateway's, with `callback_secret`."""

    by: Literal["query", "header", "hmac"] = Field(
        default="query",
        description="The secret stands in the address, or in a header; or a header has the HMAC of the body that is made with it.",
    )
    name: str = Field(
        default="token", pattern=r"^[A-Za-z0-9_-]+$", description="Name in the address, or of the header."
    )
    algorithm: Literal["sha1", "sha256", "sha512"] = Field(default="sha256", description="Of an HMAC.")

    def holds(self, callback: Callback, secret: str) -> bool:
        """Return whether the request proves itself, in constant time."""
        match self.by:
            case "query":
                return same(secret, callback.query.get(self.name))
            case "header":
                return same(secret, callback.headers.get(self.name))
            case "hmac":
                given = callback.headers.get(self.name, "").removeprefix(f"{self.algorithm}=")
                digest = hmac.digest(secret.encode(), callback.body, self.algorithm)
                is_signed = same(digest.hex(), given) or same(base64.b64encode(digest).decode(), given)
                # An empty body has always the same one: whoever has seen it once could repeat it.
                return is_signed and bool(callback.body)


class Receipts(_Part):
    """What a message's fate looks like."""

    id: Place = Field(description="Where the gateway's id of the message stands.")
    status: Place = Field(description="Where its status stands.")
    delivered: Words = Field(description="Statuses of a message that arrived.")
    undelivered: Words = Field(
        description="Statuses of a message that will not arrive. All others say nothing."
    )

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if both := words_of(self.delivered) & words_of(self.undelivered):
            raise ValueError(f"both delivered and undelivered: {', '.join(sorted(both))}")
        return self


class Replies(_Part):
    """What a message that somebody wrote looks like."""

    sender: Place = Field(description="Where the number of whoever wrote it stands.")
    text: Place = Field(description="Where the text stands.")
    id: Place | None = Field(default=None, description="Where its id stands: what comes twice counts once.")
    country: Annotated[str, AfterValidator(known_country)] | None = Field(
        default=None, description="Country of numbers without a country code, such as DE."
    )


class Callbacks(_Part):
    """What the gateway tells, and how."""

    proof: Proof = Field(default_factory=Proof)
    each: Pointer | None = Field(
        default=None, description="JSON pointer to a list, of which each element is one message or status."
    )
    receipts: Receipts | None = None
    replies: Replies | None = None

    @model_validator(mode="after")
    def _tells_something(self) -> Self:
        if self.receipts is None and self.replies is None:
            raise ValueError("name receipts or replies")
        return self

    def events(self, callback: Callback) -> Iterator[Receipt | Undelivered | Answer]:
        """Yield what a request that has proven itself says."""
        for said in self._said(callback):
            found = self._receipt(said) or self._reply(said)
            if found is not None:
                yield found

    def _said(self, callback: Callback) -> Iterator[Said]:
        document = parsed(callback.body, MISSING)
        # The HMAC is of the body alone.
        fields = {} if self.proof.by == "hmac" else dict(callback.query)
        if document is MISSING:
            fields |= form_in(callback.body)
        several = MISSING if self.each is None else pointed(document, self.each)
        if isinstance(several, list):
            yield from (Said(fields, one) for one in several[:EVENTS_LIMIT])
        else:
            yield Said(fields, document)

    def _receipt(self, said: Said) -> Receipt | Undelivered | None:
        if self.receipts is None:
            return None
        ref, status = said.at(self.receipts.id), said.at(self.receipts.status)
        if not ref or status is None:
            return None
        word = status.casefold()
        if word in words_of(self.receipts.delivered):
            return Receipt(provider_ref=ref, at=datetime.now(UTC))
        if word in words_of(self.receipts.undelivered):
            reason = Reason("sms.undelivered", status=shortened(status, WORD_LIMIT))
            return Undelivered(provider_ref=ref, reason=reason)
        return None

    def _reply(self, said: Said) -> Answer | None:
        if self.replies is None:
            return None
        sender, text = said.at(self.replies.sender), said.at(self.replies.text)
        if not sender or text is None:
            return None
        own = None if self.replies.id is None else said.at(self.replies.id)
        # Not made of the text: the same "OK" tomorrow is another answer. To take one twice harms nobody.
        event_id = own[:ID_LIMIT] if own else token_hex(16)
        number = number_of(sender, self.replies.country)
        return Answer(event_id=event_id, sender=number, acknowledges=False, words=text)


@dataclass(frozen=True)
class Said:
    """What one message or status consists of."""

    fields: Mapping[str, str]
    """Of the address and of a form."""
    document: Any
    """JSON, or MISSING."""

    def at(self, place: str) -> str | None:
        """Return what stands at a place, or None."""
        if not place.startswith("/"):
            return self.fields[place].strip() if place in self.fields else None
        found = pointed(self.document, place)
        return None if found is MISSING or found is None or isinstance(found, dict | list) else as_text(found)


def form_in(body: bytes) -> dict[str, str]:
    """Return the fields of a form; of a body that is none, none."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_LIMIT))
    except ValueError:
        return {}


def words_of(values: frozenset[Scalar]) -> frozenset[str]:
    """Return statuses as they are compared: number or text, small or capital letters are the same."""
    return frozenset(as_text(one).casefold() for one in values)


def number_of(written: str, country: str | None) -> str:
    """Return a sender's number as contacts have it: gateways leave out the `+`, or write `00`; a name stays as it is."""
    text = f"+{written[2:]}" if written.startswith("00") else written
    for form, of in ((text, country), (f"+{text}", None)):
        try:
            return e164(form, of)
        except AddressInvalid:
            continue
    return written
