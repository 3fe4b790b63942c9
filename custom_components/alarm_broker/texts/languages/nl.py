"""Dutch."""

from ..model import AssistTexts, Grammar, LogbookTexts, PushTexts, RemarkTexts, Texts, TitleTexts

PUSH = PushTexts(
    statuses={
        "triggered": "Alarm",
        "acknowledged": "Opgepakt",
        "resolved": "Afgehandeld",
        "cancelled": "Loos alarm",
    },
    test="TEST",
    exhausted="Niemand heeft geantwoord",
    verified="Geverifieerd alarm",
    zones="{count} zones: {zones}",
    where="Waar",
    who="Wie",
    by="Door",
    kept="Vastgehouden: wordt doorgegeven zodra de companion terug is.",
    aborted="Buiten is niemand gewaarschuwd.",
    silent="Stil alarm",
    silent_hint="Ter plaatse weet niemand ervan. Bel daar niet op.",
    pending="Inloopvertraging",
    disarm_by="Uitschakelen vóór {until}",
    level="Verificatieniveau {level}: {words}",
    levels=(
        "geen actie nodig",
        "alleen een signaal",
        "er is iemand",
        "een inbraak",
        "levensgevaar",
    ),
    seen="{camera}: {label} {percent} %",
    open="Open: {zones}",
    code="Code",
    call="{number} bellen",
    buttons={
        "acknowledge": "Oppakken",
        "disarm": "Uitschakelen",
        "disarm_with_code": "Uitschakelen met code",
        "silence": "Sirene uit",
        "escalate": "Nu escaleren",
        "false_alarm": "Loos alarm",
        "arm": "Inschakelen",
        "force_arm": "Toch inschakelen",
        "postpone": "Later",
        "call_off": "Niet inschakelen",
    },
    notices={
        "lockout": "Te veel verkeerde codes: het paneel neemt er voorlopig geen aan.",
        "zone_shut_down": "Te vaak alarm gegeven, buiten dienst tot het uitschakelen: {zones}",
        "trouble": "Storing: {trouble}",
        "trouble_cleared": "Weer in orde: {trouble}",
        "arm_reminder": "Er is niemand thuis, en niet ingeschakeld is: {areas}.",
        "auto_arm_announced": "Er is niemand thuis. Ingeschakeld om {until}: {areas}.",
        "auto_arm_failed": "Kon niet vanzelf worden ingeschakeld. {reason}",
        "arrived_while_armed": "{by} is thuisgekomen, en ingeschakeld is: {areas}.",
        "code_used": "Tijdens de vakantie is een code gebruikt: {by}.",
        "state_unknown": (
            "Na een beschadigd bestand is onbekend of er ingeschakeld was ({areas}). Alleen rook, water en "
            "dergelijke worden bewaakt. Schakel uit met een code en daarna weer in."
        ),
    },
    refused={
        "forged": "Deze knop is hier onbekend. Er is niets gedaan.",
        "replayed": "Deze knop is al gebruikt. Er is verder niets gedaan.",
        "late": "Deze knop kwam te laat. Er is niets gedaan.",
        "not_yours": "Deze knop was voor iemand anders bestemd. Er is niets gedaan.",
    },
)

