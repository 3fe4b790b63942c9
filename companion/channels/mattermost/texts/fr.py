"""French."""

REASONS = {
    "no_address": "n'est pas une adresse dans Mattermost : indiquer l'identifiant d'un canal (26 lettres et chiffres), @utilisateur, ou pour un webhook #canal",
    "needs_id": "un bot a besoin de l'identifiant du canal (26 lettres et chiffres), son nom ne suffit pas",
    "not_a_member": "le bot n'est pas dans ce canal ou n'a pas le droit d'y écrire : l'ajouter à l'équipe et au canal",
    "webhook_untried": "le serveur répond ; seul un message d'essai montre si le webhook existe",
}
