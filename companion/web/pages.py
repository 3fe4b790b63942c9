"""Pages for people: the templates, their filters, and what every page is answered with."""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from yarl import URL

from companion.alarms.model import Alarm, Picture
from companion.texts.filling import filled
from companion.texts.labels import alarm_title, detail, ending, finding, journal_value, label
from companion.texts.model import ProblemText, Texts
from companion.texts.reasons import Fact, Reason
from companion.texts.times import ago, span
from companion.texts.troubles import TroubleTitle, trouble_advice
from companion.timezones import on_site_clock
from companion.web.context import context_of
from companion.web.health_checks import HealthCheck
from companion.web.http.parsing import BODY_TIME_S, unpacked
from companion.web.pressed import state_of
from companion.web.problems import (
    BodyTooLarge,
    FormExpired,
    MalformedRequest,
    NoPicture,
    NoSuchPage,
    Problem,
    UnsupportedMediaType,
)

FORM_LIMIT: Final = 16 * 1024
FIELDS: Final = 20
PICTURE_TYPES: Final = ("image/jpeg", "image/png", "image/webp")

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
}

LIVE_POLICY: Final = HEADERS["Content-Security-Policy"] + "; script-src 'self'; connect-src 'self'"
"""Of pages that show by themselves what has changed, with the one script of ours."""

STATIC_PATH: Final = "/static/{name}"
_STATIC: Final = {
    path.name: path.read_bytes() for path in (Path(__file__).parent / "static").iterdir() if path.is_file()
}
_TYPES: Final = {".css": "text/css", ".svg": "image/svg+xml", ".js": "text/javascript"}
_STATIC_VERSION: Final = hashlib.sha256(b"".join(_STATIC[name] for name in sorted(_STATIC))).hexdigest()[:12]


