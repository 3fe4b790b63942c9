"""German."""

REASONS = {
    "not_taken": "der Empfänger der Leitstelle weist es ab (NAK): Kundennummer, Schlüssel oder Uhr sind nicht, was er erwartet",
    "not_understood": "der Empfänger der Leitstelle versteht das Ereignis nicht (DUH): Fragen Sie die Leitstelle, welches Format und welche Codes sie annimmt",
    "second_used": "der erste Empfänger der Leitstelle hat nicht geantwortet, der zweite hat es angenommen",
    "second_silent": "der zweite Empfänger der Leitstelle: {why}",
}
