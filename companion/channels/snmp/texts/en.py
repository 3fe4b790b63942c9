"""English."""

REASONS = {
    "refused": "SNMP: {said}",
    "unproven": "traps are confirmed by nobody: what is lost stays unnoticed (`notify: inform` is confirmed)",
}
