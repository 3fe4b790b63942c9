"""German."""

REASONS = {
    "no_address": "ist keine Adresse in Matrix: hier steht ein Raum (!…), sein Alias (#raum:server) oder ein Benutzer (@benutzer:server)",
    "not_in_room": "dieses Konto ist nicht im Raum und darf ihn nicht betreten: es einladen",
    "may_not_write": "dieses Konto darf im Raum nicht schreiben: ihm das Recht dazu geben (Berechtigungsstufe)",
    "invited": "die Einladung in den gemeinsamen Raum ist noch nicht angenommen: auf Nachrichten dort wird nicht aufmerksam gemacht",
    "encrypted": "der Raum ist verschlüsselt: Nachrichten erscheinen dort als ungeschützt, und Antworten kann niemand hier lesen, nur Reaktionen; einen Raum ohne Verschlüsselung nehmen",
    "no_homeserver": "unter dieser Adresse weiß der Server nichts von Matrix: hier steht die seiner Client-Schnittstelle",
}
