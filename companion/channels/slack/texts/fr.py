"""French."""

REASONS = {
    "no_address": "n'est pas une adresse dans Slack : indiquer l'identifiant d'un canal (C…) ou d'un membre (U…), ou #canal",
    "said": "Slack dit {said}",
    "missing_scope": "il manque au jeton le droit {scope} : l'ajouter à l'application et la réinstaller",
    "not_in_channel": "l'application n'est pas dans ce canal : y écrire /invite @app",
}
