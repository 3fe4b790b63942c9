"""From a message to its topic. Pure."""

import re
from collections.abc import Mapping
from string import Formatter

from companion.channels.base import Message
from companion.texts.one_line import one_line

FIELDS = ("site", "room", "alarm", "code", "kind")
LEVEL_LIMIT = 64
"""Characters of a name in a topic."""
TOPIC_LIMIT = 512


def usable_topic(topic: str) -> str:
    """Return a topic to which can be published; raises ValueError."""
    if (
        not topic
        or len(topic) > TOPIC_LIMIT
        or re.search(r"[+#\x00-\x1f\x7f]", topic)
        or topic.startswith("$")
    ):
        raise ValueError(
            f"must be a topic of at most {TOPIC_LIMIT} characters, without + and #, and not begin with $"
        )
    return topic


def usable_template(template: str) -> str:
    """Return a topic in which fields stand for what a message is about; raises ValueError."""
    try:
        fields = {name for _, name, spec, how in Formatter().parse(template) if name or spec or how}
        # Written out with the fields' own names: `{site.__class__}` and `{site!r}` are none of them.
        usable_topic(template.format_map({name: name for name in FIELDS}))
    except (KeyError, IndexError, AttributeError) as err:
        raise ValueError(f"may hold no other fields than {known_fields()}") from err
    if not fields <= set(FIELDS) or "!" in template:
        raise ValueError(f"may hold no other fields than {known_fields()}")
    return template


def known_fields() -> str:
    """Return the fields as they are written."""
    return ", ".join(f"{{{name}}}" for name in FIELDS)


def topic_of(template: str, message: Message) -> str:
    """Return the topic of a message."""
    values: Mapping[str, str] = {
        "site": level(message.site),
        "room": level(message.room),
        "alarm": level(message.alarm_id),
        "code": message.code,
        "kind": message.kind.value,
    }
    return template.format_map(values)


def level(name: str | None) -> str:
    """Return a name as one level of a topic, without what means something there; `-` for none."""
    # MQTT 5.0, 4.7: `/` separates, `+` and `#` are wildcards. A `$` matters at the beginning only.
    return re.sub(r"[/+#$\s]+", "_", one_line(name or "", LEVEL_LIMIT)) or "-"
