"""German."""

from ..model import AssistTexts, Grammar, LogbookTexts, PushTexts, RemarkTexts, Texts, TitleTexts

PUSH = PushTexts(
    statuses={
        "triggered": "Alarm",
        "acknowledged": "Bestätigt",
        "resolved": "Erledigt",
        "cancelled": "Fehlalarm",
    },
    test="TEST",
    exhausted="Niemand hat geantwortet",
    verified="Verifizierter Alarm",
    zones="{count} Zonen: {zones}",
    where="Wo",
    who="Wer",
    by="Von",
    kept="Vorgemerkt: wird weitergegeben, sobald der Begleitdienst wieder da ist.",
    aborted="Außerhalb wurde niemand verständigt.",
    silent="Stiller Alarm",
    silent_hint="An der Anlage weiß niemand davon. Dort nicht anrufen.",
    pending="Eingangsverzögerung",
    disarm_by="Unscharf schalten bis {until}",
    level="Bestätigungsstufe {level}: {words}",
    levels=(
        "nichts zu tun",
        "nur ein Signal",
        "jemand ist dort",
        "ein Einbruch",
        "Gefahr für Menschen",
    ),
    seen="{camera}: {label} {percent} %",
    open="Offen: {zones}",
    code="Code",
    call="{number} anrufen",
    buttons={
        "acknowledge": "Bestätigen",
        "disarm": "Unscharf schalten",
        "disarm_with_code": "Unscharf mit Code",
        "silence": "Sirene aus",
        "escalate": "Jetzt eskalieren",
        "false_alarm": "Fehlalarm",
        "arm": "Scharf schalten",
        "force_arm": "Trotzdem scharf schalten",
        "postpone": "Später",
        "call_off": "Nicht scharf schalten",
    },
    notices={
        "lockout": "Zu viele falsche Codes: die Anlage nimmt vorerst keinen an.",
        "zone_shut_down": "Zu oft ausgelöst, bis zum Unscharfschalten ausgelassen: {zones}",
        "trouble": "Störung: {trouble}",
        "trouble_cleared": "Wieder in Ordnung: {trouble}",
        "arm_reminder": "Niemand ist zu Hause, und nicht scharf ist: {areas}.",
        "auto_arm_announced": "Niemand ist zu Hause. Scharf um {until}: {areas}.",
        "auto_arm_failed": "Ließ sich nicht von selbst scharf schalten. {reason}",
        "arrived_while_armed": "{by} ist nach Hause gekommen, und scharf ist: {areas}.",
        "code_used": "Im Urlaub wurde ein Code benutzt: {by}.",
        "state_unknown": (
            "Nach einer beschädigten Datei ist unbekannt, ob scharf oder nicht ({areas}). Bewacht wird nur "
            "Rauch, Wasser und dergleichen. Mit Code unscharf schalten, dann wieder scharf."
        ),
    },
    refused={
        "forged": "Diese Taste ist hier unbekannt. Nichts wurde getan.",
        "replayed": "Diese Taste war schon benutzt. Nichts weiter wurde getan.",
        "late": "Diese Taste kam zu spät. Nichts wurde getan.",
        "not_yours": "Diese Taste war für jemand anderen. Nichts wurde getan.",
    },
)

