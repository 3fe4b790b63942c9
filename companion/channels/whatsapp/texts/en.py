"""English."""

REASONS = {
    "failed": "WhatsApp could not deliver it",
    "failed_because": "WhatsApp could not deliver it (error {code}): {said}",
    "low_quality": "Meta rates the number's quality as low: messages may soon be limited",
}
