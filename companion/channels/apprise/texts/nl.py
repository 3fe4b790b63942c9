"""Dutch."""

REASONS = {
    "died": "het proces van Apprise eindigde zonder antwoord, het bericht is misschien verzonden",
    "not_understood": "Apprise kent zo'n dienst niet, of er ontbreekt iets in de URL",
    "said_no": "Apprise kon het bericht niet verzenden en zegt niet waarom",
    "understood": "Apprise begrijpt de URL; of de dienst berichten aanneemt, toont alleen een bericht",
}
