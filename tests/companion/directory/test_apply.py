"""Applying a document makes the directory equal to it: all of it or nothing, and twice is once."""

import asyncio
from datetime import datetime
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from companion.alarms.paging import resolve
from companion.directory import store as query
from companion.directory.apply import Action, Plan, apply_document, plan_document
from companion.directory.presses import pressed_device
from companion.directory.roles import Role
from companion.directory.seed import Document, DocumentInvalid
from companion.escalation.policy import PersonTarget, Policy
from companion.ids import token_hash
from companion.link import store as link
from companion.store import tables
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets
from tests.companion.directory.documents import KEY, SECRETS, changes_nothing, office, read


async def _apply(db: Database, document: Document, secrets: Secrets = KEY) -> Plan:
    return await db.write(lambda conn: apply_document(conn, document, secrets))


async def _problems(db: Database, content: dict[str, Any]) -> list[str]:
    with pytest.raises(DocumentInvalid) as caught:
        await _apply(db, read(content))
    return [str(problem) for problem in caught.value.problems]


def _shown(plan: Plan) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [
        (change.action.value, change.kind, change.id, change.fields)
        for change in plan.changes
        if change.action is not Action.UNCHANGED
    ]


async def test_everything_in_the_document_is_there_afterwards(db: Database) -> None:
    plan = await _apply(db, read(office()))

    pressed = await db.write(lambda conn: pressed_device(ALL_SITES, conn, token_hash(SECRETS["PHONE_TOKEN"])))
    assert plan.count(Action.ADDED) == 9
    assert plan.warnings == ()
    assert pressed is not None
    assert (pressed.site, pressed.room, pressed.person) == ("Office", "Reception", "Porter")
    policy = Policy.model_validate(pressed.site_policy)
    assert [step.after for step in policy.steps] == [0, 60]
    guard = PersonTarget(person="guard")
    (reached,) = await db.read(lambda conn: resolve(conn, [guard]))
    assert (reached.channel_id, reached.address, reached.language) == ("sms", "+4930222222", "de")
    zammad = await db.read(lambda conn: query.channel_by_id(ALL_SITES, conn, "zammad", KEY))
    assert zammad is not None
    assert zammad.full_config["token"] == "hunter22"


async def test_no_secret_is_stored_readable(db: Database) -> None:
    await _apply(db, read(office()))

    stored = await db.read(
        lambda conn: str([conn.execute(sa.select(table)).all() for table in tables.metadata.sorted_tables])
    )
    assert "hunter22" not in stored
    assert SECRETS["PHONE_TOKEN"] not in stored


async def test_applying_again_changes_nothing(db: Database) -> None:
    await _apply(db, read(office()))
    before = await db.read(lambda conn: [tuple(row) for row in conn.execute(sa.select(tables.channel))])

    plan = await _apply(db, read(office()))

    after = await db.read(lambda conn: [tuple(row) for row in conn.execute(sa.select(tables.channel))])
    assert changes_nothing(plan)
    assert plan.count(Action.UNCHANGED) == 9
    assert after == before


async def test_a_plan_alone_changes_nothing(db: Database) -> None:
    plan = await db.read(lambda conn: plan_document(conn, read(office()), KEY))

    assert plan.count(Action.ADDED) == 9
    assert await db.read(partial(query.sites, ALL_SITES)) == []


async def test_a_plan_names_what_changes_but_no_value(db: Database) -> None:
    await _apply(db, read(office()))
    content = office()
    content["people"][1] |= {"language": "en", "site": "office"}
    content["people"][0]["contacts"].append({"channel": "sms", "address": "+4930333333"})
    content["channels"][0]["config"]["group"] = "Alarms"
    content["policies"][0]["repeat"] = 2
    content["sites"][0]["rooms"].pop()
    content["devices"].append(
        {**content["devices"][0], "id": "new-phone", "token": "another-token-0123456789"}
    )

    plan = await _apply(db, read(content, SECRETS | {"ZAMMAD_TOKEN": "hunter23"}))

    assert _shown(plan) == [
        ("changed", "policy", "standard", ("repeat",)),
        ("removed", "room", "cellar", ()),
        ("changed", "channel", "zammad", ("config.group", "config.token")),
        ("changed", "person", "porter", ("contacts",)),
        ("changed", "person", "guard", ("language", "site")),
        ("added", "device", "new-phone", ()),
    ]
    assert "hunter23" not in repr(plan)


