"""Log lines are JSON, carry the alarm's id, never a secret, and stop nobody who writes them."""

import asyncio
import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any, override

import orjson
import pytest
import structlog

from companion.log_writer import LineWriter
from companion.logging import bind, configure_logging, redact_text


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    lines = io.StringIO()
    handler = configure_logging("debug", "json", stream=lines)
    yield lines
    handler.close()
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    logging.captureWarnings(False)
    structlog.reset_defaults()


def _text(stream: io.StringIO) -> str:
    logging.getLogger().handlers[0].flush()
    return stream.getvalue()


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in _text(stream).splitlines()]


def _line(stream: io.StringIO) -> dict[str, Any]:
    (line,) = _lines(stream)
    return line


def test_a_library_logs_json_too(stream: io.StringIO) -> None:
    logging.getLogger("aiohttp.server").warning("cannot read %s", "a request", extra={"peer": "10.0.0.1"})

    line = _line(stream)
    assert line["event"] == "cannot read a request"
    assert (line["level"], line["logger"], line["peer"]) == ("warning", "aiohttp.server", "10.0.0.1")
    assert line["at"].endswith("Z")


def test_structured_lines_keep_their_values(stream: io.StringIO) -> None:
    structlog.get_logger("companion.test").info("sent", delivery_id="d1", attempts=2)

    assert {"event": "sent", "delivery_id": "d1", "attempts": 2}.items() <= _line(stream).items()


def test_every_line_inside_carries_the_alarms_id(stream: io.StringIO) -> None:
    with bind(alarm_id="alarm-1"):
        logging.getLogger("one").info("inside")
    logging.getLogger("two").info("outside")

    inside, outside = _lines(stream)
    assert inside["alarm_id"] == "alarm-1"
    assert "alarm_id" not in outside


async def test_alarms_handled_at_the_same_time_keep_their_own_ids(stream: io.StringIO) -> None:
    async def handle(alarm_id: str) -> None:
        with bind(alarm_id=alarm_id):
            await asyncio.sleep(0)
            logging.getLogger("worker").info("for %s", alarm_id)

    await asyncio.gather(handle("a"), handle("b"))

    lines = [line for line in _lines(stream) if line["logger"] == "worker"]
    assert [(line["alarm_id"], line["event"]) for line in lines] == [("a", "for a"), ("b", "for b")]


@pytest.mark.parametrize(
    "name",
    ["token", "ack_token", "Authorization", "code", "user_code", "client_secret", "api_key", "X-Api-Key"],
)
def test_a_value_under_a_secret_name_is_hidden(stream: io.StringIO, name: str) -> None:
    structlog.get_logger().info("request", **{"headers": {name: "hunter22"}, name: "hunter22"})

    assert "hunter22" not in _text(stream)


def test_harmless_values_stay_readable(stream: io.StringIO) -> None:
    structlog.get_logger().info(
        "answered", status_code=200, idempotency_key="k1", headers={"Accept": "text/html"}
    )

    line = _line(stream)
    assert (line["status_code"], line["idempotency_key"]) == (200, "k1")
    assert line["headers"] == {"Accept": "text/html"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /v1/yealink/alarm?token=hunter22&mac=00", "GET /v1/yealink/alarm?token=…&mac=00"),
        ("https://host/a/hunter22-hunter22 opened", "https://host/a/… opened"),
        ("Authorization: Bearer hunter22.x", "Authorization: Bearer …"),
        ("postgresql://alarm:hunter22@db/alarm", "postgresql://alarm:…@db/alarm"),
        ("key ab_admin_hunter22 refused", "key ab_admin_… refused"),
        ("login with access_token=hunter22", "login with access_token=…"),
        ("the postcode is 12345", "the postcode is 12345"),
    ],
)
def test_secrets_inside_a_text_are_hidden(text: str, shown: str) -> None:
    assert redact_text(text) == shown


