"""German."""

REASONS = {
    "no_chat": "ist kein Chat von Telegram: die Nummer einer Person oder Gruppe (man erfährt sie, indem man dem Bot /start schreibt), `-1001234567890/42` für ein Thema, oder @name eines öffentlichen Kanals oder einer öffentlichen Gruppe",
    "forbidden": "Telegram: {said}. Die Person hat den Bot gesperrt oder nie gestartet, oder die Gruppe hat ihn entfernt",
    "token_refused": "Telegram kennt den Token des Bots nicht: Nehmen Sie den, den @BotFather anzeigt",
    "migrated": "die Gruppe {old} ist zu {new} geworden: Sie wurde dort benachrichtigt; tragen Sie die neue Nummer ins Verzeichnis ein",
    "topic_gone": "das Thema {topic} ist geschlossen oder gelöscht: Die ganze Gruppe wurde benachrichtigt; berichtigen Sie das Verzeichnis",
    "no_photo": "die Nachricht wurde gesendet, das Bild nicht: {why}",
    "not_understood": "die Antwort ist nicht die von Telegram",
    "webhook_is_set": "ein anderes Programm hat für diesen Bot einen Webhook gesetzt: Was Leute antworten, wird hier nicht gehört",
    "webhook_fails": "Telegram kann nicht weitergeben, was Leute antworten: {said}",
    "open_page": "Anzeigen",
    "your_address": "Dieser Bot meldet Alarme. Die Adresse dieses Chats ist {address}: Geben Sie sie der Person, die sich um die Alarmanlage kümmert.",
}
