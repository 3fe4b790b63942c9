"""A group: zones that alarm only together."""

from typing import Any, override

import probatio as vol
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.helpers.selector import TextSelector

from ...const import SUBENTRY_GROUP, SUBENTRY_ZONE
from ...core.option_spec import specs_of
from ...core.panel.config import GroupConfig, ZoneKind
from ..fields import fields_of, stored
from .base import OneFormFlow, choice

OPTIONS = specs_of(GroupConfig)


class GroupFlow(OneFormFlow):
    """One form: which zones, how many of them, within what time."""

    @override
    async def async_one_form(self, step_id: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        zones = self._zones()
        if len(zones) < 2:
            return self.async_abort(reason="too_few_zones")
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = self._errors(user_input)
            if not errors:
                return self.keep(
                    {
                        "name": user_input["name"].strip(),
                        "zones": list(user_input["zones"]),
                        **stored(OPTIONS, user_input),
                    }
                )
        schema = vol.Schema(
            {
                vol.Required("name"): TextSelector(),
                vol.Required("zones"): choice(zones, multiple=True),
                **fields_of(OPTIONS),
            }
        )
        current = self.current
        return self.form(step_id, schema, user_input or (dict(current.data) if current else {}), errors)

    def _zones(self) -> dict[str, str]:
        """Return the zones that may be in a group: nothing on the way in, and nothing that saves lives."""
        return {
            one.subentry_id: one.title
            for one in self.others(SUBENTRY_ZONE)
            if ZoneKind(one.data["kind"]).groupable
        }

    def _errors(self, form: dict[str, Any]) -> dict[str, str]:
        if (wrong := self.name_error(SUBENTRY_GROUP, form["name"])) is not None:
            return {"name": wrong}
        if len(form["zones"]) < form["required"]:
            return {"zones": "too_few_zones"}
        subentries = self.entry.subentries
        if len({subentries[zone_id].data["area"] for zone_id in form["zones"]}) > 1:
            return {"zones": "several_areas"}
        taken = {zone_id for one in self.others(SUBENTRY_GROUP) for zone_id in one.data["zones"]}
        if taken & set(form["zones"]):
            return {"zones": "zone_in_group"}
        return {}
