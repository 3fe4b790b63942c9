"""French."""

REASONS = {
    "locale": "fr-FR",
    "voice": "Polly.Lea",
    "press_key": "Pour prendre en charge l'alarme, appuyez sur {key}.",
    "nobody_pressed": "Aucune touche n'a été pressée : l'alarme reste sans réponse.",
    "no_callbacks": "appelé, mais Twilio n'accepte pas l'adresse publique de ce service : aucune touche ne peut être pressée, et personne n'apprend qui a décroché",
    "busy": "la ligne était occupée",
    "no_answer": "personne n'a décroché",
    "failed": "l'appel n'a pas abouti",
    "machine": "une messagerie ou un automate a répondu",
}
