"""German."""

REASONS = {
    "died": "der Prozess von Apprise endete ohne Antwort, die Nachricht kann gesendet worden sein",
    "not_understood": "Apprise kennt keinen solchen Dienst, oder in seiner URL fehlt etwas",
    "said_no": "Apprise konnte die Nachricht nicht senden und sagt nicht, warum",
    "understood": "Apprise versteht die URL; ob der Dienst Nachrichten annimmt, zeigt nur eine Nachricht",
}
