"""Dutch."""

REASONS = {
    "captcha": "Signal wil dat eerst een captcha wordt opgelost voordat dit nummer weer mag verzenden: POST /v1/accounts/<number>/rate-limit-challenge op de brug, vanuit hetzelfde netwerk",
    "rate_limited": "Signal beperkt hoe vaak dit nummer mag verzenden; wat het laatst is verzonden, is misschien toch aangekomen",
    "not_registered": "het ingestelde nummer is niet bij deze brug geregistreerd",
    "no_json_rpc": "de brug draait niet in json-rpc-modus: verzenden duurt seconden en er zijn geen ontvangstbevestigingen",
    "members_missed": "{count} leden van de groep hebben het niet gekregen",
    "no_group": "is geen groep: het id begint met `group.`, GET /v1/groups/<number> van de brug somt ze op",
}
