"""French."""

REASONS = {
    "reachable": "quelque chose répond là ; seul un événement montre s'il est accepté",
    "gone": "HTTP 410 : ce webhook n'existe plus ; donnez au canal sa nouvelle adresse, ou retirez-le",
}
