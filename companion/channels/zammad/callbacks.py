"""What a Zammad trigger tells: that somebody has closed a ticket. Pure."""

from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from companion.channels.base import Callback
from companion.channels.http import parsed
from companion.channels.signatures import same, signature
from companion.texts.one_line import one_line

NAME_LIMIT, ID_LIMIT = 100, 200


@dataclass(frozen=True)
class Closed:
    """A ticket is closed now."""

    event_id: str
    ticket: str
    state: str
    user_id: int | None
    """Who changed it last."""
    user: str

    @property
    def words(self) -> str:
        """What stands in the alarm's journal. Without the ticket's number, which could be the code of another alarm."""
        return f"{self.state} ({self.user})" if self.user else self.state


def is_of_zammad(callback: Callback, secret: SecretStr) -> bool:
    """Return whether the body is signed with the webhook's token (Zammad signs with HMAC-SHA1, and nothing else)."""
    return same(f"sha1={signature(secret, callback.body, 'sha1')}", callback.headers.get("X-Hub-Signature"))


def closed_in(callback: Callback, closed_state: str) -> Closed | None:
    """Return the ticket that is closed, or None: it is not, or this is none of the payloads that Zammad documents."""
    document = parsed(callback.body)
    ticket = document.get("ticket") if isinstance(document, dict) else None
    if not isinstance(ticket, dict) or not isinstance(ticket.get("id"), int):
        return None
    state = name_of(ticket.get("state"))
    if state.casefold() != closed_state.casefold():
        return None
    number, changed = ticket["id"], ticket.get("updated_at")
    user_id = ticket.get("updated_by_id")
    return Closed(
        event_id=(callback.headers.get("X-Zammad-Delivery") or f"{number} {changed}")[:ID_LIMIT],
        ticket=str(number),
        state=state,
        user_id=user_id if isinstance(user_id, int) else None,
        user=name_of(ticket.get("updated_by")),
    )


def name_of(value: Any) -> str:
    """Return what something is called: states are names, users are objects."""
    match value:
        case str():
            found = value
        case {"firstname": str(first), "lastname": str(last)} if (first + last).strip():
            found = f"{first} {last}"
        case {"name": str(name)} | {"login": str(name)}:
            found = name
        case _:
            found = ""
    return one_line(found, NAME_LIMIT)
