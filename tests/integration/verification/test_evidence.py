"""Pictures on our own disk: kept as long as wanted, and shown to nobody who may not see them."""

import os
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.alarm_broker.verification import store as evidence_store
from custom_components.alarm_broker.verification.store import EvidenceStore, evidence_folder
from custom_components.alarm_broker.verification.urls import picture_path, signed_picture_path
from tests.fakes.frigate import JPEG
from tests.integration.house import move_in, wait

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "socket_enabled")

PNG = b"\x89PNG\r\n\x1a\n"
WEBP = b"RIFF    WEBP"


@pytest.fixture
def store(hass: HomeAssistant) -> EvidenceStore:
    return EvidenceStore(hass, "home", days=30)


@pytest.fixture
async def entry(hass: HomeAssistant) -> MockConfigEntry:
    return await move_in(hass)


def alarms(hass: HomeAssistant, entry_id: str = "home") -> set[str]:
    """Return the alarms of which there is anything on disk."""
    return {path.name for path in evidence_folder(hass, entry_id).glob("*")}


def record(alarm: str, **data: Any) -> dict[str, Any]:
    """Return what is kept of an alarm without a picture."""
    return {
        "alarm": alarm,
        "raised_at": "2026-11-20T22:00:00+00:00",
        "level": 1,
        "zones": [],
        "picture": None,
        **data,
    }


async def add_alarm(store: EvidenceStore, folder: Path, *, days_ago: float = 0, size: int = 4) -> str:
    alarm = str(uuid4())
    await store.async_keep(alarm, {})
    await store.async_add(alarm, b"x" * size, "image/jpeg")
    then = (dt_util.utcnow() - timedelta(days=days_ago)).timestamp()
    os.utime(folder / alarm, (then, then))
    return alarm


# --- What is kept, and how long --------------------------------------------------------------------------


async def test_pictures_are_numbered_and_named_for_what_they_are(store: EvidenceStore) -> None:
    alarm = str(uuid4())
    kinds = ("image/jpeg", "image/png", "image/webp", "image/unheard-of")

    names = [await store.async_add(alarm, JPEG, kind) for kind in kinds]

    assert names == ["1.jpg", "2.png", "3.webp", "4.jpg"]
    assert await store.async_picture(alarm, "2.png") == (JPEG, "image/png")


async def test_nobody_else_on_the_machine_can_read_them(hass: HomeAssistant, store: EvidenceStore) -> None:
    alarm = str(uuid4())
    name = await store.async_add(alarm, JPEG, "image/jpeg")
    folder = evidence_folder(hass, "home") / alarm

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


