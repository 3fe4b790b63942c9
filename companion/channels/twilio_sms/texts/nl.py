"""Dutch."""

REASONS = {
    "no_receipts": "verzonden, maar Twilio neemt het openbare adres van deze dienst niet aan om te zeggen of het aankwam",
    "undelivered": "Twilio kon het niet afleveren (fout {code})",
    "opted_out": "de ontvanger heeft berichten van dit nummer afgemeld (STOP); alleen hij kan dat met START terugdraaien",
    "switched_off": "de telefoon staat uit of is onbereikbaar",
    "blocked": "het netwerk van de ontvanger blokkeert berichten van dit nummer",
    "unknown_number": "het netwerk kent dit nummer niet",
    "landline": "het nummer is een vaste lijn, of het netwerk ervan neemt geen sms aan",
    "filtered": "het netwerk zag het aan voor ongewenste reclame",
    "not_registered": "het verzendende nummer is niet geregistreerd bij de netwerken van de Verenigde Staten",
    "too_late": "het kon niet op tijd worden verzonden en is weggegooid",
}
