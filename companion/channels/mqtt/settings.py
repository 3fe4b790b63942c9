"""Which broker, as whom, and which topics."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AnyUrl, Field, SecretStr, UrlConstraints, model_validator

from companion.channels.kind import ChannelSettings
from companion.channels.mqtt.tls import TlsOfName
from companion.channels.mqtt.topics import usable_template, usable_topic
from companion.channels.trust import usable_ca

PORTS = {"mqtt": 1883, "mqtts": 8883}

Topic = Annotated[str, AfterValidator(usable_topic)]
Template = Annotated[str, AfterValidator(usable_template)]


class MqttSettings(ChannelSettings):
    """Which broker, as whom, and which topics."""

    url: Annotated[AnyUrl, UrlConstraints(allowed_schemes=["mqtt", "mqtts"], host_required=True)] = Field(
        description="The broker: mqtt://broker.example, or mqtts://broker.example for TLS; another port at its end."
    )
    username: str | None = Field(default=None, min_length=1, description="Who we are to the broker.")
    password: SecretStr | None = Field(default=None, description="And its password.")
    ca: Annotated[str, AfterValidator(usable_ca)] | None = Field(
        default=None,
        description="Certificates (PEM) of a house CA, or the broker's own: this channel trusts them and no others.",
    )
    client_certificate: str | None = Field(
        default=None, description="Our certificate (PEM), for a broker that asks for one."
    )
    client_key: SecretStr | None = Field(default=None, description="Its key (PEM), without a password.")
    client_id: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Za-z_-]{1,64}$",
        description="A fixed client id, for a broker that allows no other. Not with several replicas.",
    )
    version: Literal["5", "3.1.1"] = Field(default="5", description="Version of MQTT.")
    qos: Literal[0, 1, 2] = Field(
        default=1, description="0: sent without proof; 1, 2: confirmed by the broker."
    )
    topic: Template = Field(
        default="alarm_broker/{site}/alarm/{alarm}/{kind}", description="Topic of what happens."
    )
    retain: bool = Field(default=False, description="The broker keeps the last message of each such topic.")
    state_topic: Template | None = Field(
        default="alarm_broker/{site}/alarm/{alarm}",
        description="Topic of an alarm's state, which the broker keeps.",
    )
    keep_ended: bool = Field(
        default=False, description="The state of an alarm that is over stays; else its topic is cleared."
    )
    availability_topic: Topic | None = Field(
        default="alarm_broker/availability", description="Where `online` or `offline` is kept."
    )
    acknowledge: bool = Field(
        default=False, description="What is published to the acknowledge topic is an answer."
    )
    ack_topic: Topic = Field(
        default="alarm_broker/ack", description="Topic for answers, and the beginning of `…/<address>`."
    )
    ack_link: bool = Field(
        default=False, description="Show the acknowledge link in messages, to everybody who can read them."
    )
    timeout_s: float = Field(
        default=10, gt=0, le=25, description="Longest time for a message to be confirmed, in seconds."
    )

    @property
    def host(self) -> str:
        """The name or address of the broker."""
        return (self.url.host or "").strip("[]")

    @property
    def port(self) -> int:
        """The port of the broker."""
        return self.url.port or PORTS[self.url.scheme]

    @property
    def tls(self) -> TlsOfName | None:
        """What is asked of the broker's certificate, and shown to it; None: nothing is encrypted."""
        if self.url.scheme != "mqtts":
            return None
        context = TlsOfName.of(self.host, ca=self.ca)
        if self.client_certificate is not None and self.client_key is not None:
            context.present(self.client_certificate, self.client_key.get_secret_value())
        return context

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.url.username or self.url.password or self.url.path not in {None, "", "/"} or self.url.query:
            raise ValueError("url: only a scheme, a host and a port; username and password are settings")
        if self.password is not None and self.username is None:
            raise ValueError("password needs a username")
        if (self.client_certificate is None) != (self.client_key is None):
            raise ValueError("client_certificate and client_key belong together")
        if self.url.scheme == "mqtt" and (self.ca or self.client_certificate):
            raise ValueError("ca and client_certificate are for mqtts://")
        if self.state_topic is not None and not any(one in self.state_topic for one in ("{alarm}", "{code}")):
            raise ValueError("state_topic: must hold {alarm} (or {code}): each alarm has a state of its own")
        _ = self.tls  # what OpenSSL cannot use is told now, not at the first alarm
        return self
