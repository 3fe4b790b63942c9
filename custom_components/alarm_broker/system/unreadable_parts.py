"""Reads the parts of a config entry one by one: what this version cannot read takes no other part along.

A newer version may have written it before this one, or somebody edited a file. The panel guards with the rest, and a
person is told what is missing.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from homeassistant.config_entries import ConfigSubentry

from ..const import LOGGER
from ..core.option_spec import OptionSpec, specs_of
from ..core.stored import UNREADABLE


class UnreadableParts:
    """What could not be read, by the names that people know."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def readable(
        self, parts: Iterable[ConfigSubentry], *reads: Callable[[ConfigSubentry], object]
    ) -> list[ConfigSubentry]:
        """Return the parts of which everything can be read."""
        return [part for part in parts if self._can_read(part, reads)]

    def options(self, config: type, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options of a configuration, by its fields; the default for each that cannot be read."""
        return {spec.field: self.option(spec, stored) for spec in specs_of(config)}

    def option(self, spec: OptionSpec, stored: Mapping[str, Any]) -> Any:
        """Return an option's value; the default for one that this version cannot read."""
        try:
            return spec.read(stored)
        except UNREADABLE:
            LOGGER.error(
                "The setting %s is of another version: %r; taken for %s",
                spec.key,
                stored[spec.key],
                spec.default,
            )
            self.names.append(spec.key)
            return spec.read({})

    def _can_read(self, part: ConfigSubentry, reads: Iterable[Callable[[ConfigSubentry], object]]) -> bool:
        try:
            for read in reads:
                read(part)
        except UNREADABLE as err:
            LOGGER.error("%s (%s) cannot be read and is left out: %r", part.title, part.subentry_type, err)
            self.names.append(part.title)
            return False
        return True
