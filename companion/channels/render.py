"""What people read: the text of a message for each kind of channel, in the reader's language. Pure.

An installation's own words (`Message.wording`) stand in place of the headline, and of facts and context. What a reader must
not miss stays whatever they say: that it is a test or perhaps a repeat, how many more there are, and the link.
"""

import re
from dataclasses import dataclass
from html import escape
from typing import assert_never
from urllib.parse import quote

from companion.channels.base import Message, MessageKind
from companion.channels.gsm import Alphabet, alphabet_for
from companion.channels.plainly import or_plainly, plain_html, plain_text, plain_title
from companion.texts.labels import alarm_title, detail, ending, label
from companion.texts.language import texts_for
from companion.texts.model import MessageTexts, Texts
from companion.texts.one_line import one_line
from companion.texts.troubles import trouble_advice, trouble_title
from companion.timezones import on_site_clock

TITLE_LIMIT, VALUE_LIMIT, NOTE_LIMIT, DETAILS_LIMIT = 200, 100, 400, 8
"""Longest texts in characters and most details: together below Signal's 2000 visible characters."""

SPOKEN_LIMIT = 600
"""Characters that are read out: nobody listens to more before they press a key."""


@or_plainly(plain_title)
def headline(message: Message) -> str:
    """Return kind and title in one line, marked when it is a test alarm."""
    texts = texts_for(message.language)
    mark = f"[{texts.messages.test}] " if message.test else ""
    own = None if message.wording is None else message.wording.title(message)
    said = own or f"{texts.messages.kinds[message.kind]}{texts.formats.colon}{title_of(message)}"
    return f"{mark}{said}"


def _own_lines(message: Message) -> list[str] | None:
    return None if message.wording is None else message.wording.lines(message)


def title_of(message: Message) -> str:
    """Return what it is about, in one line: what and where."""
    return one_line(_title(message, texts_for(message.language)), TITLE_LIMIT)


def _title(message: Message, texts: Texts) -> str:
    if message.kind is MessageKind.TEST and not message.title:
        return texts.messages.test_title
    if message.trouble is None:
        return alarm_title(message.title, message.source, texts)
    return trouble_title(message.trouble, subject=message.title, facts=message.details, texts=texts)


def _words(message: Message) -> MessageTexts:
    return texts_for(message.language).messages


def _lines(pairs: list[tuple[str, str]], message: Message) -> list[str]:
    colon = texts_for(message.language).formats.colon
    return [f"{styled(name)}{colon}{styled(value)}" for name, value in pairs]


def facts(message: Message) -> list[tuple[str, str]]:
    """Return what a responder must know as label and value, most important first; nothing if own words say it."""
    if _own_lines(message) is not None:
        return []
    words = _words(message)
    found = [
        (words.by, message.by and one_line(message.by, VALUE_LIMIT)),
        (_note_label(message), message.note and one_line(message.note, NOTE_LIMIT)),
        (words.note, message.ending and ending(message.ending, texts_for(message.language))),
        (words.how_sure, how_sure(message)),
        (words.where, place(message)),
        (words.who, message.person and one_line(message.person, VALUE_LIMIT)),
        (words.when, raised_at(message)),
    ]
    return [(label, value) for label, value in found if value]


def how_sure(message: Message) -> str:
    """Return the validation level, what a camera recognised, and which; nothing if nobody has looked."""
    if message.level is None:
        return ""
    seen = [one_line(part, VALUE_LIMIT) for part in (message.label, message.camera) if part]
    levels = _words(message).levels
    # A level of a newer Home Assistant says at least as much as the highest that is known here.
    return "; ".join([levels[max(0, min(message.level, len(levels) - 1))], *seen])


def _note_label(message: Message) -> str:
    words = _words(message)
    return words.second_zone if message.kind is MessageKind.CONFIRMED else words.note


def context(message: Message) -> list[tuple[str, str]]:
    """Return what else is known about an alarm, for texts with room for it; nothing for news about it, or if own words say it."""
    if message.kind not in {MessageKind.PAGE, MessageKind.EXHAUSTED} or _own_lines(message) is not None:
        return []
    words, texts = _words(message), texts_for(message.language)
    known = [
        (words.severity, label(message.severity, texts)),
        (words.source, label(message.source, texts)),
    ]
    return [(one_line(name, 40), one_line(value, VALUE_LIMIT)) for name, value in known] + details(message)


