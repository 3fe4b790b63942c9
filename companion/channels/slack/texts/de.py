"""German."""

REASONS = {
    "no_address": "ist keine Adresse in Slack: hier steht die ID eines Kanals (C…) oder eines Mitglieds (U…), oder #kanal",
    "said": "Slack sagt {said}",
    "missing_scope": "dem Token fehlt der Scope {scope}: ihn der App geben und die App neu installieren",
    "not_in_channel": "die App ist nicht in diesem Kanal: dort /invite @app schreiben",
}
