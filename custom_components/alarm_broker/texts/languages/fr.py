"""French."""

from ..model import AssistTexts, Grammar, LogbookTexts, PushTexts, RemarkTexts, Texts, TitleTexts

PUSH = PushTexts(
    statuses={
        "triggered": "Alarme",
        "acknowledged": "Prise en charge",
        "resolved": "Terminée",
        "cancelled": "Fausse alarme",
    },
    test="TEST",
    exhausted="Personne n'a répondu",
    verified="Alarme vérifiée",
    zones="{count} zones : {zones}",
    where="Où",
    who="Qui",
    by="Par",
    kept="Gardée en attente : transmise dès que le compagnon est de retour.",
    aborted="Personne à l'extérieur n'a été prévenu.",
    silent="Alarme silencieuse",
    silent_hint="Personne sur place n'est au courant. N'y appelez pas.",
    pending="Temporisation d'entrée",
    disarm_by="À désarmer avant {until}",
    level="Niveau de vérification {level} : {words}",
    levels=(
        "aucune intervention nécessaire",
        "un signal, rien de plus",
        "quelqu'un est là",
        "une effraction",
        "une vie est menacée",
    ),
    seen="{camera} : {label} {percent} %",
    open="Ouvert : {zones}",
    code="Code",
    call="Appeler le {number}",
    buttons={
        "acknowledge": "Prendre en charge",
        "disarm": "Désarmer",
        "disarm_with_code": "Désarmer avec le code",
        "silence": "Couper la sirène",
        "escalate": "Escalader maintenant",
        "false_alarm": "Fausse alarme",
        "arm": "Armer",
        "force_arm": "Armer quand même",
        "postpone": "Plus tard",
        "call_off": "Ne pas armer",
    },
    notices={
        "lockout": "Trop de codes erronés : la centrale n'en accepte plus pour l'instant.",
        "zone_shut_down": "Trop d'alarmes, hors service jusqu'au désarmement : {zones}",
        "trouble": "Défaut : {trouble}",
        "trouble_cleared": "De nouveau en ordre : {trouble}",
        "arm_reminder": "Il n'y a personne à la maison, et n'est pas armé : {areas}.",
        "auto_arm_announced": "Il n'y a personne à la maison. Armement à {until} : {areas}.",
        "auto_arm_failed": "L'armement automatique a échoué. {reason}",
        "arrived_while_armed": "{by} est de retour à la maison, et est armé : {areas}.",
        "code_used": "Un code a été utilisé pendant les vacances : {by}.",
        "state_unknown": (
            "Après la perte d'un fichier, on ne sait plus si c'était armé ({areas}). Seuls la fumée, l'eau "
            "et les dangers de ce genre sont surveillés. Désarmez avec un code, puis armez de nouveau."
        ),
    },
    refused={
        "forged": "Ce bouton est inconnu ici. Rien n'a été fait.",
        "replayed": "Ce bouton a déjà servi. Rien de plus n'a été fait.",
        "late": "Ce bouton est arrivé trop tard. Rien n'a été fait.",
        "not_yours": "Ce bouton était destiné à quelqu'un d'autre. Rien n'a été fait.",
    },
)

