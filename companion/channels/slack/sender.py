"""Slack, over what its settings name."""

from companion.channels.base import Channel
from companion.channels.slack.bot import SlackBot
from companion.channels.slack.settings import SlackSettings
from companion.channels.slack.webhook import SlackWebhook


def slack_channel(config: SlackSettings) -> Channel:
    """Return the channel of an app if there is a token, else that of a webhook."""
    return SlackWebhook(config) if config.token is None else SlackBot(config, config.token)
