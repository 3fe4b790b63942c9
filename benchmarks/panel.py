"""The panel with N zones in a real Home Assistant core, beside its `manual` panel with an automation, and a floor.

    script/benchmark panel [--zones 10 100 1000] [--alarms 200] [--repeat 3] [--idle 65]

Every figure is a ratio of the same run, the median over the repeats; the subjects take turns. The floor is what no
panel can be without: one tracker for good, the set of open zones, and an entity written in the tracker's callback.
"""

import argparse
import asyncio
import gc
import logging
import random
import selectors
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, override

from homeassistant.components.alarm_control_panel import AlarmControlPanelEntity
from homeassistant.components.alarm_control_panel.const import (
    DATA_COMPONENT,
    AlarmControlPanelEntityFeature,
    AlarmControlPanelState,
)
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import frame
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from custom_components.alarm_broker.const import DOMAIN

BYSTANDER = "sensor.bystander"
QUIET_EVENTS = 2000
ELSEWHERE = bytearray(32 << 20)


def sensors(zones: int) -> list[str]:
    """Return the door sensors of a house."""
    return [f"binary_sensor.door_{number}" for number in range(zones)]


class Subject(Protocol):
    """A panel that can be measured."""

    panel: str

    def configure(self, hass: HomeAssistant, zones: Sequence[str]) -> None:
        """Leave what Home Assistant has read from its own disk before it sets anything up."""

    async def set_up(self, hass: HomeAssistant, zones: Sequence[str]) -> None:
        """Bring it up, disarmed."""

    async def arm(self, hass: HomeAssistant) -> None:
        """Disarm it, and arm it without delays."""

    async def disarm(self, hass: HomeAssistant) -> None:
        """Disarm it."""


class Idle:
    """Nobody: what Home Assistant itself spends when something else tracks the same sensors."""

    panel = ""

    def configure(self, hass: HomeAssistant, zones: Sequence[str]) -> None:
        """Nothing."""

    async def set_up(self, hass: HomeAssistant, zones: Sequence[str]) -> None:
        """Track the sensors as any other integration would, and do nothing."""
        async_track_state_change_event(hass, zones, callback(lambda _event: None))

    async def arm(self, hass: HomeAssistant) -> None:
        """Nothing."""

    async def disarm(self, hass: HomeAssistant) -> None:
        """Nothing."""


class _Panel(Idle):
    """A panel that Home Assistant's actions work."""

    @override
    async def arm(self, hass: HomeAssistant) -> None:
        await self.disarm(hass)
        await self._call(hass, "alarm_arm_away")

    @override
    async def disarm(self, hass: HomeAssistant) -> None:
        await self._call(hass, "alarm_disarm")

    async def _call(self, hass: HomeAssistant, action: str) -> None:
        await hass.services.async_call(
            "alarm_control_panel", action, {"entity_id": self.panel}, blocking=True
        )


class Floor(_Panel):
    """The least that a panel can be."""

    panel = "alarm_control_panel.floor"

    @override
    async def set_up(self, hass: HomeAssistant, zones: Sequence[str]) -> None:
        assert await async_setup_component(hass, "alarm_control_panel", {})
        await hass.data[DATA_COMPONENT].async_add_entities([FloorPanel(zones)])


class FloorPanel(AlarmControlPanelEntity):
    """One tracker for good, the set of open zones, and the state written in the tracker's callback."""

    _attr_name = "floor"
    _attr_should_poll = False
    _attr_code_arm_required = False
    _attr_supported_features = AlarmControlPanelEntityFeature.ARM_AWAY
    _attr_alarm_state = AlarmControlPanelState.DISARMED

    def __init__(self, zones: Sequence[str]) -> None:
        """Begin with all of them closed."""
        self._zones = zones
        self._open: set[str] = set()

    @override
    async def async_added_to_hass(self) -> None:
        self.async_on_remove(async_track_state_change_event(self.hass, self._zones, self._changed))

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"open": sorted(self._open)}

    @callback
    def _changed(self, event: Event[EventStateChangedData]) -> None:
        entity_id, new = event.data["entity_id"], event.data["new_state"]
        if new is None or new.state != "on":
            self._open.discard(entity_id)
        else:
            self._open.add(entity_id)
            if self._attr_alarm_state is AlarmControlPanelState.ARMED_AWAY:
                self._attr_alarm_state = AlarmControlPanelState.TRIGGERED
        self.async_write_ha_state()

    @override
    async def async_alarm_arm_away(self, code: str | None = None) -> None:
        self._attr_alarm_state = AlarmControlPanelState.ARMED_AWAY
        self.async_write_ha_state()

    @override
    async def async_alarm_disarm(self, code: str | None = None) -> None:
        self._attr_alarm_state = AlarmControlPanelState.DISARMED
        self.async_write_ha_state()