LOGBOOK = LogbookTexts(
    sentences={
        "arming": "est en cours d'armement{mode}{by}",
        "armed": "a été armé{mode}{by}",
        "disarmed": "a été désarmé{by}",
        "pending": "a commencé la temporisation d'entrée{zones}",
        "exit_error": "n'était pas fermé à la fin de la temporisation de sortie{zones}",
        "triggered": "signale une alarme ({alarm_kind}){raised}",
        "zone_tripped": "signale le déclenchement d'une autre zone{zones}",
        "confirmed": "signale l'alarme comme confirmée par une deuxième zone{zones}",
        "alarm_aborted": (
            "n'a plus d'alarme, interrompue à temps{by} ; personne à l'extérieur n'a été prévenu"
        ),
        "alarm_cancelled": "n'a plus d'alarme, annulée comme fausse alarme{by}",
        "arming_refused": "n'a pas pu être armé{by}{why}",
        "wrong_code": "a reçu un code erroné{from}{wanted}",
        "code_refused": "a refusé un code{from}{wanted}{why}",
        "lockout": "n'accepte plus de code pour l'instant, trop étaient erronés",
        "armed_with_fault": "a été armé malgré un défaut{by}{why}",
        "bypassed": "exclut {names} ({reason}){by}",
        "unbypassed": "surveille de nouveau {names}{who}",
        "zone_shut_down": "met {names} hors service après trop d'alarmes",
        "trouble": "a un défaut : {trouble}",
        "trouble_cleared": "n'a plus ce défaut : {trouble}",
        "walk_test_started": "a commencé un test de détection{who}",
        "walk_test_ended": "a terminé le test de détection{who}{never_seen}",
        "memory_cleared": "a une mémoire d'alarme vide, effacée{by}",
        "chime": "a fait sonner le carillon{zones}",
        "silenced": "est de nouveau silencieux, sirène coupée{by}",
        "code_used": "a accepté un code{from} pendant les vacances",
        "everyone_left": "est vide : {person} est parti en dernier",
        "first_arrived": "n'est plus vide : {person} est là",
        "arrived_while_armed": "est armé, et {person} est de retour à la maison",
        "arm_reminder": "n'est pas armé, et il n'y a personne à la maison",
        "auto_arm_announced": "va être armé{mode}, car il n'y a personne à la maison",
        "auto_arm_dropped": "ne sera finalement pas armé automatiquement{who}",
        "auto_arm_failed": "n'a pas pu être armé automatiquement{mode}{why}",
        "window_started": "a commencé une plage ({window}) : {event_title}",
        "window_ended": "a terminé une plage ({window})",
        "verified": "a une alarme vérifiée : niveau {level}{who}",
        "state_unknown": "ne sait plus s'il était armé : son fichier est perdu",
        "push_refused": "a refusé un bouton de notification{from} : {reason}",
        "push_unconfirmed": "a signalé une alarme, et aucun téléphone ne l'a confirmée",
    },
    # what is said only where there is something to say
    mode=" ({})",
    by=" par {}",
    from_=" ({})",
    wanted=" {}",
    who=" ({})",
    listed=" : {}",
    set_off=", déclenchée par {}",
    set_off_by_hand=", déclenchée à la main",
    never_seen=" ; jamais vu : {}",
    all_seen=" ; toutes les zones ont été vues",
    somebody="quelqu'un",
    changed="a changé",
    # what is said of a value otherwise than by its own name
    words={
        "away": "absent",
        "home": "présent",
        "night": "nuit",
        "vacation": "vacances",
        "custom_bypass": "exclusion personnalisée",
        "fire": "incendie",
        "gas": "gaz",
        "panic": "appel d'urgence",
        "medical": "urgence médicale",
        "burglary": "intrusion",
        "tamper": "autoprotection",
        "water": "fuite d'eau",
        "guest": "invités",
        "cleaning": "ménage ou artisan",
        "quiet": "calme",
        "forced": "forcé",
        "manual": "sur demande",
        "auto": "était ouvert",
        "allowed_open": "peut rester ouvert",
        "after_alarm": "encore ouvert après l'alarme",
        "forged": "inconnu ici",
        "replayed": "déjà utilisé",
        "late": "trop tard",
        "not_yours": "destiné à quelqu'un d'autre",
        "disabled": "le code est désactivé",
        "not_yet": "le code n'est pas encore valable",
        "expired": "le code n'est plus valable",
        "outside_hours": "le code n'est pas valable à cette heure",
        "used_up": "le code est épuisé",
        "no_window": "le code ne vaut que pendant une plage du calendrier",
        "not_allowed": "le code n'en a pas le droit",
        "code_needed": "il faut un code",
        "locked_out": "aucun code n'est accepté pour l'instant",
        "alarm_ongoing": "une alarme est en cours",
        "state_unknown": "personne ne sait si c'était armé",
        "mode_unknown": "ce mode n'existe pas",
        "nothing_to_repeat": "n'a encore jamais été armé",
        "not_bypassable": "ne peut pas être exclu",
        "somebody_home": "quelqu'un est à la maison",
        "panel_restarts": "la centrale redémarre",
        "disk_refuses": "le disque n'accepte rien",
        "not_done": "Home Assistant n'a pas pu le faire ; son journal dit pourquoi",
        "wanted_arm": "pour armer",
        "wanted_disarm": "pour désarmer",
        "wanted_silence": "pour couper la sirène",
        "wanted_bypass": "pour exclure une zone",
        "wanted_unbypass": "pour surveiller de nouveau une zone",
        "wanted_clear_memory": "pour effacer la mémoire d'alarme",
        "wanted_walk_test": "pour le test de détection",
        "wanted_look": "pour consulter",
    },
)

