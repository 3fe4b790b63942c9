"""The process in which Apprise runs: one message, one answer. Whatever it does, it is over when this process is.

In: `{"url", "title", "body", "type"}` as JSON, or `{"url"}` to ask whether it is understood. Out: `{"understood", "sent",
"status", "forbidden"}`.
"""

import json
import logging
import os
import re
import sys
from typing import Any, override

from companion.channels.apprise.guard import Guard, guarded

STATUS = re.compile(r"\berror=(\d{3})\b")
"""How Apprise's plugins tell in their log what a service has answered."""


class Statuses(logging.Handler):
    """Keeps the last status of an answer that is told of in a log. No words: they may hold a token."""

    last: int | None = None

    @override
    def emit(self, record: logging.LogRecord) -> None:
        found = STATUS.search(record.getMessage())
        if found is not None:
            self.last = int(found[1])


def done(order: dict[str, str], guard: Guard) -> dict[str, Any]:
    """Carry the order out and return what became of it."""
    import apprise

    log, statuses = logging.getLogger("apprise"), Statuses()
    log.handlers, log.propagate = [statuses], False
    log.setLevel(logging.DEBUG)
    asset = apprise.AppriseAsset(
        app_id="Alarm Broker",
        app_desc="Alarm Broker",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        http_redirects=False,
    )
    service = apprise.Apprise.instantiate(order["url"], asset=asset, suppress_exceptions=True)
    if service is None or "body" not in order:
        return {"understood": service is not None, "sent": False, "status": None, "forbidden": False}
    if "overflow=" not in order["url"]:
        # A service refuses what is too long for it, and a refused alarm tells nobody.
        service.overflow_mode = apprise.OverflowMode.SPLIT
    told = apprise.Apprise(asset=asset)
    told.add(service)
    sent = told.notify(
        body=order["body"],
        title=order["title"],
        notify_type=apprise.NotifyType(order["type"]),
        body_format=apprise.NotifyFormat.TEXT,
    )
    return {"understood": True, "sent": bool(sent), "status": statuses.last, "forbidden": guard.held_back}


def main() -> None:
    """Read an order, and write what became of it; nothing that a plugin prints gets in between."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    guard = guarded()
    result = done(json.load(sys.stdin), guard)
    with answer:
        json.dump(result, answer)


if __name__ == "__main__":
    main()
