"""French."""

REASONS = {
    "died": "le processus d'Apprise s'est terminé sans réponse, le message a peut-être été envoyé",
    "not_understood": "Apprise ne connaît pas ce service, ou il manque quelque chose dans son URL",
    "said_no": "Apprise n'a pas pu envoyer le message et ne dit pas pourquoi",
    "understood": "Apprise comprend l'URL ; seul un message montre si le service en accepte",
}
