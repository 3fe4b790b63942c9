"""French."""

REASONS = {
    "no_topic": "n'est pas un sujet (topic) de ntfy : de 1 à 64 lettres, chiffres, `-` et `_`",
    "topic_forbidden": "ntfy : ce compte ne peut pas écrire dans le sujet (`ntfy access` sur le serveur)",
    "no_messages_left": "ntfy : les messages de la journée sont épuisés",
}
