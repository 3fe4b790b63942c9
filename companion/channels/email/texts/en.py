"""English."""

REASONS = {
    "no_address": "is no e-mail address: write it like anna@house.example",
    "answer": "SMTP {code}: {said}",
    "sender_refused": "the server takes no mail from this sender: {answer}",
    "not_smtp": "what answered is no mail server",
    "silent": "the mail server said nothing in time",
    "hung_up": "the mail server ended the connection before it was given the mail",
    "encrypt_first": "the mail server takes nothing over a connection that is not encrypted: set `security` to starttls",
    "no_starttls": "the mail server offers no encryption (STARTTLS), so nothing was sent over this connection",
    "no_login": "the mail server offers no login by password (it may want OAuth, which this channel cannot)",
    "no_dsn": "the mail server makes no delivery reports (DSN)",
}
