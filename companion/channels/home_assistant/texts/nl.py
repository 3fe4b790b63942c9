"""Dutch."""

REASONS = {
    "no_action": "zegt niets dat Home Assistant kan doen: hier staat push, push:<persoon>, announce:<assist_satellite of media_player>, light:<entiteit> of script:<entiteit>",
    "unknown": "zo'n Home Assistant was nog nooit verbonden",
    "several": "er zijn meerdere Home Assistants verbonden: de instelling home van het kanaal moet zeggen welke",
    "too_old": "Alarm Broker in deze Home Assistant is te oud om iets gevraagd te worden: werk hem bij",
    "away": "deze Home Assistant is nu niet verbonden",
    "not_taken": "deze Home Assistant heeft het niet op tijd aangenomen",
    "not_now": "het kon op dit moment niet worden opgeschreven",
    "silent": "een stil alarm wordt in huis niet gemeld",
    "trouble_of_alarm": "wat er bij een alarm misging, wordt in huis niet gemeld: het kan een stil alarm zijn",
    "too_late": "Home Assistant kreeg het te laat",
    "nobody": "onder deze naam krijgt daar niemand een pushbericht",
    "unknown_target": "Home Assistant heeft zo'n entiteit niet",
    "unavailable": "de entiteit is niet beschikbaar in Home Assistant",
    "no_voice": "Home Assistant heeft geen entiteit die spreekt (tts) voor de mediaspeler",
    "timeout": "Home Assistant kreeg het niet op tijd af",
    "refused": "Home Assistant doet zoiets niet voor de companion",
    "failed": "Home Assistant kon het niet doen, zijn logboek zegt waarom",
}
