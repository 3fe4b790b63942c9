"""Log lines as JSON, one object a line, whoever wrote them; the alarm's id on each, a secret on none."""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TextIO

import orjson

from companion.log_writer import LineWriter

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger


@contextmanager
def _without(package: str) -> Iterator[None]:
    """Let an import find that `package` is not installed, unless it is there already."""
    hidden = package not in sys.modules
    if hidden:
        sys.modules[package] = None  # type: ignore[assignment] # as the documentation of `import` says
    try:
        yield
    finally:
        if hidden:
            del sys.modules[package]


with _without("rich"):  # it would come along for tracebacks that nobody here shows: 3 MB
    import structlog

HIDDEN = "…"
SECRET_WORDS = frozenset(
    {
        "authorization",
        "code",
        "codes",
        "cookie",
        "passwd",
        "password",
        "pin",
        "secret",
        "secrets",
        "token",
        "tokens",
    }
)
HARMLESS_NAMES = frozenset({"close_code", "error_code", "exit_code", "status_code"})
SECRET_NAMES = frozenset({"api_key", "secret_key", "x_api_key"})

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_WORDS = re.compile(r"[^a-z0-9]+")
_IN_TEXT = re.compile(
    r"""
      (?P<name> \b [\w-]{0,40} (?:token|code|secret|password|api_?key) = ) [^&\s"'<>]+      # in a query string
    | (?P<scheme> \b (?:bearer|basic) \s+ ) [\w.~+/=-]{8,}                            # in a header
    | (?P<path> /(?:a|t)/ ) [\w-]{8,}                                                # ACK pages and tags
    | (?P<user> ://[^/\s:@]* : ) [^/\s@]+ (?=@)                                      # in the address of a server
    | (?P<role> \b ab_(?:read|operate|admin)_ ) [\w-]+                               # API keys
    """,
    re.IGNORECASE | re.VERBOSE,
)


def redact_text(text: str) -> str:
    """Return `text` without what looks like a token, a code or a password in it."""
    return _IN_TEXT.sub(
        lambda found: next(part for part in found.groups() if part is not None) + HIDDEN, text
    )


def _is_secret(name: str) -> bool:
    name = "_".join(_WORDS.split(name.lower()))
    return name in SECRET_NAMES or (
        name not in HARMLESS_NAMES and not SECRET_WORDS.isdisjoint(name.split("_"))
    )


def _redacted(value: Any) -> Any:
    match value:
        case str():
            return redact_text(value)
        case Mapping():
            return {
                name: HIDDEN if _is_secret(str(name)) else _redacted(inner) for name, inner in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_redacted(inner) for inner in value]
        case _:
            return value


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide what must not be logged; a structlog processor, the last before the renderer."""
    return {
        name: HIDDEN if _is_secret(name) else value if name.startswith("_") else _redacted(value)
        for name, value in event.items()
    }


def _as_json(event: EventDict, **_kwargs: Any) -> str:
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # Lone surrogates: bytes from outside that are no UTF-8. Rare, and no reason to lose the line.
        return json.dumps(event, default=str)


def _escaped(text: str) -> str:
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def escape_controls(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Let no value begin a line, set a colour or turn the reading direction; a structlog processor for a console."""
    plain = {name: _escaped(value) if isinstance(value, str) else value for name, value in event.items()}
    for name in ("exception", "stack"):
        if isinstance(event.get(name), str):
            # Many lines by nature: each is set in, so that none looks like a line of its own.
            plain[name] = "\n".join(f"    {_escaped(line)}" for line in event[name].split("\n"))
    return plain


def _is_coloured(stream: TextIO) -> bool:
    """Return whether whoever reads the stream sees colours: at a terminal, unless NO_COLOR (no-color.org) says otherwise."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def configure_logging(
    level: str, log_format: Literal["json", "console"], *, stream: TextIO | None = None
) -> LineWriter:
    """Send every line of this process, also those of libraries, to `stream` (standard error) in one form.

    Return what writes them; at the end of the process it is flushed by itself.
    """
    shared: list[Processor] = [
        _with_bound,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    rendering: list[Processor] = [structlog.processors.JSONRenderer(serializer=_as_json)]
    if log_format == "console":
        rendering = [
            escape_controls,
            structlog.dev.ConsoleRenderer(
                colors=_is_coloured(stream or sys.stderr),
                exception_formatter=structlog.dev.plain_traceback,
                timestamp_key="at",
            ),
        ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # a logger made before this call must follow it too
    )
    handler = LineWriter(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, *rendering],
        )
    )
    root = logging.getLogger()
    for before in root.handlers:
        if isinstance(before, LineWriter):
            before.close()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # It greets at every start; what it has changed is said by `store.migrate`.
    logging.getLogger("alembic").setLevel(max(root.level, logging.WARNING))
    # It quotes names of cookies that it cannot read; without a name that is the cookie itself.
    logging.getLogger("aiohttp.internal").setLevel(logging.ERROR)
    logging.captureWarnings(True)
    return handler


# One variable whose value is replaced: structlog's own looks through every variable of the context, four times a send.
_BOUND: ContextVar[Mapping[str, str]] = ContextVar("bound", default=MappingProxyType({}))


@contextmanager
def bind(**values: str) -> Iterator[None]:
    """Put the values on every line that is logged inside, also by tasks that are started inside."""
    before = _BOUND.set({**_BOUND.get(), **values})
    try:
        yield
    finally:
        _BOUND.reset(before)


def _with_bound(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {**_BOUND.get(), **event}
