"""German."""

REASONS = {
    "refused": "der Broker lehnt die Verbindung ab: {said}",
    "may_not_publish": "der Broker lässt diesen Benutzer nicht nach {topic} veröffentlichen",
    "may_not_subscribe": "der Broker lässt diesen Benutzer {topic} nicht abonnieren",
    "page_first": "der Alarm selbst ist noch nicht veröffentlicht, und was aus ihm wurde, kommt danach",
}