async def test_a_site_may_name_another_policy_for_its_vacation_and_the_plan_shows_it(db: Database) -> None:
    await _apply(db, read(office()))
    content = office()
    content["policies"].append({**content["policies"][0], "id": "away"})
    content["sites"][0]["vacation_policy"] = "away"

    plan = await _apply(db, read(content))

    [site] = await db.read(partial(query.sites, ALL_SITES))
    usual = await db.read(lambda conn: query.policy_for(ALL_SITES, conn, site))
    away = await db.read(lambda conn: query.policy_for(ALL_SITES, conn, site, vacation=True))
    assert _shown(plan) == [
        ("added", "policy", "away", ()),
        ("changed", "site", "office", ("vacation_policy",)),
    ]
    assert [policy and policy.id for policy in (usual, away)] == ["standard", "away"]


async def test_a_changed_channel_gets_a_new_revision_and_the_others_do_not(db: Database) -> None:
    await _apply(db, read(office()))

    await _apply(db, read(office(), SECRETS | {"ZAMMAD_TOKEN": "hunter23"}))

    revisions = {row.id: row.revision for row in await db.read(partial(query.channels, ALL_SITES))}
    assert revisions == {"zammad": 2, "sms": 1}


async def test_sections_that_are_absent_are_left_alone(db: Database) -> None:
    await _apply(db, read(office()))

    plan = await _apply(db, read({"people": office()["people"]}))

    assert changes_nothing(plan)
    assert [device.id for device in await db.read(partial(query.devices, ALL_SITES))] == ["desk-phone"]


async def test_an_empty_list_removes_all_of_its_kind(db: Database) -> None:
    await _apply(db, read(office()))

    plan = await _apply(db, read({"devices": []}))

    assert _shown(plan) == [("removed", "device", "desk-phone", ())]
    assert await db.read(partial(query.devices, ALL_SITES)) == []


async def test_the_whole_directory_can_be_removed_at_once(db: Database) -> None:
    await _apply(db, read(office()))

    await _apply(db, read({section: [] for section in office()}))

    assert await db.read(partial(query.sites, ALL_SITES)) == []
    assert await db.read(partial(query.people, ALL_SITES)) == []


async def test_a_phone_keeps_its_history_when_it_changes(db: Database, now: datetime) -> None:
    await _apply(db, read(office()))
    await db.write(
        lambda conn: query.touch_device(
            ALL_SITES,
            conn,
            "desk-phone",
            now=now,
            context={"model": "T54W"},
            minute_started_at=now,
            minute_count=2,
        )
    )
    content = office()
    content["devices"][0]["name"] = "Front desk"

    await _apply(db, read(content))

    device = await db.read(lambda conn: query.device_by_id(ALL_SITES, conn, "desk-phone"))
    assert device is not None
    assert (device.name, device.last_seen_at, device.minute_count) == ("Front desk", now, 2)


async def test_two_phones_can_swap_their_tokens(db: Database) -> None:
    content = office()
    first, second = "first-token-0123456789", "second-token-0123456789"
    content["devices"] = [
        {**content["devices"][0], "id": "one", "token": first},
        {**content["devices"][0], "id": "two", "token": second},
    ]
    await _apply(db, read(content))
    content["devices"][0]["token"], content["devices"][1]["token"] = second, first

    await _apply(db, read(content))

    pressed = await db.write(lambda conn: pressed_device(ALL_SITES, conn, token_hash(first)))
    assert pressed is not None
    assert pressed.id == "two"


async def test_after_the_secret_key_was_lost_applying_again_seals_everything_anew(db: Database) -> None:
    await _apply(db, read(office()))
    new_key = Secrets(b"the new secret key of these tests")

    plan = await _apply(db, read(office()), new_key)

    opened = await db.read(lambda conn: query.channel_by_id(ALL_SITES, conn, "zammad", new_key))
    assert [change[2] for change in _shown(plan)] == ["zammad", "sms"]
    assert opened is not None
    assert opened.secrets == {"token": "hunter22"}


async def test_documents_applied_at_the_same_moment_do_not_mix(db: Database) -> None:
    other = office()
    other["people"][0]["name"] = "Other"

    plans = await asyncio.gather(_apply(db, read(office())), _apply(db, read(other)))

    assert sorted(plan.count(Action.ADDED) for plan in plans) == [0, 9]
    assert sorted(plan.count(Action.CHANGED) for plan in plans) == [0, 1]


# --- what does not hold together ------------------------------------------------------------------------


async def test_a_broken_document_changes_nothing_at_all(db: Database) -> None:
    content = office()
    content["devices"][0]["room"] = "attic"

    await _problems(db, content)

    assert await db.read(partial(query.sites, ALL_SITES)) == []


