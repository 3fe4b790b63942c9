"""PagerDuty: incidents by Events API v2, acknowledged and resolved with the alarm; back by webhooks v3."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="pagerduty",
    title="PagerDuty incident",
    summary="An incident in PagerDuty, acknowledged and resolved with the alarm; whoever acknowledges it there has answered here. It needs an integration key.",
    settings="companion.channels.pagerduty.settings:PagerDutySettings",
    sender="companion.channels.pagerduty.sender:PagerDutyChannel",
    addressed=False,
)
