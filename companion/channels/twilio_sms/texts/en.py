"""English."""

REASONS = {
    "no_receipts": "sent, but Twilio does not take this service's public address to say whether it arrived",
    "undelivered": "Twilio could not deliver it (error {code})",
    "opted_out": "the recipient has opted out of messages from this number (STOP); only they can undo it, with START",
    "switched_off": "the phone is switched off or out of reach",
    "blocked": "the recipient's network blocks messages from this number",
    "unknown_number": "the network does not know this number",
    "landline": "the number is a landline, or its network takes no SMS",
    "filtered": "the network took it for unwanted advertising",
    "not_registered": "the sending number is not registered with the networks of the United States",
    "too_late": "it could not be sent in time and was dropped",
}
