"""German."""

REASONS = {
    "no_address": "ist keine E-Mail-Adresse: sie wird geschrieben wie anna@haus.example",
    "answer": "SMTP {code}: {said}",
    "sender_refused": "der Server nimmt keine Mail von diesem Absender an: {answer}",
    "not_smtp": "was geantwortet hat, ist kein Mailserver",
    "silent": "der Mailserver hat nicht rechtzeitig geantwortet",
    "hung_up": "der Mailserver hat die Verbindung beendet, bevor er die Mail bekam",
    "encrypt_first": "der Mailserver nimmt nichts über eine unverschlüsselte Verbindung an: `security` auf starttls setzen",
    "no_starttls": "der Mailserver bietet keine Verschlüsselung an (STARTTLS), also wurde über diese Verbindung nichts gesendet",
    "no_login": "der Mailserver bietet keine Anmeldung mit Passwort an (vielleicht will er OAuth, das dieser Kanal nicht kann)",
    "no_dsn": "der Mailserver erstellt keine Zustellberichte (DSN)",
}
