"""A Frigate server: asked before it is kept, so that a wrong address shows now and not at the next alarm."""

from typing import Any, override

import probatio as vol
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_PASSWORD, CONF_URL, CONF_USERNAME, CONF_VERIFY_SSL
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ...const import LOGGER, SUBENTRY_FRIGATE
from ...verification.config import frigate_client
from ...verification.frigate import (
    FrigateError,
    FrigateNotFound,
    FrigateRefused,
    FrigateUnreachable,
    FrigateUnusable,
)
from .base import OneFormFlow

PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password"))
ERRORS: dict[type[FrigateError], str] = {
    FrigateUnreachable: "cannot_connect",
    FrigateRefused: "refused",
    FrigateNotFound: "not_frigate",
    FrigateUnusable: "not_frigate",
}


class FrigateFlow(OneFormFlow):
    """One form; a password that is set is never shown again."""

    @override
    async def async_one_form(self, step_id: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        current, detail = self.current, ""
        if user_input is not None:
            data = {**user_input, "name": user_input["name"].strip(), CONF_URL: user_input[CONF_URL].strip()}
            if current is not None and not data.get(CONF_PASSWORD) and data.get(CONF_USERNAME):
                data[CONF_PASSWORD] = current.data.get(CONF_PASSWORD)
            if (wrong := self.name_error(SUBENTRY_FRIGATE, data["name"])) is not None:
                errors["name"] = wrong
            else:
                errors, detail = await self._async_ask(data)
            if not errors:
                return self.keep(data)
        shown = dict(current.data) if user_input is None and current is not None else user_input
        values = {key: value for key, value in (shown or {}).items() if key != CONF_PASSWORD}
        schema = vol.Schema(
            {
                vol.Required("name", default="Frigate"): TextSelector(),
                vol.Required(CONF_URL): TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
                vol.Optional(CONF_USERNAME): TextSelector(),
                vol.Optional(CONF_PASSWORD): PASSWORD,
                vol.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
            }
        )
        return self.form(step_id, schema, values, errors, detail=detail)

    async def _async_ask(self, data: dict[str, Any]) -> tuple[dict[str, str], str]:
        """Return what is wrong with a server, and its own words for it."""
        try:
            await frigate_client(self.hass, data).async_cameras()
        except ValueError as err:
            return {CONF_URL: "url_unusable"}, str(err)
        except FrigateError as err:
            return {"base": ERRORS[type(err)]}, str(err)
        except Exception:  # noqa: BLE001 - a flow must end in a form; logged in full
            LOGGER.exception("Asking Frigate failed in an unexpected way")
            return {"base": "unknown"}, ""
        return {}, ""
