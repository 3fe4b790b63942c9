"""The application's own composition: what a part is given there, and not what a test gives it."""

import asyncio
from functools import partial

import sqlalchemy as sa

from companion.alarms.escalate import run_due
from companion.alarms.model import Actor
from companion.app import Companion
from companion.channels.base import MessageKind
from companion.config import Settings
from companion.dispatch.delivery import Delivery, State
from companion.dispatch.store import deliveries_of
from companion.ids import new_id
from companion.link import outbox, store as link
from companion.store import tables
from companion.store.database import open_database
from companion.store.scope import ALL_SITES
from companion.troubles.store import open_troubles
from tests.builders import PHONE, person, policy, set_last_resort, step, trigger, within
from tests.companion.conftest import Directory
from tests.fakes.packages import SETTINGS, Packages, pager


async def pages(running: Companion, alarm_id: str) -> list[Delivery]:
    found = await running.db.read(lambda conn: deliveries_of(ALL_SITES, conn, alarm_id))
    return [delivery for delivery, _ in found if delivery.kind is MessageKind.PAGE]


async def test_an_alarm_without_a_policy_is_told_to_the_installations_last_resort(
    settings: Settings, directory: Directory
) -> None:
    async with Companion(settings) as running:
        await set_last_resort(running.db, policy(step(person("guard"))))

        raised = await running.commands.run(
            ALL_SITES, lambda unit: unit.raise_alarm(trigger(policy=None), PHONE)
        )

        assert [page.recipient for page in await pages(running, raised.alarm.id)] == ["Guard"]


async def test_a_channel_whose_package_is_broken_neither_stops_the_service_nor_an_alarm(
    settings: Settings, directory: Directory, packages: Packages
) -> None:
    packages.install("acme-pager", pager(__init__="import nothing_like_it"), {"pager": "acme_pager:KIND"})
    async with Companion(settings) as running:
        change = sa.update(tables.channel).where(tables.channel.c.id == directory.signal)
        await running.db.write(lambda conn: conn.execute(change.values(kind="pager")))

        press = trigger(policy=policy(step(person("porter"))))
        raised = await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(press, PHONE))
        async with asyncio.timeout(10):
            while len(told := await pages(running, raised.alarm.id)) < 2:  # noqa: ASYNC110 # what is waited for is in a database
                await asyncio.sleep(0.01)

        waiting, instead = told
        assert (waiting.channel_id, waiting.state, waiting.attempts) == (directory.signal, State.FAILED, 0)
        assert "of package acme-pager cannot be used (ModuleNotFoundError" in str(waiting.last_error)
        assert (instead.channel_id, instead.recipient) == (directory.sms, "Porter")


async def test_a_service_that_answers_has_loaded_its_channels(
    settings: Settings, directory: Directory, packages: Packages
) -> None:
    """Or the first alarm would wait for it."""
    packages.install(
        "acme-pager", pager(settings=f"import time\ntime.sleep(1)\n{SETTINGS}"), {"pager": "acme_pager:KIND"}
    )
    db = open_database(settings.database_url)
    change = sa.update(tables.channel).where(tables.channel.c.id == directory.signal).values(kind="pager")
    await db.write(lambda conn: conn.execute(change))
    await db.close()

    async with Companion(settings):
        assert "acme_pager.settings" in packages.imported()


async def test_what_another_program_writes_into_the_database_is_seen_without_being_told_of(
    settings: Settings, directory: Directory
) -> None:
    """Within seconds: well before whoever waits would look by itself on SQLite."""
    async with Companion(settings) as running:
        later = trigger(policy=policy(step(person("guard"), after=3600)))
        raised = await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(later, PHONE))
        await asyncio.sleep(
            1.5
        )  # the alarm has woken everybody: what comes while they look they would see anyhow
        other = open_database(settings.database_url)
        change = sa.update(tables.alarm).values(next_due_at=running.clock())
        await other.write(lambda conn: conn.execute(change))
        await other.close()

        async with asyncio.timeout(15):
            while not await pages(running, raised.alarm.id):  # noqa: ASYNC110 # what is waited for is in a database
                await asyncio.sleep(0.05)


async def test_an_alarm_that_told_nobody_is_known_to_the_operators_and_to_home_assistant(
    settings: Settings, directory: Directory
) -> None:
    async with Companion(settings) as running:
        now = running.clock()
        await running.db.write(
            lambda conn: link.add_peer(
                ALL_SITES, conn, instance="ha", name="Home", site_id="office", their_stream=new_id(), now=now
            )
        )

        await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(trigger(policy=None), PHONE))
        await running.commands.run(ALL_SITES, run_due)

        [trouble] = await running.db.read(partial(open_troubles, ALL_SITES))
        kept = await running.db.read(lambda conn: outbox.kept_events(conn, "ha", after=0, limit=100))
        assert (trouble.kind, trouble.site_id) == ("alarm_told_nobody", "office")
        assert [body["kind"] for _, body in kept].count("trouble") == 1


async def test_a_press_after_the_answer_is_told_to_whoever_answered_and_its_reaction_is_due(
    settings: Settings, directory: Directory
) -> None:
    key = trigger(dedup=within(60, "device:desk-phone"))
    anna = Actor(name="Anna", via="ack_page")
    async with Companion(settings.model_copy(update={"reaction_s": 40})) as running:
        alarm = (await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(key, PHONE))).alarm
        await running.commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm.id, anna, link_of="Porter"))

        pressed = await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(key, PHONE))

        found = await running.db.read(lambda conn: deliveries_of(ALL_SITES, conn, alarm.id))
        reminded = {one.recipient for one, _ in found if one.kind is MessageKind.PRESSED_AGAIN}
        assert reminded == {"Porter", "Zammad"}
        assert pressed.alarm.next_due_at is not None
        assert 30 < (pressed.alarm.next_due_at - running.clock()).total_seconds() <= 40
