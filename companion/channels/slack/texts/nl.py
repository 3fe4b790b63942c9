"""Dutch."""

REASONS = {
    "no_address": "is geen adres in Slack: schrijf de ID van een kanaal (C…) of van een lid (U…), of #kanaal",
    "said": "Slack zegt {said}",
    "missing_scope": "het token mist de scope {scope}: voeg die aan de app toe en installeer de app opnieuw",
    "not_in_channel": "de app zit niet in dit kanaal: schrijf daar /invite @app",
}
