"""Our events: for whom they are kept, how long, and how both streams are lined up at a hello."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from companion.alarms.model import Actor, AlarmKind, Change, Source, Trigger
from companion.alarms.service import AlarmService
from companion.directory.roles import Role
from companion.directory.store import create_api_key, policies, policy_by_id, revoke_api_key
from companion.dispatch.store import deliveries_of
from companion.link import outbox, publishing, store as link
from companion.link.store import Body
from companion.link.wording import in_words
from companion.store import tables
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.texts.language import ENGLISH
from companion.texts.reasons import Reason
from companion.troubles import reporting
from companion.troubles.model import TroubleKind
from tests.companion.conftest import Directory
from tests.companion.link.conftest import INSTANCE, meet, press
from tests.fakes.clock import FrozenClock
from tests.golden_frames import golden_event

KEY = Actor(name=None, via="yealink")
PORTER = Actor(name="Porter", via="ack_page")


async def kept(db: Database, instance: str = INSTANCE, *, after: int = 0) -> list[tuple[int, Body]]:
    """Return what is kept for a Home Assistant, as it hears it in English."""
    events = await db.read(lambda conn: outbox.kept_events(conn, instance, after=after, limit=10_000))
    return [(seq, in_words(body, ENGLISH, datetime.now(UTC))) for seq, body in events]


async def add_site(db: Database, site_id: str) -> None:
    row = {"id": site_id, "name": site_id, "timezone": "UTC", "policy_id": None}
    await db.write(lambda conn: conn.execute(sa.insert(tables.site), row))


async def test_each_change_is_one_whole_snapshot(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    await meet(commands, site_id=directory.site)
    alarm = await press(commands)

    await commands.run(ALL_SITES, lambda unit: unit.acknowledge(alarm.id, PORTER))
    await commands.run(ALL_SITES, lambda unit: unit.resolve(alarm.id, PORTER))

    told = await kept(db)
    assert [seq for seq, _ in told] == [1, 2, 3]
    assert [body["change"] for _, body in told] == ["raised", "acknowledged", "resolved"]
    assert [body["version"] for _, body in told] == [1, 2, 3]
    assert told[1][1]["acknowledged_by"] == "Porter"


async def test_a_snapshot_has_what_the_contract_promises_and_no_more(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    await meet(commands, site_id=directory.site)

    await press(commands)

    [(_, body)] = await kept(db)
    promised = golden_event("alarm")
    assert set(body) == set(promised)
    assert {key for key in body if body[key] is not None} >= {"alarm_id", "status", "raised_at", "title"}
    assert body["title_parts"] == promised["title_parts"]


async def test_a_change_that_is_undone_is_told_to_nobody(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    await meet(commands, site_id=directory.site)
    alarm = await press(commands)

    def fails(unit: Any) -> None:
        unit.acknowledge(alarm.id, PORTER)
        raise ValueError("afterwards")

    with pytest.raises(ValueError, match="afterwards"):
        await commands.run(ALL_SITES, fails)

    assert [body["change"] for _, body in await kept(db)] == ["raised"]


async def test_without_a_home_assistant_nothing_is_kept(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    await press(commands)

    rows = await db.read(lambda conn: conn.execute(sa.select(tables.link_event)).all())
    assert rows == []


async def test_an_alarm_is_told_only_to_its_site(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    await add_site(db, "home")
    await meet(commands, site_id="office", instance="at-the-office")
    await meet(commands, site_id="home", instance="at-home")

    await press(commands, site_id="office")
    await press(commands, site_id=None)

    assert len(await kept(db, "at-the-office")) == 1
    assert await kept(db, "at-home") == []


async def test_a_key_for_every_site_hears_of_every_alarm(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    await meet(commands, site_id=None)

    await press(commands, site_id="office")
    await press(commands, site_id=None)

    assert len(await kept(db)) == 2


async def test_a_key_for_every_site_is_refused_where_there_are_several(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    await add_site(db, "home")

    with pytest.raises(publishing.SiteUnknown):
        await meet(commands, site_id=None)


async def test_a_panel_that_was_given_its_site_may_come_back_with_its_key_for_every_site(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    await meet(commands, site_id=None)
    await add_site(db, "home")
    await db.write(lambda conn: link.update_peer(ALL_SITES, conn, INSTANCE, site_id=directory.site))
    await press(commands, site_id=directory.site)

    again = await meet(commands, site_id=None, received=0)

    assert again.site_id == directory.site
    assert len(await kept(db)) == 1


async def test_a_delivery_that_was_given_up_is_told(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    await meet(commands, site_id=directory.site)
    [found] = await db.read(partial(policies, ALL_SITES))
    policy = await db.read(lambda conn: policy_by_id(ALL_SITES, conn, found.id))
    trigger = Trigger(
        source=Source.YEALINK, kind=AlarmKind.PANIC, title="Panic key", site_id="office", policy=policy
    )
    alarm = (await commands.run(ALL_SITES, lambda unit: unit.raise_alarm(trigger, KEY))).alarm
    made = await db.read(lambda conn: deliveries_of(ALL_SITES, conn, alarm.id))
    signal = next(delivery for delivery, _ in made if delivery.channel_id == directory.signal)

    await commands.run(
        ALL_SITES,
        lambda unit: publishing.publish_trouble(unit, signal, Reason.quoting("400: not registered")),
    )

    body = (await kept(db))[-1][1]
    assert set(body) == set(golden_event("delivery_trouble"))
    assert (body["channel"], body["recipient"], body["reason"]) == ("Signal", "Porter", "400: not registered")


async def report(commands: AlarmService, site_id: str | None, *, hidden: bool = False) -> None:
    await commands.run(
        ALL_SITES,
        lambda unit: reporting.report(
            unit,
            TroubleKind.CHANNEL_REFUSES,
            f"sms-{site_id}",
            subject="SMS gateway",
            site_id=site_id,
            facts={"failures": 3, "reason": "401: unknown key"},
            hidden=hidden,
        ),
    )


async def test_a_trouble_of_the_service_is_told_with_what_the_contract_promises(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    await meet(commands, site_id=directory.site)

    await report(commands, None)
    await commands.run(ALL_SITES, lambda unit: reporting.clear(unit, TroubleKind.CHANNEL_REFUSES, "sms-None"))

    began, over = [body for _, body in await kept(db)]
    promised = golden_event("trouble")
    assert set(began) == set(promised)
    assert {name: began[name] for name in ("trouble", "subject", "severity", "facts")} == {
        name: promised[name] for name in ("trouble", "subject", "severity", "facts")
    }
    assert (began["open"], over["open"]) == (True, False)
    assert began["key"] == over["key"]


async def test_a_sites_trouble_is_told_only_there_and_one_of_a_silent_alarm_nowhere(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    await add_site(db, "home")
    await meet(commands, site_id=directory.site)

    await report(commands, "home")
    await report(commands, directory.site, hidden=True)
    told = await kept(db)
    await meet(commands, site_id=directory.site, stream="another")

    assert (told, await kept(db)) == ([], [])


async def test_what_is_wrong_is_said_again_in_a_new_stream(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    await meet(commands, site_id=directory.site)
    await report(commands, None)

    await meet(commands, site_id=directory.site, stream="another")

    assert [(seq, body["kind"], body["open"]) for seq, body in await kept(db)] == [(1, "trouble", True)]


# --- the hello ------------------------------------------------------------------------------------------


async def test_a_home_assistant_that_is_new_hears_of_the_open_alarms_only(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    done, acknowledged, triggered = [await press(commands) for _ in range(3)]
    await commands.run(ALL_SITES, lambda unit: unit.acknowledge(acknowledged.id, PORTER))
    await commands.run(ALL_SITES, lambda unit: unit.cancel(done.id, PORTER))

    await meet(commands, site_id=directory.site)

    told = {body["alarm_id"]: body["change"] for _, body in await kept(db)}
    assert told == {acknowledged.id: "acknowledged", triggered.id: "raised"}


async def test_what_the_peer_has_kept_is_forgotten_at_its_hello(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    before = await meet(commands, site_id=directory.site)
    for _ in range(3):
        await press(commands)
    await db.write(lambda conn: outbox.confirm(conn, INSTANCE, before.our_stream, 1))

    after = await meet(commands, site_id=directory.site, received=2)

    assert after.our_stream == before.our_stream
    assert [seq for seq, _ in await kept(db)] == [3]


async def test_a_new_stream_of_a_known_home_assistant_starts_both_sides_at_zero(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    before = await meet(commands, site_id=directory.site)
    alarm = await press(commands)
    await db.write(lambda conn: outbox.confirm(conn, INSTANCE, before.our_stream, 1))

    after = await meet(commands, site_id=directory.site, stream="s2")

    assert after.our_stream != before.our_stream
    assert after.received == 0
    assert [(seq, body["alarm_id"]) for seq, body in await kept(db)] == [(1, alarm.id)]


async def test_news_of_an_alarm_that_ended_survive_a_new_stream(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    before = await meet(commands, site_id=directory.site)
    alarm = await press(commands)
    await db.write(lambda conn: outbox.confirm(conn, INSTANCE, before.our_stream, 1))
    await commands.run(ALL_SITES, lambda unit: unit.cancel(alarm.id, PORTER))

    await meet(commands, site_id=directory.site, stream="s2")

    assert [(seq, body["change"]) for seq, body in await kept(db)] == [(1, "cancelled")]


async def test_a_number_of_the_stream_before_confirms_nothing_of_the_new_one(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    """The welcome with the new stream was lost, so the next hello still speaks of the old one."""
    await meet(commands, site_id=directory.site)
    for _ in range(2):
        await press(commands)
    await meet(commands, site_id=directory.site, stream="s2", received=1)

    await meet(commands, site_id=directory.site, stream="s2", received=1)

    assert [seq for seq, _ in await kept(db)] == [1, 2]


async def test_a_companion_from_a_backup_notices_and_tells_all_open_alarms_again(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    before = await meet(commands, site_id=directory.site)
    alarm = await press(commands)

    after = await meet(commands, site_id=directory.site, received=40)

    assert after.our_stream != before.our_stream
    assert [(seq, body["alarm_id"]) for seq, body in await kept(db)] == [(1, alarm.id)]


async def test_a_home_assistant_that_moves_to_another_site_hears_nothing_more_of_the_old_one(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    await add_site(db, "home")
    await meet(commands, site_id="office")
    await press(commands, site_id="office")
    at_home = await press(commands, site_id="home")

    await meet(commands, site_id="home")

    assert [body["alarm_id"] for _, body in await kept(db)] == [at_home.id]


async def test_a_key_of_another_site_takes_no_house_over_until_the_keys_of_its_site_are_revoked(
    db: Database, commands: AlarmService, directory: Directory, clock: FrozenClock
) -> None:
    await add_site(db, "home")
    key, _clear = await db.write(
        lambda conn: create_api_key(
            ALL_SITES, conn, name="office", role=Role.OPERATE, site_id="office", now=clock()
        )
    )
    await meet(commands, site_id="office")

    with pytest.raises(publishing.InstanceTaken):
        await meet(commands, site_id="home")
    assert (await meet(commands, site_id="office")).site_id == "office"

    await db.write(lambda conn: revoke_api_key(ALL_SITES, conn, key.id, clock()))
    assert (await meet(commands, site_id="home")).site_id == "home"


async def _key(db: Database, clock: FrozenClock, site_id: str | None) -> str:
    key, _clear = await db.write(
        lambda conn: create_api_key(
            ALL_SITES, conn, name="x", role=Role.OPERATE, site_id=site_id, now=clock()
        )
    )
    return key.id


async def test_a_house_that_came_with_a_key_for_every_site_is_taken_over_by_no_other_site(
    db: Database, commands: AlarmService, directory: Directory, clock: FrozenClock
) -> None:
    every = await _key(db, clock, None)
    await _key(db, clock, None)  # somebody's admin key: it keeps no house from moving
    await meet(commands, site_id=None, key_id=every)
    await add_site(db, "home")
    shops = await _key(db, clock, "home")
    await db.write(
        lambda conn: conn.execute(sa.update(tables.link_peer).values(site_id="office"))
    )  # as apply does

    with pytest.raises(publishing.InstanceTaken):
        await meet(commands, site_id="home", key_id=shops)
    assert (await meet(commands, site_id=None, key_id=every)).site_id == "office"

    await db.write(lambda conn: revoke_api_key(ALL_SITES, conn, every, clock()))
    assert (await meet(commands, site_id="home", key_id=shops)).site_id == "home"


async def test_a_house_of_which_no_key_is_known_yet_is_held_by_any_key_for_every_site(
    db: Database, commands: AlarmService, directory: Directory, clock: FrozenClock
) -> None:
    await add_site(db, "home")
    every, shops = await _key(db, clock, None), await _key(db, clock, "home")
    await meet(commands, site_id="office")
    await db.write(lambda conn: conn.execute(sa.update(tables.link_peer).values(key_id=None)))

    with pytest.raises(publishing.InstanceTaken):
        await meet(commands, site_id="home", key_id=shops)

    await db.write(lambda conn: revoke_api_key(ALL_SITES, conn, every, clock()))
    assert (await meet(commands, site_id="home", key_id=shops)).site_id == "home"


async def test_a_home_assistant_that_never_came_back_is_forgotten(
    db: Database, commands: AlarmService, directory: Directory, clock: FrozenClock
) -> None:
    await meet(commands, site_id=directory.site, instance="gone")
    await press(commands)
    clock.advance(91 * 86_400)

    await meet(commands, site_id=directory.site)

    assert await db.read(partial(link.instances, ALL_SITES)) == [INSTANCE]
    assert await kept(db, "gone") == []


# --- away for long --------------------------------------------------------------------------------------


async def test_for_a_peer_that_is_away_for_long_only_the_newest_word_on_each_alarm_is_kept(
    db: Database, commands: AlarmService, directory: Directory
) -> None:
    before = await meet(commands, site_id=directory.site)
    closed, noisy = await press(commands), await press(commands)
    await commands.run(ALL_SITES, lambda unit: unit.cancel(closed.id, PORTER))

    def remark(unit: Any) -> None:
        for _ in range(100):
            unit.note(noisy.id, PORTER, "still looking")

    for _ in range(6):
        await commands.run(ALL_SITES, remark)

    told = await kept(db)
    assert len(told) < publishing.KEPT_LIMIT
    assert [seq for seq, _ in told] == list(range(1, len(told) + 1))
    newest = {body["alarm_id"]: body for _, body in told}
    assert newest[noisy.id]["version"] == 601
    assert newest[closed.id]["change"] == Change.CANCELLED
    peer = await db.read(lambda conn: link.peer_by_instance(ALL_SITES, conn, INSTANCE))
    assert peer is not None
    assert peer.our_stream != before.our_stream
    assert await db.read(lambda conn: outbox.kept_of_stream(conn, before, after=0, limit=1)) is None
