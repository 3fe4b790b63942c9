"""English."""

REASONS = {
    "no_chat": "is no chat of Telegram: a person's or a group's number (they get it by writing /start to the bot), `-1001234567890/42` for a topic, or @name of a public channel or group",
    "forbidden": "Telegram: {said}. The person has blocked the bot or never started it, or the group has thrown it out",
    "token_refused": "Telegram does not know the bot's token: take the one that @BotFather shows",
    "migrated": "the group {old} has become {new}: it was told there; write the new number into the directory",
    "topic_gone": "the topic {topic} is closed or gone: the whole group was told; correct the directory",
    "no_photo": "the message was sent, the picture was not: {why}",
    "not_understood": "the answer is not what Telegram sends",
    "webhook_is_set": "another program has set a webhook for this bot: what people answer is not heard here",
    "webhook_fails": "Telegram cannot pass on what people answer: {said}",
    "open_page": "Show",
    "your_address": "This bot tells people of alarms. The address of this chat is {address}: give it to whoever looks after the alarm system.",
}
