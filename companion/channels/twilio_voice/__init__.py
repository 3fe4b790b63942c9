"""Calls over Twilio."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="twilio_voice",
    title="Call over Twilio",
    summary="A call over Twilio that reads the alarm out and is answered with a key; it needs an account and a number.",
    settings="companion.channels.twilio_voice.settings:TwilioVoiceSettings",
    sender="companion.channels.twilio_voice.sender:TwilioVoiceChannel",
    # Nobody wants to be called at night to hear that somebody else has gone.
    updates=False,
)
