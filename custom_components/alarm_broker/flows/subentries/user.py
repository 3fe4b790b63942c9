"""A user: who, which code, what it is good for, and when."""

from collections.abc import Mapping
from typing import Any, override

import probatio as vol
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.helpers.selector import (
    BooleanSelector,
    DateTimeSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
    TimeSelector,
)

from ...codes.hashing import async_hash_code
from ...codes.rules import StoredCode, async_refusal
from ...const import SUBENTRY_USER, WEEKDAYS
from ...core.panel.config import Action
from ...core.panel.profiles import LIMITS
from ...core.windows import WindowKind
from ..profile import profile_of, takes_digits
from .base import OneFormFlow, flat, folded, nested, number, translated

PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="new-password"))
FIELD_CODE, FIELD_CODE_AGAIN = "code", "code_again"
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "rights": ("enabled", "areas", "actions"),
    "validity": ("valid_from", "valid_until", "weekdays", "time_from", "time_to", "uses", "windows"),
}
TAKES_AWAY: Mapping[str, str] = {"no_beginning": "valid_from", "no_end": "valid_until"}
"""Switches, and the moment that each takes away: Home Assistant's field for one cannot be emptied."""
EMPTY_IS_NONE = ("valid_from", "valid_until", "time_from", "time_to", "uses")
WINDOWS = [WindowKind.GUEST.value, WindowKind.CLEANING.value, WindowKind.VACATION.value]
ACTIONS = [action.value for action in Action]


class UserFlow(OneFormFlow):
    """One form; the code is typed twice, and only its hash is kept."""

    @override
    async def async_one_form(self, step_id: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        current = self.current
        if user_input is not None:
            form = flat(user_input, tuple(SECTIONS))
            errors = await self._async_errors(form)
            if not errors:
                return self.keep(await self._async_data(form))
        shown = {} if current is None else nested(current.data, SECTIONS)
        values = shown if user_input is None else user_input
        hidden = {FIELD_CODE, FIELD_CODE_AGAIN}
        values = {key: value for key, value in values.items() if key not in hidden}
        return self.form(step_id, self._schema(), values, errors)

    async def _async_errors(self, form: Mapping[str, Any]) -> dict[str, str]:
        current, code, duress = self.current, form.get(FIELD_CODE, ""), form["duress"]
        name = form["name"].strip()
        if not name:
            return {"name": "name_missing"}
        # The user of a duress code is called like the one who is forced to use it: the name shows on the panel.
        named = [one for one in self.others(SUBENTRY_USER) if not one.data.get("duress") and not duress]
        if any(one.title.casefold() == name.casefold() for one in named):
            return {"name": "name_taken"}
        if not form["areas"] and self._lost_all_areas():
            return {"base": "no_area_left"}
        if code != form.get(FIELD_CODE_AGAIN, ""):
            return {FIELD_CODE_AGAIN: "codes_differ"}
        if not code:
            if current is None:
                return {FIELD_CODE: "code_missing"}
            return {} if current.data.get("duress", False) == duress else {FIELD_CODE: "code_missing_duress"}
        options = self.entry.options
        refused = await async_refusal(
            self.hass,
            code,
            duress=duress,
            others=stored_codes(self.others(SUBENTRY_USER)),
            digits=takes_digits(options),
            least=LIMITS[profile_of(options)].least_digits,
        )
        return {} if refused is None else {FIELD_CODE: refused.value}

    def _lost_all_areas(self) -> bool:
        """Return whether the code was for certain areas that are all gone; choosing none means all of them."""
        areas = [] if self.current is None else self.current.data.get("areas") or []
        return bool(areas) and not any(area_id in self.entry.subentries for area_id in areas)

    async def _async_data(self, form: Mapping[str, Any]) -> dict[str, Any]:
        data = {key: value for key, value in form.items() if key not in (FIELD_CODE, FIELD_CODE_AGAIN)}
        data["name"] = data["name"].strip()
        for switch, moment in TAKES_AWAY.items():
            if data.pop(switch, False):
                data[moment] = None
        if data.get("uses") is not None:
            data["uses"] = int(data["uses"])
        current, code = self.current, form.get(FIELD_CODE, "")
        if code:
            hashes = [one.data["code_hash"] for one in self.others(SUBENTRY_USER)]
            data["code_hash"] = await async_hash_code(self.hass, code, like=hashes)
            data["code_length"] = len(code)
        elif current is not None:
            data |= {key: current.data[key] for key in ("code_hash", "code_length")}
        if current is not None and current.data.get("temporary"):
            data["temporary"] = True
        return {**dict.fromkeys(EMPTY_IS_NONE), **data}

    def _moment(self, moment: str, taken_away_by: str) -> dict[Any, Any]:
        """Return the field for a moment, and what takes it away where one is set."""
        fields: dict[Any, Any] = {vol.Optional(moment): DateTimeSelector()}
        if self.current is not None and self.current.data.get(moment) is not None:
            fields[vol.Optional(taken_away_by, default=False)] = BooleanSelector()
        return fields

    def _schema(self) -> vol.Schema:
        code = vol.Required if self.current is None else vol.Optional
        return vol.Schema(
            {
                vol.Required("name"): TextSelector(),
                code(FIELD_CODE): PASSWORD,
                code(FIELD_CODE_AGAIN): PASSWORD,
                vol.Required("duress", default=False): BooleanSelector(),
                vol.Required("rights"): folded(
                    {
                        vol.Required("enabled", default=True): BooleanSelector(),
                        vol.Optional("areas", default=list): self.area_selector(multiple=True),
                        vol.Required("actions", default=ACTIONS): translated(
                            "action", ACTIONS, multiple=True
                        ),
                    }
                ),
                vol.Required("validity"): folded(
                    {
                        **self._moment("valid_from", "no_beginning"),
                        **self._moment("valid_until", "no_end"),
                        vol.Optional("weekdays", default=list): translated(
                            "weekday", list(WEEKDAYS), multiple=True
                        ),
                        vol.Optional("time_from"): TimeSelector(),
                        vol.Optional("time_to"): TimeSelector(),
                        vol.Optional("uses"): number(1, 1000),
                        vol.Optional("windows", default=list): translated(
                            "window_kind", WINDOWS, multiple=True
                        ),
                    }
                ),
            }
        )


def stored_codes(users: list[Any]) -> list[StoredCode]:
    """Return what is known of users' codes, given their subentries."""
    return [
        StoredCode(
            user_id=one.subentry_id,
            code_hash=one.data["code_hash"],
            length=one.data["code_length"],
            duress=one.data.get("duress", False),
        )
        for one in users
    ]
