"""German."""

REASONS = {
    "no_address": "ist keine Adresse in Mattermost: hier steht die ID eines Kanals (26 Buchstaben und Ziffern), @benutzer, oder bei einem Webhook #kanal",
    "needs_id": "ein Bot braucht die ID des Kanals (26 Buchstaben und Ziffern), sein Name genügt nicht",
    "not_a_member": "der Bot ist nicht in diesem Kanal oder darf dort nicht schreiben: ihn ins Team und in den Kanal aufnehmen",
    "webhook_untried": "der Server antwortet; ob es den Webhook gibt, zeigt erst eine Testnachricht",
}
