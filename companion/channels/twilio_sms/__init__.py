"""SMS over Twilio."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="twilio_sms",
    title="SMS over Twilio",
    summary="An SMS over Twilio, which says whether it arrived and takes answers; it needs an account and a number.",
    settings="companion.channels.twilio_sms.settings:TwilioSmsSettings",
    sender="companion.channels.twilio_sms.sender:TwilioSmsChannel",
)
