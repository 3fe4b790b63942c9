"""What a pressed button does, for whom, and how it is refused."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from tests.fakes.companion import FakeCompanion
from tests.integration.conftest import Until
from tests.integration.family import (
    Told,
    come_home,
    everyone_leaves,
    left_for_five_minutes,
    live_in,
    resident,
)
from tests.integration.house import (
    CODE,
    DOOR,
    GARAGE_PANEL,
    GARAGE_PARTS,
    HOUSE,
    SMOKE,
    WINDOW,
    attributes,
    move_in,
    panel,
    sense,
    shown,
    wait,
)
from tests.integration.phones import (
    Phone,
    burglary,
    disarm,
    notified,
    press,
    refusals,
    settle,
    while_it_is_written,
)

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf")

LATEST = "sensor.home_alarm_latest_alarm"
LOGGER = "custom_components.alarm_broker"


@pytest.fixture
async def home(hass: HomeAssistant, phone: Phone, other: Phone) -> AsyncIterator[MockConfigEntry]:
    entry = await move_in(
        hass,
        *HOUSE,
        *GARAGE_PARTS,
        notified("Anna", phone.target),
        notified("Ben", other.target, disarm="code"),
        push_confirm=0,
    )
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
async def alarmed(hass: HomeAssistant, home: MockConfigEntry) -> MockConfigEntry:
    """The window has been opened while the home was armed."""
    await burglary(hass)
    return home


def status(hass: HomeAssistant) -> str:
    return shown(hass, LATEST)


# What each button does


async def test_acknowledge_says_who_and_changes_nothing_at_the_panel(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone
) -> None:
    await phone.press("Acknowledge")

    assert (status(hass), shown(hass)) == ("acknowledged", "triggered")
    assert attributes(hass, LATEST)["acknowledged_by"] == "Anna"


async def test_disarm_on_the_owners_phone_needs_no_code(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone
) -> None:
    await phone.press("Disarm")

    assert (status(hass), shown(hass)) == ("cancelled", "disarmed")
    assert attributes(hass)["changed_by"] == "Anna"


async def test_disarm_ends_an_entry_delay(hass: HomeAssistant, home: MockConfigEntry, phone: Phone) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await settle(hass)

    await phone.press("Disarm")

    assert shown(hass) == "disarmed"
    assert phone.screen == {}


async def test_the_entry_delays_button_still_works_when_it_has_just_run_out(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone, freezer: FrozenDateTimeFactory
) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await settle(hass)
    await wait(hass, freezer, 31)
    await settle(hass)

    await phone.press("Disarm", title="Entry delay")

    assert shown(hass) == "disarmed"


async def test_disarm_leaves_other_areas_armed(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone
) -> None:
    await panel(hass, "alarm_arm_away", entity_id=GARAGE_PANEL, code=CODE)

    await phone.press("Disarm")

    assert (shown(hass), shown(hass, GARAGE_PANEL)) == ("disarmed", "armed_away")


@pytest.mark.parametrize("reply", [CODE, f"{CODE} ", f" {CODE}\n"], ids=["typed", "space", "pasted"])
async def test_the_right_code_as_a_reply_disarms_in_the_codes_name(
    hass: HomeAssistant, alarmed: MockConfigEntry, other: Phone, reply: str
) -> None:
    await other.press("Disarm with code", reply=reply)

    assert shown(hass) == "disarmed"
    assert attributes(hass)["changed_by"] == "Anna"


@pytest.mark.parametrize(
    ("reply", "answer"),
    [("0000", "Home: wrong code."), ("", "Home: enter a code."), (None, "Home: enter a code.")],
    ids=["wrong", "empty", "none"],
)
async def test_a_wrong_reply_changes_nothing_and_can_be_tried_again(
    hass: HomeAssistant,
    alarmed: MockConfigEntry,
    phone: Phone,
    other: Phone,
    reply: str | None,
    answer: str,
) -> None:
    await other.press("Disarm with code", reply=reply)

    assert (shown(hass), other.last["message"]) == ("triggered", answer)
    assert phone.titles == ["Alarm: Burglary"]
    await other.press("Disarm with code", reply=CODE)
    assert shown(hass) == "disarmed"


async def test_a_phone_that_guesses_is_locked_out_as_a_keypad_is(
    hass: HomeAssistant, alarmed: MockConfigEntry, other: Phone, happened: Told
) -> None:
    for _ in range(5):
        await other.press("Disarm with code", reply="0000", title=other.last["title"])
    await other.press("Disarm with code", reply=CODE, title="Home alarm")

    assert shown(hass) == "triggered"
    assert "lockout" in happened.kinds


async def test_silence_stops_the_siren_and_nothing_else(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone
) -> None:
    await phone.press("Silence siren")

    assert (shown(hass), status(hass)) == ("armed_home", "triggered")


async def test_silence_comes_too_late_once_the_siren_is_over(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    alarmed: MockConfigEntry,
    phone: Phone,
    happened: Told,
) -> None:
    await wait(hass, freezer, 181)

    await phone.press("Silence siren")

    assert refusals(happened) == [("late", "Anna")]


async def test_false_alarm_cancels_and_leaves_the_panel_to_who_may_disarm(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, other: Phone
) -> None:
    await other.press("False alarm")

    assert (status(hass), shown(hass)) == ("cancelled", "triggered")
    assert "By: Ben" in phone.last["message"]
    await phone.press("Disarm")
    assert shown(hass) == "disarmed"


async def test_a_fire_alarm_is_answered_like_any_other(
    hass: HomeAssistant, home: MockConfigEntry, phone: Phone
) -> None:
    sense(hass, SMOKE, "on")
    await settle(hass)

    await phone.press("Silence siren")
    await phone.press("Acknowledge", title="Alarm: Fire")

    assert (status(hass), shown(hass)) == ("acknowledged", "disarmed")


# Who may, and once


@pytest.mark.parametrize("label", ["Acknowledge", "Disarm", "False alarm", "Silence siren"])
async def test_a_button_of_somebody_else_is_refused(
    hass: HomeAssistant,
    alarmed: MockConfigEntry,
    phone: Phone,
    other: Phone,
    ben: MockUser,
    happened: Told,
    label: str,
) -> None:
    await phone.press(label, by=ben)

    assert (status(hass), shown(hass)) == ("triggered", "triggered")
    assert refusals(happened) == [("not_yours", "Ben")]
    assert other.last["message"] == "This button was sent to somebody else. Nothing was done."
    assert len(phone.came) == 1


async def test_somebody_elses_press_does_not_use_the_button_up(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, ben: MockUser
) -> None:
    await phone.press("Acknowledge", by=ben)

    await phone.press("Acknowledge")

    assert attributes(hass, LATEST)["acknowledged_by"] == "Anna"


async def test_a_button_pressed_again_is_refused(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, happened: Told
) -> None:
    pressed = phone.button("Silence siren")
    await press(hass, pressed, "anna")
    await panel(hass, "alarm_disarm", code=CODE)
    await panel(hass, "alarm_trigger")

    await press(hass, pressed, "anna")

    assert shown(hass) == "triggered"
    assert refusals(happened) == [("replayed", "Anna")]
    assert phone.last["message"] == "This button was used already. Nothing more was done."


async def test_the_button_of_an_answered_alarm_comes_too_late(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, other: Phone, happened: Told
) -> None:
    late = other.button("Acknowledge")
    await phone.press("Acknowledge")

    await press(hass, late, "ben")

    assert attributes(hass, LATEST)["acknowledged_by"] == "Anna"
    assert refusals(happened) == [("late", "Ben")]
    assert other.last["message"] == "This button came too late. Nothing was done."


@pytest.mark.parametrize("answer", ["Acknowledge", "False alarm"])
async def test_a_phone_that_still_shows_the_loud_notification_can_disarm_after_somebody_elses_answer(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, other: Phone, answer: str
) -> None:
    await other.press(answer)

    await phone.press("Disarm", title="Alarm: Burglary")

    assert shown(hass) == "disarmed"


async def test_the_buttons_of_an_alarm_that_is_over_do_not_disarm_what_is_armed_as_before(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    alarmed: MockConfigEntry,
    phone: Phone,
    happened: Told,
) -> None:
    await wait(hass, freezer, 181)
    await hass.services.async_call("alarm_broker", "resolve", {}, blocking=True)
    await settle(hass)

    await phone.press("Disarm", title="Alarm: Burglary")

    assert shown(hass) == "armed_home"
    assert refusals(happened) == [("late", "Anna")]


@pytest.mark.parametrize("label", ["Acknowledge", "False alarm"])
async def test_of_two_who_press_at_the_same_moment_one_answers_and_the_other_is_told(
    hass: HomeAssistant,
    alarmed: MockConfigEntry,
    phone: Phone,
    other: Phone,
    happened: Told,
    label: str,
) -> None:
    for one in (phone, other):
        hass.bus.async_fire(
            "mobile_app_notification_action",
            {"action": one.button(label)},
            context=Context(user_id=one.owner.id),
        )
    await settle(hass)

    assert "By: Anna" in phone.last["message"]
    assert refusals(happened) == [("late", "Ben")]


@pytest.mark.parametrize("label", ["Acknowledge", "False alarm", "Disarm"])
async def test_what_is_over_while_a_press_is_written_down_comes_too_late(
    hass: HomeAssistant,
    alarmed: MockConfigEntry,
    phone: Phone,
    happened: Told,
    monkeypatch: pytest.MonkeyPatch,
    label: str,
) -> None:
    while_it_is_written(alarmed, monkeypatch, lambda: disarm(hass))

    await phone.press(label)

    assert refusals(happened) == [("late", "Anna")]


async def test_a_button_is_too_late_after_a_day(
    hass: HomeAssistant,
    alarmed: MockConfigEntry,
    phone: Phone,
    happened: Told,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.tick(timedelta(hours=24, seconds=1))

    await phone.press("Acknowledge")

    assert status(hass) == "triggered"
    assert refusals(happened) == [("late", "Anna")]


async def test_the_button_of_one_alarm_does_nothing_to_the_next(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, happened: Told
) -> None:
    old = phone.button("Disarm")
    await panel(hass, "alarm_disarm", code=CODE)
    await panel(hass, "alarm_trigger")
    await settle(hass)

    await press(hass, old, "anna")

    assert shown(hass) == "triggered"
    assert refusals(happened) == [("late", "Anna")]


@pytest.mark.parametrize("word", ["", "guess", "acknowledge", "\ud800"])
async def test_a_forged_button_is_refused(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, happened: Told, word: str
) -> None:
    await press(hass, f"ALARM_BROKER_{word}", "anna")

    assert status(hass) == "triggered"
    assert refusals(happened) == [("forged", "Anna")]
    assert phone.last["message"] == "This button is unknown here. Nothing was done."


@pytest.mark.parametrize("user", [None, "nobody"], ids=["no user", "unknown user"])
async def test_a_press_by_nobody_known_is_refused_and_nobody_is_told(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, happened: Told, user: str | None
) -> None:
    await press(hass, phone.button("Disarm"), user)

    assert shown(hass) == "triggered"
    assert refusals(happened) == [("not_yours", None)]
    assert len(phone.came) == 1


@pytest.mark.parametrize("trait", ["is_active", "system_generated"], ids=["deactivated", "a system's user"])
async def test_a_press_by_a_user_who_may_not_log_in_is_refused(
    hass: HomeAssistant, alarmed: MockConfigEntry, phone: Phone, anna: MockUser, happened: Told, trait: str
) -> None:
    setattr(anna, trait, trait == "system_generated")

    await phone.press("Disarm")

    assert shown(hass) == "triggered"
    assert refusals(happened) == [("not_yours", None)]


@pytest.mark.parametrize("action", ["ALARMO_DISARM", "alarm_broker_x", 7, None, ["ALARM_BROKER_x"]])
async def test_what_is_not_our_button_is_somebody_elses(
    hass: HomeAssistant, alarmed: MockConfigEntry, happened: Told, action: Any
) -> None:
    await press(hass, action, "anna")

    assert refusals(happened) == []


async def test_a_machine_that_presses_a_thousand_times_is_told_of_once_and_hides_nobody_else(
    hass: HomeAssistant,
    alarmed: MockConfigEntry,
    phone: Phone,
    happened: Told,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for number in range(100):
        await press(hass, f"ALARM_BROKER_{number}", "ben")
    await press(hass, "ALARM_BROKER_x", "anna")
    within = refusals(happened)
    freezer.tick(timedelta(seconds=10))
    await press(hass, "ALARM_BROKER_x", "ben")

    assert within == [("forged", "Ben"), ("forged", "Anna")]
    assert refusals(happened)[2:] == [("forged", "Ben")]
    assert caplog.text.count("A push action was refused") == 3


async def test_the_persons_own_user_counts_on_a_phone_that_another_one_set_up(
    hass: HomeAssistant, phone: Phone, ben: MockUser
) -> None:
    hass.states.async_set("person.ben", "home", {"user_id": "ben"})
    entry = await move_in(
        hass, *HOUSE, resident("Ben", notify=[phone.target], push_disarm="phone"), push_confirm=0
    )
    await panel(hass, "alarm_trigger")
    await settle(hass)

    await phone.press("Disarm", by=ben)

    assert shown(hass) == "disarmed"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_who_may_not_disarm_has_no_button_for_it(hass: HomeAssistant, phone: Phone) -> None:
    entry = await move_in(hass, *HOUSE, notified("Anna", phone.target, disarm="no"), push_confirm=0)
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await settle(hass)
    pending = phone.buttons()
    sense(hass, WINDOW, "on")
    await settle(hass)

    assert (pending, phone.buttons()) == ([], ["Acknowledge", "False alarm"])
    await hass.config_entries.async_unload(entry.entry_id)


# Secrets


async def test_neither_code_nor_button_nor_its_word_is_logged_or_stored(
    hass: HomeAssistant,
    alarmed: MockConfigEntry,
    phone: Phone,
    other: Phone,
    hass_storage: dict[str, Any],
    happened: Told,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", LOGGER)
    words = [
        phone.button("Acknowledge").removeprefix("ALARM_BROKER_"),
        other.button("Disarm with code").removeprefix("ALARM_BROKER_"),
    ]

    await other.press("Disarm with code", reply="918273")
    await phone.press("Acknowledge")
    await phone.press("Acknowledge", title="Alarm: Burglary")

    written = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith(LOGGER))
    told_of = repr([happened.of(kind) for kind in happened.kinds])
    secrets = [*words, "918273"]
    assert "acknowledge by a push action" in written
    assert not [one for one in secrets if one in written or one in told_of or one in repr(hass_storage)]


# Notices


async def test_a_reminder_is_answered_by_arming_everything_that_it_names(
    hass: HomeAssistant, phone: Phone, freezer: FrozenDateTimeFactory
) -> None:
    entry = await household(hass, phone)
    await remind(hass, freezer)

    await phone.press("Arm")

    assert (shown(hass), shown(hass, GARAGE_PANEL)) == ("arming", "armed_away")
    await hass.config_entries.async_unload(entry.entry_id)


async def test_what_could_not_be_armed_is_said_in_the_phones_language_and_offered_by_force(
    hass: HomeAssistant, phone: Phone, freezer: FrozenDateTimeFactory
) -> None:
    entry = await household(hass, phone, language="de")
    sense(hass, WINDOW, "on")
    await remind(hass, freezer)

    await phone.press("Scharf schalten")
    refused, others = phone.last["message"], shown(hass, GARAGE_PANEL)
    await phone.press("Trotzdem scharf schalten")

    assert (
        refused
        == "Home: nicht bereit. Offen: Kitchen window. Schließen oder erzwungen scharf schalten, um sie auszulassen."
    )
    assert others == "armed_away"
    assert shown(hass) == "arming"
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("rights", "button", "reply"),
    [("phone", "Disarm", None), ("code", "Disarm with code", CODE)],
)
async def test_whoever_hears_of_an_arrival_disarms_from_there_as_far_as_they_may(
    hass: HomeAssistant,
    phone: Phone,
    happened: Told,
    freezer: FrozenDateTimeFactory,
    rights: str,
    button: str,
    reply: str | None,
) -> None:
    entry = await household(hass, phone, disarm=rights)
    await come_home_to_an_armed_house(hass, freezer)
    warning, still = phone.last["message"], shown(hass)

    await phone.press(button, reply=reply)
    after = shown(hass)
    await panel(hass, "alarm_disarm", code=CODE)
    await phone.press(button, reply=reply, title="Home alarm")

    assert warning == "Anna has come home, and armed is: Home."
    assert (still, after) == ("armed_away", "disarmed")
    assert refusals(happened) == [("replayed", "Anna")]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_who_may_not_disarm_only_hears_of_an_arrival(
    hass: HomeAssistant, phone: Phone, freezer: FrozenDateTimeFactory
) -> None:
    entry = await household(hass, phone, disarm="no")
    await come_home_to_an_armed_house(hass, freezer)

    assert "has come home" in phone.last["message"]
    assert phone.buttons() == []
    await hass.config_entries.async_unload(entry.entry_id)


async def test_an_arming_that_fails_by_itself_says_why_in_the_phones_language(
    hass: HomeAssistant, phone: Phone, freezer: FrozenDateTimeFactory
) -> None:
    entry = await household(hass, phone, language="de", auto_arm=True)
    sense(hass, WINDOW, "on")
    await remind(hass, freezer)
    await wait(hass, freezer, 120)
    await settle(hass)

    said = [one["message"] for one in phone.came if one["message"].startswith("Ließ sich nicht")]
    [reason] = said
    assert reason.startswith(
        "Ließ sich nicht von selbst scharf schalten. Home: nicht bereit. Offen: Kitchen window."
    )
    await hass.config_entries.async_unload(entry.entry_id)


async def test_arming_what_is_armed_already_comes_too_late(
    hass: HomeAssistant, phone: Phone, happened: Told, freezer: FrozenDateTimeFactory
) -> None:
    entry = await household(hass, phone)
    await remind(hass, freezer)
    await panel(hass, "alarm_arm_away", code=CODE)
    await panel(hass, "alarm_arm_away", entity_id=GARAGE_PANEL, code=CODE)
    await settle(hass)
    shown_before = dict(phone.screen)

    await phone.press("Arm", title="Home alarm")

    assert shown_before == {}
    assert refusals(happened) == [("late", "Anna")]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_reminder_is_taken_back_when_somebody_comes_home(
    hass: HomeAssistant, phone: Phone, freezer: FrozenDateTimeFactory
) -> None:
    entry = await household(hass, phone)
    await remind(hass, freezer)

    await come_home(hass, freezer)
    await settle(hass)

    assert phone.screen == {}
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_reminders_button_outlives_a_restart(
    hass: HomeAssistant, phone: Phone, freezer: FrozenDateTimeFactory
) -> None:
    entry = await household(hass, phone)
    await remind(hass, freezer)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)

    await phone.press("Arm")

    assert shown(hass) == "arming"
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("label", "armed"), [("Postpone", "arming"), ("Do not arm", "disarmed")], ids=["later", "not at all"]
)
async def test_an_announced_arming_can_be_put_off(
    hass: HomeAssistant, phone: Phone, freezer: FrozenDateTimeFactory, label: str, armed: str
) -> None:
    entry = await household(hass, phone, auto_arm=True)
    await remind(hass, freezer)
    assert phone.buttons() == ["Postpone", "Do not arm"]

    await phone.press(label)
    await wait(hass, freezer, 121)
    then = shown(hass)
    for seconds in (13 * 60, 2 * 60):
        await wait(hass, freezer, seconds)

    assert (then, shown(hass)) == ("disarmed", armed)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_putting_off_what_has_been_armed_comes_too_late(
    hass: HomeAssistant, phone: Phone, happened: Told, freezer: FrozenDateTimeFactory
) -> None:
    entry = await household(hass, phone, auto_arm=True)
    await remind(hass, freezer)
    postpone = phone.button("Postpone")
    await wait(hass, freezer, 121)

    await press(hass, postpone, "anna")

    assert refusals(happened) == [("late", "Anna")]
    assert shown(hass) == "arming"
    await hass.config_entries.async_unload(entry.entry_id)


async def household(
    hass: HomeAssistant,
    phone: Phone,
    *,
    language: str | None = None,
    disarm: str = "phone",
    **options: Any,
) -> MockConfigEntry:
    """Let Anna live here with her phone, and a garage."""
    anna = resident("Anna", notify=[phone.target], push_disarm=disarm, language=language)
    return await live_in(hass, anna, *GARAGE_PARTS, push_confirm=0, **options)


async def come_home_to_an_armed_house(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let everyone leave the house armed, and Anna come back."""
    await panel(hass, "alarm_arm_away", code=CODE)
    await wait(hass, freezer, 60)
    await everyone_leaves(hass, freezer)
    await come_home(hass, freezer, "device_tracker.anna")
    await settle(hass)


