"""Dutch."""

REASONS = {
    "refused": "de broker weigert de verbinding: {said}",
    "may_not_publish": "de broker laat deze gebruiker niet publiceren naar {topic}",
    "may_not_subscribe": "de broker laat deze gebruiker zich niet abonneren op {topic}",
}