LOGBOOK = LogbookTexts(
    sentences={
        "arming": "wordt ingeschakeld{mode}{by}",
        "armed": "is ingeschakeld{mode}{by}",
        "disarmed": "is uitgeschakeld{by}",
        "pending": "begon de inloopvertraging{zones}",
        "exit_error": "was aan het einde van de uitloopvertraging niet gesloten{zones}",
        "triggered": "meldt een alarm ({alarm_kind}){raised}",
        "zone_tripped": "meldt nog een zone{zones}",
        "confirmed": "meldt het alarm als bevestigd door een tweede zone{zones}",
        "alarm_aborted": "heeft geen alarm meer: op tijd afgebroken{by}; buiten is niemand gewaarschuwd",
        "alarm_cancelled": "heeft geen alarm meer: als loos alarm geannuleerd{by}",
        "arming_refused": "kon niet worden ingeschakeld{by}{why}",
        "wrong_code": "kreeg een verkeerde code{from}{wanted}",
        "code_refused": "weigerde een code{from}{wanted}{why}",
        "lockout": "neemt voorlopig geen code aan: te veel waren verkeerd",
        "armed_with_fault": "is ondanks een storing ingeschakeld{by}{why}",
        "bypassed": "overbrugt {names} ({reason}){by}",
        "unbypassed": "bewaakt {names} weer{who}",
        "zone_shut_down": "stelt {names} buiten dienst na te veel alarmen",
        "trouble": "heeft een storing: {trouble}",
        "trouble_cleared": "heeft deze storing niet meer: {trouble}",
        "walk_test_started": "begon een looptest{who}",
        "walk_test_ended": "beëindigde de looptest{who}{never_seen}",
        "memory_cleared": "heeft een leeg alarmgeheugen: gewist{by}",
        "chime": "liet de gong klinken{zones}",
        "silenced": "is weer stil: sirene uitgezet{by}",
        "code_used": "nam tijdens de vakantie een code{from} aan",
        "everyone_left": "is leeg: {person} ging als laatste weg",
        "first_arrived": "is niet meer leeg: {person} kwam",
        "arrived_while_armed": "is ingeschakeld, en {person} kwam thuis",
        "arm_reminder": "is niet ingeschakeld, en er is niemand thuis",
        "auto_arm_announced": "wordt ingeschakeld{mode}, omdat er niemand thuis is",
        "auto_arm_dropped": "wordt toch niet vanzelf ingeschakeld{who}",
        "auto_arm_failed": "kon niet vanzelf worden ingeschakeld{mode}{why}",
        "window_started": "begon een venster ({window}): {event_title}",
        "window_ended": "beëindigde een venster ({window})",
        "verified": "heeft een geverifieerd alarm: niveau {level}{who}",
        "state_unknown": "weet niet of er ingeschakeld was: het bestand is verloren",
        "push_refused": "weigerde een knop van een melding{from}: {reason}",
        "push_unconfirmed": "meldde een alarm, en geen telefoon heeft het bevestigd",
    },
    # what is said only where there is something to say
    mode=" ({})",
    by=" door {}",
    from_=" van {}",
    wanted=" {}",
    who=" ({})",
    listed=": {}",
    set_off=", gegeven door {}",
    set_off_by_hand=", met de hand gegeven",
    never_seen="; nooit gezien: {}",
    all_seen="; elke zone is gezien",
    somebody="iemand",
    changed="is veranderd",
    # what is said of a value otherwise than by its own name
    words={
        "away": "afwezig",
        "home": "thuis",
        "night": "nacht",
        "vacation": "vakantie",
        "custom_bypass": "aangepaste overbrugging",
        "fire": "brand",
        "gas": "gas",
        "panic": "noodoproep",
        "medical": "medisch noodgeval",
        "burglary": "inbraak",
        "tamper": "sabotage",
        "water": "water",
        "guest": "gasten",
        "cleaning": "schoonmaak of onderhoud",
        "quiet": "rust",
        "forced": "geforceerd",
        "manual": "op verzoek",
        "auto": "stond open",
        "allowed_open": "mag open zijn",
        "after_alarm": "na het alarm nog open",
        "forged": "hier onbekend",
        "replayed": "al gebruikt",
        "late": "te laat",
        "not_yours": "voor iemand anders bestemd",
        "disabled": "de code is gedeactiveerd",
        "not_yet": "de code is nog niet geldig",
        "expired": "de code is niet meer geldig",
        "outside_hours": "de code is op dit tijdstip niet geldig",
        "used_up": "de code is opgebruikt",
        "no_window": "de code geldt alleen in een venster uit de agenda",
        "not_allowed": "de code mag dit niet",
        "code_needed": "daarvoor is een code nodig",
        "locked_out": "er wordt voorlopig geen code aangenomen",
        "alarm_ongoing": "er is een alarm gaande",
        "state_unknown": "niemand weet of er ingeschakeld was",
        "mode_unknown": "deze modus bestaat niet",
        "nothing_to_repeat": "was nog nooit ingeschakeld",
        "not_bypassable": "mag niet worden overbrugd",
        "somebody_home": "er is iemand thuis",
        "panel_restarts": "het alarmsysteem start opnieuw",
        "disk_refuses": "de schijf neemt niets aan",
        "not_done": "Home Assistant kon het niet; het logboek zegt waarom",
        "wanted_arm": "om in te schakelen",
        "wanted_disarm": "om uit te schakelen",
        "wanted_silence": "om de sirene uit te zetten",
        "wanted_bypass": "om een zone te overbruggen",
        "wanted_unbypass": "om een zone weer te bewaken",
        "wanted_clear_memory": "om het alarmgeheugen te wissen",
        "wanted_walk_test": "voor de looptest",
        "wanted_look": "om te kijken",
    },
)

