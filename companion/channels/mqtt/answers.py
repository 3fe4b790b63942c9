"""What somebody publishes to the `ack` topic, as an answer. Pure."""

import json
import re
from hashlib import sha256

from companion.channels.base import Answer

PAYLOAD_LIMIT = 1024
"""Bytes of an answer; what is longer is none."""
CODE = re.compile(r"[1-9]\d{3}")
NAME_LIMIT = 100


def answer_in(payload: bytes, sender: str, *, around: int) -> Answer | None:
    """Return the answer in a payload: an alarm's code, or `{"alarm": id or code, "by": address}`; None if it is none.

    `sender` is the address that the topic names, which a broker can hold people to; "": it names none, `by` may.
    MQTT numbers no messages. `around`, the minute in which it came, is what makes one that comes over two connections
    one event, and one that is sent again much later another.
    """
    if len(payload) > PAYLOAD_LIMIT:
        return None
    try:
        said = json.loads(payload)
    except ValueError, RecursionError:
        return None
    said = said if isinstance(said, dict) else {"alarm": said}
    alarm, by = str(said.get("alarm", "")).strip(), said.get("by")
    if not re.fullmatch(r"[0-9A-Za-z-]{4,40}", alarm):
        return None
    name = sender or (by.strip()[:NAME_LIMIT] if isinstance(by, str) else "")
    is_code = CODE.fullmatch(alarm) is not None
    return Answer(
        event_id=sha256(f"{name}\0{alarm}\0{around}".encode(errors="replace")).hexdigest(),
        sender=name,
        acknowledges=True,
        words=alarm if is_code else "",
        thread_ref=None if is_code else alarm,
    )
