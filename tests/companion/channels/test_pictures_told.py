"""Pictures in the whole service: what a camera saw reaches a mailbox, unless the channel keeps it at home."""

from typing import Any

import orjson
import pytest

from companion.alarms.model import Actor, Evidence, Picture, PictureShows
from companion.app import Companion
from companion.config import load_secret_key
from companion.directory.apply import apply_document
from companion.directory.parsing import read_document
from companion.directory.references import References
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets
from tests.builders import PHONE, person, policy, step, trigger
from tests.fakes.mail import FakeMail

JPEG = b"\xff\xd8\xff\xe0 a picture"
SEEN = Evidence(
    level=2,
    reasons=(),
    camera="Drive",
    label="person",
    score=0.9,
    taken_at=None,
    link=None,
    picture=PictureShows(camera="Drive", taken_at=None),
)


async def told_of_what_was_seen(running: Companion, server: FakeMail, **config: Any) -> list[bytes]:
    """Page Anna by mail, let a camera see somebody, and return the pictures in the mail that says so."""
    settings = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "alarm@house.example"}
    document = {
        "channels": [{"id": "mail", "kind": "email", "name": "Mail", "config": settings | config}],
        "people": [
            {
                "id": "anna",
                "name": "Anna",
                "contacts": [{"channel": "mail", "address": "anna@house.example"}],
            }
        ],
    }
    read = read_document(orjson.dumps(document), References(environ={}))
    secrets = Secrets(load_secret_key(running.settings))
    await running.db.write(lambda conn: apply_document(conn, read, secrets))
    pages = trigger(policy=policy(step(person("anna"))), site_id=None, device_id=None)
    raised = await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(pages, PHONE))
    await server.until(1)

    panel, picture = Actor(name=None, via="panel"), Picture(media_type="image/jpeg", data=JPEG)
    await running.commands.run(
        ALL_SITES, lambda unit: unit.evidence(raised.alarm.id, panel, SEEN, picture, said_at=unit.now)
    )
    await server.until(2)
    parts = server.taken[1].mail.walk()
    return [part.get_content() for part in parts if part.get_content_maintype() == "image"]


@pytest.mark.parametrize(
    ("config", "shown"), [({}, [JPEG]), ({"pictures": False}, [])], ids=["shown", "kept"]
)
async def test_the_mail_that_somebody_is_there_shows_them(
    running: Companion, config: dict[str, Any], shown: list[bytes]
) -> None:
    async with FakeMail() as server:
        assert await told_of_what_was_seen(running, server, **config) == shown
