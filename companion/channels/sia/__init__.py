"""SIA DC-09: alarms to a monitoring station, as panels report them."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="sia",
    title="Monitoring station (SIA DC-09)",
    summary="Alarms to a monitoring station over SIA DC-09 (SIA-DCS or ADM-CID, TCP or UDP, encrypted); it needs an account there.",
    settings="companion.channels.sia.settings:SiaSettings",
    sender="companion.channels.sia.sender:SiaChannel",
    addressed=False,
)
