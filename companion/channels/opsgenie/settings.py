"""Which integration of which account."""

from pydantic import Field, HttpUrl

from companion.channels.http import HeaderSecret, HttpOptions


class OpsgenieSettings(HttpOptions):
    """Which integration of which account."""

    url: HttpUrl = Field(
        default=HttpUrl("https://api.opsgenie.com"),
        description="Where alerts go; in the EU https://api.eu.opsgenie.com, in Jira Service Management https://api.atlassian.com/jsm/ops/integration.",
    )
    api_key: HeaderSecret = Field(min_length=1, description="Key of an API integration.")
    webhook_secret: HeaderSecret | None = Field(
        default=None,
        min_length=16,
        description="What the webhook that tells us who acknowledged sends in its header X-Alarm-Broker-Secret.",
    )
