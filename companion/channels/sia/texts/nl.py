"""Dutch."""

REASONS = {
    "not_taken": "de ontvanger van de meldkamer weigert het (NAK): aansluitnummer, sleutel of klok zijn niet wat hij verwacht",
    "not_understood": "de ontvanger van de meldkamer begrijpt de gebeurtenis niet (DUH): vraag de meldkamer welk formaat en welke codes zij aanneemt",
    "second_used": "de eerste ontvanger van de meldkamer heeft niet geantwoord, de tweede heeft het aangenomen",
    "second_silent": "de tweede ontvanger van de meldkamer: {why}",
}