ASSIST = AssistTexts(
    statuses={
        "disarmed": "{area} is uitgeschakeld.",
        "arming": "{area} wordt ingeschakeld.",
        "armed": "{area} is ingeschakeld.",
        "pending": "{area}: er is iemand binnengekomen, de inloopvertraging loopt.",
        "triggered": "{area}: er is alarm!",
        "unknown": "{area}: niemand weet of er ingeschakeld was. Schakel uit en daarna weer in.",
    },
    open="Open: {zones}.",
    code="Daarvoor heb ik de code nodig. Zeg het nog een keer, met de code.",
    no_panel="Er is hier geen alarmpaneel.",
    no_area="Er is geen gebied met die naam.",
    digits={
        "nul": "0",
        "een": "1",
        "twee": "2",
        "drie": "3",
        "vier": "4",
        "vijf": "5",
        "zes": "6",
        "zeven": "7",
        "acht": "8",
        "negen": "9",
        "één": "1",
    },
)

GRAMMAR = Grammar(
    rules={
        "the": "[(het|de|mijn|ons|onze)]",
        "system": "(alarmsysteem|alarminstallatie|inbraakalarm|beveiliging)",
        "in": "(in het|in de|in|van het|van de|van|voor het|voor de|voor) [gebied]",
        "area": "<the> gebied {area_name}",
        "at_system": "(<the> <system>|<the> <system> <in> {area_name}|<area>)",
        "at_alarm": "(<the> (alarm|<system>)|<the> (alarm|<system>) <in> {area_name})",
        "part": "(<at_alarm>|<area>)",
        "where": "(<at_alarm>|<the> (huis|paneel)|<area>)",
        "set": "(zet|stel|schakel) [(nu|even)]",
        "switch": "(zet|doe|schakel) [(nu|even)]",
        "mode": "[(op|in|voor)] [(de|het)] <word>",
        "code": "[(met|via)] [(de|mijn)] (pincode|code|pin) [is] {code}",
        "now": "[(nog|al|nu)]",
    },
    polite="[(kun|kan|kunt|wil|wilt) (je|jij|u)] <sentence> [(alsjeblieft|alstublieft)]",
    modes={
        "away": "(afwezig|afwezigheid|afwezigheidsmodus)",
        "home": "(thuis|thuismodus|aanwezig)",
        "night": "(nacht|nachtmodus|vannacht)",
        "vacation": "(vakantie|vakantiemodus)",
        "custom_bypass": "(aangepast|aangepaste (modus|overbrugging))",
    },
    arm_in_mode=(
        "<set> <where> [op] scherp ([<code>];<mode>)",
        "<where> [op] scherp (zetten|stellen) ([<code>];<mode>)",
        "<set> <part> in ([<code>];<mode>)",
        "<part> inschakelen ([<code>];<mode>)",
        "<set> <at_alarm> ([<code>];(op [de] <word>))",
        "<at_alarm> (op|in) [de] <word> zetten [<code>]",
    ),
    # A code before the end of the verb is tried first: else it would be taken for a part of the area's name.
    arm=(
        "<set> <where> <code> [op] scherp",
        "<switch> <part> <code> (aan|in)",
        "<set> <where> [op] scherp [<code>]",
        "<where> [op] scherp (zetten|stellen) [<code>]",
        "<set> <at_system> in [<code>]",
        "<at_system> inschakelen [<code>]",
        "<switch> <at_alarm> (aan|in) <code>",
        "activeer <at_alarm> <code>",
        "<at_alarm> (inschakelen|aanzetten|activeren) <code>",
    ),
    disarm=(
        "<set> <where> <code> onscherp",
        "<switch> <part> <code> (uit|af)",
        "<set> <where> onscherp [<code>]",
        "<set> <at_system> uit [<code>]",
        "<at_system> uitschakelen [<code>]",
        "<switch> <at_alarm> (uit|af) <code>",
        "deactiveer <at_alarm> <code>",
        "<at_alarm> (uitschakelen|uitzetten|afzetten|deactiveren) <code>",
    ),
    status=(
        "(is|staat) <where> <now> (ingeschakeld|uitgeschakeld|op scherp|scherp|onscherp)",
        "(is|staat) <at_alarm> <now> (aan|uit|actief)",
        "hoe (is|staat) het met <at_alarm>",
        "wat is de (status|toestand) van <at_alarm>",
    ),
)


