"""French."""

REASONS = {
    "no_action": "ne dit rien que Home Assistant puisse faire : écrivez push, push:<personne>, announce:<assist_satellite ou media_player>, light:<entité> ou script:<entité>",
    "unknown": "aucun Home Assistant de ce nom n'a jamais été relié",
    "several": "plusieurs Home Assistant sont reliés : le réglage home du canal doit dire lequel",
    "too_old": "Alarm Broker dans ce Home Assistant est trop ancien pour qu'on lui demande quelque chose : mettez-le à jour",
    "away": "ce Home Assistant n'est pas relié en ce moment",
    "not_taken": "ce Home Assistant ne l'a pas pris à temps",
    "not_now": "cela n'a pas pu être noté à l'instant",
    "silent": "une alarme silencieuse n'est pas annoncée dans la maison",
    "trouble_of_alarm": "ce qui a échoué pour une alarme n'est pas annoncé dans la maison : elle peut être silencieuse",
    "too_late": "Home Assistant l'a reçu trop tard",
    "nobody": "personne n'y est prévenu par notification sous ce nom",
    "unknown_target": "Home Assistant n'a pas cette entité",
    "unavailable": "l'entité n'est pas disponible dans Home Assistant",
    "no_voice": "Home Assistant n'a aucune entité qui parle (tts) pour le lecteur multimédia",
    "timeout": "Home Assistant n'a pas pu le terminer à temps",
    "refused": "Home Assistant ne fait pas une telle chose pour le companion",
    "failed": "Home Assistant n'a pas pu le faire, son journal dit pourquoi",
}
