"""The bridge's word that messages arrived, which its json-rpc modes send."""

import json
from datetime import UTC, datetime

from companion.channels.base import Receipt


class ReceiptsLostError(ConnectionError):
    """The bridge does not, or no longer, tell what arrived."""


def receipts_in(frame: str) -> list[Receipt]:
    """Return the receipts in one frame of the bridge; none for messages, typing and what is not understood."""
    try:
        receipt = json.loads(frame)["envelope"]["receiptMessage"]
        at = datetime.fromtimestamp(receipt["when"] / 1000, UTC)
        read = bool(receipt.get("isRead") or receipt.get("isViewed"))
        return [Receipt(provider_ref=str(int(one)), at=at, read=read) for one in receipt["timestamps"]]
    except ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError:
        return []
