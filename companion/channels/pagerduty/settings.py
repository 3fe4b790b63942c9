"""Which service of which account."""

from pydantic import Field, HttpUrl

from companion.channels.http import HeaderSecret, HttpOptions


class PagerDutySettings(HttpOptions):
    """Which service of which account."""

    url: HttpUrl = Field(
        default=HttpUrl("https://events.pagerduty.com"),
        description="Where events go; of an account in the EU https://events.eu.pagerduty.com.",
    )
    routing_key: HeaderSecret = Field(
        min_length=32, max_length=32, description="Integration key (Events API v2) of the service."
    )
    webhook_secret: HeaderSecret | None = Field(
        default=None,
        description="Secret of the webhook subscription that tells us who acknowledged in PagerDuty.",
    )
