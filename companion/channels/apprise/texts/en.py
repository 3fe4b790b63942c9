"""English."""

REASONS = {
    "died": "the process of Apprise ended without an answer, the message may have been sent",
    "not_understood": "Apprise knows no such service, or something is missing in its URL",
    "said_no": "Apprise could not send the message and does not say why",
    "understood": "Apprise understands the URL; whether the service takes messages, only a message shows",
}
