"""English."""

REASONS = {
    "no_key": "is no key of Pushover's: it has 30 letters and digits and stands on the start page of pushover.net, or on the group's",
    "quota_used": "this month's messages are used up, there are new ones on {reset}",
}
