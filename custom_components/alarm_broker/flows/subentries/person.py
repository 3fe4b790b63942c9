"""Somebody who lives here: where they are, how they are told, and what their phone may do."""

from collections.abc import Mapping
from typing import Any, override

import probatio as vol
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ...const import SUBENTRY_PERSON
from ...push.recipients import PushDisarm
from ...texts.language import LANGUAGES
from ..notify import notify_errors, notify_schema
from .base import OneFormFlow, flat, folded, nested, translated

FIELD_PERSON, FIELD_TRACKERS, FIELD_NOTIFY = "person", "trackers", "notify"
SECTIONS: Mapping[str, tuple[str, ...]] = {"rights": ("push_disarm", "auto_disarm", "language")}
TRACKER_DOMAINS = ["device_tracker", "binary_sensor"]


class PersonFlow(OneFormFlow):
    """One form; the name is the person's unless one is typed."""

    @override
    async def async_one_form(self, step_id: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            data = self._data(flat(user_input, tuple(SECTIONS)))
            errors = self._errors(data)
            if not errors:
                return self.keep(data)
        current = self.current
        shown = {} if current is None else nested(current.data, SECTIONS)
        schema = vol.Schema(
            {
                vol.Optional(FIELD_PERSON): EntitySelector(
                    EntitySelectorConfig(domain="person", exclude_entities=self._taken())
                ),
                vol.Optional(FIELD_TRACKERS, default=list): EntitySelector(
                    EntitySelectorConfig(domain=TRACKER_DOMAINS, multiple=True)
                ),
                vol.Optional("name"): TextSelector(),
                **notify_schema(self.hass, FIELD_NOTIFY).schema,
                vol.Required("rights"): folded(
                    {
                        vol.Required("push_disarm", default=PushDisarm.CODE.value): translated(
                            "push_disarm", [one.value for one in PushDisarm]
                        ),
                        vol.Required("auto_disarm", default=False): BooleanSelector(),
                        vol.Optional("language"): _languages(),
                    }
                ),
            }
        )
        return self.form(step_id, schema, shown if user_input is None else user_input, errors)

    def _data(self, form: dict[str, Any]) -> dict[str, Any]:
        person = form.get(FIELD_PERSON)
        state = None if person is None else self.hass.states.get(person)
        name = (form.get("name") or "").strip() or ("" if state is None else state.name)
        return {FIELD_PERSON: None, "language": None, **form, "name": name}

    def _errors(self, data: Mapping[str, Any]) -> dict[str, str]:
        if not data[FIELD_PERSON] and not data[FIELD_TRACKERS] and not data[FIELD_NOTIFY]:
            return {"base": "person_empty"}
        if (wrong := self.name_error(SUBENTRY_PERSON, data["name"])) is not None:
            return {"name": wrong}
        if data[FIELD_PERSON] in self._taken():
            return {FIELD_PERSON: "person_taken"}
        return notify_errors(data, FIELD_NOTIFY)

    def _taken(self) -> list[str]:
        return [one.data[FIELD_PERSON] for one in self.others(SUBENTRY_PERSON) if one.data.get(FIELD_PERSON)]


def _languages() -> SelectSelector:
    """Return a choice among the languages that phones are spoken to in, each as it calls itself."""
    options = [SelectOptionDict(value=tag, label=texts.name) for tag, texts in LANGUAGES.items()]
    return SelectSelector(SelectSelectorConfig(options=options, mode=SelectSelectorMode.DROPDOWN))
