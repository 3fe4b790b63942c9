"""The API on what is behind the alarms: directory, policies, devices, channels, keys."""

import asyncio
import io
import json
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.channels.base import (
    Heard,
    MessageKind,
    Outcome,
    Per,
    Quota,
    Receipt,
    Refused,
    Sent,
    TryAgain,
    Undelivered,
)
from companion.store import tables
from companion.texts.reasons import Reason
from companion.web.callbacks import callback_url
from tests.companion.conftest import POLICY, Directory
from tests.companion.web.harness import Api
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import START

YAML = {"Content-Type": "application/yaml"}
PEOPLE = """
people:
  - id: porter
    name: Porter
    site: office
    contacts: [{channel: signal, address: "+4930111111"}, {channel: sms, address: "+4930111111"}]
  - id: guard
    name: Guard
    site: office
    language: de
    contacts: [{channel: sms, address: "+4930222222"}]
  - id: nurse
    name: Nurse
    contacts: [{channel: sms, address: "+4930333333"}]
"""


# --- the directory --------------------------------------------------------------------------------------


async def test_a_dry_run_shows_the_plan_and_changes_nothing(api: Api) -> None:
    everybody = PEOPLE.partition("  - id: nurse")[0]
    await api.call("POST", "/v1/admin/seed", data=everybody, headers=YAML)

    planned = await api.call("POST", "/v1/admin/seed?dry_run=true", data=PEOPLE, headers=YAML)
    planned_again = await api.call("POST", "/v1/admin/seed?dry_run=true", data=PEOPLE, headers=YAML)

    actions = {change["id"]: change["action"] for change in planned.json["changes"]}
    assert (planned.status, planned.json["applied"]) == (200, False)
    assert actions == {"porter": "unchanged", "guard": "unchanged", "nurse": "added"}
    assert planned_again.json == planned.json


async def test_applying_twice_changes_something_once(api: Api) -> None:
    first = await api.call("POST", "/v1/admin/seed", data=PEOPLE, headers=YAML)
    second = await api.call("POST", "/v1/admin/seed", data=PEOPLE, headers=YAML)

    assert first.json["applied"] is True
    assert "added" in {change["action"] for change in first.json["changes"]}
    assert {change["action"] for change in second.json["changes"]} == {"unchanged"}


async def test_the_document_may_be_json(api: Api) -> None:
    body = {
        "people": [
            {"id": one, "name": one, "contacts": [{"channel": "sms", "address": "+4930111111"}]}
            for one in ("porter", "guard")
        ]
    }

    reply = await api.call("POST", "/v1/admin/seed?dry_run=true", json=body)

    assert {change["action"] for change in reply.json["changes"]} == {"changed"}


async def test_names_in_json_may_hold_what_is_written_with_two_escapes(api: Api) -> None:
    body = '{"sites": [{"id": "office", "name": "Caf\\u00e9 \\ud83d\\ude80", "timezone": "UTC", "policy": "standard", "rooms": [{"id": "reception", "name": "x"}]}, {"id": "warehouse", "name": "w", "timezone": "UTC", "policy": "standard"}]}'

    reply = await api.call("POST", "/v1/admin/seed", data=body, headers={"Content-Type": "application/json"})
    raised = await api.call("POST", "/v1/alarms", json={"kind": "fire", "title": "Smoke", "site": "office"})

    assert (reply.status, raised.json["site"]) == (200, "Café 🚀")


async def test_every_mistake_of_a_document_is_named_and_nothing_of_it_is_applied(api: Api) -> None:
    wrong = PEOPLE.replace('channel: sms, address: "+4930222222"', "channel: pigeon, address: x").replace(
        "Nurse", ""
    )

    reply = await api.call("POST", "/v1/admin/seed", data=wrong, headers=YAML)

    after = await api.call("POST", "/v1/admin/seed?dry_run=true", data=PEOPLE, headers=YAML)
    assert (reply.status, reply.problem) == (422, "invalid-request")
    assert [error["where"] for error in reply.json["errors"]] == [
        "people[2].name",
        "people[1].contacts[0].channel",
    ]
    assert {change["id"] for change in after.json["changes"] if change["action"] == "added"} == {"nurse"}


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("a: [", "application/yaml", 422),
        ("a: &a 1", "application/yaml", 422),
        ("x", "text/plain", 415),
        ("x" * (1024 * 1024 + 1), "application/yaml", 413),
    ],
    ids=["broken", "no such section", "text", "too large"],
)
async def test_a_document_that_cannot_be_read_is_refused(
    api: Api, body: str, content_type: str, status: int
) -> None:
    reply = await api.call(
        "POST", "/v1/admin/seed", data=io.BytesIO(body.encode()), headers={"Content-Type": content_type}
    )

    assert reply.status == status
    assert reply.problem