ASSIST = AssistTexts(
    statuses={
        "disarmed": "{area} est désarmé.",
        "arming": "{area} est en cours d'armement.",
        "armed": "{area} est armé.",
        "pending": "{area} : quelqu'un est entré, la temporisation d'entrée est en cours.",
        "triggered": "{area} : il y a une alarme !",
        "unknown": "{area} : personne ne sait si c'était armé. Désarmez, puis armez de nouveau.",
    },
    open="Ouvert : {zones}.",
    code="Il me faut le code pour cela. Redites-le, avec le code.",
    no_panel="Il n'y a pas de centrale d'alarme ici.",
    no_area="Il n'y a pas de secteur de ce nom.",
    digits={
        "zéro": "0",
        "un": "1",
        "deux": "2",
        "trois": "3",
        "quatre": "4",
        "cinq": "5",
        "six": "6",
        "sept": "7",
        "huit": "8",
        "neuf": "9",
        "une": "1",
    },
)

GRAMMAR = Grammar(
    rules={
        "system": "((le|mon|notre) système d'alarme|(la|ma|notre) centrale [d'alarme])",
        "alarm": "(l'alarme|mon alarme|notre alarme|<system>)",
        "in": (
            "(du|de la|de l'|de|dans le|dans la|dans l'|dans|pour le|pour la|pour l'|pour|au|à la) [secteur]"
        ),
        "at_alarm": "(<alarm> [de la maison]|<alarm> <in> {area_name})",
        "where": "(<at_alarm>|(la maison|l'appartement)|le secteur {area_name})",
        "arm": "(arme|armer|armez)",
        "disarm": "(désarme|désarmer|désarmez)",
        "put": "(mets|mettre|mettez|passe|passer|passez)",
        "on": "(active|activer|activez|allume|allumer|allumez|enclenche|enclencher|enclenchez)",
        "off": "(désactive|désactiver|désactivez|éteins|éteindre|éteignez|coupe|couper|coupez)",
        "mode": "[(en|pour|sur)] [(mode|la|les|cette)] <word>",
        "code": "[(avec|par)] [(le|mon)] (code pin|code|pin) [est] {code}",
        "is": "(est|est-elle|est-il)",
        "now": "[(encore|toujours|déjà|maintenant|actuellement)]",
    },
    polite=(
        "[(peux-tu|pouvez-vous|pourrais-tu|pourriez-vous|tu peux)] <sentence> [(s'il te plaît|s'il vous "
        "plaît)]"
    ),
    modes={
        "away": "(absent[e]|absence)",
        "home": "(présent[e]|présence)",
        "night": "nuit",
        "vacation": "vacances",
        "custom_bypass": "(exclusion personnalisée|mode personnalisé)",
    },
    arm_in_mode=(
        "<arm> <where> ([<code>];<mode>)",
        "<put> <at_alarm> ([<code>];<mode>)",
        "<on> <at_alarm> ([<code>];(en mode <word>))",
    ),
    arm=(
        "<arm> <where> [<code>]",
        "<on> <at_alarm> <code>",
        "<put> <at_alarm> en (marche|service) <code>",
        "<put> en (marche|service) <at_alarm> <code>",
    ),
    disarm=(
        "<disarm> <where> [<code>]",
        "<off> <at_alarm> <code>",
        "<put> <at_alarm> (hors service|à l'arrêt) <code>",
        "<put> hors service <at_alarm> <code>",
    ),
    status=(
        "est-ce que <where> est <now> (armé[e]|désarmé[e])",
        "est-ce que <at_alarm> est <now> (activé[e]|désactivé[e]|active|allumée|éteinte|en marche|en service)",
        "<where> <is> <now> (armé[e]|désarmé[e])",
        "<at_alarm> <is> <now> (activé[e]|désactivé[e]|active|allumée|éteinte|en marche|en service)",
        "comment va <at_alarm>",
        "(quel est|donne-moi|donnez-moi) (l'état|le statut) (de <at_alarm>|du système d'alarme)",
    ),
)


