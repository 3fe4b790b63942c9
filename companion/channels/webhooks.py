"""Webhooks whose address is the secret: whoever knows it may post there."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, SecretStr
from yarl import URL

from companion.channels.base import Refused
from companion.channels.http import Failure, HttpClient, Reply

GONE = frozenset({404, 410})
SHORTEST_SECRET = 8
"""Characters: shorter parts of an address (`hooks`, `api`) are words."""


def usable_url(setting: SecretStr) -> SecretStr:
    """Return a web address without white space around it; raises ValueError."""
    text = setting.get_secret_value().strip()
    try:
        url = URL(text, encoded=True)
        usable = url.scheme in {"http", "https"} and url.host and url.user is None and text.isprintable()
    except ValueError:
        usable = False
    if not usable or " " in text:
        raise ValueError("must be a web address that begins with https://")
    return SecretStr(text)


WebhookUrl = Annotated[SecretStr, AfterValidator(usable_url)]


def address_of(setting: SecretStr) -> URL:
    """Return the address byte by byte as it was written: what is signed with it would not survive being tidied up."""
    return URL(setting.get_secret_value(), encoded=True)


def secrets_of(setting: SecretStr) -> Iterator[str]:
    """Yield what must never be quoted of a webhook's address: it, and every part of it that can be a key."""
    url = URL(setting.get_secret_value())
    parts = (str(url), setting.get_secret_value(), *url.parts, *url.query.values())
    yield from (part for part in parts if len(part) >= SHORTEST_SECRET)


def failure_of_webhook(http: HttpClient, reply: Reply, said: object = None) -> Failure:
    """Return what an answer other than success means; an address that is not there any more concerns every message."""
    failure = http.failure(reply, said)
    if reply.status in GONE and isinstance(failure, Refused):
        return replace(failure, channel_broken=True)
    return failure
