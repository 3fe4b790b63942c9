"""English."""

from ..model import AssistTexts, Grammar, LogbookTexts, PushTexts, RemarkTexts, Texts, TitleTexts

PUSH = PushTexts(
    statuses={
        "triggered": "Alarm",
        "acknowledged": "Acknowledged",
        "resolved": "Resolved",
        "cancelled": "False alarm",
    },
    test="TEST",
    exhausted="Nobody has answered",
    verified="Verified alarm",
    zones="{count} zones: {zones}",
    where="Where",
    who="Who",
    by="By",
    kept="Kept: it is passed on as soon as the companion is back.",
    aborted="Nobody outside was told.",
    silent="Silent alarm",
    silent_hint="Nobody at the panel knows. Do not call there.",
    pending="Entry delay",
    disarm_by="Disarm by {until}",
    level="Validation level {level}: {words}",
    levels=(
        "nothing to respond to",
        "a signal, no more",
        "somebody is there",
        "a break-in",
        "a danger to life",
    ),
    seen="{camera}: {label} {percent} %",
    open="Open: {zones}",
    code="Code",
    call="Call {number}",
    buttons={
        "acknowledge": "Acknowledge",
        "disarm": "Disarm",
        "disarm_with_code": "Disarm with code",
        "silence": "Silence siren",
        "escalate": "Escalate now",
        "false_alarm": "False alarm",
        "arm": "Arm",
        "force_arm": "Arm anyway",
        "postpone": "Postpone",
        "call_off": "Do not arm",
    },
    notices={
        "lockout": "Too many wrong codes: the panel takes none for a while.",
        "zone_shut_down": "Raised too many alarms and is left out until disarming: {zones}",
        "trouble": "Trouble: {trouble}",
        "trouble_cleared": "All right again: {trouble}",
        "arm_reminder": "Nobody is home, and not armed is: {areas}.",
        "auto_arm_announced": "Nobody is home. Armed at {until}: {areas}.",
        "auto_arm_failed": "Could not be armed by itself. {reason}",
        "arrived_while_armed": "{by} has come home, and armed is: {areas}.",
        "code_used": "A code was used during the vacation: {by}.",
        "state_unknown": (
            "Lost after a damaged file: whether armed or not ({areas}). Only smoke, water and the like are "
            "guarded. Disarm with a code, then arm again."
        ),
    },
    refused={
        "forged": "This button is unknown here. Nothing was done.",
        "replayed": "This button was used already. Nothing more was done.",
        "late": "This button came too late. Nothing was done.",
        "not_yours": "This button was sent to somebody else. Nothing was done.",
    },
)

