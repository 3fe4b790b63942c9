"""English."""

REASONS = {
    "no_action": "says nothing that Home Assistant could do: write push, push:<person>, announce:<assist_satellite or media_player>, light:<entity> or script:<entity>",
    "unknown": "no such Home Assistant has ever been on the link",
    "several": "several Home Assistants are on the link: the channel's setting home must say which",
    "too_old": "this Home Assistant's Alarm Broker is too old to be asked for anything: update it",
    "away": "this Home Assistant is not on the link now",
    "not_taken": "this Home Assistant did not take it in time",
    "not_now": "it could not be written down just now",
    "silent": "a silent alarm is not told in the house",
    "trouble_of_alarm": "what went wrong with an alarm is not told in the house, as it may be a silent one",
    "too_late": "Home Assistant got it too late",
    "nobody": "nobody there is told by push under this name",
    "unknown_target": "Home Assistant has no such entity",
    "unavailable": "the entity is not available in Home Assistant",
    "no_voice": "Home Assistant has no entity that speaks (tts) for the media player",
    "timeout": "Home Assistant could not finish it in time",
    "refused": "Home Assistant does not do such a thing for the companion",
    "failed": "Home Assistant could not do it, its log says why",
}