ALARMO = {
    "siren_endless": "{area}: een sirene zonder einde krijgt er een, na {seconds} seconden.",
    "area_without_modes": "{area}: geen enkele modus is actief; het gebied vervalt, met zijn sensoren.",
    "sensor_homeless": "{sensor}: het gebied wordt niet overgenomen, de sensor dus ook niet.",
    "sensor_disabled": "{sensor}: in Alarmo uitgeschakeld; vervalt.",
    "sensor_gone": (
        "{sensor}: Home Assistant kent deze sensor niet; zijn zone heeft geen signaal en staat het "
        "inschakelen in de weg tot er een andere voor wordt gekozen of de zone wordt verwijderd."
    ),
    "sensor_silent": (
        "{sensor}: geeft nu geen signaal (niet beschikbaar); tot dan staat hij het inschakelen in de weg."
    ),
    "sensor_unguarded": (
        "{sensor}: geen modus van zijn gebied bewaakt hem; kies modi voor zijn zone, anders doet niets het."
    ),
    "tamper_doubted": (
        "{sensor}: heet in Alarmo sabotage, wat zijn apparaatklasse niet zegt; hij wordt overgenomen en "
        "zoals voorheen alleen bewaakt als er is ingeschakeld. Kies hem hieronder als het een "
        "sabotagecontact is: dan wordt hij altijd bewaakt."
    ),
    "blind_is_trouble": (
        "{sensor}: een niet beschikbare sensor is hier een storing en staat het inschakelen in de weg; "
        "hij geeft geen alarm."
    ),
    "bypass_in_all_modes": (
        "{sensor}: de automatische overbrugging geldt in alle modi, niet alleen in sommige."
    ),
    "follower": (
        "{sensor}: heeft de inloopvertraging alleen nadat een deur op de looproute is geopend; anders "
        "geeft hij meteen alarm."
    ),
    "always_guarded": "{sensor}: een zone van deze soort wordt hier altijd bewaakt, ook uitgeschakeld.",
    "closed_at_arming": (
        "{sensor}: moet gesloten zijn als het inschakelen begint; bij Alarmo mocht hij tot het einde van "
        "de uitloopvertraging open staan."
    ),
    "opened_while_leaving": (
        "Een zone die tijdens de uitloopvertraging wordt geopend, breekt het inschakelen niet af; is ze "
        "aan het einde nog open, dan begint de inloopvertraging."
    ),
    "final_door_only_entry": (
        "{sensor}: sluiten beëindigt de uitloopvertraging niet; dat doet alleen een toegangsdeur."
    ),
    "group_saves_lives": "{group}: {sensors} mag niet in een groep en geeft altijd alleen alarm.",
    "group_too_small": (
        "{group}: te weinig van de sensoren worden overgenomen; de groep vervalt, ze geven alleen alarm."
    ),
    "group_over_areas": (
        "{group}: de sensoren zitten in verschillende gebieden; de groep vervalt, ze geven elk apart alarm."
    ),
    "group_on_the_way_in": (
        "{group}: {sensors} ligt op de looproute en mag niet in een groep; de groep vervalt, alle geven "
        "apart alarm."
    ),
    "user_without_code": "{user}: heeft geen code; de gebruiker vervalt.",
    "user_without_area": "{user}: geen van de gebieden wordt overgenomen; de gebruiker vervalt.",
    "user_loses_area": "{user}: niet alle gebieden worden overgenomen; de code geldt in de overige.",
    "user_override": (
        "{user}: de code om te forceren is hier een gewone; met open zones is het inschakelen te forceren."
    ),
    "user_code_length": (
        "{user}: de lengte van de code is niet opgeslagen; stel de code opnieuw in voordat u een "
        "dwangcode instelt."
    ),
    "user_text_code": (
        "{user}: de code bevat letters, en het paneel vraagt cijfers. Stel de code opnieuw in, of zet de "
        "codes van het paneel onder Configureren op tekst."
    ),
    "disarming_takes_code": "Uitschakelen vraagt hier een code zodra één gebruiker er een heeft.",
    "changing_takes_code": (
        "Van modus wisselen terwijl er is ingeschakeld, vraagt hier een code zodra één gebruiker er een "
        "heeft."
    ),
    "stays_armed": (
        "Na de sirene blijft een gebied hier ingeschakeld, ook met een open zone; het schakelt zichzelf "
        "nooit uit."
    ),
    "mqtt": "MQTT wordt niet overgenomen: gebruik automatiseringen met de entiteiten van het paneel.",
    "automations": (
        "{count} meldingen en acties worden niet overgenomen: kies ontvangers en schrijf "
        "automatiseringen op de gebeurtenissen van het paneel, of neem de blauwdrukken."
    ),
}

