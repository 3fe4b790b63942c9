"""German."""

REASONS = {
    "refused": "der Broker lehnt die Verbindung ab: {said}",
    "may_not_publish": "der Broker lässt diesen Benutzer nicht nach {topic} veröffentlichen",
    "may_not_subscribe": "der Broker lässt diesen Benutzer {topic} nicht abonnieren",
}
