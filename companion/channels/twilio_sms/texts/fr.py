"""French."""

REASONS = {
    "no_receipts": "envoyé, mais Twilio n'accepte pas l'adresse publique de ce service pour dire s'il est arrivé",
    "undelivered": "Twilio n'a pas pu le remettre (erreur {code})",
    "opted_out": "le destinataire a refusé les messages de ce numéro (STOP) ; lui seul peut y revenir, avec START",
    "switched_off": "le téléphone est éteint ou injoignable",
    "blocked": "le réseau du destinataire bloque les messages de ce numéro",
    "unknown_number": "le réseau ne connaît pas ce numéro",
    "landline": "le numéro est une ligne fixe, ou son réseau n'accepte pas de SMS",
    "filtered": "le réseau l'a pris pour de la publicité indésirable",
    "not_registered": "le numéro d'envoi n'est pas enregistré auprès des réseaux des États-Unis",
    "too_late": "il n'a pas pu être envoyé à temps et a été abandonné",
}