async def test_mistakes_of_form_and_of_meaning_are_told_together(db: Database) -> None:
    content = office()
    content["people"][0]["nmae"] = "Porter"
    content["sites"][0] |= {"policy": "missing", "vacation_policy": "gone"}
    content["devices"][0]["person"] = "nobody"

    assert await _problems(db, content) == [
        "people[0].nmae: there is no such key here; is it spelled right?",
        "sites[0].policy: there is no policy 'missing' in policies: add it there, or correct this",
        "sites[0].vacation_policy: there is no policy 'gone' in policies: add it there, or correct this",
        "devices[0].person: there is no person 'nobody' in people: add it there, or correct this",
    ]


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        (
            {"person": "nobody"},
            "person: there is no person 'nobody' in people: add it there, or correct this",
        ),
        (
            {"person": "silent"},
            "person: person 'silent' has no contacts and can never be told: add one in people",
        ),
        (
            {"person": "porter", "via": "zammad"},
            "via: person 'porter' has no contact on channel 'zammad', only on sms",
        ),
        (
            {"channel": "pigeon"},
            "channel: there is no channel 'pigeon' in channels: add it there, or correct this",
        ),
        ({"channel": "sms"}, "address: is missing: channel 'sms' needs one"),
    ],
)
async def test_a_target_that_reaches_nobody_is_refused(
    db: Database, target: dict[str, str], problem: str
) -> None:
    content = office()
    content["people"].append({"id": "silent", "name": "Silent"})
    content["policies"][0]["steps"][1]["targets"].append(target)

    assert await _problems(db, content) == [f"policies[0].steps[1].targets[1].{problem}"]


async def test_a_step_whose_channels_are_all_switched_off_is_refused(db: Database) -> None:
    content = office()
    content["channels"][1]["enabled"] = False

    assert await _problems(db, content) == [
        "policies[0].steps[1]: can never tell anybody: every channel it uses is switched off (`enabled: false`)"
    ]


async def test_the_last_resort_is_checked_like_a_step(db: Database) -> None:
    content = office()
    content["policies"][0]["last_resort"] = [{"channel": "sms"}]

    assert await _problems(db, content) == [
        "policies[0].last_resort[0].address: is missing: channel 'sms' needs one"
    ]


async def test_a_contact_without_the_address_its_channel_needs_is_refused(db: Database) -> None:
    content = office()
    content["people"][0]["contacts"].append({"channel": "sms"})
    content["people"][1]["contacts"].append({"channel": "pigeon", "address": "grey"})
    content["people"][1]["contacts"].append({"channel": "sms", "address": "+4930222222"})

    assert await _problems(db, content) == [
        "people[0].contacts[1].address: is missing: channel 'sms' needs one",
        "people[1].contacts[1].channel: there is no channel 'pigeon' in channels: add it there, or correct this",
        "people[1].contacts[2]: stands here twice",
    ]


async def test_a_phone_in_a_room_of_another_site_is_refused(db: Database) -> None:
    content = office()
    content["sites"].append({"id": "home", "name": "Home", "timezone": "UTC", "policy": "standard"})
    content["devices"][0]["site"] = "home"

    assert await _problems(db, content) == [
        "devices[0].room: room 'reception' is in site 'office', not in 'home'"
    ]


async def test_what_is_still_used_by_an_absent_section_cannot_be_removed(db: Database) -> None:
    await _apply(db, read(office()))

    stored = "(stored already, not in this document).contacts[0].channel"
    missing = "there is no channel 'sms' in channels: add it there, or correct this"
    assert await _problems(db, {"channels": office()["channels"][:1]}) == [
        f"person 'guard' {stored}: {missing}",
        f"person 'porter' {stored}: {missing}",
    ]


async def test_a_site_with_an_active_key_cannot_be_removed_and_with_a_revoked_one_it_can(
    db: Database, now: datetime
) -> None:
    await _apply(db, read(office()))
    key, _ = await db.write(
        lambda conn: query.create_api_key(
            ALL_SITES, conn, name="panel", role=Role.READ, site_id="office", now=now
        )
    )
    nothing: dict[str, Any] = {section: [] for section in office()}

    assert await _problems(db, nothing) == [
        "sites: site 'office' cannot be removed: API key 'panel' is for it; revoke that first"
    ]

    await db.write(lambda conn: query.revoke_api_key(ALL_SITES, conn, key.id, now))
    await _apply(db, read(nothing))
    assert await db.read(partial(query.sites, ALL_SITES)) == []


async def test_an_incomplete_phone_is_allowed_and_warned_about(db: Database) -> None:
    content = office()
    del content["devices"][0]["person"], content["devices"][0]["room"]

    plan = await _apply(db, read(content))

    assert plan.warnings == ("devices[0]: has no person, no room; its key raises alarms that cannot say so",)


NOBODY = "its alarms would tell nobody. Name a policy, or one as `last_resort` of `installation`"


