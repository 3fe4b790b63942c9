"""A companion that stays away becomes a repair issue, and goes away with it."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.alarm_broker import repairs
from custom_components.alarm_broker.link.client import Retry
from custom_components.alarm_broker.link.companion_events import parse_event
from custom_components.alarm_broker.link.issues import SERVICE_TROUBLES
from custom_components.alarm_broker.link.wire import BadFrame
from custom_components.alarm_broker.texts.language import LANGUAGES
from tests.fakes.companion import FakeCompanion
from tests.integration.conftest import Until

TRANSLATIONS = Path(repairs.__file__).parent / "translations"


def issue(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    return ir.async_get(hass).async_get_issue("alarm_broker", f"companion_away_{entry.entry_id}")


async def pass_time(hass: HomeAssistant, seconds: float) -> None:
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done()


@pytest.fixture
async def away(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> MockConfigEntry:
    await companion.stop()
    await until(lambda: not linked.runtime_data.link.connected)
    return linked


async def test_a_companion_that_is_away_for_five_minutes_is_a_repair_issue(
    hass: HomeAssistant, away: MockConfigEntry
) -> None:
    await pass_time(hass, 299)
    assert issue(hass, away) is None

    await pass_time(hass, 301)

    found = issue(hass, away)
    assert found is not None
    assert found.translation_key == "companion_away"
    assert found.translation_placeholders == {"title": "Home alarm", "minutes": "5"}
    assert found.severity is ir.IssueSeverity.ERROR


async def test_the_issue_is_gone_when_the_companion_is_back(
    hass: HomeAssistant, away: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    await pass_time(hass, 301)

    await companion.start()

    await until(lambda: issue(hass, away) is None)


async def test_removing_the_companion_takes_the_issue_away(
    hass: HomeAssistant, away: MockConfigEntry
) -> None:
    await pass_time(hass, 301)

    hass.config_entries.async_update_entry(away, data={})
    await hass.async_block_till_done()

    assert issue(hass, away) is None


async def test_removing_the_entry_takes_the_issue_away(hass: HomeAssistant, away: MockConfigEntry) -> None:
    await pass_time(hass, 301)

    await hass.config_entries.async_remove(away.entry_id)

    assert issue(hass, away) is None


async def test_the_log_says_once_that_the_companion_is_away_and_once_that_it_is_back(
    hass: HomeAssistant,
    away: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with patch.object(Retry, "wait_s", autospec=True, side_effect=Retry.wait_s) as failed:
        await until(lambda: failed.call_count >= 3)

    await companion.start()
    await until(lambda: away.runtime_data.link.connected)

    messages = [
        record.getMessage()
        for record in [*caplog.get_records("setup"), *caplog.records]
        if record.name == "custom_components.alarm_broker"
    ]
    assert len([message for message in messages if message.startswith("The companion is away")]) == 1
    assert messages.count("The companion is back") == 1


# --- what is wrong with the companion itself ------------------------------------------------------------

REFUSES = {
    "kind": "trouble",
    "key": "channel_refuses:sms",
    "trouble": "channel_refuses",
    "subject": "SMS gateway",
    "severity": "error",
    "since": "2026-11-20T22:00:00+00:00",
    "open": True,
    "facts": {"failures": "3", "reason": "401: unknown key"},
}


def trouble(
    hass: HomeAssistant, entry: MockConfigEntry, key: str = "channel_refuses:sms"
) -> ir.IssueEntry | None:
    return ir.async_get(hass).async_get_issue("alarm_broker", f"service_trouble_{key}_{entry.entry_id}")


async def test_a_trouble_of_the_companion_is_a_repair_issue_until_it_is_over(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    companion.say(REFUSES)
    await until(lambda: trouble(hass, linked) is not None)
    found = trouble(hass, linked)

    companion.say({**REFUSES, "open": False})
    await until(lambda: trouble(hass, linked) is None)

    assert found is not None
    assert found.severity is ir.IssueSeverity.ERROR
    assert found.translation_key == "service_trouble_channel_refuses"
    assert found.translation_placeholders == {
        "title": "Home alarm",
        "subject": "SMS gateway",
        "failures": "3",
        "reason": "401: unknown key",
    }


@pytest.mark.parametrize(
    ("language", "parts", "subject"),
    [
        ("de", {"head": "panic_key", "where": "Reception", "room_unknown": False}, "Paniktaste: Reception"),
        ("en", {"head": "panic_key", "where": "Reception", "room_unknown": False}, "Panic key: Reception"),
        ("de", None, "Panic key: Reception"),
    ],
)
async def test_a_repair_calls_an_alarm_in_home_assistants_own_language(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    language: str,
    parts: dict[str, Any] | None,
    subject: str,
) -> None:
    hass.config.language = language
    unanswered = {
        "key": "alarm_unanswered:a1",
        "trouble": "alarm_unanswered",
        "subject": "Panic key: Reception",
        "facts": {"source": "yealink"},
        "subject_parts": parts,
    }

    companion.say({**REFUSES, **unanswered})
    await until(lambda: trouble(hass, linked, "alarm_unanswered:a1") is not None)

    found = trouble(hass, linked, "alarm_unanswered:a1")
    assert found is not None
    assert found.translation_placeholders == {"title": "Home alarm", "subject": subject}


async def test_a_trouble_that_only_a_newer_companion_knows_is_shown_by_its_code(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    companion.say({**REFUSES, "key": "pigeons:1", "trouble": "pigeons", "severity": "warning"})

    await until(lambda: trouble(hass, linked, "pigeons:1") is not None)

    found = trouble(hass, linked, "pigeons:1")
    assert found is not None
    assert found.severity is ir.IssueSeverity.WARNING
    assert found.translation_key == "service_trouble"
    assert found.translation_placeholders == {
        "title": "Home alarm",
        "subject": "SMS gateway",
        "trouble": "pigeons",
    }


async def test_a_trouble_is_still_shown_after_a_restart(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    companion.say(REFUSES)
    await until(lambda: trouble(hass, linked) is not None and not companion.unconfirmed)
    ir.async_delete_issue(hass, "alarm_broker", f"service_trouble_channel_refuses:sms_{linked.entry_id}")

    await hass.config_entries.async_reload(linked.entry_id)

    assert trouble(hass, linked) is not None


async def test_a_trouble_that_a_restored_companion_does_not_know_goes_away(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.alarm_broker.link.client.SETTLE_S", 0)
    companion.say(REFUSES)
    await until(lambda: trouble(hass, linked) is not None and not companion.unconfirmed)

    companion.forget()

    await until(lambda: trouble(hass, linked) is None)


async def test_removing_the_entry_takes_the_companions_troubles_away(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    companion.say(REFUSES)
    await until(lambda: trouble(hass, linked) is not None)

    await hass.config_entries.async_remove(linked.entry_id)

    assert trouble(hass, linked) is None


@pytest.mark.parametrize("wrong", [{"open": "yes"}, {"facts": []}, {"facts": {"reason": 1}}, {"key": None}])
def test_a_trouble_that_lacks_what_the_contract_promises_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadFrame):
        parse_event({**REFUSES, **wrong})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_trouble_of_the_companion_has_a_text_with_its_facts(language: str) -> None:
    texts = json.loads((TRANSLATIONS / f"{language}.json").read_text())["issues"]
    named = {
        code: set(re.findall(r"{(\w+)}", " ".join(texts[f"service_trouble_{code}"].values())))
        for code in SERVICE_TROUBLES
    }

    assert named == {code: {"subject", "title", *facts} for code, facts in SERVICE_TROUBLES.items()}
