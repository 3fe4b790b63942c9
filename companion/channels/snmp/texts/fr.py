"""French."""

REASONS = {
    "refused": "SNMP : {said}",
    "unproven": "personne ne confirme les traps : ce qui se perd passe inaperçu (`notify: inform` est confirmé)",
}
