"""The fields of forms as they follow from the options they ask for, and how what is answered in them is stored."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import probatio as vol
from homeassistant.core import async_get_hass
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    Selector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
    TimeSelector,
)

from ..core.option_spec import (
    Choice,
    EntityId,
    EntityIds,
    Flag,
    NotifyTargets,
    Number,
    OptionSpec,
    PhoneNumber,
    Profile,
    Value,
    WallClock,
)
from .notify import target_selector
from .subentries.base import number, translated

type Marker = Callable[[OptionSpec], Any]


def with_default(spec: OptionSpec) -> Any:
    """Mark a field that begins with its default, or that may be left empty where there is none."""
    if spec.default is None:
        return vol.Optional(spec.key)
    if isinstance(spec.default, tuple):
        return vol.Optional(spec.key, default=list)
    return vol.Required(spec.key, default=spec.default)


def without_default(spec: OptionSpec) -> Any:
    """Mark a field that has to be answered, whatever is suggested in it; a switch always is."""
    return with_default(spec) if isinstance(spec.value, Flag) else vol.Required(spec.key)


def may_be_left_out(spec: OptionSpec) -> Any:
    """Mark a field that an answer need not hold: a switch that is not mentioned is off."""
    if spec.default is None:
        return vol.Optional(spec.key)
    if isinstance(spec.default, tuple):
        return vol.Optional(spec.key, default=list)
    return vol.Optional(spec.key, default=False if isinstance(spec.value, Flag) else spec.default)


def fields_of(
    specs: Iterable[OptionSpec], *, profile: Profile = Profile.DEFAULT, marker: Marker = with_default
) -> dict[Any, Any]:
    """Return the fields that ask for options, numbers within the limits of the profile."""
    return {marker(spec): _selector(spec.value, profile) for spec in specs}


def stored(specs: Iterable[OptionSpec], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return how answers are stored; a field that was left empty has no value."""
    return {spec.key: spec.kept(answers) for spec in specs}


def field_errors(specs: Iterable[OptionSpec], answers: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with single answers, by field."""
    found = {spec.key: spec.value.wrong(answers[spec.key]) for spec in specs if spec.key in answers}
    return {key: wrong for key, wrong in found.items() if wrong is not None}


def _selector(value: Value[Any], profile: Profile) -> Selector[Any]:
    match value:
        case Number():
            least, most = value.limits[profile]
            return number(least, most, value.unit, step=value.step)
        case Flag():
            return BooleanSelector()
        case Choice():
            return translated(value.words, [one.value for one in value.offered])
        case WallClock():
            return TimeSelector()
        case EntityId():
            return EntitySelector(EntitySelectorConfig(domain=list(value.domains)))
        case EntityIds():
            return EntitySelector(EntitySelectorConfig(domain=list(value.domains), multiple=True))
        case NotifyTargets():
            return target_selector(async_get_hass())
        case PhoneNumber():
            return TextSelector(TextSelectorConfig(type=TextSelectorType.TEL))
    raise TypeError(f"No field asks for {type(value).__name__}")