LOGBOOK = LogbookTexts(
    sentences={
        "arming": "is being armed{mode}{by}",
        "armed": "was armed{mode}{by}",
        "disarmed": "was disarmed{by}",
        "pending": "began the entry delay{zones}",
        "exit_error": "was not closed when the exit delay ended{zones}",
        "triggered": "raised a {alarm_kind} alarm{raised}",
        "zone_tripped": "had another zone trip{zones}",
        "confirmed": "had its alarm confirmed by a second zone{zones}",
        "alarm_aborted": "had its alarm aborted in time{by}; nobody outside was told",
        "alarm_cancelled": "had its alarm cancelled as false{by}",
        "arming_refused": "could not be armed{by}{why}",
        "wrong_code": "got a wrong code{from}{wanted}",
        "code_refused": "refused a code{from}{wanted}{why}",
        "lockout": "takes no code for a while: too many were wrong",
        "armed_with_fault": "was armed in spite of a fault{by}{why}",
        "bypassed": "left out {names} ({reason}){by}",
        "unbypassed": "guards {names} again{who}",
        "zone_shut_down": "left out {names} after too many alarms",
        "trouble": "has a trouble: {trouble}",
        "trouble_cleared": "is free of a trouble: {trouble}",
        "walk_test_started": "began a walk test{who}",
        "walk_test_ended": "ended its walk test{who}{never_seen}",
        "memory_cleared": "had its alarm memory cleared{by}",
        "chime": "chimed{zones}",
        "silenced": "had its siren silenced{by}",
        "code_used": "took a code{from} on vacation",
        "everyone_left": "is empty: {person} left last",
        "first_arrived": "is not empty any more: {person} came",
        "arrived_while_armed": "is armed, and {person} came home",
        "arm_reminder": "is not armed, and nobody is home",
        "auto_arm_announced": "will be armed{mode} as nobody is home",
        "auto_arm_dropped": "will not be armed by itself after all{who}",
        "auto_arm_failed": "could not be armed{mode} by itself{why}",
        "window_started": "began a {window} window: {event_title}",
        "window_ended": "ended a {window} window",
        "verified": "had its alarm verified: level {level}{who}",
        "state_unknown": "does not know whether it was armed: its file is lost",
        "push_refused": "refused a push action{from}: {reason}",
        "push_unconfirmed": "told of an alarm, and no phone confirmed it",
    },
    # what is said only where there is something to say
    mode=" {}",
    by=" by {}",
    from_=" from {}",
    wanted=" {}",
    who=" ({})",
    listed=": {}",
    set_off=", set off by {}",
    set_off_by_hand=", set off by hand",
    never_seen="; never seen: {}",
    all_seen="; every zone was seen",
    somebody="somebody",
    changed="changed",
    # what is said of a value otherwise than by its own name
    words={
        "away": "away",
        "home": "home",
        "night": "night",
        "vacation": "vacation",
        "custom_bypass": "custom bypass",
        "fire": "fire",
        "gas": "gas",
        "panic": "panic",
        "medical": "medical",
        "burglary": "burglary",
        "tamper": "tamper",
        "water": "water",
        "guest": "guest",
        "cleaning": "cleaning",
        "quiet": "quiet",
        "forced": "forced",
        "manual": "asked for",
        "auto": "was open",
        "allowed_open": "may be open",
        "after_alarm": "still open after the alarm",
        "forged": "unknown here",
        "replayed": "used already",
        "late": "too late",
        "not_yours": "sent to somebody else",
        "disabled": "the code is disabled",
        "not_yet": "the code is not valid yet",
        "expired": "the code is not valid any more",
        "outside_hours": "the code is not valid at this time",
        "used_up": "the code is used up",
        "no_window": "the code is good only in a calendar window",
        "not_allowed": "the code may not do this",
        "code_needed": "it takes a code",
        "locked_out": "no code is taken for a while",
        "alarm_ongoing": "an alarm is going on",
        "state_unknown": "nobody knows whether it was armed",
        "mode_unknown": "there is no such mode",
        "nothing_to_repeat": "it was never armed before",
        "not_bypassable": "may not be left out",
        "somebody_home": "somebody is home",
        "panel_restarts": "the panel is restarting",
        "disk_refuses": "the disk takes nothing",
        "not_done": "Home Assistant could not do it; its log says why",
        "wanted_arm": "to arm",
        "wanted_disarm": "to disarm",
        "wanted_silence": "to silence the siren",
        "wanted_bypass": "to leave a zone out",
        "wanted_unbypass": "to guard a zone again",
        "wanted_clear_memory": "to clear the alarm memory",
        "wanted_walk_test": "for the walk test",
        "wanted_look": "to look",
    },
)

ASSIST = AssistTexts(
    statuses={
        "disarmed": "{area} is disarmed.",
        "arming": "{area} is being armed.",
        "armed": "{area} is armed.",
        "pending": "{area}: somebody came in, the entry delay runs.",
        "triggered": "{area}: there is an alarm!",
        "unknown": "{area}: nobody knows whether it was armed. Disarm it, then arm it again.",
    },
    open="Open: {zones}.",
    code="I need the code for that. Say it again, with the code.",
    no_panel="There is no alarm panel here.",
    no_area="There is no area of that name.",
    digits={
        "zero": "0",
        "one": "1",
        "two": "2",
        "three": "3",
        "four": "4",
        "five": "5",
        "six": "6",
        "seven": "7",
        "eight": "8",
        "nine": "9",
        "oh": "0",
    },
)

