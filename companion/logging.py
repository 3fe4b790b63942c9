"""Log lines as JSON, one object a line, whoever wrote them; the alarm's id on each, a secret on none."""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

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
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def configure_logging(
    level: str, log_format: Literal["json", "console"], *, stream: TextIO | None = None
) -> None:
    """Send every line of this process, also those of libraries, to `stream` (standard error) in one form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    renderer: Processor = structlog.processors.JSONRenderer(serializer=_as_json)
    if log_format == "console":
        renderer = structlog.dev.ConsoleRenderer(
            exception_formatter=structlog.dev.plain_traceback, timestamp_key="at"
        )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # a logger made before this call must follow it too
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # It greets at every start; what it has changed is said by `store.migrate`.
    logging.getLogger("alembic").setLevel(max(root.level, logging.WARNING))
    logging.captureWarnings(True)


@contextmanager
def bind_alarm(alarm_id: str) -> Iterator[None]:
    """Put the alarm's id on every line that is logged inside, also by tasks that are started inside."""
    with structlog.contextvars.bound_contextvars(alarm_id=alarm_id):
        yield
