"""Requests as somebody else's service wants them: a template with placeholders, each value encoded for where it stands. Pure."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal
from urllib.parse import quote, urlencode

from pydantic import JsonValue, SecretStr

type Place = Literal["json", "form", "query"]
"""Where the fields of a template go."""

SHORTEST_SECRET = 4
"""Characters: without a single digit no reason could be read."""
PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}")


@dataclass(frozen=True)
class Prepared:
    """A request as it goes out."""

    url: str
    headers: Mapping[str, str]
    data: bytes | None


def prepared(
    url: str,
    place: Place,
    template: Mapping[str, JsonValue],
    values: Mapping[str, str],
    headers: Mapping[str, str],
) -> Prepared:
    """Return the request for these values, none of them read as a template again."""
    filled_url = filled(url, values, write=partial(quote, safe=""))
    if place == "json":
        data = json.dumps(filled_deep(dict(template), values)).encode()
        return Prepared(filled_url, {"Content-Type": "application/json", **headers}, data)
    fields = urlencode({name: plain(filled_deep(value, values)) for name, value in template.items()})
    if place == "form":
        as_form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return Prepared(filled_url, as_form, fields.encode())
    joined = f"{filled_url}{'&' if '?' in filled_url else '?'}{fields}" if fields else filled_url
    return Prepared(joined, headers, None)


def filled(template: str, values: Mapping[str, str], *, write: Callable[[str], str] = str) -> str:
    """Return the template with its placeholders replaced in one pass, each as `write` does: a text that holds `{to}` stays as it is."""
    return PLACEHOLDER.sub(lambda found: write(values[found[1]]), template)


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


def plain_headers(headers: Mapping[str, SecretStr]) -> dict[str, str]:
    """Return configured headers as they go over the wire."""
    return {name: value.get_secret_value() for name, value in headers.items()}


def secrets_of_headers(headers: Mapping[str, SecretStr]) -> Iterator[str]:
    """Yield what must never be quoted of headers: each, also without its scheme. Short words are no secrets."""
    for header in plain_headers(headers).values():
        yield from (one for one in (header, header.rsplit(" ", 1)[-1]) if len(one) >= SHORTEST_SECRET)


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
