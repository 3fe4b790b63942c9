"""English."""

REASONS = {
    "captcha": "Signal wants a captcha solved before this number may send again: POST /v1/accounts/<number>/rate-limit-challenge on the bridge, from the same network",
    "rate_limited": "Signal limits how often this number may send; what was sent last may have arrived all the same",
    "not_registered": "the configured number is not registered at this bridge",
    "no_json_rpc": "the bridge does not run in json-rpc mode: sends take seconds and there are no receipts",
    "members_missed": "{count} members of the group did not get it",
    "no_group": "is no group: its id begins with `group.`, GET /v1/groups/<number> of the bridge lists them",
}
