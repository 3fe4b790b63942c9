"""What would tell nobody is found by itself, and is over once it tells somebody."""

import sqlalchemy as sa

from companion.link import store as link
from companion.store import tables
from companion.store.scope import ALL_SITES
from companion.troubles.reach_audit import audit_reach
from tests.builders import Engine, person, policy, set_last_resort, step
from tests.companion.conftest import Directory
from tests.fakes.clock import FrozenClock


async def found(engine: Engine) -> list[tuple[str, str, bool]]:
    """Look, and return all that Home Assistant was told since the beginning."""
    await engine.commands.run(ALL_SITES, audit_reach)
    return [(one.kind, one.subject, one.is_open) for one in engine.news.service_troubles]


async def test_a_sound_directory_has_no_trouble(engine: Engine) -> None:
    assert await found(engine) == []


async def test_a_site_and_its_keys_without_a_policy_are_a_trouble_until_they_have_one(
    engine: Engine, directory: Directory
) -> None:
    await engine.db.write(lambda conn: conn.execute(sa.update(tables.site).values(policy_id=None)))
    before = await found(engine)
    await engine.db.write(
        lambda conn: conn.execute(sa.update(tables.site).values(policy_id=directory.policy))
    )

    assert sorted(before) == [
        ("key_reaches_nobody", "Cellar phone", True),
        ("key_reaches_nobody", "Desk phone", True),
        ("site_reaches_nobody", "Office", True),
    ]
    assert [is_open for *_, is_open in await found(engine)] == [True] * 3 + [False] * 3


async def test_a_site_whose_channels_are_switched_off_says_so(engine: Engine) -> None:
    await engine.db.write(lambda conn: conn.execute(sa.update(tables.channel).values(enabled=False)))

    await found(engine)

    assert {one.facts["cause"] for one in engine.news.service_troubles} == {"no_contact"}


async def test_a_panel_of_no_site_is_a_trouble_unless_there_is_a_last_resort(
    engine: Engine, clock: FrozenClock
) -> None:
    def second_site(conn: sa.Connection) -> None:
        conn.execute(
            sa.insert(tables.site).values(id="home", name="Home", timezone="UTC", policy_id="standard")
        )
        link.add_peer(
            ALL_SITES, conn, instance="ha", name="Home Assistant", site_id=None, their_stream="s", now=clock()
        )

    await engine.db.write(second_site)
    without = await found(engine)
    await set_last_resort(engine.db, policy(step(person("guard"))))

    assert without == [("panel_reaches_nobody", "Home Assistant", True)]
    assert await found(engine) == [*without, ("panel_reaches_nobody", "Home Assistant", False)]