LOGBOOK = LogbookTexts(
    sentences={
        "arming": "wird scharf geschaltet{mode}{by}",
        "armed": "wurde scharf geschaltet{mode}{by}",
        "disarmed": "wurde unscharf geschaltet{by}",
        "pending": "begann die Eingangsverzögerung{zones}",
        "exit_error": "war am Ende der Ausgangsverzögerung nicht geschlossen{zones}",
        "triggered": "meldet Alarm ({alarm_kind}){raised}",
        "zone_tripped": "meldet eine weitere Zone{zones}",
        "confirmed": "meldet den Alarm als bestätigt durch eine zweite Zone{zones}",
        "alarm_aborted": (
            "hat keinen Alarm mehr: rechtzeitig abgebrochen{by}; außerhalb wurde niemand verständigt"
        ),
        "alarm_cancelled": "hat keinen Alarm mehr: als Fehlalarm abgebrochen{by}",
        "arming_refused": "ließ sich{from} nicht scharf schalten{why}",
        "wrong_code": "bekam einen falschen Code{from}{wanted}",
        "code_refused": "nahm einen Code{from}{wanted} nicht an{why}",
        "lockout": "nimmt vorerst keinen Code an: zu viele waren falsch",
        "armed_with_fault": "wurde trotz einer Störung scharf geschaltet{by}{why}",
        "bypassed": "lässt {names} aus: {reason}{who}",
        "unbypassed": "überwacht {names} wieder{who}",
        "zone_shut_down": "lässt {names} nach zu vielen Alarmen aus",
        "trouble": "hat eine Störung: {trouble}",
        "trouble_cleared": "hat eine Störung weniger: {trouble}",
        "walk_test_started": "begann einen Gehtest{who}",
        "walk_test_ended": "beendete den Gehtest{who}{never_seen}",
        "memory_cleared": "hat einen leeren Alarmspeicher: gelöscht{by}",
        "chime": "gab einen Gong{zones}",
        "silenced": "ist wieder still: Sirene abgestellt{by}",
        "code_used": "nahm im Urlaub einen Code{from} an",
        "everyone_left": "ist leer: {person} ging zuletzt",
        "first_arrived": "ist nicht mehr leer: {person} kam",
        "arrived_while_armed": "ist scharf, und {person} kam nach Hause",
        "arm_reminder": "ist nicht scharf, und niemand ist zu Hause",
        "auto_arm_announced": "wird scharf geschaltet{mode}, da niemand zu Hause ist",
        "auto_arm_dropped": "wird nun doch nicht von selbst scharf geschaltet{who}",
        "auto_arm_failed": "ließ sich nicht von selbst scharf schalten{mode}{why}",
        "window_started": "begann ein Zeitfenster ({window}): {event_title}",
        "window_ended": "beendete ein Zeitfenster ({window})",
        "verified": "hat einen verifizierten Alarm: Stufe {level}{who}",
        "state_unknown": "weiß nicht, ob scharf war: die Datei ist verloren",
        "push_refused": "nahm einen Tastendruck{from} nicht an: {reason}",
        "push_unconfirmed": "meldete einen Alarm, und kein Telefon hat ihn bestätigt",
    },
    # what is said only where there is something to say
    mode=" ({})",
    by=" durch {}",
    from_=" von {}",
    wanted=" {}",
    who=" ({})",
    listed=": {}",
    set_off=", ausgelöst durch {}",
    set_off_by_hand=", ausgelöst von Hand",
    never_seen="; nie gesehen: {}",
    all_seen="; jede Zone wurde gesehen",
    somebody="jemand",
    changed="hat sich geändert",
    # what is said of a value otherwise than by its own name
    words={
        "away": "Abwesend",
        "home": "Anwesend",
        "night": "Nacht",
        "vacation": "Urlaub",
        "custom_bypass": "Benutzerdefiniert",
        "fire": "Feuer",
        "gas": "Gas",
        "panic": "Überfall",
        "medical": "Medizinischer Notfall",
        "burglary": "Einbruch",
        "tamper": "Sabotage",
        "water": "Wasser",
        "guest": "Gäste",
        "cleaning": "Reinigung oder Handwerk",
        "quiet": "Ruhe",
        "manual": "auf Wunsch",
        "auto": "stand offen",
        "forced": "erzwungen",
        "allowed_open": "darf offen sein",
        "after_alarm": "nach dem Alarm noch offen",
        "forged": "hier unbekannt",
        "replayed": "schon benutzt",
        "late": "zu spät",
        "not_yours": "an jemand anderen gesendet",
        "disabled": "der Code ist deaktiviert",
        "not_yet": "der Code gilt noch nicht",
        "expired": "der Code gilt nicht mehr",
        "outside_hours": "der Code gilt nicht um diese Zeit",
        "used_up": "der Code ist aufgebraucht",
        "no_window": "der Code gilt nur in einem Zeitfenster aus dem Kalender",
        "not_allowed": "der Code darf das nicht",
        "code_needed": "dafür braucht es einen Code",
        "locked_out": "vorerst wird kein Code angenommen",
        "alarm_ongoing": "ein Alarm läuft",
        "state_unknown": "niemand weiß, ob scharf war",
        "mode_unknown": "diesen Modus gibt es nicht",
        "nothing_to_repeat": "war noch nie scharf",
        "not_bypassable": "darf nicht ausgelassen werden",
        "somebody_home": "jemand ist zu Hause",
        "panel_restarts": "die Alarmanlage startet gerade neu",
        "disk_refuses": "die Festplatte nimmt nichts an",
        "not_done": "Home Assistant konnte es nicht; warum, steht in seinem Protokoll",
        "wanted_arm": "zum Scharfschalten",
        "wanted_disarm": "zum Unscharfschalten",
        "wanted_silence": "zum Abstellen der Sirene",
        "wanted_bypass": "zum Auslassen einer Zone",
        "wanted_unbypass": "zum Einbeziehen einer Zone",
        "wanted_clear_memory": "zum Löschen des Alarmspeichers",
        "wanted_walk_test": "für den Gehtest",
        "wanted_look": "zum Nachsehen",
    },
)