def test_a_traceback_is_one_line_without_secrets(stream: io.StringIO) -> None:
    try:
        raise ValueError("cannot reach https://provider/send?token=hunter22")  # noqa: TRY301 # to be logged
    except ValueError:
        logging.getLogger("worker").exception("failed")

    line = _line(stream)
    assert "ValueError: cannot reach https://provider/send?token=…" in line["exception"]


def test_the_console_form_is_for_people_and_hides_the_same() -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before = root.handlers[:], root.level
    handler = configure_logging("info", "console", stream=stream)

    structlog.get_logger("companion").info("pressed", token="hunter22", room="Reception")

    _text(stream)
    handler.close()
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    logging.captureWarnings(False)
    assert "pressed" in stream.getvalue()
    assert "Reception" in stream.getvalue()
    assert "hunter22" not in stream.getvalue()


class Terminal(io.StringIO):
    """What shows colours."""

    @override
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "no_color", "colours"),
    [(Terminal(), "", 1), (Terminal(), "1", 0), (io.StringIO(), "", 0)],
    ids=["a terminal", "a terminal without colours", "a file"],
)
def test_the_console_form_has_colours_only_at_a_terminal_that_wants_them(
    stream: io.StringIO, no_color: str, colours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    handler = configure_logging("info", "console", stream=stream)

    structlog.get_logger("companion").info("pressed")

    text = _text(stream)
    handler.close()
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    logging.captureWarnings(False)
    assert min(text.count("\x1b["), 1) == colours


def test_nothing_from_outside_begins_a_line_or_sets_a_colour_on_a_console() -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before = root.handlers[:], root.level
    handler = configure_logging("info", "console", stream=stream)

    logging.getLogger("companion").info(
        "from %s", "a\nroot ok\r\x1b[2J\u202e\udcff", extra={"room": "b\nforged"}
    )
    try:
        raise ValueError("c\nforged")  # noqa: TRY301 # to be logged
    except ValueError:
        logging.getLogger("companion").exception("failed")

    text = _text(stream)
    handler.close()
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    logging.captureWarnings(False)
    assert not {"\r", "\x1b[2J", "\u202e"} & {part for part in ("\r", "\x1b[2J", "\u202e") if part in text}
    assert not [line for line in text.splitlines() if line.startswith(("root", "forged"))]


def test_a_line_that_is_no_utf_8_is_not_lost(stream: io.StringIO) -> None:
    # To our handler alone: what pytest captures of it could not be sent from one of its processes to another.
    record = logging.LogRecord("one", logging.INFO, __file__, 1, "from %s", ("\udcff",), None)
    logging.getLogger().handlers[0].handle(record)

    assert json.loads(_text(stream))["event"] == "from \udcff"


def test_a_pipe_that_nobody_reads_holds_nobody_up_and_what_was_lost_is_said() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as pipe:
        handler = LineWriter(pipe, waiting_bytes=100_000)
        logger = logging.getLogger("flood of a pipe")
        logger.addHandler(handler)
        logger.propagate = False

        for number in range(5000):
            logger.warning("%s %s", number, "x" * 100)

        read = b""
        while b"Log lines lost" not in read:
            read += os.read(reading, 65_536)
            logger.warning("again")
        logger.removeHandler(handler)
        rest = threading.Thread(target=lambda: [None for _ in iter(lambda: os.read(reading, 65_536), b"")])
        rest.start()
        handler.close()
    rest.join()
    os.close(reading)
    assert read.startswith(b"0 xxx")


def test_a_process_whose_log_nobody_reads_works_on_and_ends() -> None:
    program = """
import logging
from companion.logging import configure_logging
configure_logging("info", "json")
for number in range(50_000):
    logging.getLogger("flood").info("x" * 200)
print("went on", flush=True)
"""
    reading, writing = os.pipe()
    done = subprocess.run(  # noqa: S603 # our own program
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=writing, timeout=60, check=False
    )
    os.close(reading)
    os.close(writing)

    assert (done.returncode, done.stdout) == (0, b"went on\n")
