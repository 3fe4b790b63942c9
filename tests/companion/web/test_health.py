"""What operators and their machines are told."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.transaction import AlarmTransaction
from companion.channels.base import Refused, Sent
from companion.dispatch.delivery import Delivery
from companion.dispatch.retry import Done, GiveUp
from companion.dispatch.store import deliveries_of
from companion.store import tables
from companion.store.database import open_database
from companion.store.scope import ALL_SITES
from companion.texts.reasons import Reason
from companion.troubles import reporting
from companion.troubles.channel_health import Try
from companion.troubles.channel_watch import note
from companion.troubles.model import TroubleKind
from companion.web import health, health_checks
from tests.companion.channels.messages import KINDS
from tests.companion.conftest import Directory
from tests.companion.plans import asked_by
from tests.companion.web.harness import Api
from tests.fakes.clock import FrozenClock


async def test_alive_says_which_instance_and_version_answers(api: Api) -> None:
    reply = await api.call("GET", "/healthz", None)

    assert reply.json == {"status": "alive", "instance": "test-instance", "version": "0.0.1"}


async def test_ready_says_that_an_alarm_could_be_taken_and_leaves_nothing_behind(api: Api) -> None:
    reply = await api.call("GET", "/readyz", None)

    assert (reply.status, [(check["name"], check["status"]) for check in reply.json["checks"]]) == (
        200,
        [("database", "ok")],
    )
    left = await api.context.db.read(lambda conn: conn.execute(sa.select(tables.meta.c.key)).scalars().all())
    assert [key for key in left if key.startswith("probe")] == []


async def test_what_is_late_does_not_take_the_service_away_from_the_phones(
    api: Api, clock: FrozenClock
) -> None:
    await api.raised()
    clock.advance(40)

    assert (await api.call("GET", "/readyz", None)).status == 200


# --- would somebody be told? ----------------------------------------------------------------------------


@pytest.fixture
async def sound(api: Api, directory: Directory) -> Api:
    """An installation that is as it should be: the second site is told too, there is an operator, channels work."""

    def work(unit: AlarmTransaction) -> None:
        unit.conn.execute(sa.update(tables.site).values(policy_id=directory.policy))
        unit.conn.execute(sa.update(tables.contact_point).values(address="+491701111111"))
        unit.conn.execute(sa.insert(tables.installation).values(id="installation", operators=["porter"]))
        worked = Sent(provider_ref="r")
        note(unit, [(one, Try.SEND, worked) for one in ("signal", "sms", "zammad")])

    await api.context.commands.run(ALL_SITES, work)
    return api


async def lights(api: Api) -> tuple[int, dict[str, str]]:
    """Return the status and every check that is not well."""
    reply = await api.call("GET", "/healthz/alerting", "read")
    return reply.status, {
        check["name"]: check["status"] for check in reply.json["checks"] if check["status"] != "ok"
    }


async def test_a_sound_installation_is_green(sound: Api) -> None:
    reply = await sound.call("GET", "/healthz/alerting", "read")

    assert reply.status == 200
    assert {check["name"]: check["status"] for check in reply.json["checks"]} == {
        "database": "ok",
        "dispatcher": "ok",
        "directory": "ok",
        "channel signal": "ok",
        "channel sms": "ok",
        "channel zammad": "ok",
    }


async def test_an_alarm_that_nobody_sends_out_is_red(sound: Api, clock: FrozenClock) -> None:
    await sound.raised()
    clock.advance(40)

    reply = await sound.call("GET", "/healthz/alerting", "read")

    assert (reply.status, reply.problem) == (503, "not-ready")
    assert reply.json["detail"].startswith("dispatcher: 2 deliveries and 0 escalation steps are overdue")


async def test_a_site_and_a_panic_key_that_reach_nobody_are_red_until_there_is_a_last_resort(
    sound: Api, directory: Directory
) -> None:
    db = sound.context.db
    await db.write(lambda conn: conn.execute(sa.update(tables.site).values(policy_id=None)))
    without = await lights(sound)

    everywhere = sa.update(tables.installation).values(last_resort_id=directory.policy)
    await db.write(lambda conn: conn.execute(everywhere))

    assert without == (
        503,
        {
            "site office": "error",
            "site warehouse": "error",
            "device desk-phone": "error",
            "device cellar-phone": "error",
        },
    )
    assert await lights(sound) == (200, {})


async def test_a_policy_whose_channels_are_all_switched_off_reaches_nobody(sound: Api) -> None:
    await sound.context.db.write(lambda conn: conn.execute(sa.update(tables.channel).values(enabled=False)))

    status, found = await lights(sound)

    assert status == 503
    assert {name for name, light in found.items() if light == "error"} >= {"directory", "site office"}


async def test_an_empty_installation_is_red(sound: Api) -> None:
    def empty(conn: Connection) -> None:
        for table in (tables.device, tables.contact_point, tables.room, tables.person, tables.installation):
            conn.execute(sa.delete(table))
        conn.execute(sa.update(tables.api_key).values(site_id=None))
        for table in (tables.channel_health, tables.channel, tables.site, tables.policy):
            conn.execute(sa.delete(table))

    await sound.context.db.write(empty)

    reply = await sound.call("GET", "/healthz/alerting", "read")

    assert reply.status == 503
    assert "There is no channel that is switched on and no contact and no policy" in reply.json["detail"]


async def test_without_operators_somebody_should_look(sound: Api) -> None:
    await sound.context.db.write(
        lambda conn: conn.execute(sa.update(tables.installation).values(operators=[]))
    )

    assert await lights(sound) == (200, {"directory": "warning"})


async def test_a_channel_that_was_never_tried_is_yellow_and_one_that_refuses_is_red(
    sound: Api, directory: Directory
) -> None:
    await sound.context.db.write(lambda conn: conn.execute(sa.delete(tables.channel_health)))
    refused = Refused(reason=Reason.quoting("401: unknown key"), channel_broken=True)
    tries = [("sms", Try.SEND, refused)] * 3
    await sound.context.commands.run(ALL_SITES, lambda unit: note(unit, tries))

    assert await lights(sound) == (
        503,
        {"channel sms": "error", "channel signal": "warning", "channel zammad": "warning"},
    )


async def test_a_channel_whose_kind_is_not_there_is_red_and_says_why_here_and_on_the_dashboard(
    sound: Api,
) -> None:
    await sound.context.db.write(
        lambda conn: conn.execute(
            sa.update(tables.channel).where(tables.channel.c.id == "sms").values(kind="pigeon")
        )
    )

    reply = await sound.call("GET", "/healthz/alerting", None)

    said = {check["name"]: (check["status"], check["message"]) for check in reply.json["checks"]}
    why = f"there is no channel kind 'pigeon', only {KINDS}"
    assert (reply.status, said["channel sms"]) == (503, ("error", f"Nothing can be sent over it: {why}."))
    assert said["channel zammad"][0] == "ok"


async def test_an_address_at_which_nobody_can_be_told_is_yellow(sound: Api) -> None:
    guards = sa.update(tables.contact_point).where(tables.contact_point.c.person_id == "guard")
    await sound.context.db.write(lambda conn: conn.execute(guards.values(address="0170 1111111")))

    assert await lights(sound) == (200, {"person guard.contacts[0].address": "warning"})


async def test_an_alarm_that_told_nobody_is_red_until_it_is_answered(sound: Api) -> None:
    await sound.context.commands.run(
        ALL_SITES,
        lambda unit: reporting.report(
            unit, TroubleKind.ALARM_TOLD_NOBODY, "a1", subject="Panic key: Reception"
        ),
    )
    told = await lights(sound)

    await sound.context.commands.run(
        ALL_SITES, lambda unit: reporting.clear(unit, TroubleKind.ALARM_TOLD_NOBODY, "a1")
    )

    assert told == (503, {"trouble alarm_told_nobody:a1": "error"})
    assert await lights(sound) == (200, {})


async def test_who_asks_from_elsewhere_without_a_key_hears_no_names(
    sound: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sound.context.db.write(lambda conn: conn.execute(sa.update(tables.site).values(policy_id=None)))
    monkeypatch.setattr(health, "is_loopback", lambda _address: False)

    reply = await sound.call("GET", "/healthz/alerting", None)
    for_one_site = await sound.call("GET", "/healthz/alerting", "office")

    assert (reply.status, for_one_site.status) == (503, 403)
    assert {check["name"]: check["status"] for check in reply.json["checks"]} == {
        "database": "ok",
        "dispatcher": "ok",
        "directory": "ok",
        "site": "error",
        "device": "error",
        "channel": "ok",
    }
    assert "Office" not in reply.text
    assert "desk-phone" not in reply.text


async def test_the_directory_is_read_once(sound: Api) -> None:
    now = sound.context.clock()

    asked = await sound.context.db.read(
        lambda conn: asked_by(conn, lambda it: health_checks.alerting_checks(it, now))
    )

    through_sqlalchemy = {one.statement for one in asked if one.parameters or "policy" in one.statement}
    assert len([one for one in through_sqlalchemy if re.search(r"FROM policy\s+ORDER BY", one)]) == 1


async def test_nobody_who_writes_waits_for_what_a_monitor_asks(
    sound: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite there is one writer: an alarm would wait for it."""
    wrote: list[str] = []
    write = sound.context.db.write

    async def counting[T](work: Callable[[Connection], T]) -> T:
        def look(conn: Connection) -> T:
            found: list[T] = []
            asked = asked_by(conn, lambda it: found.append(work(it)))
            wrote.extend(one.statement for one in asked)
            return found[0]

        return await write(look)

    monkeypatch.setattr(sound.context.db, "write", counting)

    reply = await sound.call("GET", "/healthz/alerting", None)

    assert reply.status == 200
    assert [one for one in wrote if "meta" not in one] == []
    assert len(wrote) >= 2