def details(message: Message) -> list[tuple[str, str]]:
    """Return an alarm's details as label and value: at most `DETAILS_LIMIT`."""
    texts = texts_for(message.language)
    found = [detail(*one, message.source, texts) for one in message.details.items()][:DETAILS_LIMIT]
    return [(one_line(name, 40), one_line(value, VALUE_LIMIT)) for name, value in found]


def place(message: Message) -> str:
    """Return the room and the site, as far as they are known."""
    return ", ".join(one_line(part, VALUE_LIMIT) for part in (message.room, message.site) if part)


def raised_at(message: Message, form: str | None = None) -> str:
    """Return when the alarm was raised, on the clock of its site."""
    local = on_site_clock(message.raised_at, message.timezone)
    return local.strftime(form or f"{texts_for(message.language).formats.time} %Z")


def short_raised_at(message: Message) -> str:
    """Return the time without a zone, as the reader's clock shows it, but for UTC: where a site has no other, its people do."""
    local = on_site_clock(message.raised_at, message.timezone)
    return local.strftime(texts_for(message.language).formats.short_time) + (
        " UTC" if local.tzname() == "UTC" else ""
    )


def how_many_more(message: Message) -> str:
    """Return how many other alarms of the same source the message stands for; nothing if it is about one."""
    words = _words(message)
    if not message.more:
        return ""
    return words.one_more if message.more == 1 else words.many_more.format(count=message.more)


def remarks(message: Message) -> list[str]:
    """Return the sentences that put a message into perspective, and own words, in place of facts and context."""
    words = _words(message)
    said = {MessageKind.TEST: words.nothing_happened, MessageKind.PRESSED_AGAIN: words.again}
    found = [said[message.kind]] if message.kind in said else []
    if more := how_many_more(message):
        found.append(more)
    if message.trouble is not None and message.kind is MessageKind.TROUBLE:
        advice = trouble_advice(message.trouble, facts=message.details, texts=texts_for(message.language))
        found.append(one_line(advice, NOTE_LIMIT))
    if message.may_have_been_sent:
        found.append(words.repeat)
    return found + (_own_lines(message) or [])


def asks_for_answer(message: Message) -> bool:
    """Return whether the reader can still stop the escalation by acknowledging."""
    match message.kind:
        case MessageKind.PAGE | MessageKind.EXHAUSTED | MessageKind.PRESSED_AGAIN:
            return message.ack_url is not None
        case (
            MessageKind.ACKNOWLEDGED
            | MessageKind.CONFIRMED
            | MessageKind.VERIFIED
            | MessageKind.RESOLVED
            | MessageKind.CANCELLED
            | MessageKind.NOTE
            | MessageKind.TEST
            | MessageKind.TROUBLE
            | MessageKind.TROUBLE_OVER
        ):
            return False
        case _:
            assert_never(message.kind)


@or_plainly(plain_text)
def signal_text(message: Message, *, by_reply: bool = False) -> str:
    """Return the text in the mark-up of signal-cli-rest-api's `text_mode: styled`; `by_reply` also says with which words to answer."""
    words = _words(message)
    lines = [f"**{styled(headline(message))}**"]
    lines += [styled(remark) for remark in remarks(message)]
    lines += _lines(facts(message), message)
    if asks_for_answer(message):
        lines += ["", f"{words.answer}{texts_for(message.language).formats.colon}{bare_link(message)}"]
        if by_reply:
            lines.append(styled(words.answer_in_words.format(code=message.code)))
    if more := context(message):
        lines += ["", *_lines(more, message)]
    return "\n".join(lines)


def styled(text: str) -> str:
    """Return `text` so that the bridge shows it as it is."""
    # signal-cli-rest-api textstyleparser: a backslash before * ` ~ | keeps the character.
    return re.sub(r"([*`~|])", r"\\\1", text)


def bare_link(message: Message) -> str:
    """Return the acknowledge link with the mark-up characters percent-encoded: an escape could break it."""
    return re.sub(
        r"[*`~|]", lambda found: quote(found[0], safe="").replace("~", "%7E"), message.ack_url or ""
    )


