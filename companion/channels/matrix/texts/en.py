"""English."""

REASONS = {
    "no_address": "is no address in Matrix: write a room (!…), its alias (#room:server) or a user (@user:server)",
    "not_in_room": "this account is not in the room and may not join it: invite it",
    "may_not_write": "this account may not write in the room: give it the right to (power level)",
    "invited": "they have not accepted the invitation into the room with them yet, and are not alerted to messages there",
    "encrypted": "the room is encrypted: messages there are shown as unprotected, and replies cannot be read, only reactions; take a room without encryption",
    "no_homeserver": "the server knows nothing of Matrix under this address: write that of its client API",
}