async def test_a_document_over_the_api_cannot_read_files_or_variables_of_the_host(api: Api) -> None:
    body = {
        "channels": [
            {
                "id": "x",
                "kind": "sms",
                "name": "${file:/etc/hostname}",
                "config": {"url": "${file:/etc/hostname}", "headers": {"X": "${env:PATH}"}},
            }
        ]
    }

    reply = await api.call("POST", "/v1/admin/seed?dry_run=true", json=body)

    assert reply.status == 422
    refused = "".join(
        error["problem"] for error in reply.json["errors"] if "is not allowed here" in error["problem"]
    )
    assert "${file:" in refused
    assert "${env:PATH}" in refused


# --- policies -------------------------------------------------------------------------------------------


def policy(policy_id: str = "night", **changes: Any) -> dict[str, Any]:
    return {"id": policy_id, "name": "Night", "steps": [{"targets": [{"person": "guard"}]}], **changes}


async def test_a_policy_is_made_then_replaced_and_shown(api: Api) -> None:
    made = await api.call("PUT", "/v1/admin/escalation-policies/night", json=policy())
    replaced = await api.call("PUT", "/v1/admin/escalation-policies/night", json=policy(repeat=2))

    one = (await api.call("GET", "/v1/admin/escalation-policies/night")).json
    every = (await api.call("GET", "/v1/admin/escalation-policies")).json["policies"]
    assert (made.status, replaced.status) == (201, 200)
    assert one["repeat"] == 2
    assert {found["id"] for found in every} == {"night", POLICY.id}


async def test_a_policy_says_whose_it_is_until_it_is_replaced_by_one_for_all_sites(api: Api) -> None:
    of_the_office = await api.call("PUT", "/v1/admin/escalation-policies/night", json=policy(site="office"))
    shown = (await api.call("GET", "/v1/admin/escalation-policies/night")).json
    for_all = await api.call("PUT", "/v1/admin/escalation-policies/night", json=policy())

    assert (of_the_office.json["site"], shown["site"], for_all.json["site"]) == ("office", "office", None)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (policy("day"), "body.id"),
        (policy(site="nowhere"), "body.site"),
        (policy(site="warehouse"), "body.steps[0].targets[0].person"),
        (policy(steps=[{"targets": [{"person": "ghost"}]}]), "body.steps[0].targets[0].person"),
        (policy(steps=[]), "body.steps"),
        (policy(colour="red"), "body.colour"),
    ],
    ids=["other id", "unknown site", "person of another site", "unknown person", "no step", "unknown field"],
)
async def test_a_policy_that_could_tell_nobody_is_refused(api: Api, body: dict[str, Any], where: str) -> None:
    reply = await api.call("PUT", "/v1/admin/escalation-policies/night", json=body)

    assert (reply.status, reply.problem) == (422, "invalid-request")
    assert reply.json["errors"][0]["where"] == where
    assert (await api.call("GET", "/v1/admin/escalation-policies/night")).problem == "unknown-policy"


async def test_a_text_that_no_database_can_hold_is_a_malformed_request(api: Api) -> None:
    refused = await api.call("PUT", "/v1/admin/escalation-policies/night", json=policy(name="N\0ght"))
    # Six characters, of which the first is a backslash.
    taken = await api.call("PUT", "/v1/admin/escalation-policies/night", json=policy(name="N\\u0000ght"))

    assert (refused.status, refused.problem) == (400, "malformed-request")
    assert (taken.status, taken.json["name"]) == (201, "N\\u0000ght")


