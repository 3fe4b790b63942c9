"""The address that a phone's panic key calls: a GET from a device that can do nothing else."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import orjson
from aiohttp import web
from pydantic import Field

from companion.alarms.model import Alarm
from companion.alarms.transaction import AlarmTransaction
from companion.store.scope import ALL_SITES
from companion.triggers.press import (
    Accepted,
    NobodyToTell,
    Press,
    RateLimited,
    UnknownToken as NoSuchToken,
    press,
)
from companion.triggers.yealink import panic_key
from companion.web.auth import (
    bearer_token,
    count_wrong_try,
)
from companion.web.context import ALARM_ID, PROBLEM_VIEW, ProblemView
from companion.web.http.parsing import read_bytes, refuse_doubled
from companion.web.http.route import Call, NoQuery, Output, Route
from companion.web.problems import (
    DeviceIncomplete,
    MalformedRequest,
    Problem,
    TookTooLong,
    TooManyRequests,
    UnknownToken,
    UnsupportedMediaType,
)

ANSWER_S: Final = 8
"""How long a press may wait for a database that hangs: whoever presses must learn soon that nobody may come."""
FORM_FIELDS: Final = 200
HINTS_S: Final = 2
"""How long a press whose token is here already may wait for a body, which can then only say more of the phone."""
TOKENS_TRIED: Final = 4
"""Places that are looked at: nobody gets more guesses a request than that."""

AS_TYPED: Final = "/{_a:/*}v1/{_b:/*}yealink/{_c:/*}alarm{_d:/*}"
"""The path with the slashes that people add when they type an address into a phone."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")

type Pairs = list[tuple[str, str]]


class PressQuery(Output):
    """What a phone sends; any other variable is kept too, within bounds."""

    token: str | None = Field(default=None, description="The device's token. A phone can send it only here.")
    format: str | None = Field(
        default=None, description="`xml` answers with a text screen for the phone's XML browser"
    )
    mac: str | None = None
    ip: str | None = None
    model: str | None = None
    firmware: str | None = None
    active_user: str | None = None


class PressAnswer(Output):
    """The alarm that the press stands for; a repeated press gives the same one."""

    alarm_id: str
    status: str
    missing: list[str] = Field(
        default=[], description="Which of person, room and site a responder is not told: complete the device"
    )


async def press_by_get(call: Call[NoQuery, None]) -> PressAnswer | web.Response:
    """Raise the alarm of the phone whose token it is."""
    return await _press(call, query_pairs(call.request))


async def press_by_post(call: Call[NoQuery, None]) -> PressAnswer | web.Response:
    """Do the same with the values in the query, a form or a JSON object; no body keeps a known token from its alarm."""
    pairs = query_pairs(call.request)
    has_token = press_tokens(call.request, pairs) != [""]
    try:
        async with asyncio.timeout(HINTS_S if has_token else None):
            found = await _body_pairs(call.request)
    except TimeoutError:
        return await _press(call, pairs, MalformedRequest(f"The body did not come within {HINTS_S} seconds."))
    except (Problem, web.HTTPException, OSError) as err:  # as it came, or as the client went away
        return await _press(call, pairs, err)
    return await _press(call, pairs + found)


async def _press(
    call: Call[NoQuery, None], pairs: Pairs, unreadable: Exception | None = None
) -> PressAnswer | web.Response:
    """Press with the tokens in `pairs` and headers; raises `unreadable`, if there is one, where none of them is known."""
    for_screen = ("format", "xml") in pairs
    if for_screen:
        call.request[PROBLEM_VIEW] = ProblemView(problem_screen)
    settings = call.context.settings
    tokens = press_tokens(call.request, pairs)
    key = panic_key(pairs)

    def work(unit: AlarmTransaction) -> Press:
        return _first_known(
            press(unit, token, key, window_s=settings.press_window_s, per_minute=settings.press_per_minute)
            for token in tokens
        )

    try:
        async with asyncio.timeout(ANSWER_S):
            result = await call.context.commands.run_patiently(ALL_SITES, work)
    except TimeoutError as err:  # the press goes on: if the database comes to itself, the alarm is raised
        raise TookTooLong(
            f"The database has not answered within {ANSWER_S} seconds, so the press may be lost. "
            "Press again, and call for help another way.",
            headers={"Retry-After": "1"},
        ) from err
    call.context.metrics.presses.labels(_name(result)).inc()
    match result:
        case Accepted(alarm, created, missing):
            call.request[ALARM_ID] = alarm.id
            if for_screen:
                return alarm_screen(alarm, created=created)
            return PressAnswer(alarm_id=alarm.id, status=alarm.status.value, missing=list(missing))
        case NoSuchToken():
            count_wrong_try(call.request)
            if unreadable is not None:
                raise unreadable
            raise UnknownToken(
                "No device has this token, or it is switched off. Copy the address from the device again."
            )
        case NobodyToTell(device, alarm, missing):
            call.request[ALARM_ID] = alarm.id
            raise DeviceIncomplete(
                f"The press is written down as an alarm, but nobody is told: {device} leads to no escalation policy. "
                "Call for help another way. Then give the device or its site a policy, or the installation a last "
                "resort, and apply the directory.",
                missing=list(missing),
                alarm_id=alarm.id,
            )
        case RateLimited(retry_after_s):
            raise TooManyRequests(
                f"This key was pressed too often; the presses before have raised the alarm. Wait {retry_after_s} seconds.",
                retry_after_s=retry_after_s,
            )


