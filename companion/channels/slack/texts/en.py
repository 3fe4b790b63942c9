"""English."""

REASONS = {
    "no_address": "is no address in Slack: write the ID of a channel (C…) or of a member (U…), or #channel",
    "said": "Slack says {said}",
    "missing_scope": "the token lacks the scope {scope}: add it to the app and install the app again",
    "not_in_channel": "the app is not in this channel: write /invite @app there",
}
