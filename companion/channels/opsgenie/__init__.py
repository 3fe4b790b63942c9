"""Opsgenie and Jira Service Management: alerts, acknowledged and closed with the alarm; back by a webhook."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="opsgenie",
    title="Opsgenie alert",
    summary="An alert in Opsgenie or Jira Service Management, acknowledged and closed with the alarm; whoever acknowledges it there has answered here. It needs an API key.",
    settings="companion.channels.opsgenie.settings:OpsgenieSettings",
    sender="companion.channels.opsgenie.sender:OpsgenieChannel",
    addressed=False,
)
