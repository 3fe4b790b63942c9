"""What PagerDuty's webhooks v3 tell (docs: Webhooks overview, Verifying signatures)."""

import json

from pydantic import SecretStr

from companion.channels.base import Answer, Callback
from companion.channels.on_call import PREFIX, code_in
from companion.channels.signatures import same, signature

ANSWERS = frozenset({"incident.acknowledged", "incident.resolved"})
"""Whoever resolves without acknowledging has answered too."""


def is_of_pagerduty(callback: Callback, secret: SecretStr) -> bool:
    """Return whether one of the signatures is ours; there are two while the secret is being changed."""
    expected = f"v1={signature(secret, callback.body)}"
    signatures = callback.headers.get("X-PagerDuty-Signature", "").split(",")
    return any(same(expected, one.strip()) for one in signatures)


def acknowledged(body: bytes) -> Answer | None:
    """Return the answer that a person gave to an alarm's incident; None for what an integration did, and for all else."""
    try:
        event = json.loads(body)["event"]
        key, agent = event["data"]["incident_key"], event["agent"]
        if event["event_type"] not in ANSWERS or agent["type"] != "user_reference":
            return None
        if not key.startswith(PREFIX):
            return None
        return Answer(
            event_id=str(event["id"])[:200],
            sender=str(agent["id"]),
            acknowledges=True,
            words=code_in(key),
            thread_ref=key,
        )
    except ValueError, KeyError, TypeError, AttributeError, RecursionError:
        return None
