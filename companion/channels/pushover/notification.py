"""A message as a notification, within Pushover's limits. Pure."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from companion.channels.base import Message
from companion.channels.cards import Card, Loudness, card_of, loudness_of
from companion.channels.http import shortened
from companion.channels.pushover.settings import PushoverSettings

LONGEST_TEXT, LONGEST_TITLE, LONGEST_URL, LONGEST_URL_TITLE = 1024, 250, 512, 100
"""Characters (pushover.net/api#limits)."""
EMERGENCY, HIGH, NORMAL = 2, 1, 0
PRIORITIES = {Loudness.RINGS: EMERGENCY, Loudness.LOUD: HIGH, Loudness.USUAL: NORMAL}


def notification(message: Message, config: PushoverSettings, callback: str | None) -> dict[str, Any]:
    """Return what is posted, but for the application's token; `callback` is called when the reader confirms."""
    card = card_of(message)
    priority = PRIORITIES[loudness_of(message)]
    fields: dict[str, Any] = {
        "user": message.address,
        "title": shortened(card.title, LONGEST_TITLE),
        "message": text_of(card),
        "priority": priority,
        "timestamp": int(message.raised_at.timestamp()),
        "tags": ",".join(tags_of(message)),
    }
    if card.link is not None and len(card.link) <= LONGEST_URL:
        fields |= {"url": card.link, "url_title": shortened(card.link_label, LONGEST_URL_TITLE)}
    if message.picture is not None:
        fields |= {
            "attachment_base64": b64encode(message.picture.data).decode(),
            "attachment_type": message.picture.media_type,
        }
    if priority >= HIGH and config.sound:
        fields["sound"] = config.sound
    if priority == EMERGENCY:
        # At most 50 times: Pushover stops by itself there.
        fields |= {"retry": config.repeat_every_s, "expire": config.give_up_after_s}
        fields |= {} if callback is None else {"callback": callback}
    return fields


def text_of(card: Card) -> str:
    """Return what stands below the title. A link that is too long for a link's place stands in the text, whole."""
    link = card.link if card.link is not None and len(card.link) > LONGEST_URL else ""
    text = shortened("\n".join(card.lines) or card.title, max(LONGEST_TEXT - len(link) - 1, 1))
    return f"{text}\n{link}".strip()


def tags_of(message: Message) -> tuple[str, str]:
    """Return by what pages can be silenced: all of the alarm, and those of one delivery."""
    return alarm_tag(message.alarm_id), f"delivery-{message.delivery_id}"


def alarm_tag(alarm_id: str) -> str:
    """Return the tag of every page of the alarm."""
    return f"alarm-{alarm_id}"


def whole(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields without half characters, which no encoding has."""
    return {
        name: value.encode(errors="replace").decode() if isinstance(value, str) else value
        for name, value in fields.items()
    }
