"""What operators and their machines are told."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from companion.channels.base import Refused, Sent
from companion.dispatch.delivery import Delivery
from companion.dispatch.retry import Done, GiveUp
from companion.store import tables
from companion.store.deliveries import deliveries_of
from companion.web import health
from tests.companion.conftest import Directory
from tests.companion.web.harness import Api
from tests.fakes.clock import FrozenClock


async def test_alive_says_which_instance_and_version_answers(api: Api) -> None:
    reply = await api.call("GET", "/healthz", None)

    assert reply.json == {"status": "alive", "instance": "test-instance", "version": "0.0.1"}


async def test_ready_says_how_each_part_is(api: Api) -> None:
    reply = await api.call("GET", "/readyz", None)

    lights = {part["name"]: part["light"] for part in reply.json["parts"]}
    assert reply.status == 200
    assert lights == {
        "database": "green",
        "dispatcher": "green",
        "channel signal": "green",
        "channel sms": "green",
        "channel zammad": "green",
    }


async def test_an_alarm_that_nobody_sends_out_turns_readiness_red(api: Api, clock: FrozenClock) -> None:
    await api.raised()
    clock.advance(40)

    reply = await api.call("GET", "/readyz", None)

    assert (reply.status, reply.problem) == (503, "not-ready")
    assert reply.json["detail"].startswith("dispatcher: 2 deliveries and 0 escalation steps are overdue")


async def test_a_channel_that_failed_is_yellow_and_readiness_stays(
    api: Api, directory: Directory, clock: FrozenClock
) -> None:
    alarm_id = await api.raised()
    [(delivery, _), *_rest] = await api.context.db.read(lambda conn: deliveries_of(conn, alarm_id))
    attempt = {
        "delivery_id": delivery.id,
        "channel_id": directory.sms,
        "number": 1,
        "started_at": clock(),
        "finished_at": clock() + timedelta(seconds=1),
        "outcome": "error",
        "status_code": 401,
        "error": "the token was secret-token",
    }
    await api.context.db.write(lambda conn: conn.execute(sa.insert(tables.attempt).values(**attempt)))

    reply = await api.call("GET", "/readyz", None)

    [part] = [part for part in reply.json["parts"] if part["name"] == "channel sms"]
    assert (reply.status, part["light"]) == (200, "yellow")
    assert part["says"] == "Last outcome: error (status 401) at 2026-11-20T12:00:01+00:00."
    assert "secret-token" not in reply.text


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
    deliveries = await api.context.db.read(lambda conn: deliveries_of(conn, alarm_id))
    by_channel: dict[str, Delivery] = {delivery.channel_id: delivery for delivery, _ in deliveries}

    api.context.metrics.sent(by_channel["signal"], Sent(provider_ref=None), Done(), lag_s=0.02)
    api.context.metrics.sent(by_channel["zammad"], Refused(reason="no"), GiveUp("no"), lag_s=400)

    text = (await api.call("GET", "/metrics", None)).text
    assert 'alarm_broker_delivery_attempts_total{channel="signal",outcome="sent"} 1.0' in text
    assert 'alarm_broker_delivery_attempts_total{channel="zammad",outcome="refused"} 1.0' in text
    assert 'alarm_broker_deliveries_given_up_total{channel="zammad"} 1.0' in text
    assert 'alarm_broker_dispatch_lag_seconds_bucket{le="0.05"} 1.0' in text
    assert 'alarm_broker_dispatch_lag_seconds_bucket{le="+Inf"} 2.0' in text
