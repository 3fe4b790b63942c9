"""What the integration's tests share."""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, override

import pytest
from freezegun.api import FrozenDateTimeFactory, real_monotonic
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

# The harness puts a package of the same name first on the path; ours must be known before.
import custom_components  # noqa: F401 - imported for its effect
from custom_components.alarm_broker.link.client import Retry
from tests.fakes.companion import TOKEN, FakeCompanion
from tests.fakes.frigate import FakeFrigate
from tests.integration.agenda import MORNING, Agenda
from tests.integration.family import Told
from tests.integration.house import close_all, house_entry, unload_all
from tests.integration.phones import Phone

type Until = Callable[[Callable[[], Any]], Awaitable[None]]


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Write what is shown as Home Assistant's own tests do: what differs each time is left out."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture(autouse=True)
def time_in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass with the wall clock that a test moves; what sets the clock alone says so."""
    monkeypatch.setattr("custom_components.alarm_broker.system.clock.elapsed", time.time)


@pytest.fixture(autouse=True)
def nothing_outdated() -> Iterator[None]:
    """Hold that we use nothing of Home Assistant that it is about to take away: users would read that in their log."""
    complaints = _Heard()
    frame = logging.getLogger("homeassistant.helpers.frame")
    frame.addHandler(complaints)
    yield
    frame.removeHandler(complaints)
    assert not complaints.heard


class _Heard(logging.Handler):
    """Keeps what is said of us."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if (said := record.getMessage()) and "alarm_broker" in said:
            self.heard.append(said)


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Let each Home Assistant have a folder of its own: alarms leave their evidence there, and calendars their entries."""
    (tmp_path / ".storage").mkdir()
    return str(tmp_path)


@pytest.fixture
async def unloaded(hass: HomeAssistant) -> AsyncIterator[None]:
    """Let nothing that a test has set up go on behind its end."""
    yield
    await unload_all(hass)


@pytest.fixture
async def berlin_morning(hass: HomeAssistant, unloaded: None, freezer: FrozenDateTimeFactory) -> None:
    """It is eight o'clock in Berlin, a Friday."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(MORNING)


@pytest.fixture
async def agenda(hass: HomeAssistant, berlin_morning: None) -> Agenda:
    """The family's calendar, on that morning."""
    calendar = Agenda(hass)
    await calendar.open()
    return calendar


@pytest.fixture
async def companion(socket_enabled: None) -> AsyncIterator[FakeCompanion]:
    """A companion that runs."""
    fake = FakeCompanion()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
async def frigate(socket_enabled: None) -> AsyncIterator[FakeFrigate]:
    """A Frigate that runs."""
    async with FakeFrigate() as fake:
        yield fake


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once, and wait for no camera's answer for long before the others count."""
    monkeypatch.setattr("custom_components.alarm_broker.verification.tracker.LOOK_AGAIN_S", (0.02,))
    monkeypatch.setattr("custom_components.alarm_broker.verification.sources.PROMPT_S", 0.1)


@pytest.fixture
def quick_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Come back at once after a cut."""
    monkeypatch.setattr(
        "custom_components.alarm_broker.link.client.Retry", partial(Retry, minimum_s=0.001, maximum_s=0.005)
    )


@pytest.fixture
def until(hass: HomeAssistant) -> Until:
    """Let real sockets work until something is the case."""

    async def wait_until(happened: Callable[[], Any]) -> None:
        give_up = real_monotonic() + 20  # generous: it only costs time when something is wrong
        while not happened():
            assert real_monotonic() < give_up, "it never happened"
            # Not the loop's own clock: a test may have stopped it.
            await hass.loop.run_in_executor(None, time.sleep, 0.002)
        await hass.async_block_till_done()

    return wait_until


@pytest.fixture
async def linked(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    mock_async_zeroconf: None,
    quick_retry: None,
    companion: FakeCompanion,
    unloaded: None,
    until: Until,
) -> MockConfigEntry:
    """A house whose link to the companion is up."""
    close_all(hass)
    # What is raised by hand is over when it is disarmed: a panic knows no abort window.
    entry = house_entry(
        data={"url": companion.url, "token": TOKEN}, unique_id=companion.instance, trigger_kind="panic"
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(lambda: entry.runtime_data.link.connected)
    return entry


@pytest.fixture
def anna(hass: HomeAssistant) -> MockUser:
    """Somebody who lives here."""
    return MockUser(name="Anna", id="anna").add_to_hass(hass)


@pytest.fixture
def ben(hass: HomeAssistant) -> MockUser:
    """Somebody else who does."""
    return MockUser(name="Ben", id="ben").add_to_hass(hass)


@pytest.fixture
def phone(hass: HomeAssistant, anna: MockUser) -> Phone:
    """Anna's."""
    return Phone(hass, anna)


@pytest.fixture
def other(hass: HomeAssistant, ben: MockUser) -> Phone:
    """Ben's."""
    return Phone(hass, ben, name="iPhone", os_name="iOS")


@pytest.fixture
async def at_work(
    hass: HomeAssistant, linked: MockConfigEntry, phone: Phone, until: Until
) -> MockConfigEntry:
    """A house whose companion runs, and which tells Anna's phone of every alarm."""
    hass.config_entries.async_update_entry(
        linked, options={**linked.options, "notify_targets": [phone.target]}
    )
    await hass.async_block_till_done()
    await until(lambda: linked.state.name == "LOADED" and linked.runtime_data.link.connected)
    return linked


@pytest.fixture
def happened(hass: HomeAssistant) -> Told:
    """What the panel tells of from now on."""
    return Told(hass)


@pytest.fixture
def prompt_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try phones again at once, and some moments later once more."""
    monkeypatch.setattr("custom_components.alarm_broker.push.delivery.RETRY_AFTER_S", 0)
    monkeypatch.setattr("custom_components.alarm_broker.push.targets.RETRY_UNTOLD_AFTER_S", 0.001)
