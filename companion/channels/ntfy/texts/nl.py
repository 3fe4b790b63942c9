"""Dutch."""

REASONS = {
    "no_topic": "is geen topic van ntfy: 1 tot 64 letters, cijfers, `-` en `_`",
    "topic_forbidden": "ntfy: deze aanmelding mag niet naar het topic schrijven (`ntfy access` op de server)",
    "no_messages_left": "ntfy: de berichten van deze dag zijn op",
}
