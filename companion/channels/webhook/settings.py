"""Where the program is, what it wants to be sent, and by what it knows us."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, SecretStr, model_validator
from yarl import URL

from companion.channels.http import HeaderSecret, HttpOptions
from companion.channels.templates import PLACEHOLDER, Place, names_in
from companion.channels.webhook.signing import key_bytes
from companion.channels.webhooks import WebhookUrl

VALUE_NAMES = frozenset(
    {
        *(
            "id",
            "type",
            "time",
            "alarm_id",
            "code",
            "kind",
            "title",
            "headline",
            "text",
            "severity",
            "source",
        ),
        *("site", "room", "person", "raised_at", "by", "note", "link", "recipient"),
    }
)
"""What may stand in a template."""
OURS = frozenset(
    {
        *(
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
            "x-signature-sha256",
            "x-signature-timestamp",
        ),
        *("idempotency-key", "content-length", "transfer-encoding", "connection"),
    }
)


def signing_key(setting: SecretStr) -> SecretStr:
    """Return a key as Standard Webhooks writes it; raises ValueError."""
    key_bytes(setting)
    return setting


def header_name(name: str) -> str:
    """Return the name of a header that is not ours to set; raises ValueError."""
    if name.lower() in OURS:
        raise ValueError(f"{name} is set by this channel itself")
    return name


class WebhookSettings(HttpOptions):
    """Where the program is, and what it wants to be sent."""

    url: WebhookUrl = Field(
        description="Address; placeholders are allowed after the host. Kept secret: it may hold a key."
    )
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    headers: dict[
        Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$"), AfterValidator(header_name)], HeaderSecret
    ] = Field(default_factory=dict, description="Headers, such as Authorization. Kept secret.")
    signing_keys: tuple[Annotated[SecretStr, AfterValidator(signing_key)], ...] = Field(
        default=(),
        max_length=2,
        description="Key that requests are signed with, `whsec_` and 32 bytes in base64; during a rotation the new and the old one.",
    )
    body: Place | Literal["event"] = Field(
        default="event",
        description="event: JSON of ours; json, form, query: the template, and where its fields go.",
    )
    template: dict[str, JsonValue] = Field(
        default_factory=dict, description="Fields, with placeholders in their values."
    )
    secrets: dict[Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")], SecretStr] = Field(
        default_factory=dict, description="Values for further placeholders. Kept secret."
    )
    ack_link: bool = Field(
        default=False, description="Send the acknowledge link: whoever reads it there may answer the alarm."
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        url = self.url.get_secret_value()
        if PLACEHOLDER.search(URL(url, encoded=True).authority):
            raise ValueError("url: placeholders are allowed only after the host")
        if self.method == "GET" and self.body != "query":
            raise ValueError("a GET has no body: use body: query")
        if (self.body == "event") == bool(self.template):
            raise ValueError("a template belongs to body: json, form or query, and to each of them one")
        flat = all(isinstance(value, str | int | float | bool) for value in self.template.values())
        if self.body != "json" and not flat:
            raise ValueError(f"body: {self.body} takes only plain values")
        if taken := VALUE_NAMES & self.secrets.keys():
            raise ValueError(f"names of secrets that mean something else: {', '.join(sorted(taken))}")
        used = set(PLACEHOLDER.findall(url)) | names_in(self.template)
        if unknown := used - VALUE_NAMES - self.secrets.keys():
            raise ValueError(f"unknown placeholders: {', '.join(sorted(unknown))}")
        if "link" in used and not self.ack_link:
            raise ValueError("{link} needs ack_link: true")
        return self
