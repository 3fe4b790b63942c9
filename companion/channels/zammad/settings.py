"""Where the tickets go."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, HttpUrl

from companion.channels.http import HeaderSecret, HttpOptions


def without_comma(tag: str) -> str:
    """Return a tag that Zammad will not take for two."""
    if "," in tag or not tag.strip():
        raise ValueError("a tag must not be empty or hold a comma")
    return tag.strip()


class ZammadSettings(HttpOptions):
    """Where the tickets go."""

    url: HttpUrl = Field(description="Address of Zammad, without /api/v1.")
    token: HeaderSecret = Field(
        min_length=1, description="Access token of an agent with the right to create tickets."
    )
    group: str = Field(min_length=1, description="Group the tickets belong to.")
    customer: str = Field(min_length=1, description="Customer of the tickets: an e-mail address or a login.")
    priority: str = Field(
        default="3 high", min_length=1, description="Priority, by the name it has in Zammad."
    )
    state: str = Field(default="new", min_length=1, description="State of a new ticket, by its name.")
    closed_state: str = Field(default="closed", min_length=1, description="State after resolve or cancel.")
    tags: tuple[Annotated[str, AfterValidator(without_comma)], ...] = Field(
        default=("alarm",), description="Tags of every ticket."
    )
    ack_link: bool = Field(
        default=False, description="Show the acknowledge link in the ticket, to everybody who can read it."
    )
    webhook_token: HeaderSecret | None = Field(
        default=None,
        min_length=8,
        description="HMAC SHA1 signature token of the webhook with which Zammad tells that a ticket was closed.",
    )
    on_close: Literal["note", "acknowledge"] = Field(
        default="note",
        description="What somebody who closes a ticket in Zammad says: a note in the alarm's journal, or that they are on it.",
    )
