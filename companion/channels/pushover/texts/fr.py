"""French."""

REASONS = {
    "no_key": "n'est pas une clé de Pushover : elle a 30 lettres et chiffres et figure sur la page d'accueil de pushover.net, ou chez le groupe",
    "quota_used": "les messages de ce mois sont épuisés, il y en aura de nouveaux le {reset}",
}