ASSIST = AssistTexts(
    statuses={
        "disarmed": "{area} ist unscharf.",
        "arming": "{area} wird scharf geschaltet.",
        "armed": "{area} ist scharf.",
        "pending": "{area}: jemand ist hereingekommen, die Eingangsverzögerung läuft.",
        "triggered": "{area}: es gibt einen Alarm!",
        "unknown": "{area}: niemand weiß, ob scharf war. Schalte unscharf und dann wieder scharf.",
    },
    open="Offen: {zones}.",
    code="Dafür brauche ich den Code. Sag es noch einmal, mit dem Code.",
    no_panel="Hier gibt es keine Alarmanlage.",
    no_area="Einen Bereich mit diesem Namen gibt es nicht.",
    digits={
        "null": "0",
        "eins": "1",
        "zwei": "2",
        "drei": "3",
        "vier": "4",
        "fünf": "5",
        "sechs": "6",
        "sieben": "7",
        "acht": "8",
        "neun": "9",
        "zwo": "2",
    },
)

GRAMMAR = Grammar(
    rules={
        "the": "[(die|der|den|das|dem|meine|unsere|unser)]",
        "alarm": "(Alarmanlage|Alarmsystem|Alarm)",
        "in": "(im|in der|in dem|in|für die|für den|für das|für|vom|von der|von|der|des) [Bereich]",
        "at_alarm": "(<the> <alarm>|<the> <alarm> <in> {area_name})",
        "where": "(<at_alarm>|<the> (Anlage|Haus)|<the> Bereich {area_name})",
        "verb": "(schalte|schalt|stelle|stell|mache|mach) [(bitte|jetzt)]",
        "do": "[ ](schalten|stellen|machen)",
        "mode": "[(auf|im|in den|in|für die|für den|für|über|als)] <word>",
        "code": "[(mit|per)] [(dem|der|meinem|meiner)] (Code|Pin|Geheimzahl) [(ist|lautet)] {code}",
        "now": "[(noch|schon|jetzt|gerade)]",
    },
    polite="[(kannst|könntest) du] [bitte] <sentence> [bitte]",
    modes={
        "away": "(abwesend|Abwesenheit[smodus])",
        "home": "(anwesend|Anwesenheit[smodus]|zuhause|zu Hause|daheim)",
        "night": "([heute ]Nacht|nachts|Nachtmodus)",
        "vacation": "(Urlaub[smodus]|Ferien[modus])",
        "custom_bypass": "(benutzerdefiniert[en Modus]|individuell[en Modus])",
    },
    arm_in_mode=(
        "<verb> <where> ([<code>];<mode>) scharf [<code>]",
        "<verb> <where> [<code>] scharf ([<code>];<mode>)",
        "<where> ([<code>];<mode>) scharf<do> [<code>]",
        "<where> [<code>] scharf<do> ([<code>];<mode>)",
        "(<verb>|setze) <at_alarm> ([<code>];(auf <word>))",
    ),
    arm=(
        "<verb> <where> [<code>] scharf [<code>]",
        "<where> [<code>] scharf<do> [<code>]",
        "aktiviere <at_alarm> <code>",
        "<verb> <at_alarm> <code> (an|ein)",
        "<verb> <at_alarm> (an|ein) <code>",
    ),
    disarm=(
        "<verb> <where> [<code>] unscharf [<code>]",
        "<where> [<code>] unscharf<do> [<code>]",
        "entschärfe <where> [<code>]",
        "<where> [<code>] entschärfen [<code>]",
        "deaktiviere <at_alarm> <code>",
        "<verb> <at_alarm> <code> (aus|ab)",
        "<verb> <at_alarm> (aus|ab) <code>",
    ),
    status=(
        "ist <where> <now> (scharf|unscharf)[[ ](geschaltet|gestellt)]",
        "ist <at_alarm> <now> (an|aus|aktiv|eingeschaltet|ausgeschaltet)",
        "wie (ist|steht es um) <at_alarm>",
        "(was|wie) ist der (Status|Zustand) <at_alarm>",
    ),
)


