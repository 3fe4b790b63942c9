"""German."""

REASONS = {
    "no_topic": "ist kein Topic von ntfy: 1 bis 64 Buchstaben, Ziffern, `-` und `_`",
    "topic_forbidden": "ntfy: Diese Anmeldung darf nicht in das Topic schreiben (`ntfy access` auf dem Server)",
    "no_messages_left": "ntfy: Die Nachrichten dieses Tages sind aufgebraucht",
}