@or_plainly(plain_text)
def full_text(message: Message, *, by_reply: bool = False) -> str:
    """Return everything as plain lines, below 4,000 characters; `by_reply` also says with which words to answer."""
    words, colon = _words(message), texts_for(message.language).formats.colon
    lines = [headline(message), *remarks(message)]
    lines += [f"{name}{colon}{value}" for name, value in facts(message)]
    if asks_for_answer(message):
        lines += ["", f"{words.answer}{colon}{message.ack_url}"]
        if by_reply:
            lines.append(words.answer_in_words.format(code=message.code))
    if more := context(message):
        lines += ["", *(f"{name}{colon}{value}" for name, value in more)]
    return "\n".join(lines)


@or_plainly(plain_text)
def sms_text(message: Message, *, segments: int = 2, unicode: bool = False, by_reply: bool = False) -> str:
    """Return the text cut to `segments` SMS, in the GSM alphabet unless `unicode` allows more; the link is whole whatever it costs.

    `by_reply` also says with which words to answer.
    """
    return written_sms(message, segments=segments, unicode=unicode, by_reply=by_reply).text


@dataclass(frozen=True, kw_only=True)
class WrittenSms:
    """A message as an SMS."""

    text: str
    alphabet: Alphabet
    left_out: str
    """What did not fit."""


def written_sms(message: Message, *, segments: int, unicode: bool, by_reply: bool) -> WrittenSms:
    """Return the message as an SMS, as `sms_text` does."""
    said = _said_by_sms(message)
    alphabet = alphabet_for(said, unicode=unicode)
    body = alphabet.write(said)
    asked = [message.ack_url, by_reply and _words(message).answer_in_words.format(code=message.code)]
    end = "".join(f" {alphabet.write(part)}" for part in asked if part) if asks_for_answer(message) else ""
    if alphabet.cost(body + end) <= alphabet.one:
        return WrittenSms(text=body + end, alphabet=alphabet, left_out="")
    # Without any words a link says nothing: a piece of the headline stays even beside an endless one.
    kept = alphabet.cut(body, max(alphabet.limit(segments) - alphabet.cost(end), 40))
    left_out = "" if kept == body else body[len(kept) - len("...") :].strip(" .,;:")
    return WrittenSms(text=kept + end, alphabet=alphabet, left_out=left_out)


def _said_by_sms(message: Message) -> str:
    """Return all that an SMS would say in one line, most important first, but for the link."""
    words, texts = _words(message), texts_for(message.language)
    first = ", ".join(part for part in (headline(message), how_many_more(message)) if part)
    own = _own_lines(message)
    if own is not None:
        said = " ".join([first if first[-1] in ".!?" else f"{first}.", *own])
    else:
        parts = [
            first,
            message.by and f"{words.by} {message.by}",
            how_sure(message),
            place(message),
            message.person,
            short_raised_at(message),
            message.ending and ending(message.ending, texts),
            message.note and f"{_note_label(message)}{texts.formats.colon}{message.note}",
        ]
        said = ". ".join(one_line(part, TITLE_LIMIT + 20) for part in parts if part)
    return f"{words.short_repeat} {said}" if message.may_have_been_sent else said


@or_plainly(plain_title)
def spoken_text(message: Message) -> str:
    """Return what a voice says: sentences, at most `SPOKEN_LIMIT` characters, with neither the link nor the time, which it cannot say well."""
    colon, written = texts_for(message.language).formats.colon, raised_at(message)
    said = [f"{name}{colon}{value}" for name, value in facts(message) if value != written]
    sentences = [headline(message), *said, *remarks(message)]
    return one_line(" ".join(f"{one.rstrip(' .')}." for one in sentences), SPOKEN_LIMIT)


@or_plainly(plain_html)
def ticket_html(message: Message, *, link: bool) -> str:
    """Return a ticket's article; `link` shows the acknowledge link to everybody who reads the ticket."""
    words = _words(message)
    rows = "".join(
        f"<tr><td><b>{escape(label)}</b></td><td>{escape(value)}</td></tr>"
        for label, value in facts(message) + context(message)
    )
    said = "".join(f"<p>{escape(remark)}</p>" for remark in remarks(message))
    answer = ""
    if link and asks_for_answer(message):
        url = escape(message.ack_url or "")
        answer = f'<p><a href="{url}">{escape(words.answer)}</a></p>'
    return f"<p><b>{escape(headline(message))}</b></p>{said}<table>{rows}</table>{answer}"