# --- metrics --------------------------------------------------------------------------------------------


async def test_metrics_are_for_this_host_or_for_the_holder_of_a_key(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = await api.call("GET", "/metrics", None)
    monkeypatch.setattr(health, "is_loopback", lambda _address: False)
    remote = await api.call("GET", "/metrics", None)
    with_key = await api.call("GET", "/metrics", "read")
    for_one_site = await api.call("GET", "/metrics", "office")

    assert (local.status, remote.status, with_key.status, for_one_site.status) == (200, 401, 200, 403)
    assert local.headers["Content-Type"].startswith("text/plain; version=")


async def test_a_proxy_on_this_host_does_not_make_the_world_local(api: Api) -> None:
    reply = await api.call("GET", "/metrics", None, headers={"X-Forwarded-For": "198.51.100.7"})

    assert reply.status == 401


async def test_metrics_count_alarms_deliveries_and_presses(api: Api, directory: Directory) -> None:
    await api.press(directory.phone_token)
    await api.press(directory.phone_token)
    await api.context.db.write(lambda conn: conn.execute(sa.update(tables.device).values(site_id=None)))
    await api.press(directory.incomplete_phone_token)

    text = (await api.call("GET", "/metrics", None)).text

    assert 'alarm_broker_alarms{state="triggered"} 2.0' in text
    assert 'alarm_broker_deliveries{channel="signal",state="pending"} 1.0' in text
    assert 'alarm_broker_presses_total{result="raised"} 1.0' in text
    assert 'alarm_broker_presses_total{result="repeated"} 1.0' in text
    assert 'alarm_broker_presses_total{result="nobody_to_tell"} 1.0' in text


async def test_metrics_count_attempts_by_channel_and_outcome_with_their_lag(api: Api) -> None:
    alarm_id = await api.raised()
    deliveries = await api.context.db.read(lambda conn: deliveries_of(ALL_SITES, conn, alarm_id))
    by_channel: dict[str, Delivery] = {delivery.channel_id: delivery for delivery, _ in deliveries}

    api.context.metrics.sent(by_channel["signal"], Sent(provider_ref=None), Done(), lag_s=0.02)
    api.context.metrics.sent(
        by_channel["zammad"], Refused(reason=Reason.quoting("no")), GiveUp(Reason.quoting("no")), lag_s=400
    )

    text = (await api.call("GET", "/metrics", None)).text
    assert 'alarm_broker_delivery_attempts_total{channel="signal",outcome="sent"} 1.0' in text
    assert 'alarm_broker_delivery_attempts_total{channel="zammad",outcome="refused"} 1.0' in text
    assert 'alarm_broker_deliveries_given_up_total{channel="zammad"} 1.0' in text
    assert 'alarm_broker_dispatch_lag_seconds_bucket{le="0.05"} 1.0' in text
    assert 'alarm_broker_dispatch_lag_seconds_bucket{le="+Inf"} 2.0' in text


# --- a database that does not take writes ---------------------------------------------------------------


async def test_a_demoted_primary_is_503_everywhere_until_the_name_leads_to_one_that_writes(
    api: Api, directory: Directory, database_url: str
) -> None:
    if api.context.db.dialect != "postgresql":
        pytest.skip("a demoted primary is PostgreSQL's; tests/e2e/test_full_disk.py is SQLite's")

    def set_writing(conn: Connection, *, allowed: bool) -> None:
        name = conn.exec_driver_sql("SELECT current_database()").scalar_one()
        read_only = "off" if allowed else "on"
        conn.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {read_only}')
        conn.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    async def statuses() -> list[int]:
        return [
            (await api.press(directory.phone_token)).status,
            (await api.call("POST", "/v1/alarms", json={"kind": "fire", "title": "Smoke"})).status,
            (await api.call("GET", "/readyz", None)).status,
            (await api.call("GET", "/healthz/alerting", None)).status,
        ]

    server = open_database(database_url)
    await server.write(lambda conn: set_writing(conn, allowed=False))
    demoted = await statuses()

    # The session of `server` was begun before: it still writes, as the new primary does.
    await server.write(lambda conn: set_writing(conn, allowed=True))
    await server.close()
    promoted = (await api.press(directory.phone_token)).status

    assert (demoted, promoted) == ([503, 503, 503, 503], 200)


# --- a database whose file is gone ----------------------------------------------------------------------


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("instead", [False, True], ids=["moved away", "another one in its place"])
async def test_a_database_file_that_is_not_there_any_more_is_said_while_alarms_are_still_taken(
    sound: Api,
    directory: Directory,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    *,
    instead: bool,
) -> None:
    path, kept = tmp_path / "alarm-broker.db", tmp_path / "kept.db"
    assert await alerting(sound) == 200
    path.rename(kept)
    if instead:
        path.touch()

    pressed = (await sound.press(directory.phone_token)).status
    ready = await sound.call("GET", "/readyz", None)
    red = await alerting(sound)
    kept.replace(path)
    await sound.press(directory.phone_token)

    said = ready.json["checks"][1]
    assert (pressed, ready.status, said["status"], red) == (200, 200, "warning", 503)
    assert "lost at the next start" in said["message"]
    assert caplog.text.count("replaced while it is in use") == 1
    assert await alerting(sound) == 200


async def alerting(api: Api) -> int:
    """Ask as a monitor does."""
    return (await api.call("GET", "/healthz/alerting", None)).status
