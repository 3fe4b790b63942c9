"""What Meta tells: statuses of messages, and what people press, write and react with. Pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import SecretStr

from companion.channels.base import Answer, Callback, CallbackReply, Receipt, Undelivered
from companion.channels.http import parsed, scrubbed
from companion.channels.reactions import is_yes
from companion.channels.signatures import same, signature
from companion.channels.whatsapp.errors import error_in
from companion.texts.reasons import Reason

TOKEN = re.compile(r"[0-9A-Za-z_-]{16,64}")
"""What our buttons bring back; those of other templates of the number have words of their own."""
ARRIVED: Final = ("delivered", "read")
ID_LIMIT, CHALLENGE_LIMIT, SAID_LIMIT = 200, 200, 120


def introduced(callback: Callback, token: SecretStr) -> CallbackReply | None:
    """Return the challenge to Meta, which asks once whether this is the right address; None: it was somebody else."""
    query, challenge = callback.query, callback.query.get("hub.challenge", "")
    if query.get("hub.mode") != "subscribe" or not same(
        token.get_secret_value(), query.get("hub.verify_token")
    ):
        return None
    return (
        CallbackReply(body=challenge) if challenge.isalnum() and len(challenge) <= CHALLENGE_LIMIT else None
    )


def is_of_meta(callback: Callback, secret: SecretStr) -> bool:
    """Return whether the body is signed with the app's secret."""
    return same(f"sha256={signature(secret, callback.body)}", callback.headers.get("X-Hub-Signature-256"))


def events_in(body: bytes, phone_number_id: str) -> Iterator[Receipt | Undelivered | Answer]:
    """Yield what is said of this number: an app may have several, and calls one address for all of them."""
    document = parsed(body)
    for entry in listed(document, "entry"):
        for change in listed(entry, "changes"):
            value = change.get("value")
            if not isinstance(value, dict) or at(value, "metadata", "phone_number_id") != phone_number_id:
                continue
            yield from receipts_in(listed(value, "statuses"))
            for message in listed(value, "messages"):
                answer = answer_in(message)
                if answer is not None:
                    yield answer


def receipts_in(statuses: list[dict[str, Any]]) -> Iterator[Receipt | Undelivered]:
    """Yield the highest that is said of each message: disorder is normal, and `failed` after `delivered` is none."""
    arrived = {str(one.get("id")) for one in statuses if one.get("status") in ARRIVED}
    for one in statuses:
        ref, status = str(one.get("id", "")), one.get("status")
        if status in ARRIVED:
            yield Receipt(provider_ref=ref, at=moment(one.get("timestamp")), read=status == "read")
        elif status == "failed" and ref not in arrived:
            yield Undelivered(provider_ref=ref, reason=why(one))


def why(status: Mapping[str, Any]) -> Reason:
    """Return why a message failed: nobody can ask Meta for it later."""
    errors = status.get("errors")
    found = error_in(errors[0]) if isinstance(errors, list) and errors else None
    if found is None:
        return Reason("whatsapp.failed")
    code, said = found
    return Reason("whatsapp.failed_because", code=code, said=scrubbed(said, (), limit=SAID_LIMIT))


def answer_in(message: Mapping[str, Any]) -> Answer | None:
    """Return the answer in what somebody sent; None for a picture, a voice message, and what is not understood."""
    event_id, number = message.get("id"), message.get("from")
    if not isinstance(event_id, str) or not isinstance(number, str) or not number.isdecimal():
        return None
    acknowledges, words, token, thread_ref = False, "", None, at(message, "context", "id")
    match message.get("type"):
        case "button":
            token, words = at(message, "button", "payload"), at(message, "button", "text") or ""
            acknowledges = token is not None and TOKEN.fullmatch(token) is not None
        case "reaction" if is_yes(at(message, "reaction", "emoji")):
            acknowledges, thread_ref = True, at(message, "reaction", "message_id")
        case "text":
            words = at(message, "text", "body") or ""
        case _:
            return None
    return Answer(
        event_id=event_id[:ID_LIMIT],
        sender=f"+{number}",
        acknowledges=acknowledges,
        words=words,
        token=token if acknowledges else None,
        thread_ref=thread_ref,
        at=moment(message.get("timestamp")),
    )


def at(document: Any, *names: str) -> str | None:
    """Return the text that stands there, or None."""
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    return document if isinstance(document, str) else None


def listed(document: Any, name: str) -> list[dict[str, Any]]:
    """Return the objects of a list that stands there."""
    found = document.get(name) if isinstance(document, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def moment(seconds: Any) -> datetime:
    """Return a time of Meta's, which is text; now, if it is none."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except ValueError, TypeError, OverflowError, OSError:
        return datetime.now(UTC)
