"""German."""

REASONS = {
    "no_ticket": "der Alarm hat noch kein Ticket",
    "state_not_yet": "die Notiz steht im Ticket, sein Zustand konnte noch nicht geändert werden: {why}",
    "state_refused": "die Notiz steht in Ticket {ticket}, aber sein Zustand konnte nicht auf {state} gesetzt werden: {why}",
    "no_tickets": "aus Alarmen würden keine Tickets: {findings}",
    "look": "{findings}",
    "group_not_allowed": "der Benutzer des Tokens darf in Gruppe '{group}' keine Tickets anlegen, nur in {allowed} (oder die Gruppe gibt es nicht)",
    "no_group_allowed": "der Benutzer des Tokens darf in Gruppe '{group}' keine Tickets anlegen, auch in keiner anderen (oder die Gruppe gibt es nicht)",
    "no_right_in_group": "der Benutzer des Tokens hat kein Recht, in Gruppe '{group}' Tickets anzulegen und zu ändern, falls keine Rolle es gibt",
    "state_is_pending": "Zustand '{state}' braucht eine Zeit, bis zu der gewartet wird",
    "closed_state_is_pending": "closed_state '{state}' braucht eine Zeit, bis zu der gewartet wird: Tickets blieben offen; einen nennen, der sofort schließt",
    "closed_state_is_open": "closed_state '{state}' schließt kein Ticket",
    "unknown_name": "{setting} '{name}' ist keiner von {known}",
    "creating": "ein Ticket anzulegen",
    "closing": "es auf '{state}' zu setzen",
    "mandatory": "{doing} verlangt {fields}, was kein Alarm hat: einen Standardwert geben, oder es für den Benutzer des Tokens freistellen",
    "customer_no_address": "Kunde '{customer}' ist keine E-Mail-Adresse",
    "customer_unknown": "einen Kunden mit dem Login '{customer}' gibt es offenbar nicht",
    "no_new_tags": "neue Tags sind ausgeschaltet (Einstellung `tag_new`), und das Token hat kein admin.tag: Ein Ticket, dessen Anlage ohne Antwort blieb, kann doppelt entstehen",
}
