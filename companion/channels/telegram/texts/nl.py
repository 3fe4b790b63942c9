"""Dutch."""

REASONS = {
    "no_chat": "is geen chat van Telegram: het nummer van een persoon of groep (men krijgt het door de bot /start te schrijven), `-1001234567890/42` voor een onderwerp, of @naam van een openbaar kanaal of openbare groep",
    "forbidden": "Telegram: {said}. De persoon heeft de bot geblokkeerd of nooit gestart, of de groep heeft hem verwijderd",
    "token_refused": "Telegram kent het token van de bot niet: neem het token dat @BotFather toont",
    "migrated": "de groep {old} is {new} geworden: zij is daar bericht; zet het nieuwe nummer in het adresboek",
    "topic_gone": "het onderwerp {topic} is gesloten of verwijderd: de hele groep is bericht; corrigeer het adresboek",
    "no_photo": "het bericht is verzonden, het beeld niet: {why}",
    "not_understood": "het antwoord is niet dat van Telegram",
    "webhook_is_set": "een ander programma heeft voor deze bot een webhook ingesteld: wat mensen antwoorden, wordt hier niet gehoord",
    "webhook_fails": "Telegram kan niet doorgeven wat mensen antwoorden: {said}",
    "open_page": "Tonen",
    "your_address": "Deze bot meldt alarmen. Het adres van deze chat is {address}: geef het aan wie voor het alarmsysteem zorgt.",
}
