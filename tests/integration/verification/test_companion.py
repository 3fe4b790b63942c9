"""The companion hears of the alarm first, and then of its evidence with the picture."""

import base64
import io
import random
import time
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from PIL import Image
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.alarm_broker.system.storage import EntryStorage
from custom_components.alarm_broker.verification.format import LINK_PICTURE_BYTES, small_enough
from tests.fakes.companion import FakeCompanion
from tests.fakes.frigate import JPEG, FakeFrigate
from tests.integration.conftest import Until
from tests.integration.house import CODE, DOOR, panel, sense, wait
from tests.integration.watched import add, break_in, camera, evidence, kept, level, server, somebody

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "mock_async_zeroconf", "quick_looks")


def big_picture() -> bytes:
    """Return a picture that no compression makes small: eight megapixels of noise."""
    out = io.BytesIO()
    Image.frombytes("RGB", (1600, 1200), random.Random(7).randbytes(1600 * 1200 * 3)).save(out, "PNG")
    return out.getvalue()


async def test_the_companion_hears_of_the_alarm_first_and_then_of_its_evidence_with_the_picture(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, frigate: FakeFrigate, until: Until
) -> None:
    await add(hass, linked, until, server(frigate), camera())
    frigate.snapshot = big_picture()
    event = somebody(frigate, score=0.87)
    await panel(hass, "alarm_arm_home", code=CODE)

    await break_in(hass)

    await until(lambda: evidence(companion) and evidence(companion)[-1]["picture"])
    told = evidence(companion)[-1]
    picture = base64.b64decode(told["picture"]["data"])
    assert (told["level"], told["camera"], told["label"], told["score"]) == (2, "Garden", "person", 0.87)
    assert told["evidence"] == ["A camera saw a person."]
    assert told["link"] == f"{frigate.url}/explore?event_id={event['id']}"
    assert told["picture"]["type"] == "image/jpeg"
    assert picture.startswith(b"\xff\xd8\xff")
    assert len(picture) <= LINK_PICTURE_BYTES
    assert companion.heard_kinds("alarm_raised", "alarm_evidence")[0] == "alarm_raised"


async def test_what_was_found_in_the_entry_delay_comes_to_the_companion_behind_the_alarm(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    frigate: FakeFrigate,
    until: Until,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await add(hass, linked, until, server(frigate), camera())
    somebody(frigate)
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, DOOR, "on")
    await until(lambda: kept(hass) == ["1.jpg"])
    assert evidence(companion) == []
    save = EntryStorage.async_save

    async def slowly(*args: Any) -> bool:
        await hass.loop.run_in_executor(None, time.sleep, 0.2)
        return await save(*args)

    monkeypatch.setattr(EntryStorage, "async_save", slowly)

    await wait(hass, freezer, 31)

    await until(lambda: any(one["picture"] for one in evidence(companion)))
    assert companion.heard_kinds("alarm_raised", "alarm_evidence")[0] == "alarm_raised"


async def test_a_mere_signal_is_no_news_to_the_companion(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, until: Until
) -> None:
    await panel(hass, "alarm_arm_home", code=CODE)

    await break_in(hass)
    await until(lambda: level(hass) == "1")
    await panel(hass, "alarm_disarm", code=CODE)

    await until(lambda: "alarm_disarmed" in companion.heard_kinds() and level(hass) == "0")
    assert evidence(companion) == []


async def test_a_level_that_falls_is_told_without_sending_the_picture_again(
    hass: HomeAssistant, linked: MockConfigEntry, companion: FakeCompanion, frigate: FakeFrigate, until: Until
) -> None:
    await add(hass, linked, until, server(frigate), camera())
    somebody(frigate)
    await panel(hass, "alarm_arm_home", code=CODE)
    await break_in(hass)
    await until(lambda: evidence(companion) and evidence(companion)[-1]["picture"])

    await panel(hass, "alarm_disarm", code=CODE)

    await until(lambda: evidence(companion)[-1]["level"] == 0)
    assert evidence(companion)[-1]["picture"] is None
    assert len([one for one in evidence(companion) if one["picture"]]) == 1


@pytest.mark.parametrize(
    "snapshot", [JPEG[:40], b"\x89PNG\r\n\x1a\n", b"RIFF    WEBP"], ids=["half", "png", "webp"]
)
async def test_a_picture_that_is_none_is_not_sent_and_what_it_showed_is(
    hass: HomeAssistant,
    linked: MockConfigEntry,
    companion: FakeCompanion,
    frigate: FakeFrigate,
    until: Until,
    snapshot: bytes,
) -> None:
    await add(hass, linked, until, server(frigate), camera())
    frigate.snapshot = snapshot
    somebody(frigate)
    await panel(hass, "alarm_arm_home", code=CODE)

    await break_in(hass)

    await until(lambda: evidence(companion) and evidence(companion)[-1]["label"])
    assert evidence(companion)[-1]["picture"] is None


def test_a_picture_that_would_unpack_to_gigabytes_is_none() -> None:
    out = io.BytesIO()
    Image.new("1", (10_000, 5_000)).save(out, "PNG")

    assert small_enough(out.getvalue()) is None
