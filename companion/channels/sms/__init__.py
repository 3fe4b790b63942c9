"""SMS over any gateway with an HTTP interface."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="sms",
    title="SMS over an HTTP gateway",
    summary="An SMS over any gateway that takes an HTTP request: method, address, body and how its answers are read are settings.",
    settings="companion.channels.sms.settings:SmsSettings",
    sender="companion.channels.sms.sender:SmsChannel",
    may_reach_itself=True,
)
