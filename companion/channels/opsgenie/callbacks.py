"""What the webhook integration of Opsgenie tells (docs: Webhook integration). It signs nothing: a header of ours is the proof."""

import json
from hashlib import sha256

from pydantic import SecretStr

from companion.channels.base import Answer, Callback
from companion.channels.on_call import PREFIX, code_in
from companion.channels.signatures import same

HEADER = "X-Alarm-Broker-Secret"
SOURCE = "Alarm Broker"
ANSWERS = frozenset({"Acknowledge", "Close"})
"""Whoever closes without acknowledging has answered too."""


def is_of_opsgenie(callback: Callback, secret: SecretStr) -> bool:
    """Return whether the request brings our secret."""
    return same(secret.get_secret_value(), callback.headers.get(HEADER))


def acknowledged(body: bytes) -> Answer | None:
    """Return the answer that somebody gave to an alarm's alert; None for what we did ourselves, and for all else."""
    try:
        told = json.loads(body)
        alert, action = told["alert"], told["action"]
        alias, user = alert["alias"], alert["username"].lower()
        if action not in ANSWERS or (told.get("source") or {}).get("name") == SOURCE:
            return None
        if not alias.startswith(PREFIX):
            return None
        # It has no id of its own; `updatedAt` is when the alert came to be as it is told.
        event = f"{alert['alertId']}/{action}/{user}/{alert.get('updatedAt')}"
        return Answer(
            event_id=sha256(event.encode()).hexdigest(),
            sender=user,
            acknowledges=True,
            words=code_in(alias),
            thread_ref=alias,
        )
    except ValueError, KeyError, TypeError, AttributeError, RecursionError:
        return None