class Manual(_Panel):
    """Home Assistant's own panel, with the automation that its users write."""

    panel = "alarm_control_panel.manual"

    @override
    async def set_up(self, hass: HomeAssistant, zones: Sequence[str]) -> None:
        panel = {
            "platform": "manual",
            "name": "manual",
            "code_arm_required": False,
            "arming_time": 0,
            "delay_time": 0,
            "trigger_time": 180,
        }
        automation = {
            "alias": "trigger",
            "mode": "parallel",
            "triggers": [{"trigger": "state", "entity_id": list(zones), "to": "on"}],
            "conditions": [{"condition": "state", "entity_id": self.panel, "state": "armed_away"}],
            "actions": [{"action": "alarm_control_panel.alarm_trigger", "target": {"entity_id": self.panel}}],
        }
        assert await async_setup_component(hass, "alarm_control_panel", {"alarm_control_panel": [panel]})
        assert await async_setup_component(hass, "automation", {"automation": [automation]})
        await hass.async_block_till_done()


class AlarmBroker(_Panel):
    """The panel of this project, without a companion."""

    panel = "alarm_control_panel.house"
    bypassable = True
    """Each such zone has a switch, and with it an entity and a device."""

    @override
    def configure(self, hass: HomeAssistant, zones: Sequence[str]) -> None:
        self._entry = alarm_broker_entry(zones, bypassable=self.bypassable)
        self._entry.add_to_hass(hass)

    @override
    async def set_up(self, hass: HomeAssistant, zones: Sequence[str]) -> None:
        assert await hass.config_entries.async_setup(self._entry.entry_id)
        await hass.async_block_till_done()


class WithoutSwitches(AlarmBroker):
    """The same with zones that nobody may bypass: what the panel costs, without the entity that shows each zone."""

    bypassable = False


def alarm_broker_entry(zones: Sequence[str], *, bypassable: bool) -> MockConfigEntry:
    """Return a house whose doors are instant zones, armed without delays or codes."""
    mode = {"exit_delay": 0, "entry_delay": 0, "siren_time": 180, "code_to_arm": False}
    area = _subentry("area", "area_house", {"name": "House", "modes": {"away": mode}})
    doors = [
        _subentry(
            "zone",
            f"zone_{number}",
            {
                "name": f"Door {number}",
                "area": "area_house",
                "entities": [entity_id],
                "kind": "instant",
                "modes": ["away"],
                "bypassable": bypassable,
            },
        )
        for number, entity_id in enumerate(zones)
    ]
    return MockConfigEntry(domain=DOMAIN, title="House", unique_id="house", subentries_data=[area, *doors])


def _subentry(kind: str, subentry_id: str, data: Mapping[str, Any]) -> Any:
    return {
        "subentry_type": kind,
        "subentry_id": subentry_id,
        "title": data["name"],
        "unique_id": subentry_id,
        "data": data,
    }


@dataclass(frozen=True)
class Figures:
    """One subject in one run, in seconds and bytes."""

    setup_s: float
    triggered_s: list[float]
    cpu_s: float
    """Of the whole process for one alarm, its siren and its end in the store included."""
    disarmed_event_s: float
    lone_event_s: float
    """A zone event while disarmed too, but with a turn of the loop to itself: what follows cannot be put together."""
    other_event_s: float


async def measured(subject: Subject, zones: int, alarms: int) -> Figures:
    """Return what a subject costs in a fresh Home Assistant."""
    async with house(zones) as (hass, doors):
        hass.states.async_set(BYSTANDER, "0")
        subject.configure(hass, doors)
        before = time.perf_counter()
        await subject.set_up(hass, doors)
        setup_s = time.perf_counter() - before
        disarmed_event_s = await _disarmed_events(hass, doors)
        lone_event_s = await _disarmed_events(hass, doors, turns=2)
        other_event_s = await _other_events(hass)
        triggered_s, cpu_s = await _alarms(hass, subject, doors, alarms if subject.panel else 0)
        await hass.async_block_till_done()
    return Figures(setup_s, triggered_s, cpu_s, disarmed_event_s, lone_event_s, other_event_s)


@asynccontextmanager
async def house(zones: int) -> AsyncIterator[tuple[HomeAssistant, list[str]]]:
    """A fresh Home Assistant in a house with so many doors, all of them closed."""
    with tempfile.TemporaryDirectory() as config_dir:
        async with async_test_home_assistant(config_dir=config_dir) as hass:
            _let_in(hass)
            doors = sensors(zones)
            for door in doors:
                hass.states.async_set(door, "off", {"device_class": "door"})
            yield hass, doors
            await hass.async_stop(force=True)


