"""The directory as rows, the shape in which a document and the database are compared."""

from collections.abc import Mapping
from typing import Any, Self

POLICY, SITE, ROOM, CHANNEL, PERSON, DEVICE = "policy", "site", "room", "channel", "person", "device"
MESSAGE_TEXT = "message_text"
INSTALLATION = "installation"
KINDS = (POLICY, SITE, ROOM, CHANNEL, PERSON, DEVICE, MESSAGE_TEXT, INSTALLATION)
"""Each refers only to those before it, so this is the order in which rows are written."""
SECTION_OF = {
    POLICY: "policies",
    SITE: "sites",
    ROOM: "sites",
    CHANNEL: "channels",
    PERSON: "people",
    DEVICE: "devices",
    MESSAGE_TEXT: "texts",
    INSTALLATION: "installation",
}

type Key = tuple[str, str]
"""Kind and id."""
type Row = Mapping[str, Any]
"""Columns by name, but: a policy's body is a Policy, a channel's secrets are open, a person has its contacts."""


class State(dict[str, dict[str, Row]]):
    """Rows by kind and id."""

    @classmethod
    def empty(cls) -> Self:
        """Return a directory that knows nothing."""
        return cls({kind: {} for kind in KINDS})
