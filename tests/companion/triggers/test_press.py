"""A device is pressed: what each press becomes."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.model import AlarmKind, Source
from companion.alarms.transaction import AlarmTransaction
from companion.directory.model import DeviceKind
from companion.store import tables
from companion.store.scope import ALL_SITES
from companion.triggers.press import Accepted, NobodyToTell, Press, Pressed, RateLimited, UnknownToken, press
from tests.builders import RESPONDER, Engine, person, policy, set_last_resort, step
from tests.companion.conftest import Directory
from tests.fakes.clock import FrozenClock

PHONE_SAYS = {"mac": "805ec0123456", "ip": "192.0.2.7", "model": "T54W"}


async def key(
    engine: Engine,
    directory: Directory,
    token: str | None = None,
    *,
    context: dict[str, str] | None = None,
    per_minute: int = 10,
) -> Press:
    """Press the panic key."""

    def work(unit: AlarmTransaction) -> Press:
        pressed = Pressed(
            source=Source.YEALINK, kind=AlarmKind.PANIC, head="Panic key", context=context or PHONE_SAYS
        )
        return press(unit, token or directory.phone_token, pressed, window_s=10, per_minute=per_minute)

    return await engine.commands.run(ALL_SITES, work)


async def accepted(engine: Engine, directory: Directory, **how: Any) -> Accepted:
    found = await key(engine, directory, **how)
    assert isinstance(found, Accepted)
    return found


async def _device(engine: Engine, device_id: str) -> Any:
    def row(conn: Connection) -> Any:
        return conn.execute(sa.select(tables.device).where(tables.device.c.id == device_id)).one()

    return await engine.db.read(row)


async def test_a_press_raises_an_alarm_that_says_who_and_where(
    engine: Engine, directory: Directory, clock: FrozenClock
) -> None:
    pressed = await accepted(engine, directory)

    assert pressed.created
    alarm = await engine.alarm(pressed.alarm.id)
    assert (alarm.source, alarm.kind, alarm.test) == (Source.YEALINK, AlarmKind.PANIC, False)
    assert (alarm.title, alarm.site, alarm.room, alarm.person, alarm.timezone) == (
        "Panic key: Reception",
        "Office",
        "Reception",
        "Porter",
        "Europe/Berlin",
    )
    assert alarm.details == PHONE_SAYS | {"device": "Desk phone"}
    assert alarm.device_id == directory.phone
    assert [page.recipient for page in await engine.deliveries(alarm.id)] == ["Zammad", "Porter"]
    device = await _device(engine, directory.phone)
    assert (device.last_seen_at, device.last_context) == (clock(), PHONE_SAYS)


def test_every_kind_of_device_is_a_source_of_alarms() -> None:
    assert set(DeviceKind) <= set(Source)


async def test_what_a_device_means_by_being_pressed_is_in_its_alarm(
    engine: Engine, directory: Directory
) -> None:
    tag = Pressed(source=Source.API, kind=AlarmKind.MEDICAL, head="Emergency tag", context={"by": "Ben"})

    def work(unit: AlarmTransaction) -> Press:
        return press(unit, directory.phone_token, tag, window_s=10, per_minute=10)

    pressed = await engine.commands.run(ALL_SITES, work)

    assert isinstance(pressed, Accepted)
    alarm = pressed.alarm
    assert (alarm.source, alarm.kind, alarm.title) == (
        Source.API,
        AlarmKind.MEDICAL,
        "Emergency tag: Reception",
    )
    assert alarm.details["by"] == "Ben"
    assert (await engine.journal(alarm.id))[0].via == "api"


async def test_a_phone_cannot_pass_for_another_device(engine: Engine, directory: Directory) -> None:
    pressed = await accepted(engine, directory, context={"device": "The other phone"})

    assert pressed.alarm.details["device"] == "Desk phone"


async def test_a_second_press_within_ten_seconds_gives_the_same_alarm(
    engine: Engine, directory: Directory, clock: FrozenClock
) -> None:
    first = await accepted(engine, directory)
    clock.advance(9.9)
    second = await accepted(engine, directory)
    clock.advance(0.1)
    third = await accepted(engine, directory)

    assert (second.created, second.alarm.id) == (False, first.alarm.id)
    assert (third.created, third.alarm.id == first.alarm.id) == (True, False)


async def test_an_unknown_token_raises_nothing(engine: Engine, directory: Directory) -> None:
    assert await key(engine, directory, "not-a-token-anybody-has") == UnknownToken()

    assert await engine.db.read(_count_alarms) == 0


def _count_alarms(conn: Connection) -> int:
    return conn.execute(sa.select(sa.func.count()).select_from(tables.alarm)).scalar_one()


async def test_a_device_that_is_switched_off_is_as_unknown(engine: Engine, directory: Directory) -> None:
    await engine.db.write(lambda conn: conn.execute(sa.update(tables.device).values(enabled=False)))

    assert await key(engine, directory) == UnknownToken()
    assert (await _device(engine, directory.phone)).last_seen_at is None


async def test_a_key_whose_room_and_person_are_unknown_raises_and_says_what_is_missing(
    engine: Engine, directory: Directory, clock: FrozenClock
) -> None:
    found = await key(engine, directory, directory.incomplete_phone_token)

    assert isinstance(found, Accepted)
    assert found.missing == ("person", "room")
    assert (found.alarm.title, found.alarm.site) == ("Panic key: Cellar phone, room unknown", "Office")
    assert found.alarm.details["missing"] == "person, room"
    assert [page.recipient for page in await engine.deliveries(found.alarm.id)] == ["Zammad", "Porter"]
    assert (await engine.journal(found.alarm.id))[0].detail["missing"] == "person, room"
    assert (await _device(engine, directory.incomplete_phone)).last_seen_at == clock()


async def test_a_key_without_a_site_is_told_to_the_last_resort(engine: Engine, directory: Directory) -> None:
    await set_last_resort(engine.db, policy(step(person("guard"))))
    await engine.db.write(
        lambda conn: conn.execute(sa.update(tables.device).values(site_id=None, room_id=None))
    )

    found = await accepted(engine, directory)

    assert found.missing == ("room", "site")
    assert [page.recipient for page in await engine.deliveries(found.alarm.id)] == ["Guard"]


async def test_a_key_that_leads_to_nobody_is_written_down_and_a_trouble(
    engine: Engine, directory: Directory
) -> None:
    await engine.db.write(lambda conn: conn.execute(sa.update(tables.device).values(site_id=None)))

    found = await key(engine, directory)
    again = await key(engine, directory)
    await engine.escalate()

    assert isinstance(found, NobodyToTell)
    assert isinstance(again, NobodyToTell)
    assert (found.device, found.missing, found.alarm.id) == ("Desk phone", ("site",), again.alarm.id)
    assert [one.kind for one in engine.news.service_troubles] == ["alarm_told_nobody"]


async def test_a_test_device_raises_test_alarms(engine: Engine, directory: Directory) -> None:
    await engine.db.write(lambda conn: conn.execute(sa.update(tables.device).values(test=True)))

    assert (await accepted(engine, directory)).alarm.test


async def test_a_devices_own_policy_comes_before_its_sites(engine: Engine, directory: Directory) -> None:
    def own(conn: Connection) -> None:
        body = {"id": "own", "name": "Own", "steps": [{"targets": [{"person": "guard"}]}]}
        conn.execute(sa.insert(tables.policy).values(id="own", name="Own", body=body))
        conn.execute(sa.update(tables.device).values(policy_id="own"))

    await engine.db.write(own)

    pressed = await accepted(engine, directory)

    assert pressed.alarm.policy is not None
    assert pressed.alarm.policy.id == "own"
    assert [page.recipient for page in await engine.deliveries(pressed.alarm.id)] == ["Guard"]


async def test_a_site_without_a_policy_still_raises_the_alarm(engine: Engine, directory: Directory) -> None:
    await engine.db.write(lambda conn: conn.execute(sa.update(tables.site).values(policy_id=None)))

    pressed = await key(engine, directory)

    assert isinstance(pressed, NobodyToTell)
    assert (pressed.missing, pressed.alarm.site) == ((), "Office")


# --- the limit ------------------------------------------------------------------------------------------


async def test_more_presses_than_a_minute_may_have_are_told_when_to_come_back(
    engine: Engine, directory: Directory, clock: FrozenClock
) -> None:
    for _ in range(3):
        await accepted(engine, directory, per_minute=3)
        clock.advance(5.5)

    limited = await key(engine, directory, per_minute=3)
    clock.advance(4.4)
    still = await key(engine, directory, per_minute=3)

    assert limited == RateLimited(retry_after_s=44)
    assert still == RateLimited(retry_after_s=40)


async def test_a_press_beyond_the_window_is_a_new_alarm_however_often_the_key_was_pressed(
    engine: Engine, directory: Directory, clock: FrozenClock
) -> None:
    """DESIGN.md: no throttle can hold back the first page of an alarm."""
    first = await accepted(engine, directory, per_minute=1)
    clock.advance(9.9)
    assert isinstance(await key(engine, directory, per_minute=1), RateLimited)
    clock.advance(0.1)

    second = await accepted(engine, directory, per_minute=1)

    assert second.created
    assert second.alarm.id != first.alarm.id
    assert [page.recipient for page in await engine.deliveries(second.alarm.id)] == ["Zammad", "Porter"]


async def test_the_limit_does_not_hold_back_a_press_after_the_answer(
    engine: Engine, directory: Directory, clock: FrozenClock
) -> None:
    """Whoever hammered the key, was answered, and presses once more is heard: somebody has to know."""
    first = await accepted(engine, directory, per_minute=1)
    assert isinstance(await key(engine, directory, per_minute=1), RateLimited)
    await engine.acknowledge(first.alarm.id)

    pressed = await accepted(engine, directory, per_minute=1)

    assert (pressed.created, pressed.alarm.id) == (False, first.alarm.id)
    assert pressed.alarm.awaits_reaction
    assert isinstance(await key(engine, directory, per_minute=1), RateLimited)


async def test_the_limit_never_holds_back_an_emergency(engine: Engine, directory: Directory) -> None:
    """DESIGN.md: no throttle can hold back the first page of an alarm."""
    first = await accepted(engine, directory, per_minute=1)
    assert isinstance(await key(engine, directory, per_minute=1), RateLimited)
    await engine.commands.run(ALL_SITES, lambda unit: unit.cancel(first.alarm.id, RESPONDER))

    real = await accepted(engine, directory, per_minute=1)

    assert real.created
    assert isinstance(await key(engine, directory, per_minute=1), RateLimited)


async def test_an_incomplete_device_is_limited_too(engine: Engine, directory: Directory) -> None:
    found = [await key(engine, directory, directory.incomplete_phone_token, per_minute=2) for _ in range(3)]

    assert [type(item) for item in found] == [Accepted, Accepted, RateLimited]


async def test_each_device_has_a_limit_of_its_own(engine: Engine, directory: Directory) -> None:
    await accepted(engine, directory, per_minute=1)
    assert isinstance(await key(engine, directory, per_minute=1), RateLimited)

    other = await key(engine, directory, directory.incomplete_phone_token, per_minute=1)

    assert isinstance(other, Accepted)


async def test_a_clock_that_was_set_back_does_not_lock_the_key(
    engine: Engine, directory: Directory, clock: FrozenClock
) -> None:
    await accepted(engine, directory, per_minute=1)
    assert isinstance(await key(engine, directory, per_minute=1), RateLimited)

    clock.advance(-3600)

    assert isinstance(await key(engine, directory, per_minute=1), Accepted)


async def test_a_press_that_is_a_little_late_counts_in_the_same_minute(
    engine: Engine, directory: Directory, clock: FrozenClock
) -> None:
    """Another process, or one that waited for the lock, has a slightly older clock."""
    await accepted(engine, directory, per_minute=1)

    clock.advance(-0.5)

    assert isinstance(await key(engine, directory, per_minute=1), RateLimited)


# --- races ----------------------------------------------------------------------------------------------


async def test_fifty_presses_at_once_are_one_alarm(engine: Engine, directory: Directory) -> None:
    found = await asyncio.gather(*(accepted(engine, directory, per_minute=50) for _ in range(50)))

    assert len({item.alarm.id for item in found}) == 1
    assert [item.created for item in found].count(True) == 1
    assert (await _device(engine, directory.phone)).minute_count == 50


async def test_of_many_presses_at_once_no_more_than_the_limit_are_taken(
    engine: Engine, directory: Directory
) -> None:
    found = await asyncio.gather(*(key(engine, directory, per_minute=10) for _ in range(30)))

    assert [isinstance(item, Accepted) for item in found].count(True) == 10


async def test_two_processes_make_one_alarm_of_presses_at_once(
    engine: Engine, directory: Directory, database_url: str
) -> None:
    script = (
        "import asyncio, sys\n"
        "from companion.store.database import open_database\n"
        "from companion.store.scope import ALL_SITES\n"
        "from companion.triggers.press import press\n"
        "from companion.triggers.yealink import panic_key\n"
        "from tests.builders import make_engine\n"
        "from tests.fakes.clock import FrozenClock\n"
        "async def main():\n"
        "    db = open_database(sys.argv[1])\n"
        "    engine = make_engine(db, FrozenClock())\n"
        "    work = lambda unit: press(unit, sys.argv[2], panic_key([]), window_s=10, per_minute=1000)\n"
        "    print('ready', flush=True)\n"
        "    await asyncio.to_thread(sys.stdin.readline)\n"
        "    found = await asyncio.gather(*(engine.commands.run(ALL_SITES, work) for _ in range(20)))\n"
        "    print(*(item.alarm.id for item in found))\n"
        "    await db.close()\n"
        "asyncio.run(main())\n"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", script, database_url, directory.phone_token),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        )
        for _ in range(2)
    ]
    async with asyncio.timeout(30):
        for process in processes:
            assert process.stdout is not None
            await process.stdout.readline()
        said = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))

    alarm_ids = [alarm_id for out, _ in said for alarm_id in out.decode().split()]
    assert len(alarm_ids) == 40
    assert len(set(alarm_ids)) == 1
    assert await engine.db.read(_count_alarms) == 1
    assert len(await engine.deliveries(alarm_ids[0])) == 2