ALARMO = {
    "siren_endless": "{area}: eine Sirene ohne Ende bekommt eines, nach {seconds} Sekunden.",
    "area_without_modes": "{area}: kein Modus ist aktiv; der Bereich entfällt samt seinen Sensoren.",
    "sensor_homeless": "{sensor}: der Bereich wird nicht übernommen, der Sensor also auch nicht.",
    "sensor_disabled": "{sensor}: in Alarmo deaktiviert; entfällt.",
    "sensor_gone": (
        "{sensor}: diesen Sensor kennt Home Assistant nicht; seine Zone hat kein Signal und steht dem "
        "Scharfschalten im Weg, bis ein anderer für sie gewählt oder sie entfernt wird."
    ),
    "sensor_silent": (
        "{sensor}: gibt gerade kein Signal (nicht verfügbar); bis dahin steht er dem Scharfschalten im Weg."
    ),
    "sensor_unguarded": (
        "{sensor}: kein Modus seines Bereichs überwacht ihn; ohne gewählte Modi tut das auch seine Zone "
        "nicht."
    ),
    "tamper_doubted": (
        "{sensor}: heißt in Alarmo Sabotage, was seine Geräteklasse nicht sagt; er wird wie bisher nur "
        "im scharfen Zustand überwacht. Ist er ein Sabotagekontakt, bitte unten wählen: dann wird er "
        "immer überwacht."
    ),
    "blind_is_trouble": (
        "{sensor}: ein nicht verfügbarer Sensor ist hier eine Störung und steht dem Scharfschalten im "
        "Weg; er löst keinen Alarm aus."
    ),
    "bypass_in_all_modes": "{sensor}: wird in allen Modi von selbst ausgelassen, nicht nur in einigen.",
    "follower": (
        "{sensor}: verzögert nur, nachdem eine Tür auf dem Weg hinein geöffnet wurde; sonst löst er "
        "sofort aus."
    ),
    "always_guarded": "{sensor}: eine Zone dieser Art wird hier immer überwacht, auch unscharf.",
    "closed_at_arming": (
        "{sensor}: muss geschlossen sein, wenn das Scharfschalten beginnt; bei Alarmo durfte er bis zum "
        "Ende der Ausgangsverzögerung offen sein."
    ),
    "opened_while_leaving": (
        "Eine Zone, die während der Ausgangsverzögerung geöffnet wird, bricht das Scharfschalten nicht "
        "ab; ist sie am Ende noch offen, beginnt die Eingangsverzögerung."
    ),
    "final_door_only_entry": (
        "{sensor}: Schließen beendet die Ausgangsverzögerung nicht; das kann nur eine Eingangstür."
    ),
    "group_saves_lives": "{group}: {sensors} darf in keiner Gruppe sein und löst immer allein aus.",
    "group_too_small": (
        "{group}: zu wenige ihrer Sensoren werden übernommen; die Gruppe entfällt, sie lösen allein aus."
    ),
    "group_over_areas": (
        "{group}: ihre Sensoren sind in mehreren Bereichen; die Gruppe entfällt, sie lösen allein aus."
    ),
    "group_on_the_way_in": (
        "{group}: {sensors} liegt auf dem Weg hinein und darf in keiner Gruppe sein; die Gruppe "
        "entfällt, alle lösen allein aus."
    ),
    "user_without_code": "{user}: hat keinen Code; der Benutzer entfällt.",
    "user_without_area": "{user}: keiner der Bereiche wird übernommen; der Benutzer entfällt.",
    "user_loses_area": "{user}: nicht alle Bereiche werden übernommen; der Code gilt in den übrigen.",
    "user_override": (
        "{user}: der Code zum Übergehen ist hier ein gewöhnlicher; mit offenen Zonen lässt sich das "
        "Scharfschalten erzwingen."
    ),
    "user_code_length": (
        "{user}: die Länge des Codes ist nicht gespeichert; bitte neu setzen, bevor ein Zwangscode "
        "gesetzt wird."
    ),
    "user_text_code": (
        "{user}: der Code hat Buchstaben, und die Anlage verlangt Ziffern. Bitte den Code neu setzen "
        "oder unter Konfigurieren auf Text umstellen."
    ),
    "disarming_takes_code": "Unscharfschalten verlangt hier einen Code, sobald ein Benutzer einen hat.",
    "changing_takes_code": (
        "Ein Moduswechsel im scharfen Zustand verlangt hier einen Code, sobald ein Benutzer einen hat."
    ),
    "stays_armed": (
        "Nach der Sirene bleibt ein Bereich hier scharf, auch mit offener Zone; er schaltet sich nie "
        "selbst unscharf."
    ),
    "mqtt": ("MQTT wird nicht übernommen: dafür gibt es Automationen mit den Entitäten der Anlage."),
    "automations": (
        "{count} Benachrichtigungen und Aktionen werden nicht übernommen: Empfänger wählen und "
        "Automationen auf die Ereignisse der Anlage schreiben oder die Vorlagen nehmen."
    ),
}