async def test_an_alarm_keeps_the_policy_that_it_was_raised_with(api: Api, directory: Directory) -> None:
    alarm_id = await api.raised()

    await api.call("PUT", f"/v1/admin/escalation-policies/{directory.policy}", json=policy(directory.policy))

    before, after = (await api.call("GET", f"/v1/alarms/{alarm_id}")).json, await api.raised()
    assert {one["channel_id"] for one in before["deliveries"]} == {"zammad", "signal"}
    later = (await api.call("GET", f"/v1/alarms/{after}")).json
    assert {one["channel_id"] for one in later["deliveries"]} == {"sms"}


# --- devices --------------------------------------------------------------------------------------------


async def test_devices_say_what_they_still_need(api: Api, directory: Directory) -> None:
    found = (await api.call("GET", "/v1/admin/devices")).json["devices"]

    missing = {device["id"]: device["missing"] for device in found}
    assert missing == {directory.phone: [], directory.incomplete_phone: ["person", "room"]}
    assert "token" not in json.dumps(found)


async def test_a_new_token_works_and_the_old_one_does_not(api: Api, directory: Directory) -> None:
    reply = await api.call("POST", f"/v1/admin/devices/{directory.phone}/token")

    token = reply.json["token"]
    assert reply.json["url"] == f"http://alarm.example/v1/yealink/alarm?token={token}"
    assert (await api.press(directory.phone_token)).status == 404
    assert (await api.press(token)).status == 200


# --- channels -------------------------------------------------------------------------------------------


async def test_secrets_of_channels_are_never_shown(api: Api) -> None:
    row: dict[str, Any] = {
        "id": "desk",
        "kind": "zammad",
        "name": "Desk",
        "config": {"group": "Alarm"},
        "secrets": api.context.secrets.seal("desk", {"token": "very-secret-token"}),
        "enabled": True,
        "concurrency": 1,
        "timeout_s": 5.0,
        "revision": 1,
    }
    await api.context.db.write(lambda conn: conn.execute(sa.insert(tables.channel).values(**row)))

    listed = await api.call("GET", "/v1/admin/channels")

    shown = {channel["id"]: channel["secrets"] for channel in listed.json["channels"]}
    assert shown == {"desk": ["token"], "signal": [], "sms": [], "zammad": []}
    assert "very-secret-token" not in listed.text
    assert row["secrets"] not in listed.text


async def test_checking_a_channel_tells_nobody(api: Api, directory: Directory) -> None:
    reply = await api.call("POST", f"/v1/admin/channels/{directory.sms}/test")

    channel = api.channels.channels[directory.sms]
    assert (reply.status, reply.json["sent"], reply.json["outcome"]) == (200, False, "sent")
    assert (channel.checks, channel.messages) == (1, [])


async def test_a_test_message_goes_to_the_address_and_is_marked_as_a_test(
    api: Api, directory: Directory
) -> None:
    reply = await api.call(
        "POST", f"/v1/admin/channels/{directory.sms}/test", json={"address": "+4912345", "language": "de"}
    )

    [message] = api.channels.channels[directory.sms].messages
    reference = f"ref-{message.delivery_id}"
    assert (reply.json["sent"], reply.json["outcome"], reply.json["provider_ref"]) == (
        True,
        "sent",
        reference,
    )
    assert (message.address, message.kind, message.test, message.language) == (
        "+4912345",
        MessageKind.TEST,
        True,
        "de",
    )


@pytest.mark.parametrize(
    ("heard", "receipt"),
    [
        (Receipt(provider_ref="r1", at=START), ("delivered", None)),
        (Receipt(provider_ref="r1", at=START, read=True), ("read", None)),
        (Undelivered(provider_ref="r1", reason=Reason.quoting("off")), ("undelivered", "as_said")),
    ],
    ids=["delivered", "read", "undelivered"],
)
async def test_a_test_message_waits_for_the_receipt_of_its_provider(
    api: Api, directory: Directory, heard: Receipt | Undelivered, receipt: tuple[str, str | None]
) -> None:
    api.channels.channels[directory.sms] = FakeChannel(Sent(provider_ref="r1", receipt_follows=True))
    written = api.context.wake.subscribe()

    trying = asyncio.create_task(
        api.call("POST", f"/v1/admin/channels/{directory.sms}/test", json={"address": "+4930111111"})
    )
    await written.wait()
    await api.context.inbound(directory.sms).receipt(heard)
    reply = await trying

    said = reply.json["receipt"]
    assert (reply.json["outcome"], said["state"], said["reason_code"]) == ("sent", *receipt)


