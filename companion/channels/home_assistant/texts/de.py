"""German."""

REASONS = {
    "no_action": "sagt nichts, was Home Assistant tun könnte: hier steht push, push:<Person>, announce:<assist_satellite oder media_player>, light:<Entität> oder script:<Entität>",
    "unknown": "ein solches Home Assistant war noch nie an der Verbindung",
    "several": "mehrere Home Assistants sind an der Verbindung: die Einstellung home des Kanals muss sagen, welches",
    "too_old": "Alarm Broker in diesem Home Assistant ist zu alt, um etwas aufgetragen zu bekommen: bitte aktualisieren",
    "away": "dieses Home Assistant ist gerade nicht an der Verbindung",
    "not_taken": "dieses Home Assistant hat es nicht rechtzeitig angenommen",
    "not_now": "es konnte gerade nicht niedergeschrieben werden",
    "silent": "ein stiller Alarm wird im Haus nicht gemeldet",
    "trouble_of_alarm": "was bei einem Alarm schiefging, wird im Haus nicht gemeldet: es kann ein stiller sein",
    "too_late": "Home Assistant hat es zu spät bekommen",
    "nobody": "unter diesem Namen wird dort niemand per Push benachrichtigt",
    "unknown_target": "Home Assistant hat keine solche Entität",
    "unavailable": "die Entität ist in Home Assistant nicht verfügbar",
    "no_voice": "Home Assistant hat keine Entität, die für den Media-Player spricht (tts)",
    "timeout": "Home Assistant wurde damit nicht rechtzeitig fertig",
    "refused": "Home Assistant tut so etwas nicht für den Companion",
    "failed": "Home Assistant konnte es nicht tun, sein Protokoll sagt warum",
}
