"""Dutch."""

REASONS = {
    "no_address": "is geen adres in Mattermost: schrijf de ID van een kanaal (26 letters en cijfers), @gebruiker, of bij een webhook #kanaal",
    "needs_id": "een bot heeft de ID van het kanaal nodig (26 letters en cijfers), de naam is niet genoeg",
    "not_a_member": "de bot zit niet in dit kanaal of mag daar niet schrijven: voeg hem toe aan het team en het kanaal",
    "webhook_untried": "de server antwoordt; of de webhook bestaat, blijkt pas uit een testbericht",
}