ALARMO = {
    "siren_endless": "{area} : une sirène sans fin en reçoit une, après {seconds} secondes.",
    "area_without_modes": "{area} : aucun mode n'est activé ; le secteur n'est pas repris, ni ses capteurs.",
    "sensor_homeless": "{sensor} : son secteur n'est pas repris, le capteur non plus.",
    "sensor_disabled": "{sensor} : désactivé dans Alarmo ; n'est pas repris.",
    "sensor_gone": (
        "{sensor} : Home Assistant ne connaît pas ce capteur ; sa zone n'a pas de signal et empêche "
        "l'armement jusqu'à ce qu'un autre soit choisi pour elle, ou qu'elle soit supprimée."
    ),
    "sensor_silent": (
        "{sensor} : ne donne pas de signal en ce moment (indisponible) ; d'ici là, il empêche l'armement."
    ),
    "sensor_unguarded": (
        "{sensor} : aucun mode de son secteur ne le surveille ; choisissez des modes pour sa zone, sinon "
        "rien ne le fait."
    ),
    "tamper_doubted": (
        "{sensor} : appelé autoprotection dans Alarmo, ce que sa classe d'appareil ne dit pas ; il est "
        "repris et, comme avant, surveillé seulement lorsque c'est armé. Choisissez-le ci-dessous si "
        "c'est un contact d'autoprotection, pour qu'il soit toujours surveillé."
    ),
    "blind_is_trouble": (
        "{sensor} : un capteur indisponible est ici un défaut et empêche l'armement ; il ne déclenche "
        "pas l'alarme."
    ),
    "bypass_in_all_modes": (
        "{sensor} : l'exclusion automatique vaut dans tous les modes, pas seulement dans certains."
    ),
    "follower": (
        "{sensor} : n'a la temporisation d'entrée qu'après l'ouverture d'une porte d'accès ; sinon il "
        "déclenche aussitôt."
    ),
    "always_guarded": "{sensor} : une zone de ce type est ici toujours surveillée, même désarmée.",
    "closed_at_arming": (
        "{sensor} : doit être fermé au début de l'armement ; Alarmo le laissait ouvert jusqu'à la fin de "
        "la temporisation de sortie."
    ),
    "opened_while_leaving": (
        "Ouvrir une zone pendant la temporisation de sortie n'arrête pas l'armement ; si elle est encore "
        "ouverte à la fin, la temporisation d'entrée commence."
    ),
    "final_door_only_entry": (
        "{sensor} : sa fermeture ne termine pas la temporisation de sortie ; seule une porte d'entrée le "
        "fait."
    ),
    "group_saves_lives": "{group} : {sensors} ne peut pas être dans un groupe et déclenche toujours seul.",
    "group_too_small": (
        "{group} : trop peu de ses capteurs sont repris ; le groupe ne l'est pas, ils déclenchent seuls."
    ),
    "group_over_areas": (
        "{group} : ses capteurs sont dans plusieurs secteurs ; le groupe n'est pas repris, ils "
        "déclenchent seuls."
    ),
    "group_on_the_way_in": (
        "{group} : {sensors} se trouve sur le chemin d'entrée et ne peut pas être dans un groupe ; le "
        "groupe n'est pas repris, tous déclenchent seuls."
    ),
    "user_without_code": "{user} : n'a pas de code ; l'utilisateur n'est pas repris.",
    "user_without_area": "{user} : aucun de ses secteurs n'est repris ; l'utilisateur non plus.",
    "user_loses_area": "{user} : tous ses secteurs ne sont pas repris ; le code vaut dans les autres.",
    "user_override": (
        "{user} : le code de forçage est ici un code ordinaire ; pour armer avec des zones ouvertes, "
        "forcez l'armement."
    ),
    "user_code_length": (
        "{user} : la longueur du code n'a pas été enregistrée ; redéfinissez-le avant de définir un code "
        "sous contrainte."
    ),
    "user_text_code": (
        "{user} : le code contient des lettres, et la centrale demande des chiffres. Redéfinissez le "
        "code, ou passez les codes de la centrale en texte sous Configurer."
    ),
    "disarming_takes_code": "Désarmer demande ici un code dès qu'un utilisateur en a un.",
    "changing_takes_code": (
        "Changer de mode lorsque c'est armé demande ici un code dès qu'un utilisateur en a un."
    ),
    "stays_armed": (
        "Après la sirène, un secteur reste armé ici, même avec une zone ouverte ; il ne se désarme "
        "jamais tout seul."
    ),
    "mqtt": "MQTT n'est pas repris : utilisez des automatisations avec les entités de la centrale.",
    "automations": (
        "{count} notifications et actions ne sont pas reprises : choisissez des destinataires et écrivez "
        "des automatisations sur les événements de la centrale, ou prenez les modèles (blueprints)."
    ),
}

