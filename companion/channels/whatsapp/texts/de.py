"""German."""

REASONS = {
    "failed": "WhatsApp konnte sie nicht zustellen",
    "failed_because": "WhatsApp konnte sie nicht zustellen (Fehler {code}): {said}",
    "low_quality": "Meta stuft die Qualität der Nummer als niedrig ein: Nachrichten können bald begrenzt werden",
}
