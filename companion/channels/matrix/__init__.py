"""Matrix: rooms and people on any homeserver, heard over its sync."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="matrix",
    title="Matrix message",
    summary="A message in a Matrix room or to a person, without encryption; a reaction (✅ 👍) or a reply answers it, and it changes once somebody answered.",
    settings="companion.channels.matrix.settings:MatrixSettings",
    sender="companion.channels.matrix.sender:MatrixChannel",
)
