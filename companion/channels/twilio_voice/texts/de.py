"""German."""

REASONS = {
    "locale": "de-DE",
    "voice": "Polly.Vicki",
    "press_key": "Drücken Sie die {key}, um den Alarm zu übernehmen.",
    "nobody_pressed": "Es wurde keine Taste gedrückt: Der Alarm ist nicht beantwortet.",
    "no_callbacks": "angerufen, aber Twilio nimmt die öffentliche Adresse dieses Dienstes nicht an: es kann keine Taste gedrückt werden, und niemand erfährt, wer abnahm",
    "busy": "die Leitung war besetzt",
    "no_answer": "niemand nahm ab",
    "failed": "der Anruf kam nicht zustande",
    "machine": "eine Mailbox oder ein Automat nahm ab",
}
