"""English."""

REASONS = {
    "refused": "the broker refuses the connection: {said}",
    "may_not_publish": "the broker does not let this user publish to {topic}",
    "may_not_subscribe": "the broker does not let this user subscribe to {topic}",
}
