"""Mattermost, over what its settings name."""

from companion.channels.base import Channel
from companion.channels.mattermost.bot import MattermostBot
from companion.channels.mattermost.settings import MattermostSettings
from companion.channels.mattermost.webhook import MattermostWebhook


def mattermost_channel(config: MattermostSettings) -> Channel:
    """Return the channel of a bot if there is a token, else that of a webhook."""
    return MattermostWebhook(config) if config.token is None else MattermostBot(config, config.token)