TEXTS = Texts(
    tag="nl",
    name="Nederlands",
    colon=": ",
    system_title="Alarmsysteem {area}",
    modes={
        "away": "Afwezig",
        "home": "Thuis",
        "night": "Nacht",
        "vacation": "Vakantie",
        "custom_bypass": "Aangepaste overbrugging",
    },
    settings={
        "exit_delay": "Uitloopvertraging",
        "entry_delay": "Inloopvertraging",
        "siren_time": "Sirenetijd",
        "abort_window": "Afbreektijd",
        "cancel_window": "Annuleringstijd",
        "confirm_window": "Bevestigingstijd",
        "exit_restart": "Uitloopvertraging opnieuw beginnen bij terugkomst",
        "swinger_trips": "Alarmen tot een zone buiten dienst gaat",
        "lockout_attempts": "Verkeerde codes tot de blokkering",
        "lockout_time": "Blokkering",
        "trouble_battery": "Batterij bijna leeg",
        "trouble_calendar": "Agenda niet leesbaar",
        "trouble_camera": "Cameraserver onbereikbaar",
        "trouble_companion": "Companion onbereikbaar",
        "trouble_heartbeat": "Te lang niets van sensor gehoord",
        "trouble_jam": "Radiosignaal gestoord",
        "trouble_lost": "Sensor zonder signaal",
        "trouble_power": "Geen netspanning",
        "trouble_tamper": "Behuizing geopend",
        "code": "Code",
    },
    allowed={
        "on": "aan",
        "ask, block": "vragen of tegenhouden",
    },
    troubles={
        "lost": "geen signaal",
        "battery": "batterij bijna leeg",
        "tamper": "behuizing geopend",
        "jam": "radiosignaal gestoord",
        "heartbeat": "te lang niets van gehoord",
        "companion": "companion onbereikbaar",
        "power": "geen netspanning",
        "calendar": "te lang niet leesbaar",
        "camera": "cameraserver onbereikbaar",
    },
    titles=TitleTexts(
        heads={
            "panic_key": "Paniekknop",
            "burglary": "Inbraak",
            "panic": "Noodoproep",
            "fire": "Brand",
            "gas": "Gas",
            "water": "Water",
            "tamper": "Sabotage",
            "duress": "Dwangcode",
            "medical": "Medisch noodgeval",
            "technical": "Storing",
        },
        room_unknown=", ruimte onbekend",
    ),
    remarks=RemarkTexts(
        by="Gegeven door {by}.",
        by_hand="Met de hand gegeven.",
        test="Testalarm.",
        test_by="Testalarm van {by}.",
        confirmed="Bevestigd: meer dan één zone.",
        exit_error="Uitloopfout: nog open aan het einde van de uitloopvertraging.",
        recent_closing="Het gebied was net ingeschakeld.",
        during_outage="De inloopvertraging liep af terwijl Home Assistant niet draaide.",
    ),
    push=PUSH,
    logbook=LOGBOOK,
    assist=ASSIST,
    grammar=GRAMMAR,
    alarmo=ALARMO,
)
