"""Queries and bodies become models, or a problem that says what is wrong where."""

import asyncio
import re
import zlib
from collections.abc import Mapping
from typing import Any, get_origin

from aiohttp import web
from pydantic import BaseModel, ValidationError

from companion.strict_json import DoubledKey, refuse_doubled_keys
from companion.web.problems import (
    BodyTooLarge,
    InvalidRequest,
    MalformedRequest,
    UnsupportedMediaType,
)

SHOWN_ERRORS = 20
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""The escape, which is the only way to write it in JSON: after an even number of backslashes (RFC 8259, section 7)."""
BODY_TIME_S = 10


def read_query[M: BaseModel](request: web.Request, model: type[M]) -> M:
    """Return the query parameters as `model`; only a list may be given more than once."""
    values: dict[str, Any] = {}
    for name in request.query:
        given = request.query.getall(name)
        field = model.model_fields.get(name)
        is_list = field is not None and _is_list(field.annotation)
        values[name] = given[0] if len(given) == 1 and not is_list else given
    try:
        # Not strict: numbers and times are text here, other than in a JSON body.
        return model.model_validate(values, strict=False)
    except ValidationError as err:
        raise invalid(err, place="query") from err


async def read_body[M: BaseModel](request: web.Request, model: type[M], *, required: bool) -> M:
    """Return the JSON body as `model`; no body at all is `{}` where none is required."""
    raw = await read_bytes(request)
    if not raw and not required:
        raw = b"{}"
    elif request.content_type != "application/json":
        raise UnsupportedMediaType("Send JSON with the header `Content-Type: application/json`.")
    refuse_doubled(raw)
    try:
        body = model.model_validate_json(raw, strict=True)
    except ValidationError as err:
        if any(error["type"] == "json_invalid" for error in err.errors(include_url=False)):
            raise MalformedRequest("The body is not JSON.") from err
        raise invalid(err, place="body") from err
    if _NUL.search(raw):
        # No text of PostgreSQL can hold it: https://www.postgresql.org/docs/current/datatype-character.html
        raise MalformedRequest("A text in the body holds the character U+0000; leave it out.")
    return body


def unpacked(request: web.Request, raw: bytes, *, limit: int) -> bytes:
    """Return the body as it was before its Content-Encoding, at most `limit` bytes: unpacking more is not begun.

    aiohttp does not unpack here, as it would in the event loop and before anybody could refuse. Raises ValueError for what
    is not packed as it says, UnsupportedMediaType for another coding than gzip and deflate (RFC 9110, section 8.4.1).
    """
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    match coding:
        case "identity" | "":
            return raw
        case "gzip" | "x-gzip":
            bits = 16 + zlib.MAX_WBITS
        case "deflate":
            bits = zlib.MAX_WBITS
        case _:
            raise UnsupportedMediaType("Send the body as it is, or with `Content-Encoding: gzip`.")
    unpacking = zlib.decompressobj(bits)
    try:
        body = unpacking.decompress(raw, limit + 1)
    except zlib.error as err:
        raise ValueError("not packed as its Content-Encoding says") from err
    if len(body) > limit:
        raise BodyTooLarge(f"At most {limit} bytes are read, unpacked.")
    if not unpacking.eof:
        raise ValueError("the packed body ends early")
    return body


def refuse_doubled(raw: bytes) -> None:
    """Raise MalformedRequest if an object of the JSON body names a key twice."""
    try:
        refuse_doubled_keys(raw)
    except DoubledKey as err:
        raise MalformedRequest("A key stands twice in one object of the body; send it once.") from err


async def read_bytes(request: web.Request) -> bytes:
    """Return the body; aiohttp refuses one over the limit."""
    try:
        async with asyncio.timeout(BODY_TIME_S):
            return unpacked(request, await request.read(), limit=request.client_max_size)
    except TimeoutError as err:
        raise MalformedRequest(f"The body did not come within {BODY_TIME_S} seconds.") from err
    except (web.RequestPayloadError, ValueError) as err:
        raise MalformedRequest("The body ended early or is not encoded as its headers say.") from err


def invalid(err: ValidationError, *, place: str) -> InvalidRequest:
    """Return the problem that names each wrong value, without repeating it."""
    errors = [
        {
            "where": ".".join([place, *(str(part) for part in error["loc"])]),
            "problem": error["msg"].removeprefix("Value error, "),
        }
        for error in err.errors(include_url=False, include_input=False, include_context=False)[:SHOWN_ERRORS]
    ]
    first: Mapping[str, str] = errors[0]
    return InvalidRequest(f"{first['where']}: {first['problem']}", errors=errors)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) in {list, tuple} or any(
        _is_list(part) for part in getattr(annotation, "__args__", ())
    )
