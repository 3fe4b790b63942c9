"""What Slack tells the app's Request URL when somebody presses a button (docs: Verifying requests, block_actions)."""

import json
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from pydantic import SecretStr

from companion.channels.base import Answer, Callback
from companion.channels.signatures import same, signature
from companion.channels.slack.blocks import ACKNOWLEDGE

TOLERANCE = timedelta(minutes=5)
"""Between Slack's clock and ours: what is older may have been recorded and played back."""


def is_of_slack(callback: Callback, secret: SecretStr, now: datetime) -> bool:
    """Return whether the request is signed with the app's secret, and fresh."""
    stamp = callback.headers.get("X-Slack-Request-Timestamp", "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 12):
        return False
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        return False
    expected = signature(secret, b"v0:" + stamp.encode() + b":" + callback.body)
    return same(f"v0={expected}", callback.headers.get("X-Slack-Signature"))


def pressed(body: bytes) -> Answer | None:
    """Return the answer that somebody's press of our button is; None for whatever else Slack tells."""
    try:
        payload = json.loads(parse_qs(body.decode())["payload"][0])
        (action,) = (one for one in payload["actions"] if one["action_id"] == ACKNOWLEDGE)
        user, container = payload["user"]["id"], payload["container"]
        return Answer(
            event_id=f"{user}:{container['message_ts']}:{action['action_ts']}"[:200],
            sender=str(user),
            acknowledges=True,
            token=str(action["value"]),
            thread_ref=f"{container['channel_id']}:{container['message_ts']}",
        )
    except ValueError, KeyError, TypeError, RecursionError:
        return None


def place_of(ref: str | None) -> tuple[str, str] | None:
    """Return the channel and the time that name a message in Slack."""
    channel, _, ts = (ref or "").partition(":")
    return (channel, ts) if channel and ts else None
