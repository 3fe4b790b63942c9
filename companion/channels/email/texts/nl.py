"""Dutch."""

REASONS = {
    "no_address": "is geen e-mailadres: schrijf het als anna@huis.example",
    "answer": "SMTP {code}: {said}",
    "sender_refused": "de server neemt geen mail van deze afzender aan: {answer}",
    "not_smtp": "wat antwoordde is geen mailserver",
    "silent": "de mailserver antwoordde niet op tijd",
    "hung_up": "de mailserver verbrak de verbinding voordat hij de mail kreeg",
    "encrypt_first": "de mailserver neemt niets aan over een onversleutelde verbinding: zet `security` op starttls",
    "no_starttls": "de mailserver biedt geen versleuteling (STARTTLS), dus is er over deze verbinding niets verzonden",
    "no_login": "de mailserver biedt geen aanmelding met wachtwoord (misschien wil hij OAuth, dat dit kanaal niet kan)",
    "no_dsn": "de mailserver maakt geen bezorgrapporten (DSN)",
}
