"""French."""

REASONS = {
    "refused": "le broker refuse la connexion : {said}",
    "may_not_publish": "le broker ne laisse pas cet utilisateur publier sur {topic}",
    "may_not_subscribe": "le broker ne laisse pas cet utilisateur s'abonner à {topic}",
}
