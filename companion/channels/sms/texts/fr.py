"""French."""

REASONS = {
    "reachable": "joignable ; seul un message montre s'il est accepté",
    "reachable_without_rule": "joignable ; aucune règle du canal ne dit par quoi un message accepté est confirmé, presque tout 2xx est donc cru",
    "no_rule": "HTTP {status} avec une réponse qu'aucune règle du canal ne connaît : {said}",
    "not_sent": "HTTP {status}, non envoyé ({rule}) : {said}",
    "refused": "HTTP {status}, mais refusé ({rule}) : {said}",
    "undelivered": "la passerelle dit qu'il n'est pas arrivé : {status}",
}