GRAMMAR = Grammar(
    rules={
        "alarm": "(alarm [(panel|system)]|burglar alarm|security system)",
        "at_alarm": "([(the|my|our)] <alarm>|[the] <alarm> (in|of|for) [the] {area_name} [area])",
        "where": "(<at_alarm>|[(the|my|our)] (panel|house)|[the] {area_name} area)",
        "mode": "[(in|to|for|at|on)] [the] <word> [mode]",
        "code": "[(with|using)] [(the|my)] (pin code|code|pin) [is] {code}",
        "now": "[(still|now|currently)]",
    },
    polite="[(can|could) you] [please] <sentence> [please]",
    modes={
        "away": "away",
        "home": "(home|stay)",
        "night": "(night|tonight|overnight)",
        "vacation": "(vacation|holiday[s])",
        "custom_bypass": "(custom [bypass]|bypass)",
    },
    arm_in_mode=(
        "arm <where> ([<code>];<mode>)",
        "set <at_alarm> ([<code>];<mode>)",
    ),
    arm=(
        "arm <where> [<code>]",
        "(turn on|switch on|activate) <at_alarm> <code>",
        "(turn|switch) <at_alarm> on <code>",
    ),
    disarm=(
        "(disarm|unset) <where> [<code>]",
        "(turn off|switch off|deactivate) <at_alarm> <code>",
        "(turn|switch) <at_alarm> off <code>",
    ),
    status=(
        "is <where> <now> (armed|disarmed)",
        "is <at_alarm> <now> (on|off|set|active)",
        "(how is|how's) <at_alarm>",
        "(what is|what's) [the] (state|status) of <at_alarm>",
        "(what is|what's) [the] <alarm> (state|status)",
    ),
)


ALARMO = {
    "siren_endless": "{area}: a siren without an end gets one, after {seconds} seconds.",
    "area_without_modes": "{area}: no mode is enabled; the area is left out, with its sensors.",
    "sensor_homeless": "{sensor}: its area does not come along; neither does it.",
    "sensor_disabled": "{sensor}: disabled in Alarmo; left out.",
    "sensor_gone": (
        "{sensor}: Home Assistant knows no such sensor; its zone has no signal and stands in the way of "
        "arming until another one is chosen for it, or it is removed."
    ),
    "sensor_silent": (
        "{sensor}: gives no signal now (unavailable); until it does, it stands in the way of arming."
    ),
    "sensor_unguarded": (
        "{sensor}: no mode of its area guards it; choose modes for its zone, or nothing does."
    ),
    "tamper_doubted": (
        "{sensor}: called tamper in Alarmo, which its device class does not say; it comes along guarded "
        "only while armed, as before. Choose it below if it is a tamper contact, to be guarded always."
    ),
    "blind_is_trouble": (
        "{sensor}: an unavailable sensor is a trouble here and stands in the way of arming; it does not "
        "trigger the alarm."
    ),
    "bypass_in_all_modes": "{sensor}: the automatic bypass holds in all modes, not only in some.",
    "follower": (
        "{sensor}: has the entry delay only after a door on the way in has opened; without that it "
        "triggers at once."
    ),
    "always_guarded": "{sensor}: a zone of this kind is always guarded here, also while disarmed.",
    "closed_at_arming": (
        "{sensor}: must be closed when arming begins; Alarmo let it stand open until the exit delay ended."
    ),
    "opened_while_leaving": (
        "Opening a zone during the exit delay does not stop the arming; one that is still open at its "
        "end starts the entry delay."
    ),
    "final_door_only_entry": "{sensor}: closing it does not end the exit delay; only an entry door does that.",
    "group_saves_lives": "{group}: {sensors} cannot be in a group, and always triggers alone.",
    "group_too_small": (
        "{group}: too few of its sensors come along; the group is left out, they trigger alone."
    ),
    "group_over_areas": (
        "{group}: its sensors are in several areas; the group is left out, they trigger alone."
    ),
    "group_on_the_way_in": (
        "{group}: {sensors} cannot be in a group, being on the way in; the group is left out, all "
        "trigger alone."
    ),
    "user_without_code": "{user}: has no code; the user is left out.",
    "user_without_area": "{user}: none of the user's areas comes along; the user is left out.",
    "user_loses_area": "{user}: not all of the user's areas come along; the code works in the others.",
    "user_override": ("{user}: the override code is an ordinary one here; to arm with open zones, force it."),
    "user_code_length": (
        "{user}: how long the code is has not been stored; set it anew before you set a duress code."
    ),
    "user_text_code": (
        "{user}: the code has letters, and the panel asks for digits. Set the code anew, or change the "
        "panel's codes to text under Configure."
    ),
    "disarming_takes_code": "Disarming takes a code here as soon as one user has one.",
    "changing_takes_code": "Changing the mode while armed takes a code here as soon as one user has one.",
    "stays_armed": (
        "After the siren an area stays armed here, also with a zone open; it never disarms itself."
    ),
    "mqtt": "MQTT does not come along: use automations on the panel's entities.",
    "automations": (
        "{count} notifications and actions do not come along: choose notify targets, and write "
        "automations on the panel's events or take the blueprints."
    ),
}

