"""What a Mattermost server tells when somebody presses a button (docs: Interactive messages)."""

import json

from pydantic import SecretStr

from companion.channels.base import Answer
from companion.channels.signatures import same, signature


def proof(token: str, key: SecretStr) -> str:
    """Return what only this server knows of a button, for Mattermost signs nothing."""
    return signature(key, f"acknowledge:{token}".encode())


def pressed(body: bytes, key: SecretStr) -> Answer | None:
    """Return the answer that a press of our button is; None: it was not sent by the server that has the button."""
    try:
        request = json.loads(body)
        context = request["context"]
        token, user = str(context["token"]), str(request["user_name"]).lower()
        if not same(proof(token, key), context["proof"]):
            return None
        post = str(request["post_id"])
        return Answer(
            event_id=str(request.get("trigger_id") or f"{post}:{request['user_id']}")[:200],
            sender=f"@{user}",
            acknowledges=True,
            token=token,
            thread_ref=post,
        )
    except ValueError, KeyError, TypeError, AttributeError, RecursionError:
        return None
