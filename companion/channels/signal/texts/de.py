"""German."""

REASONS = {
    "captcha": "Signal verlangt ein gelöstes Captcha, bevor diese Nummer wieder senden darf: POST /v1/accounts/<number>/rate-limit-challenge an der Brücke, aus demselben Netz",
    "rate_limited": "Signal begrenzt, wie oft diese Nummer senden darf; das zuletzt Gesendete ist vielleicht trotzdem angekommen",
    "not_registered": "die eingestellte Nummer ist an dieser Brücke nicht registriert",
    "no_json_rpc": "die Brücke läuft nicht im Modus json-rpc: Senden dauert Sekunden, und es gibt keine Empfangsbestätigungen",
    "members_missed": "{count} Mitglieder der Gruppe haben sie nicht bekommen",
    "no_group": "ist keine Gruppe: Ihre Kennung beginnt mit `group.`, GET /v1/groups/<number> der Brücke listet sie auf",
}
