"""English."""

REASONS = {
    "untried": "the server answers; whether the workflow lives shows only a test message",
    "stopped": "addresses on logic.azure.com stopped on 30 November 2025: open the workflow in Teams and take its new address",
}
