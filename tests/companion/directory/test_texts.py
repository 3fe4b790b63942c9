"""Texts in the directory: checked with messages of their kind before they are stored, and each with its place."""

from typing import Any

import pytest

from companion.channels.base import MessageKind
from companion.directory.apply import Action, apply_document, plan_document
from companion.directory.seed import DocumentInvalid
from companion.directory.store import message_texts
from companion.store.database import Database
from companion.store.scope import ALL_SITES, OneSite
from tests.companion.directory.documents import KEY, changes_nothing, office, read


def with_texts(*texts: dict[str, Any]) -> dict[str, Any]:
    return office() | {
        "texts": [{"id": f"t{number}", "kind": "page"} | one for number, one in enumerate(texts)]
    }


async def problems(db: Database, *texts: dict[str, Any]) -> list[str]:
    document = read(with_texts(*texts))
    with pytest.raises(DocumentInvalid) as caught:
        await db.read(lambda conn: plan_document(conn, document, KEY))
    return [str(problem) for problem in caught.value.problems]


async def test_texts_are_stored_changed_and_removed_as_everything_is(db: Database) -> None:
    first = with_texts(
        {"title": "{{ title }}", "language": "de", "site": "office", "channel": "sms"},
        {"kind": "acknowledged", "text": "{{ by }}"},
    )
    await db.write(lambda conn: apply_document(conn, read(first), KEY))
    stored = await db.read(lambda conn: message_texts(ALL_SITES, conn))
    again = await db.read(lambda conn: plan_document(conn, read(first), KEY))
    changed = with_texts({"title": "Hilfe", "language": "de", "site": "office"})
    plan = await db.write(lambda conn: apply_document(conn, read(changed), KEY))

    assert [(one.id, one.kind, one.channel_id, one.title, one.text) for one in stored] == [
        ("t0", MessageKind.PAGE, "sms", "{{ title }}", None),
        ("t1", MessageKind.ACKNOWLEDGED, None, None, "{{ by }}"),
    ]
    assert changes_nothing(again)
    assert [(one.action, one.id, one.fields) for one in plan.changes if one.kind == "message_text"] == [
        (Action.CHANGED, "t0", ("channel", "title")),
        (Action.REMOVED, "t1", ()),
    ]


async def test_a_site_sees_its_own_texts_and_those_of_all(db: Database) -> None:
    texts = with_texts({"title": "ours", "site": "office"}, {"title": "all"})
    texts["sites"].append({"id": "villa", "name": "Villa", "timezone": "UTC", "policy": "standard"})
    await db.write(lambda conn: apply_document(conn, read(texts), KEY))

    seen = await db.read(lambda conn: [message_texts(OneSite(one), conn) for one in ("office", "villa")])

    assert [[one.id for one in each] for each in seen] == [["t0", "t1"], ["t1"]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ({"text": "{{ titel }}"}, "texts[0].text: line 1: there is no `titel`; there are by,"),
        (
            {"title": "a", "text": "b\n{{ title.upper() }}"},
            "texts[0].text: line 2: nothing can be called here",
        ),
        ({"title": "{% if level > 2 %}a{% endif %}b"}, "texts[0].title: line 1: TypeError"),
        ({"text": "x" * 1501}, "texts[0].text: becomes longer than 1500 characters"),
        ({"text": "{{ by }}"}, "texts[0].text: says nothing, even of a message that knows everything"),
        ({}, "texts[0]: has neither `title` nor `text`: write one of them"),
        ({"text": "x", "kind": "pages"}, "texts[0].kind: Input should be 'page',"),
        ({"text": "x", "language": "xx"}, "texts[0].language: is no language that messages are written in"),
        ({"text": "x", "site": "villa"}, "texts[0].site: there is no site 'villa'"),
        ({"text": "x", "channel": "fax"}, "texts[0].channel: there is no channel 'fax'"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
async def test_a_text_that_cannot_be_used_is_refused_with_its_place(
    db: Database, text: dict[str, Any], said: str
) -> None:
    (problem,) = await problems(db, text)

    assert problem.startswith(said)


async def test_two_texts_for_the_same_messages_are_refused(db: Database) -> None:
    same = {"text": "x", "language": "de"}

    assert await problems(db, same, same | {"title": "y"}) == [
        "texts[1].text: stands in text 't0' too, for the same messages: leave one of them out"
    ]


async def test_a_text_of_a_site_is_not_for_the_channel_of_another(db: Database) -> None:
    document = with_texts({"text": "x", "site": "villa", "channel": "fax"})
    document["sites"].append({"id": "villa", "name": "Villa", "timezone": "UTC", "policy": "standard"})
    fax = {
        "id": "fax",
        "kind": "sms",
        "name": "Fax",
        "site": "office",
        "config": {"url": "http://127.0.0.1:8081/fax"},
    }
    document["channels"].append(fax)
    with pytest.raises(DocumentInvalid, match=r"texts\[0\].channel: channel 'fax' belongs to site 'office'"):
        await db.read(lambda conn: plan_document(conn, read(document), KEY))


async def test_a_channel_that_a_text_is_for_cannot_go(db: Database) -> None:
    await db.write(lambda conn: apply_document(conn, read(with_texts({"text": "x", "channel": "sms"})), KEY))
    without: dict[str, Any] = {"channels": [], "people": [], "policies": [], "sites": [], "devices": []}

    with pytest.raises(DocumentInvalid, match="there is no channel 'sms'"):
        await db.read(lambda conn: plan_document(conn, read(without), KEY))
