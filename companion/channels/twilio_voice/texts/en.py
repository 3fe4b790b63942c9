"""English."""

REASONS = {
    "locale": "en-GB",
    "voice": "Polly.Amy",
    "press_key": "To acknowledge, press {key}.",
    "nobody_pressed": "No key was pressed: the alarm is not answered.",
    "no_callbacks": "called, but Twilio does not take this service's public address: no key can be pressed, and nobody hears who answered",
    "busy": "the line was busy",
    "no_answer": "nobody picked up",
    "failed": "the call could not be put through",
    "machine": "a mailbox or a machine answered",
}
