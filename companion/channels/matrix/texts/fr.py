"""French."""

REASONS = {
    "no_address": "n'est pas une adresse dans Matrix : indiquer un salon (!…), son alias (#salon:serveur) ou un utilisateur (@utilisateur:serveur)",
    "not_in_room": "ce compte n'est pas dans le salon et ne peut pas le rejoindre : l'inviter",
    "may_not_write": "ce compte ne peut pas écrire dans le salon : lui en donner le droit (niveau de permission)",
    "invited": "l'invitation dans le salon commun n'est pas encore acceptée : les messages n'y sont pas signalés",
    "encrypted": "le salon est chiffré : les messages y apparaissent comme non protégés, et les réponses ne peuvent pas être lues, seulement les réactions ; prendre un salon sans chiffrement",
    "no_homeserver": "à cette adresse, le serveur ne connaît pas Matrix : indiquer celle de son interface client",
}
