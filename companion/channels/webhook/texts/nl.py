"""Dutch."""

REASONS = {
    "reachable": "daar antwoordt iets; of een gebeurtenis wordt aangenomen, toont alleen een gebeurtenis",
    "gone": "HTTP 410: deze webhook bestaat niet meer; geef het kanaal zijn nieuwe adres, of verwijder het",
}
