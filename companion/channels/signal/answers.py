"""What people say to the sending number: reactions, quotes and words, as the bridge passes them on. Pure."""

import base64
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from companion.channels.base import Answer
from companion.channels.reactions import is_yes

NAMES_AN_ALARM = re.compile(r"(?<!\d)[1-9]\d{3}(?!\d)", re.ASCII)
"""What makes a line in a group an answer: `Message.code`. People talk there, and not with us."""


@dataclass(frozen=True)
class Said:
    """An answer, and where what became of it is said."""

    answer: Answer
    chat: str
    """Whoever wrote it, or the group that they wrote it in, as the bridge wants recipients."""
    quotable: tuple[int, str] | None
    """Time and text of what they wrote; None: it was a reaction."""


def answer_in(frame: str, number: str) -> Said | None:
    """Return what somebody said to `number` in one frame of the bridge; None for everything else."""
    try:
        envelope = json.loads(frame)["envelope"]
        sender = envelope.get("sourceNumber") or envelope.get("sourceUuid")
        data = envelope["dataMessage"]
        at, group = int(data["timestamp"]), data.get("groupInfo")
        chat = str(sender) if group is None else group_recipient(str(group["groupId"]))
        said = (
            _reaction(data, number)
            if data.get("reaction")
            else _words(data, number, in_group=group is not None)
        )
    except ValueError, KeyError, TypeError, AttributeError, RecursionError:
        return None
    if said is None or not isinstance(sender, str) or sender == number:
        return None
    acknowledges, words, thread_ref = said
    answer = Answer(
        event_id=f"{sender} {at}",
        sender=sender,
        acknowledges=acknowledges,
        words=words,
        thread_ref=thread_ref,
        at=_moment(envelope.get("serverReceivedTimestamp")),
    )
    return Said(answer, chat, None if acknowledges else (at, words))


def _moment(milliseconds: object) -> datetime | None:
    """Return when Signal's own server had it: phones' clocks may say anything."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if isinstance(milliseconds, int) else None
    except OverflowError, OSError, ValueError:
        return None


def _reaction(data: dict[str, Any], number: str) -> tuple[bool, str, str] | None:
    """Return the message of ours to which somebody reacted with a yes."""
    reaction = data["reaction"]
    author = reaction.get("targetAuthorNumber") or reaction.get("targetAuthor")
    if reaction.get("isRemove") or author != number or not is_yes(reaction.get("emoji")):
        return None
    return True, "", str(int(reaction["targetSentTimestamp"]))


def _words(data: dict[str, Any], number: str, *, in_group: bool) -> tuple[bool, str, str | None] | None:
    """Return what somebody wrote, and the message of ours that they quoted."""
    words, quote = data.get("message"), data.get("quote")
    if not isinstance(words, str) or not words.strip():
        return None
    if quote is not None and (quote.get("authorNumber") or quote.get("author")) == number:
        return False, words, str(int(quote["id"]))
    if in_group and not NAMES_AN_ALARM.search(words):
        return None
    return False, words, None


def group_recipient(group_id: str) -> str:
    """Return a group as the bridge wants it in `recipients`, of the id that it has in an envelope."""
    return f"group.{base64.b64encode(group_id.encode()).decode()}"
