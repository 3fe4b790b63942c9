"""German."""

REASONS = {
    "no_receipts": "gesendet, aber Twilio nimmt die öffentliche Adresse dieses Dienstes nicht an, um zu sagen, ob sie ankam",
    "undelivered": "Twilio konnte sie nicht zustellen (Fehler {code})",
    "opted_out": "der Empfänger hat Nachrichten von dieser Nummer abbestellt (STOP); nur er selbst kann das mit START ändern",
    "switched_off": "das Telefon ist ausgeschaltet oder nicht erreichbar",
    "blocked": "das Netz des Empfängers sperrt Nachrichten von dieser Nummer",
    "unknown_number": "das Netz kennt diese Nummer nicht",
    "landline": "die Nummer ist ein Festnetzanschluss, oder ihr Netz nimmt keine SMS an",
    "filtered": "das Netz hielt sie für unerwünschte Werbung",
    "not_registered": "die sendende Nummer ist bei den Netzen der USA nicht registriert",
    "too_late": "sie konnte nicht rechtzeitig gesendet werden und wurde verworfen",
}
