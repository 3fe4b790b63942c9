"""A rule: which entries of a calendar are windows, and what begins and ends with them."""

from collections.abc import Mapping
from typing import Any, override

import probatio as vol
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    TextSelector,
    TextSelectorConfig,
)

from ...const import DOMAIN, SUBENTRY_CALENDAR, SUBENTRY_ZONE
from ...core.option_spec import specs_of
from ...core.panel.config import ZoneKind
from ...core.windows import WindowKind, WindowRule
from ...household.config import WindowWork
from ..fields import fields_of, may_be_left_out, stored
from .base import OneFormFlow, choice, flat, folded, nested, translated

MARGINS, WORK = specs_of(WindowRule), specs_of(WindowWork)
SECTIONS: Mapping[str, tuple[str, ...]] = {"margins": ("lead", "lag"), "work": ("zones", "rearm")}


class CalendarFlow(OneFormFlow):
    """Adds or changes a calendar and what its windows do."""

    @override
    async def async_one_form(self, step_id: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            data = _data(flat(user_input, tuple(SECTIONS)))
            wrong = self.name_error(SUBENTRY_CALENDAR, data["name"])
            if wrong is None:
                return self.keep(data)
            errors = {"name": wrong}
        current = self.current
        shown = {} if current is None else nested(current.data, SECTIONS)
        schema = vol.Schema(
            {
                vol.Required("name"): TextSelector(),
                vol.Required("kind", default=WindowKind.VACATION.value): translated(
                    "window_kind", [kind.value for kind in WindowKind]
                ),
                vol.Required("calendar"): EntitySelector(
                    EntitySelectorConfig(domain="calendar", exclude_entities=self._own())
                ),
                vol.Optional("words", default=list): TextSelector(TextSelectorConfig(multiple=True)),
                vol.Required("margins"): folded(fields_of(MARGINS, marker=may_be_left_out)),
                vol.Required("work"): folded(
                    {
                        vol.Optional("zones", default=list): choice(self._zones(), multiple=True),
                        **fields_of(WORK),
                    }
                ),
            }
        )
        return self.form(step_id, schema, shown if user_input is None else user_input, errors)

    def _zones(self) -> dict[str, str]:
        """Return the zones that a window may leave out: none that saves lives."""
        return {
            one.subentry_id: one.title
            for one in self.others(SUBENTRY_ZONE)
            if not ZoneKind(one.data["kind"]).life_safety
        }

    def _own(self) -> list[str]:
        """Return our own calendar: windows that follow from themselves would never end."""
        return [
            one.entity_id
            for one in er.async_get(self.hass).entities.values()
            if one.platform == DOMAIN and one.domain == "calendar"
        ]


def _data(form: dict[str, Any]) -> dict[str, Any]:
    words = [word.strip() for word in form["words"] if word.strip()]
    return {
        **form,
        "name": form["name"].strip(),
        "words": words,
        **stored(MARGINS, form),
    }