@pytest.mark.parametrize(
    ("outcome", "receipt"),
    [
        (Sent(provider_ref="r1", receipt_follows=True), "none_yet"),
        (Sent(provider_ref="r1"), None),
        (Refused(reason=Reason.quoting("bad token")), None),
    ],
    ids=["follows", "never", "refused"],
)
async def test_a_test_message_says_whether_a_receipt_is_still_to_come(
    api: Api, directory: Directory, outcome: Outcome, receipt: str | None
) -> None:
    api.channels.channels[directory.sms] = FakeChannel(outcome)

    reply = await api.call(
        "POST",
        f"/v1/admin/channels/{directory.sms}/test",
        json={"address": "+4930111111", "wait_s": 0.01},
    )

    assert (reply.json["receipt"] or {}).get("state") == receipt


async def test_a_test_message_tells_its_provider_where_to_call_back(api: Api, directory: Directory) -> None:
    await api.call("POST", f"/v1/admin/channels/{directory.sms}/test", json={"address": "+4912345"})

    [message] = api.channels.channels[directory.sms].messages
    assert message.callback_url == callback_url(api.context.settings.public_url, directory.sms)


async def test_a_test_message_shows_the_clock_of_the_only_site_and_of_several_utc(
    api: Api, directory: Directory
) -> None:
    there = f"/v1/admin/channels/{directory.sms}/test"
    await api.call("POST", there, json={"address": "+4912345"})
    await api.context.db.write(_remove_warehouse)
    await api.call("POST", there, json={"address": "+4912345"})

    messages = api.channels.channels[directory.sms].messages
    assert [message.timezone for message in messages] == ["UTC", "Europe/Berlin"]


def _remove_warehouse(conn: Connection) -> None:
    conn.execute(sa.delete(tables.api_key).where(tables.api_key.c.site_id == "warehouse"))
    conn.execute(sa.delete(tables.site).where(tables.site.c.id == "warehouse"))


async def test_a_test_message_goes_where_an_alarm_would_go_or_nowhere(api: Api, directory: Directory) -> None:
    there = f"/v1/admin/channels/{directory.sms}/test"

    unclear = await api.call("POST", there, json={"address": "0170 1111111"})
    clear = await api.call("POST", there, json={"address": "+49 (0)170 / 11 11 111"})

    [message] = api.channels.channels[directory.sms].messages
    assert (unclear.status, unclear.problem) == (422, "invalid-request")
    assert [one["where"] for one in unclear.json["errors"]] == ["body.address"]
    assert (clear.status, message.address) == (200, "+491701111111")


@pytest.mark.parametrize(
    ("outcome", "name"),
    [
        (Refused(reason=Reason.quoting("bad token"), status_code=401), "refused"),
        (TryAgain(reason=Reason.quoting("busy"), status_code=503), "failed"),
        (TryAgain(reason=Reason.quoting("no answer"), uncertain=True), "uncertain"),
    ],
    ids=["refused", "failed", "uncertain"],
)
async def test_what_the_provider_said_is_handed_on(
    api: Api, directory: Directory, outcome: Refused | TryAgain, name: str
) -> None:
    api.channels.channels[directory.sms] = FakeChannel(outcome)

    reply = await api.call("POST", f"/v1/admin/channels/{directory.sms}/test")

    said = (reply.json["outcome"], reply.json["reason"], reply.json["status_code"])
    assert said == (name, str(outcome.reason), outcome.status_code)
    assert (reply.json["reason_code"], reply.json["reason_facts"]) == ("as_said", outcome.reason.facts)


async def test_the_raw_answer_and_the_rule_that_read_it_are_shown(api: Api, directory: Directory) -> None:
    heard = Heard(answer="ERR: 301, No Credit Left", rule="answers[1]")
    api.channels.channels[directory.sms] = FakeChannel(Refused(reason=Reason.quoting("no"), heard=heard))

    reply = await api.call(
        "POST", f"/v1/admin/channels/{directory.sms}/test", json={"address": "+4930111111"}
    )

    assert (reply.json["answer"], reply.json["rule"]) == (heard.answer, heard.rule)


