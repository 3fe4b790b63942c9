"""French."""

REASONS = {
    "captcha": "Signal exige la résolution d'un captcha avant que ce numéro puisse de nouveau envoyer : POST /v1/accounts/<number>/rate-limit-challenge sur la passerelle, depuis le même réseau",
    "rate_limited": "Signal limite la fréquence d'envoi de ce numéro ; le dernier envoi est peut-être arrivé malgré tout",
    "not_registered": "le numéro configuré n'est pas enregistré sur cette passerelle",
    "no_json_rpc": "la passerelle ne fonctionne pas en mode json-rpc : l'envoi prend des secondes et il n'y a pas d'accusés de réception",
    "members_missed": "{count} membres du groupe ne l'ont pas reçu",
    "no_group": "n'est pas un groupe : son identifiant commence par `group.`, GET /v1/groups/<number> de la passerelle les énumère",
}
