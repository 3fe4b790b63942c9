"""Which workflow."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from companion.channels.http import HttpOptions
from companion.channels.webhooks import WebhookUrl, address_of

RETIRED = ("webhook.office.com", "outlook.office.com", "outlook.office365.com")
"""Hosts of the Office connectors, which Microsoft has switched off."""
STOPPED = "logic.azure.com"
"""Addresses of workflows there stopped on 30 November 2025; a sovereign cloud may still have some."""


def not_retired(setting: SecretStr) -> SecretStr:
    """Return the address of a workflow; raises ValueError for one of an Office connector."""
    if is_at(setting, *RETIRED):
        raise ValueError(
            "is the address of an Office connector, which Microsoft has switched off: in Teams, "
            "make the workflow 'Send webhook alerts to a channel' and take its address"
        )
    return setting


def is_at(setting: SecretStr, *hosts: str) -> bool:
    """Return whether the address is at one of the hosts, or below."""
    own = f".{address_of(setting).host}"
    return any(own.endswith(f".{host}") for host in hosts)


class TeamsSettings(HttpOptions):
    """Which workflow."""

    url: Annotated[WebhookUrl, AfterValidator(not_retired)] = Field(
        description="Address of a workflow that begins when a webhook request is received. Kept secret: whoever knows it may post."
    )
