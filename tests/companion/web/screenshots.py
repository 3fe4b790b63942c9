"""Takes the README's pictures of the ACK page and the dashboard: `script/screenshots`."""

import asyncio
import tempfile
from datetime import timedelta
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.model import Actor, Evidence, Picture
from companion.store import tables
from companion.store.database import open_database
from companion.store.migrate import migrate
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from companion.web.metrics import Metrics
from tests.companion.conftest import Directory, seed_directory
from tests.companion.web.chromium import chromium, new_context
from tests.companion.web.harness import (
    Api,
    make_keys,
    settings_in,
    started,
    web_context,
)
from tests.companion.web.people_pages import alarm_of, token_for
from tests.e2e.scene import front_door_at_night
from tests.fakes.channel import FakePool
from tests.fakes.clock import START, FrozenClock

FOLDER = Path(__file__).parents[3] / "docs" / "screenshots"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1180, "height": 900}


def _in_order(conn: Connection, ids: Directory) -> None:
    """Write a directory in which nothing is to be seen to: numbers that can be called, operators, channels that work."""
    seed_directory(conn, ids)
    points = tables.contact_point
    for point, number in (("c1", "+4915123456701"), ("c2", "+4915123456701"), ("c3", "+4915123456702")):
        conn.execute(sa.update(points).where(points.c.id == point).values(address=number))
    conn.execute(
        sa.insert(tables.installation).values(
            id="installation", last_resort_id=ids.policy, operators=[ids.guard], country="DE"
        )
    )
    tried = {"revision": 1, "probed_at": START, "sent_at": START, "failed_probes": 0, "failed_sends": 0}
    conn.execute(
        sa.insert(tables.channel_health),
        [{"channel_id": channel_id, **tried} for channel_id in (ids.signal, ids.sms, ids.zammad)],
    )


async def a_day(api: Api, clock: FrozenClock) -> str:
    """Let some alarms happen, and return the one that waits for an answer."""
    run = partial(api.context.commands.run, ALL_SITES)
    over = await api.raised(title="Water below the sink", kind="water", room="reception", person="porter")
    clock.advance(38)
    await run(lambda unit: unit.acknowledge(over, Actor(name="Porter", via="ack_page")))
    clock.advance(900)
    await run(lambda unit: unit.resolve(over, Actor(name="Desk", via="api")))
    clock.advance(5200)
    drill = await api.raised(title="Monthly drill", room="reception", person="guard", test=True)
    clock.advance(21)
    await run(lambda unit: unit.acknowledge(drill, Actor(name="Guard", via="ack_page")))
    clock.advance(60)
    await run(lambda unit: unit.cancel(drill, Actor(name="Desk", via="api")))
    clock.advance(10_000)
    taken = await api.raised(title="Somebody fell", kind="medical", room="reception", person="porter")
    clock.advance(44)
    await run(lambda unit: unit.acknowledge(taken, Actor(name="Guard", via="push")))
    clock.advance(260)
    waiting = await api.raised(
        title="Panic key: Reception", room="reception", person="porter", details={"phone": "Yealink T54W"}
    )
    clock.advance(60)
    alarm = await alarm_of(api, waiting)
    await run(lambda unit: unit.run_step(alarm))
    await api.context.db.write(lambda conn: _dispatched(conn, api))
    clock.advance(12)
    return waiting


async def a_break_in(api: Api) -> str:
    """Let a panel raise an alarm that a camera has seen, and return it."""
    run, now = partial(api.context.commands.run, ALL_SITES), api.context.clock()
    alarm_id = await api.raised(title="Burglary: Front door", kind="burglary", room="reception")
    found = Evidence(
        level=2,
        reasons=("A camera saw a person.",),
        camera="Front door",
        label="person",
        score=0.87,
        taken_at=now,
        link=None,
    )
    picture = Picture(media_type="image/jpeg", data=front_door_at_night())
    panel = Actor(name=None, via="panel")
    await run(lambda unit: unit.evidence(alarm_id, panel, found, picture, said_at=now))
    return alarm_id


def _dispatched(conn: Connection, api: Api) -> None:
    """Let every delivery be sent, but one that the provider refused at first."""
    now = api.context.clock()
    codes = {"zammad": 201, "signal": 201, "sms": 503}
    for row in conn.execute(sa.select(tables.delivery).order_by(tables.delivery.c.id)).all():
        sent = codes[row.channel_id] < 300
        conn.execute(
            sa.insert(tables.attempt).values(
                delivery_id=row.id,
                channel_id=row.channel_id,
                number=1,
                started_at=now,
                finished_at=now + timedelta(seconds=1),
                outcome="sent" if sent else "failed",
                status_code=codes[row.channel_id],
                error=None if sent else Reason("http_status", status=503),
            )
        )
        state = "sent" if sent else "failed"
        due_at = row.due_at if sent else now + timedelta(minutes=2)
        conn.execute(
            sa.update(tables.delivery)
            .where(tables.delivery.c.id == row.id)
            .values(state=state, attempts=1, due_at=due_at)
        )
    linked = {"instance": "home", "their_stream": "s", "our_stream": "o", "received": 0, "next_seq": 1}
    conn.execute(
        sa.insert(tables.link_peer).values(
            **linked, name="Home Assistant", site_id=None, last_seen_at=now + timedelta(seconds=8)
        )
    )
    for area, state, mode in (("Offices", "armed", "away"), ("Workshop", "disarmed", None)):
        conn.execute(
            sa.insert(tables.link_area).values(
                instance="home", area=area.lower(), name=area, state=state, mode=mode, at=now
            )
        )


async def take(api: Api, waiting: str) -> None:
    """Take the pictures."""
    async with chromium() as browser:
        phone = await new_context(browser, PHONE, color_scheme="light", device_scale_factor=2)
        page = await phone.new_page()
        await page.goto(str(api.client.make_url(f"/a/{token_for(waiting)}")))
        await page.screenshot(path=FOLDER / "ack-page.png")
        seen = await a_break_in(api)
        await page.goto(str(api.client.make_url(f"/a/{token_for(seen)}")))
        await page.screenshot(path=FOLDER / "ack-page-picture.png", full_page=True)
        desk = await new_context(browser, DESK, color_scheme="light", device_scale_factor=1.5)
        page = await desk.new_page()
        await page.goto(str(api.client.make_url("/admin")))
        await page.get_by_label("Key").fill(api.keys["admin"])
        await page.get_by_role("button", name="Log in").click()
        await page.screenshot(path=FOLDER / "dashboard.png", full_page=True)


async def main() -> None:
    """Serve a companion with a day's alarms, and photograph it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'alarm-broker.db'}"
        await migrate(url)
        db, ids, clock = open_database(url), Directory(), FrozenClock()
        await db.write(lambda conn: _in_order(conn, ids))
        context = web_context(settings_in(folder), db, clock, FakePool(), Metrics())
        client = await started(context)
        api = Api(
            client=client, context=context, channels=FakePool(), keys=await make_keys(context, ids.site)
        )
        await take(api, await a_day(api, clock))
        await client.close()
        await db.close()


if __name__ == "__main__":
    asyncio.run(main())
