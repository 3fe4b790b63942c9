"""German."""

REASONS = {
    "no_key": "ist kein Schlüssel von Pushover: er hat 30 Buchstaben und Ziffern und steht auf der Startseite von pushover.net, oder bei der Gruppe",
    "quota_used": "die Nachrichten dieses Monats sind verbraucht, neue gibt es am {reset}",
}
