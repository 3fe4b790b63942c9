"""German."""

REASONS = {
    "no_address": "ist keine Adresse in Matrix: hier steht ein Raum (!…), sein Alias (#raum:server) oder ein Benutzer (@benutzer:server)",
    "not_in_room": "dieses Konto ist nicht im Raum und darf ihn nicht betreten: es einladen",
    "encrypted": "der Raum ist verschlüsselt: Nachrichten erscheinen dort als ungeschützt, und Antworten kann niemand hier lesen, nur Reaktionen; einen Raum ohne Verschlüsselung nehmen",
    "no_homeserver": "unter dieser Adresse weiß der Server nichts von Matrix: hier steht die seiner Client-Schnittstelle",
}
