"""French."""

REASONS = {
    "no_chat": "n'est pas un chat de Telegram : le numéro d'une personne ou d'un groupe (on l'obtient en écrivant /start au bot), `-1001234567890/42` pour un sujet, ou @nom d'un canal ou groupe public",
    "forbidden": "Telegram : {said}. La personne a bloqué le bot ou ne l'a jamais démarré, ou le groupe l'a exclu",
    "token_refused": "Telegram ne connaît pas le jeton du bot : prenez celui qu'affiche @BotFather",
    "migrated": "le groupe {old} est devenu {new} : il y a été prévenu ; inscrivez le nouveau numéro dans l'annuaire",
    "topic_gone": "le sujet {topic} est fermé ou supprimé : tout le groupe a été prévenu ; corrigez l'annuaire",
    "no_photo": "le message a été envoyé, mais pas l'image : {why}",
    "not_understood": "la réponse n'est pas celle de Telegram",
    "webhook_is_set": "un autre programme a défini un webhook pour ce bot : les réponses ne sont pas entendues ici",
    "webhook_fails": "Telegram ne peut pas transmettre les réponses : {said}",
    "open_page": "Afficher",
    "your_address": "Ce bot signale des alarmes. L'adresse de ce chat est {address} : donnez-la à la personne qui s'occupe du système d'alarme.",
}