TEXTS = Texts(
    tag="de",
    name="Deutsch",
    colon=": ",
    system_title="Alarmanlage {area}",
    modes={
        "away": "Abwesend",
        "home": "Anwesend",
        "night": "Nacht",
        "vacation": "Urlaub",
        "custom_bypass": "Benutzerdefiniert",
    },
    settings={
        "exit_delay": "Ausgangsverzögerung",
        "entry_delay": "Eingangsverzögerung",
        "siren_time": "Sirenendauer",
        "abort_window": "Abbruchfenster",
        "cancel_window": "Rücknahmefenster",
        "confirm_window": "Bestätigungszeit",
        "exit_restart": "Ausgangsverzögerung beim Zurückkommen neu beginnen",
        "swinger_trips": "Alarme, bis eine Zone ausgelassen wird",
        "lockout_attempts": "Falsche Codes bis zur Sperre",
        "lockout_time": "Sperre",
        "trouble_battery": "Batterie schwach",
        "trouble_calendar": "Kalender nicht lesbar",
        "trouble_camera": "Kameraserver nicht erreichbar",
        "trouble_companion": "Begleitdienst nicht erreichbar",
        "trouble_heartbeat": "Sensor zu lange nicht gemeldet",
        "trouble_jam": "Funk gestört",
        "trouble_lost": "Sensor ohne Signal",
        "trouble_power": "Kein Netzstrom",
        "trouble_tamper": "Gehäuse geöffnet",
        "code": "Code",
    },
    allowed={
        "on": "ein",
        "ask, block": "nachfragen oder verhindern",
    },
    troubles={
        "lost": "kein Signal",
        "battery": "Batterie schwach",
        "tamper": "Gehäuse geöffnet",
        "jam": "Funk gestört",
        "heartbeat": "zu lange nicht gemeldet",
        "companion": "Begleitdienst nicht erreichbar",
        "power": "kein Netzstrom",
        "calendar": "zu lange nicht lesbar",
        "camera": "Kameraserver nicht erreichbar",
    },
    titles=TitleTexts(
        heads={
            "panic_key": "Paniktaste",
            "burglary": "Einbruch",
            "panic": "Überfall",
            "fire": "Feuer",
            "gas": "Gas",
            "water": "Wasser",
            "tamper": "Sabotage",
            "duress": "Code unter Zwang",
            "medical": "Medizinischer Notfall",
            "technical": "Störung",
        },
        room_unknown=", Raum unbekannt",
    ),
    remarks=RemarkTexts(
        by="Ausgelöst von {by}.",
        by_hand="Von Hand ausgelöst.",
        test="Testalarm.",
        test_by="Testalarm von {by}.",
        confirmed="Bestätigt: mehr als eine Zone.",
        exit_error="Beim Scharfschalten noch offen.",
        recent_closing="Der Bereich war gerade erst scharf geschaltet worden.",
        during_outage="Die Eingangsverzögerung lief ab, während Home Assistant nicht lief.",
    ),
    push=PUSH,
    logbook=LOGBOOK,
    assist=ASSIST,
    grammar=GRAMMAR,
    alarmo=ALARMO,
)
