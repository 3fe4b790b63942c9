"""Log lines are JSON, carry the alarm's id, and never a secret."""

import asyncio
import io
import logging
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import structlog

from companion.logging import bind_alarm, configure_logging, redact_text


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    lines = io.StringIO()
    configure_logging("debug", "json", stream=lines)
    yield lines
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    logging.captureWarnings(False)
    structlog.reset_defaults()


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


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
    with bind_alarm("alarm-1"):
        logging.getLogger("one").info("inside")
    logging.getLogger("two").info("outside")

    inside, outside = _lines(stream)
    assert inside["alarm_id"] == "alarm-1"
    assert "alarm_id" not in outside


async def test_alarms_handled_at_the_same_time_keep_their_own_ids(stream: io.StringIO) -> None:
    async def handle(alarm_id: str) -> None:
        with bind_alarm(alarm_id):
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

    assert "hunter22" not in stream.getvalue()


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
    configure_logging("info", "console", stream=stream)

    structlog.get_logger("companion").info("pressed", token="hunter22", room="Reception")

    root.handlers[:] = before[0]
    root.setLevel(before[1])
    logging.captureWarnings(False)
    assert "pressed" in stream.getvalue()
    assert "Reception" in stream.getvalue()
    assert "hunter22" not in stream.getvalue()