async def test_records_come_newest_first_and_a_broken_one_is_left_out(
    hass: HomeAssistant, store: EvidenceStore, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, broken = (str(uuid4()) for _ in range(3))
    await store.async_keep(first, record(first))
    await store.async_keep(second, record(second, raised_at="2026-11-20T22:05:00+00:00"))
    await store.async_keep(broken, {})
    (evidence_folder(hass, "home") / broken / "record.json").write_text("{")

    records = await store.async_records()

    assert [one["alarm"] for one in records] == [second, first]
    assert "cannot be read" in caplog.text


async def test_a_record_is_replaced_as_a_whole(store: EvidenceStore) -> None:
    alarm = str(uuid4())
    await store.async_keep(alarm, record(alarm, level=1))
    await store.async_keep(alarm, record(alarm, level=2))

    assert await store.async_records() == [record(alarm, level=2)]


@pytest.mark.parametrize(("days", "kept"), [(30, {29}), (7, set()), (0, {29, 31, 4000})])
async def test_evidence_goes_after_as_many_days_as_wanted(
    hass: HomeAssistant, days: int, kept: set[int]
) -> None:
    store = EvidenceStore(hass, "home", days=days)
    ages = {
        await add_alarm(store, evidence_folder(hass, "home"), days_ago=age): age for age in (29, 31, 4000)
    }

    await store.async_clean()

    assert {ages[alarm] for alarm in alarms(hass)} == kept


async def test_the_oldest_make_room_before_the_disk_is_full(
    hass: HomeAssistant, store: EvidenceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_store, "KEPT_BYTES", 250)
    folder = evidence_folder(hass, "home")
    old, newer, newest = [await add_alarm(store, folder, days_ago=age, size=100) for age in (3, 2, 1)]

    await store.async_clean()

    assert alarms(hass) == {newer, newest}
    assert old not in alarms(hass)


async def test_room_is_made_with_every_picture(
    hass: HomeAssistant, store: EvidenceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_store, "KEPT_BYTES", 250)
    folder = evidence_folder(hass, "home")
    old = await add_alarm(store, folder, days_ago=2, size=100)
    newer = await add_alarm(store, folder, days_ago=1, size=100)

    newest = await add_alarm(store, folder, size=100)

    assert old not in alarms(hass)
    assert alarms(hass) == {newer, newest}


async def test_a_look_that_belongs_to_no_alarm_goes_after_a_day(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    store = EvidenceStore(hass, "home", days=0)
    await store.async_add(str(uuid4()), JPEG, "image/jpeg")
    freezer.tick(timedelta(hours=23))
    await store.async_clean()
    after_23_hours = len(alarms(hass))

    freezer.tick(timedelta(hours=2))
    await store.async_clean()

    assert (after_23_hours, len(alarms(hass))) == (1, 0)


async def test_cleaning_an_empty_house_is_no_work(store: EvidenceStore) -> None:
    await store.async_clean()
    await store.async_forget(str(uuid4()))

    assert await store.async_records() == []


async def test_evidence_is_cleaned_at_the_start_and_every_day(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await move_in(hass)
    store, folder = entry.runtime_data.evidence, evidence_folder(hass, entry.entry_id)
    old, young = await add_alarm(store, folder, days_ago=31), await add_alarm(store, folder, days_ago=29.5)

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    at_start = alarms(hass, entry.entry_id)
    await wait(hass, freezer, 24 * 3600 + 1)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert (at_start, alarms(hass, entry.entry_id)) == ({young}, set())
    assert old not in at_start
    await hass.config_entries.async_unload(entry.entry_id)


async def test_evidence_goes_with_the_panel(hass: HomeAssistant) -> None:
    entry = await move_in(hass)
    await add_alarm(entry.runtime_data.evidence, evidence_folder(hass, entry.entry_id))

    await hass.config_entries.async_remove(entry.entry_id)

    assert not evidence_folder(hass, entry.entry_id).exists()


@pytest.mark.parametrize(
    "alarm", ["", "..", "../../secrets", "0197A000-0000-7000-8000-0000000000B1", "a" * 35]
)
async def test_nothing_but_our_own_names_reaches_the_disk(
    hass: HomeAssistant, store: EvidenceStore, alarm: str
) -> None:
    with pytest.raises(ValueError, match="names no alarm"):
        await store.async_add(alarm, JPEG, "image/jpeg")

    assert await store.async_picture(alarm, "1.jpg") is None
    assert alarms(hass) == set()


# --- Who may see it --------------------------------------------------------------------------------------


@pytest.fixture
async def alarm(entry: MockConfigEntry) -> str:
    """An alarm with a picture."""
    uid = str(uuid4())
    await entry.runtime_data.evidence.async_add(uid, JPEG, "image/jpeg")
    return uid


async def test_somebody_who_is_logged_in_sees_a_picture(
    entry: MockConfigEntry, alarm: str, hass_client: Any
) -> None:
    client = await hass_client()

    response = await client.get(picture_path(entry.entry_id, alarm, "1.jpg"))

    assert (response.status, response.content_type, await response.read()) == (200, "image/jpeg", JPEG)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'"


async def test_somebody_who_is_not_sees_none(
    entry: MockConfigEntry, alarm: str, hass_client_no_auth: Any
) -> None:
    client = await hass_client_no_auth()

    response = await client.get(picture_path(entry.entry_id, alarm, "1.jpg"))

    assert response.status == 401
    assert JPEG not in await response.read()


async def test_a_signed_address_shows_its_picture_for_a_day(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    alarm: str,
    hass_client_no_auth: Any,
    freezer: FrozenDateTimeFactory,
) -> None:
    client = await hass_client_no_auth()
    address = signed_picture_path(hass, entry.entry_id, alarm, "1.jpg")

    freezer.tick(timedelta(hours=23, minutes=59))
    in_time = await client.get(address)
    freezer.tick(timedelta(minutes=2))
    late = await client.get(address)

    assert (in_time.status, late.status) == (200, 401)


async def test_a_signature_is_good_for_no_other_picture(
    hass: HomeAssistant, entry: MockConfigEntry, alarm: str, hass_client_no_auth: Any
) -> None:
    await entry.runtime_data.evidence.async_add(alarm, JPEG, "image/jpeg")
    client = await hass_client_no_auth()
    signed = signed_picture_path(hass, entry.entry_id, alarm, "1.jpg")

    response = await client.get(signed.replace("1.jpg", "2.jpg"))

    assert response.status == 401


@pytest.mark.parametrize(
    "forge", [lambda text: text[:-2] + "AA", lambda text: text.partition("?")[0] + "?authSig=x"]
)
async def test_a_forged_signature_shows_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, alarm: str, hass_client_no_auth: Any, forge: Any
) -> None:
    client = await hass_client_no_auth()
    signed = signed_picture_path(hass, entry.entry_id, alarm, "1.jpg")

    response = await client.get(forge(signed))

    assert response.status == 401


@pytest.mark.parametrize(
    "name", ["2.jpg", "record.json", "1.exe", "..", "../record.json", "....//1.jpg", "1.jpg\x00", "12345.jpg"]
)
async def test_nothing_but_pictures_can_be_asked_for(
    entry: MockConfigEntry, alarm: str, hass_client: Any, name: str
) -> None:
    await entry.runtime_data.evidence.async_keep(alarm, {"level": 1})
    client = await hass_client()

    response = await client.get(picture_path(entry.entry_id, alarm, quote(name, safe="")))

    assert response.status in {400, 404}


@pytest.mark.parametrize("other", ["..", "%2e%2e%2f%2e%2e", "00000000-0000-0000-0000-000000000000"])
async def test_no_other_folder_can_be_asked_for(
    entry: MockConfigEntry, alarm: str, hass_client: Any, other: str
) -> None:
    client = await hass_client()

    response = await client.get(picture_path(entry.entry_id, other, "1.jpg"))

    assert response.status in {400, 404}


async def test_no_panel_or_somebody_elses_entry_has_no_pictures(
    hass: HomeAssistant, entry: MockConfigEntry, alarm: str, hass_client: Any
) -> None:
    client = await hass_client()
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    unloaded = MockConfigEntry(domain="alarm_broker")
    unloaded.add_to_hass(hass)

    statuses = [
        (await client.get(picture_path(entry_id, alarm, "1.jpg"))).status
        for entry_id in (other.entry_id, unloaded.entry_id, "gone")
    ]

    assert statuses == [404, 404, 404]