TEXTS = Texts(
    tag="en",
    name="English",
    colon=": ",
    system_title="{area} alarm",
    modes={
        "away": "Away",
        "home": "Home",
        "night": "Night",
        "vacation": "Vacation",
        "custom_bypass": "Custom bypass",
    },
    settings={
        "exit_delay": "Exit delay",
        "entry_delay": "Entry delay",
        "siren_time": "Siren time",
        "abort_window": "Abort window",
        "cancel_window": "Cancel window",
        "confirm_window": "Confirmation time",
        "exit_restart": "Restart the exit delay on coming back",
        "swinger_trips": "Alarms until a zone is shut down",
        "lockout_attempts": "Wrong codes until the lockout",
        "lockout_time": "Lockout",
        "trouble_battery": "Battery low",
        "trouble_calendar": "Calendar not readable",
        "trouble_camera": "Camera server out of reach",
        "trouble_companion": "Companion out of reach",
        "trouble_heartbeat": "Sensor not heard of for too long",
        "trouble_jam": "Radio jammed",
        "trouble_lost": "Sensor without a signal",
        "trouble_power": "No mains power",
        "trouble_tamper": "Housing opened",
        "code": "Code",
    },
    allowed={
        "on": "on",
        "ask, block": "ask or block",
    },
    troubles={
        "lost": "no signal",
        "battery": "battery low",
        "tamper": "housing opened",
        "jam": "radio jammed",
        "heartbeat": "not heard of for too long",
        "companion": "companion out of reach",
        "power": "no mains power",
        "calendar": "not readable for too long",
        "camera": "camera server out of reach",
    },
    titles=TitleTexts(
        heads={
            "panic_key": "Panic key",
            "burglary": "Burglary",
            "panic": "Panic",
            "fire": "Fire",
            "gas": "Gas",
            "water": "Water",
            "tamper": "Tamper",
            "duress": "Duress code",
            "medical": "Medical emergency",
            "technical": "Fault",
        },
        room_unknown=", room unknown",
    ),
    remarks=RemarkTexts(
        by="Raised by {by}.",
        by_hand="Raised by hand.",
        test="Test alarm.",
        test_by="Test alarm by {by}.",
        confirmed="Confirmed: more than one zone.",
        exit_error="Exit error: still open when the exit delay ended.",
        recent_closing="Recent closing: the area had just been armed.",
        during_outage="The entry delay ran out while Home Assistant was not running.",
    ),
    push=PUSH,
    logbook=LOGBOOK,
    assist=ASSIST,
    grammar=GRAMMAR,
    alarmo=ALARMO,
)
