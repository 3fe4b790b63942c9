"""Which numbers a gateway is told to send from, as far as its settings say so. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

SENDER_FIELDS = frozenset(
    {
        *("from", "fromnumber", "frm", "sender", "senderid", "senderaddress", "sendernumber", "source"),
        *("sourceaddr", "sourceaddress", "sourcenumber", "src", "originator", "origin", "orig", "oadc", "oa"),
        *("msisdn", "number", "callerid", "absender", "von"),
    }
)
"""What gateways call the sender in their requests, as small letters only. Where the recipient stands under such a name it is `{to}`, not a number."""


def own_numbers(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield what messages come from, as it is written: numbers, and names that are none.

    `config` is without its secrets and may be wrong: a number in the address or in a secret is not seen.
    """
    if isinstance(config.get("sender"), str):
        yield config["sender"]
    yield from _senders(config.get("template"), name="")


def _senders(value: Any, *, name: str) -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _senders(inner, name=str(key))
        case list():
            for inner in value:
                yield from _senders(inner, name=name)
        case str() | int() if "".join(filter(str.isalpha, name.lower())) in SENDER_FIELDS:
            yield str(value)