async def test_a_site_and_a_phone_whose_alarms_would_tell_nobody_are_refused(db: Database) -> None:
    content = office()
    del content["sites"][0]["policy"]

    assert await _problems(db, content) == [
        f"sites[0].policy: is missing: {NOBODY}",
        f"devices[0].policy: is missing, here and at its site: {NOBODY}",
    ]

    content["installation"] = {"last_resort": "standard"}
    await _apply(db, read(content))


async def test_what_tells_nobody_already_does_not_keep_other_sections_from_being_applied(
    db: Database,
) -> None:
    await _apply(db, read(office()))
    await db.write(lambda conn: conn.execute(sa.update(tables.site).values(policy_id=None)))
    people = {"people": office()["people"]}

    plan = await _apply(db, read(people))

    assert [warning.partition(".policy: ")[2] for warning in plan.warnings] == [
        f"is missing: {NOBODY}",
        f"is missing, here and at its site: {NOBODY}",
    ]


async def test_a_panel_of_the_only_site_stays_with_it_when_there_are_more(
    db: Database, now: datetime
) -> None:
    await _apply(db, read(office()))
    await db.write(
        lambda conn: link.add_peer(
            ALL_SITES, conn, instance="ha", name="Home", site_id=None, their_stream="s1", now=now
        )
    )
    content = office()
    content["sites"].append({"id": "home", "name": "Home", "timezone": "UTC", "policy": "standard"})

    await _apply(db, read(content))

    peer = await db.read(lambda conn: link.peer_by_instance(ALL_SITES, conn, "ha"))
    assert peer is not None
    assert peer.site_id == "office"


# --- the installation -----------------------------------------------------------------------------------


async def test_what_holds_for_every_site_is_applied_changed_and_kept(db: Database) -> None:
    everywhere = {"last_resort": "standard", "operators": ["porter"], "country": "DE"}

    first = await _apply(db, read({**office(), "installation": everywhere}))
    again = await _apply(db, read({**office(), "installation": everywhere}))
    left_out = await _apply(db, read(office()))
    changed = await _apply(db, read({**office(), "installation": {**everywhere, "country": "AT"}}))

    assert ("added", "installation", "installation", ()) in _shown(first)
    assert changes_nothing(again)
    assert changes_nothing(left_out)
    assert _shown(changed) == [("changed", "installation", "installation", ("country",))]
    found = await db.read(partial(query.installation, ALL_SITES))
    assert (found.last_resort_id, found.operators, found.country) == ("standard", ("porter",), "AT")


async def test_an_installation_without_the_section_has_no_operators(db: Database) -> None:
    await _apply(db, read(office()))

    found = await db.read(partial(query.installation, ALL_SITES))

    assert (found.last_resort_id, found.operators, found.country) == (None, (), None)


@pytest.mark.parametrize(
    ("everywhere", "problem"),
    [
        (
            {"last_resort": "none"},
            "installation.last_resort: there is no policy 'none' in policies: add it there, or correct this",
        ),
        (
            {"operators": ["nobody"]},
            "installation.operators[0]: there is no person 'nobody' in people: add it there, or correct this",
        ),
        (
            {"operators": ["visitor"]},
            "installation.operators[0]: person 'visitor' has no contacts and can never be told: add one in people",
        ),
        (
            {"operators": ["clerk"]},
            "installation.operators[0]: person 'clerk' can never be told: every channel they have is switched off",
        ),
        ({"operators": ["porter", "porter"]}, "installation.operators[1]: stands here twice"),
        (
            {"country": "Germany"},
            "installation.country: must be two capital letters, such as DE",
        ),
        ({"operator": ["porter"]}, "installation.operator: there is no such key here; is it spelled right?"),
    ],
    ids=["policy", "person", "no contacts", "switched off", "twice", "country", "spelling"],
)
async def test_what_cannot_hold_for_every_site_is_refused(
    db: Database, everywhere: dict[str, Any], problem: str
) -> None:
    content = office()
    content["channels"].append({**content["channels"][1], "id": "old-sms", "enabled": False})
    content["people"].append({"id": "visitor", "name": "Visitor"})
    content["people"].append(
        {"id": "clerk", "name": "Clerk", "contacts": [{"channel": "old-sms", "address": "+4930333333"}]}
    )

    assert await _problems(db, {**content, "installation": everywhere}) == [problem]


async def test_a_policy_that_is_the_last_resort_cannot_be_taken_away(db: Database) -> None:
    await _apply(db, read({**office(), "installation": {"last_resort": "standard"}}))
    content = office()
    content["policies"][0]["id"] = content["sites"][0]["policy"] = "other"

    [problem] = await _problems(db, content)

    assert problem.startswith(
        "installation 'installation' (stored already, not in this document).last_resort"
    )
