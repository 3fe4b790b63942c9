"""A camera: where its pictures come from, and which zones and areas it looks at."""

from collections.abc import Mapping
from typing import Any

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

from ...const import SUBENTRY_AREA, SUBENTRY_CAMERA, SUBENTRY_FRIGATE, SUBENTRY_ZONE
from ...core.verification import PERSON
from ...verification.config import frigate_client
from ...verification.frigate import FrigateCamera, FrigateError
from .base import PanelSubentryFlow, choice, flat, folded, nested, number

FIELD_SOURCE, FIELD_ENTITY = "source", "entity"
LABELS = [PERSON, "car", "dog", "cat", "package", "face", "license_plate"]
SECTIONS: Mapping[str, tuple[str, ...]] = {"seeing": ("inside", "labels", "min_score")}
LEAST_WORD = 3
"""Letters of a word that tells where a camera looks: "the" does not."""


class CameraFlow(PanelSubentryFlow):
    """First which camera, then what it looks at, suggested from the names."""

    def __init__(self) -> None:
        self._offered: dict[str, tuple[str, FrigateCamera]] = {}
        self._chosen: dict[str, Any] = {}
        self._suggested_name = ""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which camera: one of a Frigate server, or an entity."""
        errors: dict[str, str] = {}
        if user_input is None:
            # Asked once: what was offered can be chosen, also when a server is gone a moment later.
            self._offered = await self._async_offered()
        else:
            source, entity = user_input.get(FIELD_SOURCE), user_input.get(FIELD_ENTITY)
            if bool(source) == bool(entity):
                errors["base"] = "one_source"
            else:
                self._choose(source, entity)
                return await self.async_step_looks_at()
        schema = vol.Schema(
            {
                **(
                    {
                        vol.Optional(FIELD_SOURCE): SelectSelector(
                            SelectSelectorConfig(
                                options=[
                                    SelectOptionDict(value=value, label=label)
                                    for value, (label, _) in self._offered.items()
                                ],
                                mode=SelectSelectorMode.DROPDOWN,
                            )
                        )
                    }
                    if self._offered
                    else {}
                ),
                vol.Optional(FIELD_ENTITY): EntitySelector(EntitySelectorConfig(domain=["camera", "image"])),
            }
        )
        return self.form("user", schema, user_input or {}, errors)

    async def async_step_looks_at(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask what a new camera looks at."""
        return self._form("looks_at", user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change what a camera looks at."""
        current = self._get_reconfigure_subentry()
        self._chosen = {key: current.data.get(key) for key in ("server", "camera", FIELD_ENTITY)}
        return self._form("reconfigure", user_input)

    def _form(self, step_id: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            form = flat(user_input, tuple(SECTIONS))
            data = {**self._chosen, **form, "name": form["name"].strip(), "min_score": int(form["min_score"])}
            if (wrong := self.name_error(SUBENTRY_CAMERA, data["name"])) is not None:
                errors["name"] = wrong
            elif not data["zones"] and not data["areas"]:
                errors["base"] = "looks_at_nothing"
            else:
                return self.keep(data)
        current = self.current
        shown = self._suggestions() if current is None else nested(current.data, SECTIONS)
        schema = vol.Schema(
            {
                vol.Required("name"): TextSelector(),
                vol.Optional("zones", default=list): choice(self._titles(SUBENTRY_ZONE), multiple=True),
                vol.Optional("areas", default=list): choice(self._titles(SUBENTRY_AREA), multiple=True),
                vol.Required("seeing"): folded(
                    {
                        vol.Required("inside", default=False): BooleanSelector(),
                        vol.Required("labels", default=[PERSON]): SelectSelector(
                            SelectSelectorConfig(options=LABELS, multiple=True, custom_value=True)
                        ),
                        vol.Required("min_score", default=60): number(0, 100, "%"),
                    }
                ),
            }
        )
        return self.form(step_id, schema, shown if user_input is None else user_input, errors)

    def _choose(self, source: str | None, entity: str | None) -> None:
        if source:
            camera = self._offered[source][1]
            server = source.partition("/")[0]
            self._chosen = {"server": server, "camera": camera.name, FIELD_ENTITY: None}
            self._suggested_name = camera.friendly_name or camera.name.replace("_", " ").capitalize()
        else:
            state = None if entity is None else self.hass.states.get(entity)
            self._chosen = {"server": None, "camera": None, FIELD_ENTITY: entity}
            self._suggested_name = str(entity) if state is None else state.name

    async def _async_offered(self) -> dict[str, tuple[str, FrigateCamera]]:
        """Return the cameras of all servers that are not used yet; none of a server that does not answer."""
        used = {(one.data.get("server"), one.data.get("camera")) for one in self.others(SUBENTRY_CAMERA)}
        found = {}
        for server in self.others(SUBENTRY_FRIGATE):
            try:
                cameras = await frigate_client(self.hass, server.data).async_cameras()
            except FrigateError, ValueError:
                continue
            for camera in cameras:
                if (server.subentry_id, camera.name) not in used:
                    label = f"{camera.friendly_name or camera.name} ({server.title})"
                    found[f"{server.subentry_id}/{camera.name}"] = (label, camera)
        return found

    def _suggestions(self) -> dict[str, Any]:
        """Return the zones and areas that share a word with the camera; the only area there is, else."""
        zones = _alike(self._suggested_name, self._titles(SUBENTRY_ZONE))
        areas = _alike(self._suggested_name, self._titles(SUBENTRY_AREA))
        known = list(self._titles(SUBENTRY_AREA))
        if not zones and not areas and len(known) == 1:
            areas = known
        return {"name": self._suggested_name, "zones": zones, "areas": areas}

    def _titles(self, kind: str) -> dict[str, str]:
        return {one.subentry_id: one.title for one in self.others(kind)}


def _alike(name: str, titles: Mapping[str, str]) -> list[str]:
    words = _words(name)
    return [subentry_id for subentry_id, title in titles.items() if words & _words(title)]


def _words(name: str) -> set[str]:
    plain = "".join(letter if letter.isalnum() else " " for letter in name.casefold())
    return {word for word in plain.split() if len(word) >= LEAST_WORD}
