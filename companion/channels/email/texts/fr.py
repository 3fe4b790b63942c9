"""French."""

REASONS = {
    "no_address": "n'est pas une adresse e-mail : elle s'écrit comme anna@maison.example",
    "answer": "SMTP {code} : {said}",
    "sender_refused": "le serveur n'accepte pas de message de cet expéditeur : {answer}",
    "not_smtp": "ce qui a répondu n'est pas un serveur de messagerie",
    "silent": "le serveur de messagerie n'a pas répondu à temps",
    "hung_up": "le serveur de messagerie a coupé la connexion avant de recevoir le message",
    "encrypt_first": "le serveur de messagerie n'accepte rien sur une connexion non chiffrée : mettre `security` à starttls",
    "no_starttls": "le serveur de messagerie ne propose pas de chiffrement (STARTTLS) : rien n'a été envoyé sur cette connexion",
    "no_login": "le serveur de messagerie ne propose pas de connexion par mot de passe (il veut peut-être OAuth, que ce canal ne sait pas faire)",
    "no_dsn": "le serveur de messagerie ne fait pas de rapports de remise (DSN)",
}
