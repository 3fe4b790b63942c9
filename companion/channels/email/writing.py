"""A message as a mail: text, HTML, and the headers by which mail programs know what it is. Pure."""

from dataclasses import replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from re import fullmatch

from companion.channels.base import Message, MessageKind, Picture
from companion.channels.email.settings import EmailSettings, mailbox
from companion.channels.plainly import or_plainly, plain_title
from companion.channels.render import asks_for_answer, context, facts, full_text, headline, remarks
from companion.texts.language import texts_for
from companion.texts.one_line import one_line

LONGEST_DOMAIN = 36
"""With a longer one a Message-ID would not fit a line of 78, and Python would write `References` in a form that nobody reads."""

RED, ORANGE, BLUE, GREEN, GREY = "#b3261e", "#b25b00", "#1f5fa8", "#256b35", "#5b5f66"
COLOURS = {
    MessageKind.PAGE: RED,
    MessageKind.EXHAUSTED: RED,
    MessageKind.PRESSED_AGAIN: RED,
    MessageKind.CONFIRMED: ORANGE,
    MessageKind.VERIFIED: ORANGE,
    MessageKind.TROUBLE: ORANGE,
    MessageKind.ACKNOWLEDGED: BLUE,
    MessageKind.NOTE: BLUE,
    MessageKind.RESOLVED: GREEN,
    MessageKind.TROUBLE_OVER: GREEN,
    MessageKind.CANCELLED: GREY,
    MessageKind.TEST: GREY,
}
URGENT = frozenset({MessageKind.PAGE, MessageKind.EXHAUSTED, MessageKind.PRESSED_AGAIN, MessageKind.TROUBLE})


def message_id(message: Message, sender: Address) -> str:
    """Return what names this mail over all its attempts: many servers and programs show it once, however often it comes."""
    domain = sender.domain if len(sender.domain) <= LONGEST_DOMAIN else "alarm-broker.invalid"
    return f"<{message.delivery_id}@{domain}>"


def written(message: Message, config: EmailSettings, now: datetime) -> EmailMessage:
    """Return the mail. No text of a message can begin a header: they are one line, and the policy refuses any other."""
    sender = mailbox(config.sender)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    username, _, domain = message.address.rpartition("@")
    mail["To"] = Address(one_line(message.recipient, 80), username, domain)
    if config.reply_to:
        mail["Reply-To"] = mailbox(config.reply_to)
    mail["Subject"] = subject(message)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(message, sender)
    if first := first_of_thread(message):
        mail["In-Reply-To"] = first
        mail["References"] = first
    # RFC 3834: neither an absence notice nor another automaton answers this; Exchange has a header of its own.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if message.kind in URGENT:
        mail["X-Priority"] = "1"
        mail["Importance"] = "high"
        mail["Priority"] = "urgent"
    mail.set_content(full_text(message))
    mail.add_alternative(html(message), subtype="html")
    if message.picture is not None:
        _show(mail, message.picture, picture_id(message))
    mail["Content-Language"] = texts_for(message.language).tag
    return mail


def _show(mail: EmailMessage, picture: Picture, content_id: str) -> None:
    """Put the picture into the HTML part, which names it by its Content-ID."""
    part = mail.get_body(("html",))
    if isinstance(part, EmailMessage):
        maintype, _, subtype = picture.media_type.partition("/")
        part.add_related(
            picture.data,
            maintype,
            subtype,
            cid=f"<{content_id}>",
            filename=picture.name,
            disposition="inline",
        )


def picture_id(message: Message) -> str:
    """Return the Content-ID of the picture, without angle brackets."""
    return f"picture.{message.delivery_id}@alarm-broker.invalid"


def first_of_thread(message: Message) -> str | None:
    """Return the Message-ID of the first mail to this address about this alarm, if this is not it."""
    known = message.thread_ref or ""
    return known if fullmatch(r"<[^<>\s]+@[^<>\s]+>", known) else None


def subject(message: Message) -> str:
    """Return the mail's subject: of news that of the first mail, since Gmail and Outlook begin a new thread with a new one."""
    if first_of_thread(message) is None or asks_for_answer(message) or message.kind is MessageKind.EXHAUSTED:
        return headline(message)
    return f"Re: {headline(replace(message, kind=MessageKind.PAGE))}"


def plain_page(message: Message) -> str:
    """Return the least that helps, as HTML."""
    link = escape(message.ack_url or "")
    return f'<p><b>{escape(plain_title(message))}</b></p><p><a href="{link}">{link}</a></p>'


@or_plainly(plain_page)
def html(message: Message) -> str:
    """Return the HTML part. Styles stand at the elements and layout is a table, as mail programs demand."""
    texts = texts_for(message.language)
    colour = COLOURS[message.kind]
    said = "".join(f'<p style="margin:0 0 12px">{escape(remark)}</p>' for remark in remarks(message))
    button = ""
    if asks_for_answer(message):
        button = (
            f'<p style="margin:20px 0"><a href="{escape(message.ack_url or "")}" style="background:{colour};color:#ffffff;'
            'display:inline-block;padding:14px 28px;border-radius:6px;font-weight:bold;text-decoration:none">'
            f"{escape(texts.messages.answer)}</a></p>"
        )
    shown = ""
    if message.picture is not None:
        shown = (
            f'<p style="margin:12px 0"><img src="cid:{escape(picture_id(message))}" alt="{escape(message.picture.camera or "")}" '
            'style="max-width:100%;border-radius:6px"></p>'
        )
    return (
        f'<!doctype html><html lang="{escape(texts.tag)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(headline(message))}</title></head>"
        '<body style="margin:0;padding:16px;font:16px/1.45 sans-serif">'
        '<table role="presentation" width="100%" style="max-width:600px;border-collapse:collapse">'
        f'<tr><td style="background:{colour};color:#ffffff;padding:14px 18px;font-size:20px;font-weight:bold">'
        f"{escape(headline(message))}</td></tr>"
        f'<tr><td style="padding:18px">{said}{table(facts(message))}{button}{shown}{table(context(message))}</td></tr>'
        "</table></body></html>"
    )


def table(rows: list[tuple[str, str]]) -> str:
    """Return labels and values as a table; nothing when there are none."""
    if not rows:
        return ""
    lines = "".join(
        f'<tr><th scope="row" style="text-align:left;vertical-align:top;padding:4px 16px 4px 0;font-weight:normal;'
        f'opacity:.75">{escape(name)}</th><td style="padding:4px 0">{escape(value)}</td></tr>'
        for name, value in rows
    )
    return f'<table style="border-collapse:collapse">{lines}</table>'