def _let_in(hass: HomeAssistant) -> None:
    """Let Home Assistant find our integration, and not listen to the network."""
    hass.data.pop(DATA_CUSTOM_COMPONENTS)
    hass.config.components.add("zeroconf")
    frame.async_setup(hass)


async def _alarms(
    hass: HomeAssistant, subject: Subject, doors: Sequence[str], alarms: int
) -> tuple[list[float], float]:
    shown: list[float] = []

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        if new is not None and new.state == "triggered" and not shown:
            shown.append(time.perf_counter())

    async_track_state_change_event(hass, [subject.panel], changed)
    chosen = random.Random(7)
    triggered_s: list[float] = []
    cpu_s = 0.0
    for _ in range(alarms):
        await subject.arm(hass)
        await hass.async_block_till_done()
        armed = hass.states.get(subject.panel)
        assert armed is not None
        assert armed.state == "armed_away", armed
        door = chosen.choice(doors)
        shown.clear()
        _empty_caches()
        cpu, before = time.process_time(), time.perf_counter()
        hass.states.async_set(door, "on", {"device_class": "door"})
        while not shown:
            await asyncio.sleep(0)
        triggered_s.append(shown[0] - before)
        await hass.async_block_till_done()
        cpu_s += time.process_time() - cpu
        hass.states.async_set(door, "off", {"device_class": "door"})
        await subject.disarm(hass)
        await hass.async_block_till_done()
    return triggered_s, cpu_s / max(1, alarms)


def _empty_caches() -> None:
    """Fill the processor's caches with something else: an alarm comes hours after the arming, not right behind it.

    Without this whoever does least while it is armed would be measured warm, and everybody else cold.
    """
    sum(ELSEWHERE[::64])


