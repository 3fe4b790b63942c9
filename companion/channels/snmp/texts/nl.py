"""Dutch."""

REASONS = {
    "refused": "SNMP: {said}",
    "unproven": "traps worden door niemand bevestigd: wat verloren gaat, blijft onopgemerkt (`notify: inform` wordt bevestigd)",
}
