"""English."""

REASONS = {
    "no_topic": "is no topic of ntfy: 1 to 64 letters, digits, `-` and `_`",
    "topic_forbidden": "ntfy: this login may not write to the topic (`ntfy access` on the server)",
    "no_messages_left": "ntfy: the messages of this day are used up",
}