TEXTS = Texts(
    tag="fr",
    name="Français",
    colon=" : ",
    system_title="Alarme {area}",
    modes={
        "away": "Absent",
        "home": "Présent",
        "night": "Nuit",
        "vacation": "Vacances",
        "custom_bypass": "Exclusion personnalisée",
    },
    settings={
        "exit_delay": "Temporisation de sortie",
        "entry_delay": "Temporisation d'entrée",
        "siren_time": "Durée de la sirène",
        "abort_window": "Délai d'interruption",
        "cancel_window": "Délai d'annulation",
        "confirm_window": "Délai de confirmation",
        "exit_restart": "Recommencer la temporisation de sortie au retour",
        "swinger_trips": "Alarmes avant la mise hors service d'une zone",
        "lockout_attempts": "Codes erronés avant le verrouillage",
        "lockout_time": "Verrouillage",
        "trouble_battery": "Pile faible",
        "trouble_calendar": "Calendrier illisible",
        "trouble_camera": "Serveur de caméras injoignable",
        "trouble_companion": "Compagnon injoignable",
        "trouble_heartbeat": "Capteur muet depuis trop longtemps",
        "trouble_jam": "Radio brouillée",
        "trouble_lost": "Capteur sans signal",
        "trouble_power": "Pas de courant",
        "trouble_tamper": "Boîtier ouvert",
        "code": "Code",
    },
    allowed={
        "on": "activé",
        "ask, block": "demander ou empêcher",
    },
    troubles={
        "lost": "pas de signal",
        "battery": "pile faible",
        "tamper": "boîtier ouvert",
        "jam": "radio brouillée",
        "heartbeat": "muet depuis trop longtemps",
        "companion": "compagnon injoignable",
        "power": "pas de courant",
        "calendar": "illisible depuis trop longtemps",
        "camera": "serveur de caméras injoignable",
    },
    titles=TitleTexts(
        heads={
            "panic_key": "Touche panique",
            "burglary": "Intrusion",
            "panic": "Appel d'urgence",
            "fire": "Incendie",
            "gas": "Gaz",
            "water": "Fuite d'eau",
            "tamper": "Autoprotection",
            "duress": "Code sous contrainte",
            "medical": "Urgence médicale",
            "technical": "Défaut technique",
        },
        room_unknown=", pièce inconnue",
    ),
    remarks=RemarkTexts(
        by="Déclenchée par {by}.",
        by_hand="Déclenchée à la main.",
        test="Alarme de test.",
        test_by="Alarme de test de la part de {by}.",
        confirmed="Confirmée : plus d'une zone.",
        exit_error="Erreur de sortie : encore ouvert à la fin de la temporisation de sortie.",
        recent_closing="Le secteur venait d'être armé.",
        during_outage="La temporisation d'entrée s'est écoulée pendant que Home Assistant était arrêté.",
    ),
    push=PUSH,
    logbook=LOGBOOK,
    assist=ASSIST,
    grammar=GRAMMAR,
    alarmo=ALARMO,
)
