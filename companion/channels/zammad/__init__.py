"""Zammad: an alarm is a ticket, what happens to it are its articles."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="zammad",
    title="Zammad ticket",
    summary="A ticket in Zammad for each alarm, with everything that happens to it; it needs an access token.",
    settings="companion.channels.zammad.settings:ZammadSettings",
    sender="companion.channels.zammad.sender:ZammadChannel",
    records=True,
    addressed=False,
)
