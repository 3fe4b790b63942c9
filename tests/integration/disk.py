"""The files of a config entry as they really are on disk: damaged, bent, put aside."""

import json
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.house import CODE, WINDOW, panel, sense, shown


def file_of(entry: MockConfigEntry, hass: HomeAssistant, what: str) -> Path:
    """Return where an entry keeps something."""
    return Path(hass.config.path(".storage", f"alarm_broker.{what}.{entry.entry_id}"))


def kept_beside(path: Path) -> list[Path]:
    """Return what was put aside of a file: by us, or by Home Assistant itself when it was no JSON."""
    return sorted(
        [*path.parent.glob(f"{path.name}.unreadable.*"), *path.parent.glob(f"{path.name}.corrupt.*")]
    )


async def down(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Stop the integration."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Start it again, whatever stands in its files."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED


async def guards(hass: HomeAssistant) -> bool:
    """Return whether a burglar is noticed."""
    await panel(hass, "alarm_arm_home", code=CODE)
    sense(hass, WINDOW, "on")
    await hass.async_block_till_done()
    noticed = shown(hass) == "triggered"
    sense(hass, WINDOW, "off")
    await panel(hass, "alarm_disarm", code=CODE)
    return noticed


def rewrite(path: Path, **changes: Any) -> bytes:
    """Change the outermost values of a stored file; return what stands in it then."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return path.read_bytes()


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**53), max_value=2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(
        [
            "home",
            "away",
            "rule_vacation",
            "person_anna",
            "9999-12-31T23:59:59+00:00",
            "2026-01-01",
            "2026-01-01T00:00:00",
        ]
    ),
)
NAMES = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["calendars", "running", "calendar.family", "at", "entries", "persons", "person_anna", "arm_at"]
    ),
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


def bent(good: Any, odd: Any, draw: st.DrawFn) -> Any:
    """Return a stored value in which one place holds something odd."""
    places = (
        list(good.items())
        if isinstance(good, dict)
        else list(enumerate(good))
        if isinstance(good, list)
        else []
    )
    if not places or draw(st.booleans()):
        return odd
    key, inner = draw(st.sampled_from(places))
    changed = dict(good) if isinstance(good, dict) else list(good)
    changed[key] = bent(inner, odd, draw)
    return changed


def drawn[T](strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """Return examples: the core under test is asynchronous, and lives in another loop than hypothesis would ask for."""
    found: list[T] = []

    @settings(
        max_examples=count,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(one: T) -> None:
        found.append(one)

    draw()
    return found
