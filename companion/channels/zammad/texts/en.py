"""English."""

REASONS = {
    "no_ticket": "the alarm has no ticket yet",
    "state_not_yet": "the note is in the ticket, its state could not be changed yet: {why}",
    "state_refused": "the note is in ticket {ticket}, but its state could not be set to {state}: {why}",
    "no_tickets": "alarms would become no tickets: {findings}",
    "look": "{findings}",
    "group_not_allowed": "the token's user may not create tickets in group '{group}', only in {allowed} (or there is no such group)",
    "no_group_allowed": "the token's user may not create tickets in group '{group}', in none (or there is no such group)",
    "no_right_in_group": "the token's user has no right to create and change tickets in group '{group}', unless a role gives it",
    "state_is_pending": "state '{state}' needs a time until which it is pending",
    "closed_state_is_pending": "closed_state '{state}' needs a time until which it is pending: tickets would stay open; name one that closes at once",
    "closed_state_is_open": "closed_state '{state}' does not close a ticket",
    "unknown_name": "{setting} '{name}' is none of {known}",
    "creating": "creating a ticket",
    "closing": "changing it to '{state}'",
    "mandatory": "{doing} needs {fields}, which no alarm has: give it a default, or make it optional for the token's user",
    "customer_no_address": "customer '{customer}' is no e-mail address",
    "customer_unknown": "there seems to be no customer with the login '{customer}'",
    "no_new_tags": "new tags are switched off (setting `tag_new`) and the token has no admin.tag: a ticket whose creation got no answer may be made twice",
}