async def static(request: web.Request) -> web.Response:
    """Answer with a stylesheet or picture; its address has its version, so phones may keep it."""
    name = request.match_info["name"]
    if name not in _STATIC:
        raise NoSuchPage("Check the address.")
    return web.Response(
        body=_STATIC[name],
        content_type=_TYPES[Path(name).suffix],
        charset="utf-8",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


# --- templates ------------------------------------------------------------------------------------------


def local_time(moment: datetime, timezone: str, pattern: str) -> Markup:
    """Return the moment on the clock of its place, with UTC for whoever points at it."""
    local, utc = on_site_clock(moment, timezone), moment.astimezone(UTC)
    *day, clock = local.strftime(pattern).split()
    return Markup('<time datetime="{}" title="{}">{}<span>{}\N{NO-BREAK SPACE}{}</span></time>').format(
        utc.isoformat(timespec="seconds"),
        f"{utc:%Y-%m-%d %H:%M:%S} UTC",
        Markup("").join(Markup("<span>{}</span> ").format(part) for part in day),
        clock,
        local.tzname(),
    )


def _whole(text: str) -> str:
    """Return the text as one that no line ends in: a number stays beside its unit."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _span(seconds: float, texts: Texts) -> str:
    return _whole(span(seconds, texts))


def _ago(age: timedelta, texts: Texts) -> str:
    return _whole(ago(age, texts))


def _fill(text: str, **facts: object) -> str:
    return filled(text, facts)


def _title(alarm: Alarm, texts: Texts) -> str:
    return alarm_title(alarm.title, alarm.source, texts)


def _journal_value(value: object, name: str, source: str, texts: Texts) -> str:
    return journal_value(name, value, source, texts)


def _kind_label(kind: str, texts: Texts) -> str:
    return texts.answers.kinds[kind]


def check_title(check: HealthCheck, texts: Texts, names: Mapping[str, str] | None = None) -> str:
    """Return what a part of the service is called: a trouble by what is wrong, others by their name or else their id.

    `names` by kind and id, such as `channel sms`.
    """
    if isinstance(title := check.reason.facts.get("title"), TroubleTitle):
        return title.said(texts)
    what, which = label(check.kind, texts), check.id.partition(".")[0]
    what = f"{what[:1].upper()}{what[1:]}"
    name = (names or {}).get(f"{check.kind} {which}", which)
    return what if check.kind == "trouble" or not which else f"{what} {name}"


def check_reason(check: HealthCheck, texts: Texts, timezone: str) -> str:
    """Return why a part of the service is as it is, with its times on the clock of the house; of a trouble, what to do."""
    facts = {name: _on_clock(fact, texts, timezone) for name, fact in check.reason.facts.items()}
    title = facts.get("title")
    if not isinstance(title, TroubleTitle):
        return Reason(check.reason.code, **facts).said(texts)
    since = filled(texts.desk.since, {"at": facts.get("at", "?")})
    return f"{since[:1].upper()}{since[1:]}. {trouble_advice(title.kind, facts=title.facts, texts=texts)}"


def _on_clock(fact: Fact, texts: Texts, timezone: str) -> Fact:
    if not isinstance(fact, datetime):
        return fact
    local = on_site_clock(fact, timezone)
    return f"{local.strftime(texts.formats.time)} {local.tzname()}"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("companion.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "local_time": local_time,
        "span": _span,
        "ago": _ago,
        "fill": _fill,
        "kind_label": _kind_label,
        "label": label,
        "title": _title,
        "journal_value": _journal_value,
        "finding": finding,
        "ending": ending,
        "check_title": check_title,
        "check_reason": check_reason,
        "moment": datetime.fromisoformat,
        "state_of": state_of,
    }
    return environment


_TEMPLATES: Final = _environment()


def page(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """Return a page. `root` leads from it to the service's own root, whatever a proxy puts before that."""
    html = _TEMPLATES.get_template(template).render(
        **values,
        root="../" * (request.path.count("/") - 1),
        static_version=_STATIC_VERSION,
        now=context_of(request).clock(),
        detail=detail,
    )
    return web.Response(status=status, text=html, content_type="text/html", headers=HEADERS)


def picture_response(picture: Picture | None, headers: Mapping[str, str]) -> web.Response:
    """Return the picture itself; raises NoPicture if there is none."""
    if picture is None:
        raise NoPicture("None was sent, or it was kept long enough.")
    return web.Response(body=picture.data, content_type=picture.media_type, headers=headers)


def see_other(location: str) -> web.Response:
    """Return the answer that makes a browser load `location`, so that a reload sends nothing again."""
    # With a body, as some very old phones show that instead of going on.
    body = Markup('<!DOCTYPE html><title>OK</title><p><a href="{0}">OK</a></p>').format(location)
    return web.Response(
        status=303, text=body, content_type="text/html", headers={**HEADERS, "Location": location}
    )


def problem_text(problem: Problem, texts: Texts) -> ProblemText:
    """Return what a person reads of a problem; its own title and detail are for programs and the log."""
    return texts.problems.get(problem.slug, texts.problems["other"])


# --- forms ----------------------------------------------------------------------------------------------


async def read_form(request: web.Request) -> dict[str, str]:
    """Return the fields of a form; one that comes twice counts as its last.

    Raises BodyTooLarge, UnsupportedMediaType or MalformedRequest.
    """
    try:
        async with asyncio.timeout(BODY_TIME_S):
            packed = await request.clone(client_max_size=FORM_LIMIT).read()
        raw = unpacked(request, packed, limit=FORM_LIMIT)
        if raw and request.content_type != "application/x-www-form-urlencoded":
            raise UnsupportedMediaType("Send the form as the page does: application/x-www-form-urlencoded.")
        return dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True, max_num_fields=FIELDS))
    except web.HTTPRequestEntityTooLarge as err:
        raise BodyTooLarge(f"A form has at most {FORM_LIMIT} bytes.") from err
    except TimeoutError as err:
        raise MalformedRequest(f"The form did not come within {BODY_TIME_S} seconds.") from err
    except (web.RequestPayloadError, ValueError) as err:
        raise MalformedRequest("The form ended early or has too many fields.") from err


def refuse_cross_site(request: web.Request) -> None:
    """Raise FormExpired if the browser says that another site sent this form.

    `Origin: null` proves nothing: that is what our own pages send, because they carry `Referrer-Policy: no-referrer`.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise FormExpired("Open the page itself and send its form.")
        return
    origin = request.headers.get("Origin", "null")
    ours = {request.host, str(URL(context_of(request).settings.public_url).origin()).partition("://")[2]}
    # Not the scheme: a proxy in front of us may have taken TLS off.
    if origin != "null" and origin.partition("://")[2] not in ours:
        raise FormExpired("Open the page itself and send its form.")


def one_line(text: str, limit: int) -> str:
    """Return typed text as one line without control characters, at most `limit` characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:limit].strip()


def some_lines(text: str, limit: int) -> str:
    """Return typed text without control characters but line breaks, at most `limit` characters."""
    lines = (one_line(line, limit) for line in text.splitlines())
    return "\n".join(line for line in lines if line)[:limit].strip()
