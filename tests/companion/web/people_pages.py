"""What the tests of the pages share: an alarm with its links, and the words that a page shows."""

from datetime import datetime
from html import unescape
from html.parser import HTMLParser
from typing import Any, override

import sqlalchemy as sa

from companion.alarms.ack_links import AckTokens
from companion.alarms.journal import journal_of
from companion.alarms.model import Actor, Alarm, Evidence, JournalEntry, Picture
from companion.alarms.store import alarm_by_id
from companion.store import tables
from companion.store.scope import ALL_SITES
from tests.companion.web.harness import SECRET_KEY, Api, Reply


def token_for(alarm_id: str, recipient_key: str = "porter") -> str:
    """The token of the link that this recipient was sent."""
    return AckTokens(SECRET_KEY, "http://alarm.example").token(alarm_id, recipient_key)


async def look(api: Api, token: str, method: str = "GET", **headers: str) -> Reply:
    return await api.call(method, f"/a/{token}", None, headers=headers)


async def press(api: Api, token: str, headers: dict[str, str] | None = None, **fields: str) -> Reply:
    return await api.call("POST", f"/a/{token}", None, data=fields, headers=headers or {})


async def alarm_of(api: Api, alarm_id: str) -> Alarm:
    found = await api.context.db.read(lambda conn: alarm_by_id(ALL_SITES, conn, alarm_id))
    assert found is not None
    return found


async def journal(api: Api, alarm_id: str) -> list[JournalEntry]:
    return await api.context.db.read(lambda conn: journal_of(ALL_SITES, conn, alarm_id))


JPEG = Picture(media_type="image/jpeg", data=b"\xff\xd8\xff\xe0 a picture")


async def saw(api: Api, alarm_id: str, picture: Picture | None = JPEG, **values: Any) -> None:
    """Let the panel say what a camera saw."""
    found = {
        "level": 2,
        "reasons": ("A person was seen.",),
        "camera": "Drive",
        "label": "person",
        "score": 0.87,
        "taken_at": api.context.clock(),
        "link": "https://home.example/clip.mp4?a=1&b=2",
        **values,
    }
    evidence, panel = Evidence.model_validate(found), Actor(name=None, via="panel")
    await api.context.commands.run(
        ALL_SITES, lambda unit: unit.evidence(alarm_id, panel, evidence, picture, said_at=unit.now)
    )


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.tags: list[tuple[str, dict[str, Any]]] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    @override
    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def attempted(conn: sa.Connection, alarm_id: str, at: datetime, **values: object) -> None:
    """Write down an attempt to send the alarm's ticket."""
    delivery_id = conn.execute(
        sa.select(tables.delivery.c.id).where(
            tables.delivery.c.alarm_id == alarm_id, tables.delivery.c.channel_id == "zammad"
        )
    ).scalar_one()
    row = {
        "delivery_id": delivery_id,
        "channel_id": "zammad",
        "number": 1,
        "started_at": at,
        "finished_at": at,
    }
    conn.execute(sa.insert(tables.attempt).values(**row, **values))


def text_of(reply: Reply) -> str:
    """The words of a page, with single spaces."""
    parser = _Text()
    parser.feed(reply.text)
    return " ".join(unescape(" ".join(parser.parts)).split())


def tags_of(reply: Reply) -> list[tuple[str, dict[str, Any]]]:
    """The tags of a page with their attributes."""
    parser = _Text()
    parser.feed(reply.text)
    return parser.tags


async def hidden_token(api: Api, path: str) -> str:
    """The token in the hidden field of the form on this page."""
    page = await api.call("GET", path, None)
    return next(
        str(attrs["value"])
        for tag, attrs in tags_of(page)
        if tag == "input" and attrs.get("name") == "form_token"
    )


async def log_in(api: Api, key: str = "admin") -> int:
    """Log in with the key of this name, and return the answer's status."""
    fields = {"key": api.keys.get(key, key), "form_token": await hidden_token(api, "/admin/login")}
    return (await api.call("POST", "/admin/login", None, data=fields)).status


def hidden_fields(reply: Reply) -> dict[str, str]:
    """The hidden fields of a page with one form about an alarm, beside that to log out."""
    inputs = [attrs for tag, attrs in tags_of(reply) if tag == "input" and attrs.get("type") == "hidden"]
    return {str(attrs["name"]): str(attrs["value"]) for attrs in inputs}


async def press_button(api: Api, alarm_id: str, name: str, **fields: str) -> Reply:
    """Press a button of the alarm's page, as its form sends it; a question that it asks is answered with yes."""
    page = await api.call("GET", f"/admin/alarms/{alarm_id}", None)
    sent, where = {**hidden_fields(page), **fields}, f"/admin/alarms/{alarm_id}/{name}"
    reply = await api.call("POST", where, None, data=sent)
    if reply.status != 200:
        return reply
    return await api.call("POST", where, None, data={**sent, **hidden_fields(reply)})
