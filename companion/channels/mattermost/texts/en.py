"""English."""

REASONS = {
    "no_address": "is no address in Mattermost: write a channel's ID (26 letters and digits), @user, or for a webhook #channel",
    "needs_id": "a bot needs the channel's ID (26 letters and digits), its name is not enough",
    "not_a_member": "the bot is not in this channel or may not write there: add it to the team and the channel",
    "webhook_untried": "the server answers; whether the webhook lives shows only a test message",
}