def _name(result: Press) -> str:
    match result:
        case Accepted(created=True):
            return "raised"
        case Accepted():
            return "repeated"
        case NoSuchToken():
            return "unknown_token"
        case NobodyToTell():
            return "nobody_to_tell"
        case RateLimited():
            return "rate_limited"


def query_pairs(request: web.Request) -> Pairs:
    """Return the values of the query, as phones and those who set them up write it.

    Provisioning files are XML, and some send their `&amp;` as it stands; an address that had a query already gets
    a second `?`.
    """
    text = request.rel_url.raw_query_string.replace("&amp;", "&").replace("?", "&")
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=FORM_FIELDS)
    except ValueError as err:
        raise MalformedRequest(f"The query has more than {FORM_FIELDS} values.") from err


def press_tokens(request: web.Request, pairs: Pairs) -> list[str]:
    """Return what may be the token, the likeliest first, at least one text and each once.

    A proxy before us may use the Authorization header for itself: no place hides the others.
    """
    places = [request.headers.get("X-Alarm-Token"), bearer_token(request)]
    given = [value for name, value in pairs if name == "token"]
    # In a query and a form `+` is a blank; typed into a phone as it is, it was meant as one of the token.
    places += [*given, *(value.replace(" ", "+") for value in given)]
    found = dict.fromkeys(place.strip() for place in places if place and place.strip())
    return list(found)[:TOKENS_TRIED] or [""]


def _first_known(results: Iterable[Press]) -> Press:
    """Return the first answer that a device gave; the presses after it are not made."""
    result: Press = NoSuchToken()
    for result in results:
        if not isinstance(result, NoSuchToken):
            break
    return result


async def _body_pairs(request: web.Request) -> Pairs:
    raw = await read_bytes(request)
    if not raw:
        return []
    try:
        match request.content_type:
            case "application/x-www-form-urlencoded":
                # A name in Latin-1 makes the rest no less readable.
                return parse_qsl(
                    raw.decode(errors="replace"), keep_blank_values=True, max_num_fields=FORM_FIELDS
                )
            case "application/json":
                refuse_doubled(raw)
                values = orjson.loads(raw)
            case _:
                raise UnsupportedMediaType("Send the values as a form, as a JSON object, or in the query.")
    except ValueError as err:
        raise MalformedRequest("The body cannot be read as what its Content-Type says.") from err
    if not isinstance(values, dict):
        raise MalformedRequest("Send one JSON object with the phone's values.")
    return [(name, value) for name, value in values.items() if isinstance(value, str)]


# --- the phone's screen ---------------------------------------------------------------------------------


def alarm_screen(alarm: Alarm, *, created: bool) -> web.Response:
    """Return what the phone shows after a press."""
    title = "Alarm sent" if created else "Alarm is sent already"
    if alarm.test:
        title = f"Test: {title.lower()}"
    return _screen(200, title, f"{alarm.title}. Help is being called.", {})


def problem_screen(_request: web.Request, problem: Problem) -> web.Response:
    """Return what the phone shows when the press was refused."""
    title = "Nobody was told" if isinstance(problem, DeviceIncomplete) else "No alarm was sent"
    return _screen(problem.status, title, f"{problem.title}. {problem.detail}", problem.headers)


def _screen(status: int, title: str, text: str, headers: Mapping[str, str]) -> web.Response:
    # Yealink XML browser: one root object, text/xml, Content-Length and no chunks, at most 10,000 bytes.
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<YealinkIPPhoneTextScreen Beep="yes" Timeout="30" LockIn="no">'
        f"<Title>{_xml(title)}</Title><Text>{_xml(text)}</Text></YealinkIPPhoneTextScreen>"
    )
    return web.Response(
        status=status, text=xml, content_type="text/xml", charset="utf-8", headers=dict(headers)
    )


def _xml(text: str) -> str:
    return escape(_CONTROL.sub(" ", text[:1000]))


_VALUES: Final[dict[str, Any]] = {"type": "object", "additionalProperties": {"type": "string"}}
_TOKEN_HEADER: Final = {"X-Alarm-Token": "The device's token, instead of the one in the query"}
_SCREEN: Final[dict[str, dict[str, Any]]] = {"text/xml": {"type": "string"}}

ROUTES = (
    Route(
        method="GET",
        path="/v1/yealink/alarm",
        handler=press_by_get,
        name="press",
        summary="A phone's panic key was pressed: raise its alarm, once within the press window",
        tag="triggers",
        documented_query=PressQuery,
        header_parameters=_TOKEN_HEADER,
        answers={200: PressAnswer},
        other_answers=_SCREEN,
        problems_also_as="text/xml",
        problems=(UnknownToken, DeviceIncomplete, TooManyRequests),
    ),
    Route(
        method="POST",
        path="/v1/yealink/alarm",
        handler=press_by_post,
        name="press_by_post",
        summary="The same for devices that can send a body",
        tag="triggers",
        documented_query=PressQuery,
        header_parameters=_TOKEN_HEADER,
        body_types={"application/x-www-form-urlencoded": _VALUES, "application/json": _VALUES},
        body_required=False,
        answers={200: PressAnswer},
        other_answers=_SCREEN,
        problems_also_as="text/xml",
        problems=(UnknownToken, DeviceIncomplete, TooManyRequests),
    ),
)
