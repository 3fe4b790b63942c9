"""Microsoft Teams, over a workflow that posts cards."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="teams",
    title="Teams card",
    summary="A card in a channel or chat of Microsoft Teams, over a workflow that posts what is sent to its address.",
    settings="companion.channels.teams.settings:TeamsSettings",
    sender="companion.channels.teams.sender:TeamsChannel",
    addressed=False,
)