async def test_what_to_know_although_it_worked_is_shown(api: Api, directory: Directory) -> None:
    api.channels.channels[directory.sms] = FakeChannel(
        Sent(provider_ref=None, warning=Reason.quoting("ends soon"))
    )

    reply = await api.call("POST", f"/v1/admin/channels/{directory.sms}/test")

    assert (reply.json["outcome"], reply.json["warning"], reply.json["reason"]) == ("sent", "ends soon", None)


async def test_what_is_used_up_of_a_quota_is_listed(api: Api, directory: Directory) -> None:
    quota = Quota(limit=250, per=Per.DAY, used=201)
    api.channels.channels[directory.sms] = FakeChannel(Sent(provider_ref=None, quota=quota))
    await api.call("POST", f"/v1/admin/channels/{directory.sms}/test")

    listed = await api.call("GET", "/v1/admin/channels")

    shown = {channel["id"]: channel["quota"] for channel in listed.json["channels"]}
    assert shown["sms"] == {"limit": 250, "used": 201, "per": "day"}
    assert shown["zammad"] is None


async def test_a_test_message_is_what_alerting_knows_of_the_channel(api: Api, directory: Directory) -> None:
    async def part() -> tuple[str, str]:
        checks = (await api.call("GET", "/healthz/alerting", None)).json["checks"]
        return next((one["status"], one["message"]) for one in checks if one["name"] == "channel sms")

    api.channels.channels[directory.sms] = FakeChannel(
        Refused(reason=Reason.quoting("401: bad token"), status_code=401, channel_broken=True)
    )
    await api.call("POST", f"/v1/admin/channels/{directory.sms}/test", json={"address": "+4930111111"})
    broken = await part()
    api.channels.channels[directory.sms] = FakeChannel()
    await api.call("POST", f"/v1/admin/channels/{directory.sms}/test", json={"address": "+4930111111"})
    mended = await part()

    since = "2026-11-20 12:00:00 UTC"
    assert broken == ("warning", f"It has refused once since {since}: 401: bad token.")
    assert mended == ("ok", f"It took a message at {since}.")


async def test_a_channel_that_is_switched_off_cannot_be_tried(api: Api, directory: Directory) -> None:
    reply = await api.call("POST", f"/v1/admin/channels/{directory.signal}/test")

    assert (reply.status, reply.problem) == (409, "channel-not-usable")


async def test_a_channel_that_does_not_exist_is_not_found(api: Api) -> None:
    reply = await api.call("POST", "/v1/admin/channels/pigeon/test")

    assert (reply.status, reply.problem) == (404, "unknown-channel")


# --- keys -----------------------------------------------------------------------------------------------


async def test_a_new_key_is_shown_once_and_does_what_its_role_says(api: Api) -> None:
    made = await api.call(
        "POST", "/v1/admin/keys", json={"name": "Monitor", "role": "read", "site": "office"}
    )

    clear = made.json["key"]
    listed = await api.call("GET", "/v1/admin/keys")
    assert (made.status, clear.startswith("ab_read_"), clear in listed.text) == (201, True, False)
    assert (await api.call("GET", "/v1/alarms", clear)).status == 200
    assert (await api.call("POST", "/v1/alarms", clear, json={})).status == 403


async def test_a_key_for_a_site_that_does_not_exist_is_not_made(api: Api) -> None:
    reply = await api.call("POST", "/v1/admin/keys", json={"name": "x", "role": "read", "site": "nowhere"})

    assert (reply.status, reply.json["errors"][0]["where"]) == (422, "body.site")


async def test_a_key_can_be_revoked_once(api: Api) -> None:
    made = (await api.call("POST", "/v1/admin/keys", json={"name": "x", "role": "read"})).json

    first = await api.call("DELETE", f"/v1/admin/keys/{made['about']['id']}")
    second = await api.call("DELETE", f"/v1/admin/keys/{made['about']['id']}")

    assert (first.status, first.text) == (204, "")
    assert (second.status, second.problem) == (404, "unknown-key")
