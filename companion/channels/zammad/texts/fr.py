"""French."""

REASONS = {
    "no_ticket": "l'alarme n'a pas encore de ticket",
    "state_not_yet": "la note est dans le ticket, son état n'a pas encore pu être modifié : {why}",
    "state_refused": "la note est dans le ticket {ticket}, mais son état n'a pas pu passer à {state} : {why}",
    "no_tickets": "les alarmes ne deviendraient pas des tickets : {findings}",
    "look": "{findings}",
    "group_not_allowed": "l'utilisateur du jeton ne peut pas créer de tickets dans le groupe '{group}', seulement dans {allowed} (ou ce groupe n'existe pas)",
    "no_group_allowed": "l'utilisateur du jeton ne peut créer de tickets ni dans le groupe '{group}' ni dans un autre (ou ce groupe n'existe pas)",
    "no_right_in_group": "l'utilisateur du jeton n'a pas le droit de créer et de modifier des tickets dans le groupe '{group}', sauf si un rôle le donne",
    "state_is_pending": "l'état '{state}' demande une date jusqu'à laquelle il est en attente",
    "closed_state_is_pending": "closed_state '{state}' demande une date jusqu'à laquelle il est en attente : les tickets resteraient ouverts ; en indiquer un qui ferme aussitôt",
    "closed_state_is_open": "closed_state '{state}' ne ferme pas de ticket",
    "unknown_name": "{setting} '{name}' n'est aucun de {known}",
    "creating": "la création d'un ticket",
    "closing": "le passage à '{state}'",
    "mandatory": "{doing} exige {fields}, qu'aucune alarme n'a : donner une valeur par défaut, ou le rendre facultatif pour l'utilisateur du jeton",
    "customer_no_address": "le client '{customer}' n'est pas une adresse e-mail",
    "customer_unknown": "il ne semble pas y avoir de client avec l'identifiant '{customer}'",
    "no_new_tags": "les nouveaux tags sont désactivés (réglage `tag_new`) et le jeton n'a pas admin.tag : un ticket dont la création est restée sans réponse peut être créé deux fois",
}
