"""What the flows of all subentries share: reading the entry, unique names, forms with sections."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import probatio as vol  # what core uses; voluptuous is only its alias there, without its types
from homeassistant.config_entries import ConfigSubentry, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ...const import SUBENTRY_AREA
from ...types import AlarmBrokerConfigEntry
from ..bounds import limits_of


class PanelSubentryFlow(ConfigSubentryFlow):
    """Creates or changes one part of the panel; the panel keeps its state either way."""

    @property
    def entry(self) -> AlarmBrokerConfigEntry:
        """Return the panel's config entry."""
        return self._get_entry()

    @property
    def current(self) -> ConfigSubentry | None:
        """Return the subentry that is changed, or None for a new one."""
        return None if self.source == "user" else self._get_reconfigure_subentry()

    def others(self, kind: str) -> list[ConfigSubentry]:
        """Return the subentries of a kind, without the one that is changed."""
        current = self.current
        return [
            one
            for one in self.entry.subentries.values()
            if one.subentry_type == kind and (current is None or one.subentry_id != current.subentry_id)
        ]

    def name_error(self, kind: str, name: str) -> str | None:
        """Return the error key of a name that is empty or that another part of this kind has; None: it may be used."""
        if not name.strip():
            return "name_missing"
        if any(one.title.casefold() == name.strip().casefold() for one in self.others(kind)):
            return "name_taken"
        return None

    def keep(self, data: Mapping[str, Any]) -> SubentryFlowResult:
        """Create the subentry, or change the one that there is."""
        title, current = str(data["name"]), self.current
        if current is None:
            return self.async_create_entry(title=title, data=data)
        return self.async_update_and_abort(self.entry, current, title=title, data=data)

    def form(
        self,
        step_id: str,
        schema: vol.Schema,
        values: Mapping[str, Any],
        errors: dict[str, str],
        **placeholders: str,
    ) -> SubentryFlowResult:
        """Show a form; what is chosen in it and was removed since is not chosen any more."""
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, _offered(schema, values)),
            errors=errors,
            description_placeholders={**placeholders, **limits_of(schema)},
        )

    def area_selector(self, *, multiple: bool = False) -> SelectSelector:
        """Return a choice of the areas that the panel has now, by name; values are subentry ids."""
        return choice({one.subentry_id: one.title for one in self.others(SUBENTRY_AREA)}, multiple=multiple)


class OneFormFlow(PanelSubentryFlow, ABC):
    """The same form for a new part and for one that is changed."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new one."""
        return await self.async_one_form("user", user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change one; a secret that is left empty is the one that is set."""
        return await self.async_one_form("reconfigure", user_input)

    @abstractmethod
    async def async_one_form(self, step_id: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        """Show the form, or keep what was answered."""


def _offered(schema: vol.Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values without choices that a form does not offer: it could never be sent with one of them."""
    found = dict(values)
    for key, field in schema.schema.items():
        name = str(key)
        if name not in values:
            continue
        value = values[name]
        if isinstance(field, section):
            found[name] = _offered(field.schema, value)
        elif isinstance(field, SelectSelector) and not field.config.get("custom_value"):
            options = [one if isinstance(one, str) else one["value"] for one in field.config["options"]]
            if isinstance(value, list):
                found[name] = [one for one in value if one in options]
            elif value not in options:
                del found[name]
    return found


def choice(options: Mapping[str, str], *, multiple: bool = False) -> SelectSelector:
    """Return a choice among things that have names of their own."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[SelectOptionDict(value=value, label=label) for value, label in options.items()],
            multiple=multiple,
            mode=SelectSelectorMode.LIST if len(options) <= 6 else SelectSelectorMode.DROPDOWN,
        )
    )


def translated(key: str, options: list[str], *, multiple: bool = False) -> SelectSelector:
    """Return a choice among words that the translations name."""
    return SelectSelector(
        SelectSelectorConfig(
            options=options,
            multiple=multiple,
            translation_key=key,
            mode=SelectSelectorMode.LIST if multiple else SelectSelectorMode.DROPDOWN,
        )
    )


def number(least: float, most: float, unit: str | None = None, *, step: float = 1) -> NumberSelector:
    """Return a box that takes `least` to `most` in steps; `unit` stands behind it."""
    config = NumberSelectorConfig(min=least, max=most, step=step, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


def folded(fields: Mapping[Any, Any], *, collapsed: bool = True) -> section:
    """Return fields that stand together under a heading; what was typed comes back in a dictionary of its own."""
    return section(vol.Schema(dict(fields)), {"collapsed": collapsed})


def flat(user_input: Mapping[str, Any], sections: tuple[str, ...]) -> dict[str, Any]:
    """Return an answered form without its sections."""
    plain = {key: value for key, value in user_input.items() if key not in sections}
    for name in sections:
        plain.update(user_input.get(name, {}))
    return plain


def nested(values: Mapping[str, Any], sections: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Return values as a form with sections shows them."""
    within = {key for keys in sections.values() for key in keys}
    return {key: value for key, value in values.items() if key not in within} | {
        name: {key: values[key] for key in keys if values.get(key) is not None}
        for name, keys in sections.items()
    }
