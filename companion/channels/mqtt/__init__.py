"""MQTT: an alarm is a retained topic, what happens to it are messages, and an answer can come back."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="mqtt",
    title="MQTT message",
    summary="A retained topic for each alarm and a message for everything that happens to it, at any MQTT broker; answers can come back.",
    settings="companion.channels.mqtt.settings:MqttSettings",
    sender="companion.channels.mqtt.sender:MqttChannel",
    # A broker's word says nothing of people: like a ticket, it counts for nobody who was told.
    records=True,
    addressed=False,
)
