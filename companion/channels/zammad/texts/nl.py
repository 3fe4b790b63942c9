"""Dutch."""

REASONS = {
    "no_ticket": "het alarm heeft nog geen ticket",
    "state_not_yet": "de notitie staat in het ticket, de status kon nog niet worden gewijzigd: {why}",
    "state_refused": "de notitie staat in ticket {ticket}, maar de status kon niet op {state} worden gezet: {why}",
    "no_tickets": "alarmen zouden geen tickets worden: {findings}",
    "look": "{findings}",
    "group_not_allowed": "de gebruiker van het token mag in groep '{group}' geen tickets maken, alleen in {allowed} (of de groep bestaat niet)",
    "no_group_allowed": "de gebruiker van het token mag in groep '{group}' geen tickets maken, ook in geen andere (of de groep bestaat niet)",
    "no_right_in_group": "de gebruiker van het token heeft geen recht om in groep '{group}' tickets te maken en te wijzigen, tenzij een rol het geeft",
    "state_is_pending": "status '{state}' heeft een tijd nodig tot wanneer wordt gewacht",
    "closed_state_is_pending": "closed_state '{state}' heeft een tijd nodig tot wanneer wordt gewacht: tickets zouden open blijven; noem er een die meteen sluit",
    "closed_state_is_open": "closed_state '{state}' sluit geen ticket",
    "unknown_name": "{setting} '{name}' is geen van {known}",
    "creating": "een ticket maken",
    "closing": "het op '{state}' zetten",
    "mandatory": "{doing} vraagt {fields}, wat geen alarm heeft: geef een standaardwaarde, of maak het optioneel voor de gebruiker van het token",
    "customer_no_address": "klant '{customer}' is geen e-mailadres",
    "customer_unknown": "er lijkt geen klant met de login '{customer}' te zijn",
    "no_new_tags": "nieuwe tags staan uit (instelling `tag_new`) en het token heeft geen admin.tag: een ticket waarvan het aanmaken zonder antwoord bleef, kan dubbel ontstaan",
}
