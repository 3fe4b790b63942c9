"""German."""

REASONS = {
    "reachable": "dort antwortet etwas; ob ein Ereignis angenommen wird, zeigt nur ein Ereignis",
    "gone": "HTTP 410: diesen Webhook gibt es nicht mehr; der Kanal braucht seine neue Adresse, oder er wird entfernt",
}
