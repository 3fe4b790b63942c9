"""German."""

REASONS = {
    "refused": "SNMP: {said}",
    "unproven": "Traps bestätigt niemand: Was verloren geht, bleibt unbemerkt (`notify: inform` wird bestätigt)",
}
