"""French."""

REASONS = {
    "failed": "WhatsApp n'a pas pu le remettre",
    "failed_because": "WhatsApp n'a pas pu le remettre (erreur {code}) : {said}",
    "low_quality": "Meta juge faible la qualité du numéro : les messages pourraient bientôt être limités",
}