async def remind(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let everybody leave without arming, and the reminder or the announcement come."""
    await left_for_five_minutes(hass, freezer)
    await settle(hass)


# With a companion


async def test_escalate_now_asks_the_companion_to_tell_the_next_ones(
    hass: HomeAssistant, at_work: MockConfigEntry, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    companion.raise_alarm("a1")
    await until(lambda: phone.came)

    await phone.press("Escalate now")

    await until(lambda: "escalate" in companion.heard_kinds())
    [asked] = [body for body in companion.heard if body["kind"] == "escalate"]
    assert (asked["alarm_id"], asked["by"], asked["via"]) == ("a1", "Anna", "push")
    assert status(hass) == "triggered"


async def test_what_is_answered_elsewhere_meanwhile_is_not_escalated(
    hass: HomeAssistant,
    at_work: MockConfigEntry,
    companion: FakeCompanion,
    phone: Phone,
    until: Until,
    happened: Told,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    companion.raise_alarm("a1")
    await until(lambda: phone.came)

    async def acknowledge() -> None:
        companion.acknowledge("a1", "Carla")
        async with asyncio.timeout(20):
            while status(hass) != "acknowledged":  # noqa: ASYNC110 - what happens is on the other side of a socket
                await asyncio.sleep(0.002)

    while_it_is_written(at_work, monkeypatch, acknowledge)

    await phone.press("Escalate now")

    assert refusals(happened) == [("late", "Anna")]
    assert "escalate" not in companion.heard_kinds()


async def test_a_false_alarm_that_waits_for_the_companion_is_said_on_the_phones(
    hass: HomeAssistant, at_work: MockConfigEntry, companion: FakeCompanion, phone: Phone, until: Until
) -> None:
    companion.raise_alarm("a1")
    await until(lambda: phone.came)
    await companion.stop()
    await until(lambda: not at_work.runtime_data.link.connected)

    await phone.press("False alarm")

    await until(lambda: len(phone.came) == 3)
    assert phone.titles[1] == "-"
    assert "as soon as the companion is back" in phone.last["message"]
