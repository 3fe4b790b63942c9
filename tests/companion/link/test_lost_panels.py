"""A panel that lost its file: operators and every Home Assistant of the site hear of it, once, and of its end."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from companion.alarms.service import AlarmService
from companion.channels.base import MessageKind
from companion.link import lost_panels, store as link
from companion.link.store import Peer
from companion.store import tables
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.texts.language import texts_for
from companion.texts.troubles import trouble_advice
from companion.troubles.store import open_troubles
from tests.builders import messages_to_operators
from tests.companion.conftest import Directory
from tests.companion.link.conftest import INSTANCE, Panel, meet
from tests.companion.link.test_publishing import kept
from tests.golden_frames import golden_event

ARMED = golden_event("area_state")
LOST = golden_event("area_state_unknown")
DISARMED = {**LOST, "state": "disarmed"}
GARAGE = {"area": "garage", "name": "Garage"}


@pytest.fixture
async def peer(db: Database, commands: AlarmService, directory: Directory) -> Peer:
    row = {"id": "installation", "operators": [directory.porter]}
    await db.write(lambda conn: conn.execute(sa.insert(tables.installation).values(**row)))
    return await meet(commands, site_id=directory.site)


@pytest.fixture
def panel(commands: AlarmService, peer: Peer) -> Panel:
    return Panel(commands, peer)


async def said(db: Database) -> list[Mapping[str, Any]]:
    """Return what Home Assistant is told of it."""
    return [body for _, body in await kept(db) if body["kind"] == "trouble"]


async def test_the_operators_hear_how_it_was_when_it_last_knew(db: Database, panel: Panel) -> None:
    await panel.say(ARMED, LOST)

    [message] = await messages_to_operators(db)
    assert (message.kind, message.recipient) == (MessageKind.TROUBLE, "Porter")
    assert message.message["trouble"] == "panel_unknown"
    told_to = partial(trouble_advice, "panel_unknown", facts=message.message["details"])
    assert "lost: Home. Last heard: Home: armed (away). Only" in told_to(texts=texts_for("en"))
    assert "ging verloren: Home. Zuletzt gehört: Home: scharf (abwesend). Bewacht" in told_to(
        texts=texts_for("de")
    )
    assert await db.read(lambda conn: link.areas(ALL_SITES, conn, INSTANCE)) == [
        link.KnownArea(area="home", name="Home", state="unknown", mode=None)
    ]


async def test_home_assistant_hears_what_the_contract_promises(db: Database, panel: Panel) -> None:
    await panel.say(ARMED, LOST)

    [body] = await said(db)
    promised = golden_event("trouble_panel_unknown")
    assert {**body, "at": promised["at"], "since": promised["since"]} == promised


async def test_it_is_over_when_somebody_has_disarmed_every_area(db: Database, panel: Panel) -> None:
    await panel.say(LOST, {**LOST, **GARAGE}, DISARMED)
    [still] = await db.read(partial(open_troubles, ALL_SITES))
    await panel.say({**DISARMED, **GARAGE})

    assert still.facts["areas"] == "Garage, Home"
    assert await db.read(partial(open_troubles, ALL_SITES)) == []
    assert [one.kind for one in await messages_to_operators(db)] == [
        MessageKind.TROUBLE,
        MessageKind.TROUBLE_OVER,
    ]
    assert [body["open"] for body in await said(db)] == [True, False]


async def test_an_area_that_is_lost_again_and_again_is_named_once(db: Database, panel: Panel) -> None:
    await panel.say(ARMED, {**ARMED, **GARAGE, "state": "disarmed", "mode": None})
    await panel.say(LOST, {**LOST, **GARAGE})

    for _ in range(3):
        await panel.say(DISARMED, LOST)

    [trouble] = await db.read(partial(open_troubles, ALL_SITES))
    assert str(trouble.facts["last_known"]) == "Garage: disarmed; Home: disarmed"


async def test_said_at_each_start_it_is_told_once(db: Database, panel: Panel) -> None:
    await panel.say(ARMED, {**ARMED, **GARAGE, "state": "disarmed", "mode": None})
    await panel.say(LOST, {**LOST, **GARAGE})
    await panel.say(LOST, {**LOST, **GARAGE})

    [trouble] = await db.read(partial(open_troubles, ALL_SITES))
    assert str(trouble.facts["last_known"]) == "Home: armed (away); Garage: disarmed"
    assert len(await messages_to_operators(db)) == 1


async def test_a_panel_that_knows_is_no_trouble(db: Database, panel: Panel) -> None:
    await panel.say(ARMED, DISARMED)

    assert await messages_to_operators(db) == []
    assert await said(db) == []


async def test_it_is_over_with_a_panel_that_never_came_back_and_was_forgotten(
    db: Database, commands: AlarmService, panel: Panel
) -> None:
    await panel.say(ARMED, LOST)
    await commands.run(ALL_SITES, lost_panels.clear_gone)
    while_known = await db.read(partial(open_troubles, ALL_SITES))
    await db.write(lambda conn: conn.execute(sa.delete(tables.link_peer)))

    await commands.run(ALL_SITES, lost_panels.clear_gone)

    assert len(while_known) == 1
    assert await db.read(partial(open_troubles, ALL_SITES)) == []
