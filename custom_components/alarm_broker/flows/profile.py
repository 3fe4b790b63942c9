"""Whether everything that is set up keeps to a profile."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import async_get_hass

from ..const import SUBENTRY_AREA, SUBENTRY_USER, SUBENTRY_ZONE
from ..core.option_spec import Profile, spec_of
from ..core.panel.config import CodeFormat, Rules
from ..core.panel.profiles import Violation, code_violations, mode_violations, rule_violations
from ..system.config import SystemConfig
from ..texts.language import texts_for
from ..texts.model import Texts


def profile_of(options: Mapping[str, Any]) -> Profile:
    """Return the profile that is chosen in an entry's options, or the default."""
    found: Profile = spec_of(Rules, "profile").read_or_default(options)
    return found


def takes_digits(options: Mapping[str, Any]) -> bool:
    """Return whether codes are made of digits."""
    return spec_of(SystemConfig, "code_format").read_or_default(options) is CodeFormat.NUMBER


def abort_window_of(options: Mapping[str, Any]) -> int:
    """Return the abort window of an entry's options in seconds, else the default of its profile."""
    found: timedelta = spec_of(Rules, "abort_window").read_or_default(options)
    return int(found.total_seconds())


def violations(entry: ConfigEntry[Any], options: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield everything that would break the profile in `options`: rules, areas, zones and codes."""
    profile, abort = profile_of(options), abort_window_of(options)
    yield from rule_violations(profile, options)
    lengths: list[tuple[str, int]] = []
    for subentry in entry.subentries.values():
        data = subentry.data
        match subentry.subentry_type:
            case kind if kind == SUBENTRY_AREA:
                yield from area_violations(options, data["modes"], subentry.title)
            case kind if kind == SUBENTRY_ZONE and data.get("entry_delay") is not None:
                yield from mode_violations(
                    profile, {"entry_delay": data["entry_delay"]}, abort, where=subentry.title
                )
            case kind if kind == SUBENTRY_USER and data.get("code_length"):
                lengths.append((subentry.title, data["code_length"]))
    if takes_digits(options):
        yield from code_violations(profile, lengths)


def area_violations(
    options: Mapping[str, Any], modes: Mapping[str, Mapping[str, Any]], name: str
) -> Iterator[Violation]:
    """Yield what a profile does not allow in an area's times."""
    names = _texts().modes
    for mode, times in modes.items():
        yield from mode_violations(
            profile_of(options), times, abort_window_of(options), where=f"{name}, {names[mode]}"
        )


def as_text(found: Iterable[Violation]) -> str:
    """Return violations as a person reads them, with the words of the forms."""
    texts = _texts()
    return "; ".join(
        f"{one.where + texts.colon if one.where else ''}{texts.settings[one.field]} "
        f"({texts.allowed.get(one.allowed, one.allowed)})"
        for one in found
    )


def _texts() -> Texts:
    """Return the texts in the system's language: a form is not told whose browser shows it."""
    return texts_for(async_get_hass().config.language)
