"""German."""

REASONS = {
    "reachable": "erreichbar; ob eine Nachricht angenommen wird, zeigt nur eine Nachricht",
    "reachable_without_rule": "erreichbar; keine Regel des Kanals sagt, womit eine angenommene Nachricht beantwortet wird, also wird fast jedes 2xx geglaubt",
    "no_rule": "HTTP {status} mit einer Antwort, die keine Regel des Kanals kennt: {said}",
    "not_sent": "HTTP {status}, nicht gesendet ({rule}): {said}",
    "refused": "HTTP {status}, aber abgelehnt ({rule}): {said}",
    "undelivered": "das Gateway sagt, dass sie nicht ankam: {status}",
}
