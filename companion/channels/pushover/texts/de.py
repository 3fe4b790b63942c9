"""German."""

REASONS = {
    "no_key": "ist kein Schlüssel von Pushover: er hat 30 Buchstaben und Ziffern und steht auf der Startseite von pushover.net, oder bei der Gruppe",
    "quota_left": "{remaining} von {limit} Nachrichten sind in diesem Monat übrig",
    "quota_used": "die Nachrichten dieses Monats sind verbraucht, neue gibt es am {reset}",
}
