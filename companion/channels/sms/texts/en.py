"""English."""

REASONS = {
    "reachable": "reachable; only a message shows whether it is taken",
    "reachable_without_rule": "reachable; no rule of the channel says what a taken message is answered with, so nearly every 2xx is believed",
    "no_rule": "HTTP {status} with an answer that no rule of the channel knows: {said}",
    "not_sent": "HTTP {status}, not sent ({rule}): {said}",
    "refused": "HTTP {status}, but refused ({rule}): {said}",
    "undelivered": "the gateway says that it did not arrive: {status}",
}
