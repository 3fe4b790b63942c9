"""Dutch."""

REASONS = {
    "reachable": "bereikbaar; alleen een bericht laat zien of het wordt aangenomen",
    "reachable_without_rule": "bereikbaar; geen regel van het kanaal zegt waarmee een aangenomen bericht wordt beantwoord, dus bijna elke 2xx wordt geloofd",
    "no_rule": "HTTP {status} met een antwoord dat geen regel van het kanaal kent: {said}",
    "not_sent": "HTTP {status}, niet verzonden ({rule}): {said}",
    "refused": "HTTP {status}, maar geweigerd ({rule}): {said}",
    "undelivered": "de gateway zegt dat het niet aankwam: {status}",
}
