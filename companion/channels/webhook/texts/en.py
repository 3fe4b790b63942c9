"""English."""

REASONS = {
    "reachable": "something answers there; only an event shows whether it is taken",
    "gone": "HTTP 410: there is no such webhook any more; take the channel away, or give it its new address",
}