async def _disarmed_events(hass: HomeAssistant, doors: Sequence[str], *, turns: int = 0) -> float:
    async def event(number: int) -> None:
        # One door after the other is opened and closed again, as people do.
        state = "off" if number % 2 else "on"
        hass.states.async_set(doors[number // 2 % len(doors)], state, {"device_class": "door"})
        for _ in range(turns):
            await asyncio.sleep(0)

    spent = await _spent(hass, event)
    for door in doors:
        hass.states.async_set(door, "off", {"device_class": "door"})
    await hass.async_block_till_done()
    return spent


async def _other_events(hass: HomeAssistant) -> float:
    """Return the least of five, as `timeit` does: what is looked for is less than what the allocator adds now and then."""

    async def event(number: int) -> None:
        hass.states.async_set(BYSTANDER, str(number))

    return min([await _spent(hass, event) for _ in range(5)])


async def _spent(hass: HomeAssistant, event: Callable[[int], Any]) -> float:
    """Return the time for one event, with whatever it starts."""
    gc.collect()
    gc.disable()
    try:
        before = time.perf_counter()
        for number in range(QUIET_EVENTS):
            await event(number)
            if number % 100 == 99:
                await hass.async_block_till_done()
        return (time.perf_counter() - before) / QUIET_EVENTS
    finally:
        gc.enable()


async def memory_a_zone(subject: Callable[[], Subject], zones: int) -> float:
    """Return the bytes that a subject keeps for each further zone, beside Home Assistant's record of its configuration.

    What it keeps for the first ones, its modules among them, is not of the zones.
    """
    few = 10
    return (await _kept(subject(), zones + few) - await _kept(subject(), few)) / zones


async def _kept(subject: Subject, zones: int) -> int:
    async with house(zones) as (hass, doors):
        subject.configure(hass, doors)
        gc.collect()
        tracemalloc.start()
        await subject.set_up(hass, doors)
        gc.collect()
        kept, _peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return kept


async def configured_by_the_flow(zones: int) -> float:
    """Return the time from the answer in the form for new zones, as a browser gives it, until all of them are guarded."""
    async with house(zones) as (hass, doors):
        entry = alarm_broker_entry([], bypassable=True)
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        flows = hass.config_entries.subentries
        before = time.perf_counter()
        form = await flows.async_init((entry.entry_id, "zone"), context={"source": SOURCE_USER})
        answer = {"area": "area_house", "entities": doors, "together": False}
        await flows.async_configure(form["flow_id"], answer)
        await hass.async_block_till_done()
        spent = time.perf_counter() - before
        assert len(entry.runtime_data.system.panel_config.zones) == zones
    return spent


class CountingSelector(selectors.DefaultSelector):
    """What the loop sleeps in; counts how often it wakes up."""

    woken = 0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(timeout)
        CountingSelector.woken += 1
        return found


async def idle(subject: Subject, zones: int, seconds: float) -> tuple[float, float]:
    """Return how often a second the loop wakes up with nothing to do, and the share of a processor that it takes."""
    async with house(zones) as (hass, doors):
        subject.configure(hass, doors)
        await subject.set_up(hass, doors)
        if subject.panel:
            await subject.arm(hass)
        await asyncio.sleep(5)  # until what was set up has been written
        woken, cpu, begun = CountingSelector.woken, time.process_time(), time.perf_counter()
        await asyncio.sleep(seconds)
        spent = time.perf_counter() - begun
        return (CountingSelector.woken - woken) / spent, (time.process_time() - cpu) / spent


SUBJECTS: Mapping[str, Callable[[], Subject]] = {
    "idle": Idle,
    "floor": Floor,
    "manual": Manual,
    "alarm broker": AlarmBroker,
}


def _median(runs: Sequence[Figures], figure: Callable[[Figures], float]) -> float:
    return statistics.median(figure(run) for run in runs)


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


FIGURES: Mapping[str, tuple[tuple[str, ...], Callable[[Figures], float]]] = {
    "sensor to triggered, p50": (("floor", "manual"), lambda run: statistics.median(run.triggered_s)),
    "sensor to triggered, p99": (("floor", "manual"), lambda run: _quantile(run.triggered_s, 0.99)),
    "CPU of an alarm": (("floor", "manual"), lambda run: run.cpu_s),
    "zone event while disarmed": (("floor", "manual"), lambda run: run.disarmed_event_s),
    "the same, alone in its turn": (("floor", "manual"), lambda run: run.lone_event_s),
    "event of another entity": (("idle", "manual"), lambda run: run.other_event_s),
    "setup": (("floor", "manual"), lambda run: run.setup_s),
}


async def report(zone_counts: Sequence[int], alarms: int, repeat: int, idle_s: float) -> None:
    """Measure everything in turns and print ratios."""
    runs: dict[tuple[str, int], list[Figures]] = {}
    for _ in range(repeat):
        for zones in zone_counts:
            for name, subject in SUBJECTS.items():
                figures = await measured(subject(), zones, alarms)
                runs.setdefault((name, zones), []).append(figures)
                print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for zones in zone_counts:
        print(f"\n{zones} zones")
        for title, (others, figure) in FIGURES.items():
            own = _median(runs["alarm broker", zones], figure)
            against = ", ".join(
                f"{own / _median(runs[other, zones], figure):.2f}x {other}" for other in others
            )
            print(f"  {title:28} {own * 1e6:9.1f} us   {against}")
        bare = [await measured(WithoutSwitches(), zones, 0) for _ in range(repeat)]
        setup_s = _median(bare, lambda run: run.setup_s)
        against = ", ".join(
            f"{setup_s / _median(runs[other, zones], lambda run: run.setup_s):.2f}x {other}"
            for other in ("floor", "manual")
        )
        print(f"  {'setup without switches':28} {setup_s * 1e6:9.1f} us   {against}")
    least, most = min(zone_counts), max(zone_counts)
    by_flow = statistics.median([await configured_by_the_flow(most) for _ in range(repeat)])
    print(f"\n{most} zones configured by the flow, until they are guarded: {by_flow:.2f} s")
    if idle_s:
        for name, subject in SUBJECTS.items():
            wakes, share = await idle(subject(), most, idle_s)
            print(f"idle, armed: {name:14} {wakes:5.2f} wake-ups a second, {share:.2%} of a processor")
    print(f"\nmemory of a further zone, {most} of them")
    for name, subject in {**SUBJECTS, "alarm broker, no switches": WithoutSwitches}.items():
        print(f"  {name:28} {await memory_a_zone(subject, most) / 1024:9.2f} KiB")
    print(f"\n{most} zones against {least}")
    for title, (_others, figure) in FIGURES.items():
        grown = _median(runs["alarm broker", most], figure) / _median(runs["alarm broker", least], figure)
        print(f"  {title:28} {grown:.2f}x")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zones", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--alarms", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--idle", type=float, default=65, help="seconds for each panel; 0: not measured")
    arguments = parser.parse_args()
    logging.disable()
    asyncio.run(
        report(arguments.zones, arguments.alarms, arguments.repeat, arguments.idle),
        loop_factory=lambda: asyncio.SelectorEventLoop(CountingSelector()),
    )


if __name__ == "__main__":
    main()
