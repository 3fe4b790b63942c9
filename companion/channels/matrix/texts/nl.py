"""Dutch."""

REASONS = {
    "no_address": "is geen adres in Matrix: schrijf een ruimte (!…), haar alias (#ruimte:server) of een gebruiker (@gebruiker:server)",
    "not_in_room": "dit account zit niet in de ruimte en mag er niet in: nodig het uit",
    "may_not_write": "dit account mag niet in de ruimte schrijven: geef het dat recht (machtsniveau)",
    "invited": "de uitnodiging voor de gedeelde ruimte is nog niet aangenomen: op berichten daar wordt niet gewezen",
    "encrypted": "de ruimte is versleuteld: berichten verschijnen daar als onbeschermd, en antwoorden zijn niet te lezen, alleen reacties; neem een ruimte zonder versleuteling",
    "no_homeserver": "op dit adres weet de server niets van Matrix: schrijf dat van de client-interface",
}
