"""What Pushover says became of a page: whom it reached, and who confirmed it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from pydantic import SecretStr
from yarl import URL

from companion.channels.base import Answer, Callback
from companion.channels.pushover.settings import KEY
from companion.channels.signatures import same, signature


@dataclass(frozen=True, kw_only=True)
class Followed:
    """A page that rings, and what is still to be heard of it."""

    alarm_id: str
    delivered: bool = False


def delivered_at(receipt: Mapping[str, Any]) -> datetime | None:
    """Return when the page was last brought to a device, if it was."""
    at = receipt.get("last_delivered_at")
    try:
        return datetime.fromtimestamp(at, UTC) if isinstance(at, int) and at > 0 else None
    except OverflowError, OSError, ValueError:
        return None


def confirmed(ref: str, receipt: Mapping[str, Any]) -> Answer | None:
    """Return the answer that a confirmation is; None: there is none yet."""
    by = receipt.get("acknowledged_by")
    if str(receipt.get("acknowledged")) != "1" or not isinstance(by, str) or not KEY.fullmatch(by):
        return None
    return Answer(event_id=ref, sender=by, acknowledges=True, thread_ref=ref)


# --- callbacks ------------------------------------------------------------------------------------------


def proven_url(callback_url: str, delivery_id: str, token: SecretStr) -> str:
    """Return where Pushover is to call. It signs nothing, so its address does: only Pushover and we know this one."""
    proof = signature(token, f"callback {delivery_id}".encode())
    return str(URL(callback_url).update_query(delivery=delivery_id, proof=proof))


def is_proven(callback: Callback, token: SecretStr) -> bool:
    """Return whether somebody calls who was given the address by us."""
    expected = signature(token, f"callback {callback.query.get('delivery', '')}".encode())
    return same(expected, callback.query.get("proof"))


def confirmed_by(callback: Callback) -> Answer | None:
    """Return the answer in a request of Pushover's; None: there is none in it."""
    try:
        fields = {name: one[0] for name, one in parse_qs(callback.body.decode(), max_num_fields=30).items()}
    except ValueError:
        return None
    ref = fields.get("receipt", "")
    return confirmed(ref, fields) if KEY.fullmatch(ref) else None
