"""The API on alarms."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from companion.ids import made_at, new_id
from companion.store import tables
from tests.companion.web.harness import Api
from tests.companion.web.people_pages import JPEG, saw
from tests.fakes.clock import FrozenClock

NEW = {"kind": "medical", "title": "Somebody fell", "site": "office"}


async def shown(api: Api, alarm_id: str) -> Any:
    return (await api.call("GET", f"/v1/alarms/{alarm_id}")).json


# --- raising --------------------------------------------------------------------------------------------


async def test_an_alarm_raised_over_the_api_tells_whom_the_policy_of_its_site_names(api: Api) -> None:
    body = {**NEW, "room": "reception", "person": "somebody new", "details": {"floor": "2"}, "test": True}

    reply = await api.call("POST", "/v1/alarms", "operate", json=body)

    alarm = await shown(api, reply.json["id"])
    assert (reply.status, reply.headers["Location"]) == (201, f"/v1/alarms/{alarm['id']}")
    assert (alarm["room"], alarm["person"], alarm["details"]) == ("Reception", "somebody new", {"floor": "2"})
    assert (alarm["test"], alarm["source"], alarm["policy_id"]) == (True, "api", "standard")
    assert [line["event"] for line in alarm["journal"]] == ["raised", "escalated"]
    assert {line["actor"] for line in alarm["journal"]} == {"operate key", None}
    assert len(alarm["deliveries"]) == 2


@pytest.mark.parametrize("room", ["reception", "Reception"], ids=["by id", "by name"])
async def test_a_room_names_its_site(api: Api, room: str) -> None:
    reply = await api.call("POST", "/v1/alarms", "operate", json={**NEW, "site": None, "room": room})

    alarm = await shown(api, reply.json["id"])
    assert (alarm["room"], alarm["site"], alarm["timezone"]) == ("Reception", "Office", "Europe/Berlin")
    assert alarm["policy_id"] == "standard"


async def test_a_text_that_is_no_room_names_no_site(api: Api) -> None:
    reply = await api.call("POST", "/v1/alarms", "operate", json={**NEW, "site": None, "room": "the garden"})

    assert (reply.json["room"], reply.json["site"]) == ("the garden", None)


@pytest.fixture
async def two_receptions(api: Api) -> None:
    """Give the other site a room of the same name."""
    room = sa.insert(tables.room).values(id="gate", name="Reception", site_id="warehouse")
    await api.context.db.write(lambda conn: conn.execute(room))


@pytest.mark.usefixtures("two_receptions")
async def test_a_name_of_rooms_in_several_sites_is_only_a_text_and_refuses_no_alarm(api: Api) -> None:
    reply = await api.call("POST", "/v1/alarms", "operate", json={**NEW, "site": None, "room": "Reception"})

    assert reply.status == 201
    assert (reply.json["room"], reply.json["site"]) == ("Reception", None)


@pytest.mark.usefixtures("two_receptions")
@pytest.mark.parametrize(
    ("key", "body", "site"),
    [
        ("operate", {"site": "office", "room": "Reception"}, "Office"),
        ("operate", {"site": "warehouse", "room": "Reception"}, "Warehouse"),
        ("operate", {"site": "warehouse", "room": "reception"}, "Warehouse"),
        ("operate", {"site": None, "room": "gate"}, "Warehouse"),
        ("other", {"site": None, "room": "Reception"}, "Warehouse"),
        ("other", {"site": None, "room": "reception"}, "Warehouse"),
    ],
    ids=[
        "site said",
        "other site said",
        "room of another site",
        "by id",
        "key of a site",
        "key and foreign id",
    ],
)
async def test_the_site_that_is_said_or_that_the_key_is_for_comes_before_the_rooms(
    api: Api, key: str, body: Mapping[str, Any], site: str
) -> None:
    reply = await api.call("POST", "/v1/alarms", key, json={**NEW, **body})

    assert (reply.status, reply.json["site"]) == (201, site)


async def test_the_same_request_with_the_same_idempotency_key_is_one_alarm(api: Api) -> None:
    async def ask(title: str) -> tuple[int, str]:
        reply = await api.call(
            "POST", "/v1/alarms", json={**NEW, "title": title}, headers={"Idempotency-Key": "once"}
        )
        return reply.status, reply.json["id"]

    answers = await asyncio.gather(*(ask("Smoke") for _ in range(10)))
    other_body = await ask("Water")

    assert sorted(status for status, _ in answers) == [200] * 9 + [201]
    assert len({alarm_id for _, alarm_id in answers}) == 1
    assert other_body[0] == 201


async def test_the_same_dedup_key_is_the_same_alarm_while_that_is_open(api: Api) -> None:
    async def ask() -> tuple[int, str]:
        reply = await api.call("POST", "/v1/alarms", json={**NEW, "dedup_key": "boiler"})
        return reply.status, reply.json["id"]

    first, again = await ask(), await ask()
    await api.call("POST", f"/v1/alarms/{first[1]}/cancel")
    after_the_end = await ask()
    and_again = await ask()

    assert (first[0], again) == (201, (200, first[1]))
    assert after_the_end[0] == 201
    assert and_again == (200, after_the_end[1])
    assert (await shown(api, first[1]))["presses"] == 2


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"kind": "earthquake"}, "body.kind"),
        ({"title": ""}, "body.title"),
        ({"title": "x" * 201}, "body.title"),
        ({"title": "a\u0000b"}, "body.title"),
        ({"title": 7}, "body.title"),
        ({"site": "nowhere"}, "body.site"),
        ({"policy": "nobody"}, "body.policy"),
        ({"details": {"a": "x" * 501}}, "body.details.a"),
        ({"details": {str(number): "x" for number in range(31)}}, "body.details"),
        ({"colour": "red"}, "body.colour"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_value_that_cannot_be_used_is_named(api: Api, wrong: Mapping[str, Any], where: str) -> None:
    reply = await api.call("POST", "/v1/alarms", json={**NEW, **wrong})

    assert (reply.status, reply.problem) == (422, "invalid-request")
    assert [error["where"] for error in reply.json["errors"]] == [where]
    assert (await api.call("GET", "/v1/alarms")).json["alarms"] == []


# --- listing --------------------------------------------------------------------------------------------


async def test_pages_follow_each_other_without_a_gap_and_end(api: Api) -> None:
    raised = [await api.raised(title=f"No. {number}") for number in range(5)]

    seen, before, pages = [], None, 0
    while pages < 10:
        params = {"limit": "2"} | ({"before": before} if before else {})
        page = (await api.call("GET", "/v1/alarms", "read", params=params)).json
        seen += [alarm["id"] for alarm in page["alarms"]]
        pages, before = pages + 1, page["next"]
        if before is None:
            break

    assert (seen, pages) == (raised[::-1], 3)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=triggered", ["real"]),
        ("status=triggered&status=cancelled", ["test", "real"]),
        ("source=yealink", []),
        ("source=api&source=yealink", ["test", "real"]),
        ("test=true", ["test"]),
        ("test=false", ["real"]),
        ("site=warehouse", []),
        ("since=2026-11-20T12:00:30Z", ["test"]),
        ("until=2026-11-20T13:00:30%2B01:00", ["real"]),
        ("since=0001-01-01T00:00:00%2B23:59&until=9999-12-31T23:59:59-23:59", ["test", "real"]),
    ],
)
async def test_a_filter_leaves_out_what_was_not_asked_for(
    api: Api, clock: FrozenClock, query: str, found: list[str]
) -> None:
    await api.raised(title="real")
    clock.advance(60)
    cancelled = await api.raised(title="test", test=True)
    await api.call("POST", f"/v1/alarms/{cancelled}/cancel")

    page = (await api.call("GET", f"/v1/alarms?{query}", "read")).json

    assert [alarm["title"] for alarm in page["alarms"]] == found


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "status=open",
        "since=yesterday",
        "since=123",
        "before=%00",
        "before=a&before=b",
        "colour=red",
    ],
)
async def test_a_query_that_cannot_be_used_is_refused(api: Api, query: str) -> None:
    reply = await api.call("GET", f"/v1/alarms?{query}", "read")

    assert (reply.status, reply.problem) == (422, "invalid-request")
    assert reply.json["errors"][0]["where"].startswith(f"query.{query.partition('=')[0]}")


# --- answering ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["acknowledge", "ack"])
async def test_acknowledging_says_who_and_withdraws_what_is_not_sent(api: Api, word: str) -> None:
    alarm_id = await api.raised()

    reply = await api.call(
        "POST", f"/v1/alarms/{alarm_id}/{word}", "operate", json={"by": "Ann", "note": "On my way"}
    )

    alarm = await shown(api, alarm_id)
    states = {one["channel_id"]: one["state"] for one in alarm["deliveries"] if one["kind"] == "page"}
    assert (reply.status, reply.json["status"], reply.json["acknowledged_by"]) == (200, "acknowledged", "Ann")
    assert alarm["journal"][-1]["detail"]["note"] == "On my way"
    assert alarm["journal"][-1]["via"] == "api"
    assert states == {"signal": "cancelled", "zammad": "pending"}


async def test_without_a_name_the_key_stands_in_the_journal(api: Api) -> None:
    alarm_id = await api.raised()

    reply = await api.call("POST", f"/v1/alarms/{alarm_id}/ack", "operate")

    assert reply.json["acknowledged_by"] == "operate key"


@pytest.mark.parametrize(
    ("before", "move", "status"),
    [
        ([], "resolve", "triggered"),
        (["ack"], "ack", "acknowledged"),
        (["ack", "resolve"], "cancel", "resolved"),
        (["ack", "resolve"], "ack", "resolved"),
        (["cancel"], "resolve", "cancelled"),
        (["cancel"], "cancel", "cancelled"),
    ],
)
async def test_a_move_that_the_status_does_not_allow_is_refused_and_changes_nothing(
    api: Api, before: list[str], move: str, status: str
) -> None:
    alarm_id = await api.raised()
    for step in before:
        assert (await api.call("POST", f"/v1/alarms/{alarm_id}/{step}")).status == 200

    reply = await api.call("POST", f"/v1/alarms/{alarm_id}/{move}")

    assert (reply.status, reply.problem, reply.json["alarm_status"]) == (409, "move-not-allowed", status)
    assert (await shown(api, alarm_id))["status"] == status


async def test_of_twenty_who_acknowledge_at_once_one_is_first(api: Api) -> None:
    alarm_id = await api.raised()

    replies = await asyncio.gather(
        *(
            api.call("POST", f"/v1/alarms/{alarm_id}/ack", json={"by": f"No. {number}"})
            for number in range(20)
        )
    )

    winners = [reply.json["acknowledged_by"] for reply in replies if reply.status == 200]
    assert sorted(reply.status for reply in replies) == [200] + [409] * 19
    assert [(await shown(api, alarm_id))["acknowledged_by"]] == winners


async def test_a_note_is_kept_in_every_status(api: Api) -> None:
    alarm_id = await api.raised()
    await api.call("POST", f"/v1/alarms/{alarm_id}/cancel")

    reply = await api.call("POST", f"/v1/alarms/{alarm_id}/notes", json={"text": "It was the cat."})

    last = (await shown(api, alarm_id))["journal"][-1]
    assert (reply.status, last["event"], last["detail"]["note"]) == (200, "noted", "It was the cat.")


async def test_an_alarm_that_does_not_exist_is_not_found(api: Api) -> None:
    reply = await api.call("POST", "/v1/alarms/no-such-alarm/ack")

    assert (reply.status, reply.problem) == (404, "unknown-alarm")


async def test_asking_for_the_next_step_makes_it_due_now_and_says_who_asked(
    api: Api, clock: FrozenClock
) -> None:
    alarm_id = await api.raised()
    clock.advance(10)

    reply = await api.call("POST", f"/v1/alarms/{alarm_id}/escalate", "operate", json={"by": "Ann"})

    last = (await shown(api, alarm_id))["journal"][-1]
    assert (reply.status, reply.json["next_due_at"]) == (200, "2026-11-20T12:00:10Z")
    assert (last["event"], last["actor"], last["via"]) == ("escalation_asked", "Ann", "api")


async def test_asking_for_the_next_step_of_an_answered_alarm_is_only_written_down(api: Api) -> None:
    alarm_id = await api.raised()
    answered = (await api.call("POST", f"/v1/alarms/{alarm_id}/ack")).json

    reply = await api.call("POST", f"/v1/alarms/{alarm_id}/escalate")

    assert (reply.status, reply.json) == (200, answered)
    assert (await shown(api, alarm_id))["journal"][-1]["event"] == "escalation_asked"


# --- evidence -------------------------------------------------------------------------------------------


async def test_an_alarm_says_how_sure_it_is_and_whether_there_is_a_picture(api: Api) -> None:
    alarm_id, other = await api.raised(), await api.raised()
    await saw(api, alarm_id)

    seen = (await shown(api, alarm_id))["evidence"]
    listed = {one["id"]: one["evidence"] for one in (await api.call("GET", "/v1/alarms")).json["alarms"]}

    assert seen == {
        "level": 2,
        "reasons": ["A person was seen."],
        "camera": "Drive",
        "label": "person",
        "score": 0.87,
        "taken_at": "2026-11-20T12:00:00Z",
        "link": "https://home.example/clip.mp4?a=1&b=2",
        "picture": True,
    }
    assert listed == {alarm_id: seen, other: None}


async def test_the_picture_of_an_alarm_is_for_whoever_may_see_the_alarm(api: Api) -> None:
    alarm_id, without = await api.raised(), await api.raised()
    await saw(api, alarm_id)

    reply = await api.call("GET", f"/v1/alarms/{alarm_id}/picture", "read")
    none = await api.call("GET", f"/v1/alarms/{without}/picture", "read")
    other_site = await api.call("GET", f"/v1/alarms/{alarm_id}/picture", "other")
    nobody = await api.call("GET", f"/v1/alarms/{alarm_id}/picture", None)

    assert (reply.status, reply.headers["Content-Type"], reply.body) == (200, "image/jpeg", JPEG.data)
    assert (reply.headers["Cache-Control"], reply.headers["X-Content-Type-Options"]) == (
        "no-store",
        "nosniff",
    )
    assert (none.status, none.problem) == (404, "no-picture")
    assert (other_site.status, other_site.problem) == (404, "unknown-alarm")
    assert nobody.status == 401


# --- deliveries -----------------------------------------------------------------------------------------


async def test_a_delivery_that_was_given_up_can_be_tried_again(api: Api) -> None:
    alarm_id = await api.raised()
    delivery_id = (await shown(api, alarm_id))["deliveries"][0]["id"]
    await api.context.db.write(
        lambda conn: conn.execute(
            sa.update(tables.delivery).where(tables.delivery.c.id == delivery_id).values(state="error")
        )
    )

    reply = await api.call("POST", f"/v1/alarms/{alarm_id}/deliveries/{delivery_id}/retry", "operate")

    assert (reply.status, reply.json["state"], reply.json["id"]) == (200, "pending", delivery_id)
    assert (await shown(api, alarm_id))["journal"][-1]["event"] == "delivery_retried"


async def test_a_delivery_that_still_waits_cannot_be_tried_again(api: Api) -> None:
    alarm_id = await api.raised()
    delivery_id = (await shown(api, alarm_id))["deliveries"][0]["id"]

    reply = await api.call("POST", f"/v1/alarms/{alarm_id}/deliveries/{delivery_id}/retry")

    assert (reply.status, reply.problem) == (409, "retry-not-allowed")


async def test_a_delivery_is_found_only_under_its_own_alarm(api: Api) -> None:
    mine, other = await api.raised(), await api.raised()
    delivery_id = (await shown(api, other))["deliveries"][0]["id"]

    reply = await api.call("POST", f"/v1/alarms/{mine}/deliveries/{delivery_id}/retry")

    assert (reply.status, reply.problem) == (404, "unknown-delivery")


async def test_alarms_are_listed_by_when_they_were_raised_page_by_page(api: Api, clock: FrozenClock) -> None:
    """Also those whose ids say otherwise: a clock that was wrong has made them."""
    ids = []
    for seconds in (0, -7200, 60, 60, 3600):
        clock.advance(seconds)
        ids.append(await api.raised(title="x"))
    newest_first = [ids[0], ids[4], ids[3], ids[2], ids[1]]

    pages, query = [], "limit=2"
    while query:
        page = (await api.call("GET", f"/v1/alarms?{query}")).json
        pages.append([alarm["id"] for alarm in page["alarms"]])
        query = page["next"] and f"limit=2&before={page['next']}"

    assert pages == [newest_first[:2], newest_first[2:4], newest_first[4:]]


@pytest.mark.parametrize("query", ["", "&site=office", "&status=triggered", "&source=api&test=false"])
async def test_a_page_goes_on_after_an_alarm_that_is_gone(api: Api, query: str) -> None:
    await api.raised()
    gone = await api.raised()
    newer_by_its_id = new_id()
    clock = made_at(newer_by_its_id)
    assert clock is not None
    await api.context.db.write(
        lambda conn: conn.execute(sa.update(tables.alarm).values(raised_at=clock - timedelta(days=1)))
    )

    page = (await api.call("GET", f"/v1/alarms?before={newer_by_its_id}{query}")).json

    assert gone in [alarm["id"] for alarm in page["alarms"]]
    assert len(page["alarms"]) == 2


async def test_a_page_after_a_time_that_no_calendar_has_is_a_page(api: Api) -> None:
    there = await api.raised()

    reply = await api.call("GET", "/v1/alarms?before=ffffffff-ffff-7fff-bfff-ffffffffffff")

    assert (reply.status, [alarm["id"] for alarm in reply.json["alarms"]]) == (200, [there])


async def test_a_key_of_one_site_finds_nothing_at_another(api: Api) -> None:
    await api.raised(site="warehouse")

    assert (await api.call("GET", "/v1/alarms?site=warehouse", "office")).json["alarms"] == []


# --- statistics -----------------------------------------------------------------------------------------


async def test_statistics_say_how_fast_alarms_were_answered_without_the_tests(
    api: Api, clock: FrozenClock
) -> None:
    quick, slow, drill = await api.raised(), await api.raised(), await api.raised(test=True)
    clock.advance(20)
    await api.call("POST", f"/v1/alarms/{quick}/ack")
    await api.call("POST", f"/v1/alarms/{drill}/ack")
    clock.advance(80)
    await api.call("POST", f"/v1/alarms/{slow}/ack")

    found = (await api.call("GET", "/v1/statistics", "read")).json
    metrics = (await api.call("GET", "/metrics")).text

    assert (found["acknowledged"], found["alarms"]["acknowledged"], found["sources"]["api"]) == (2, 2, 2)
    assert found["mean_seconds_to_acknowledge"] == pytest.approx(60, abs=0.01)
    assert [found["acknowledged_within_seconds"][bound] for bound in ("15", "30", "120")] == [0, 1, 2]
    assert 'alarm_broker_time_to_acknowledge_seconds_bucket{le="30.0"} 1.0' in metrics
    assert "alarm_broker_time_to_acknowledge_seconds_count 2.0" in metrics
    assert 'alarm_broker_alarms{state="acknowledged"} 3.0' in metrics
