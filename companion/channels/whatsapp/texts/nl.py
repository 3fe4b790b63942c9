"""Dutch."""

REASONS = {
    "failed": "WhatsApp kon het niet afleveren",
    "failed_because": "WhatsApp kon het niet afleveren (fout {code}): {said}",
    "low_quality": "Meta beoordeelt de kwaliteit van het nummer als laag: berichten kunnen binnenkort worden beperkt",
}
