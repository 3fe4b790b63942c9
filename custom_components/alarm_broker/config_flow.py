"""Set-up, change of the companion, and a new token."""

import uuid
from collections.abc import Mapping
from typing import Any, override

import probatio as vol  # what core uses; voluptuous is only its alias there, without its types
from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
)
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import callback
from homeassistant.helpers import instance_id
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from yarl import URL

from .codes.hashing import async_hash_code
from .const import (
    DOMAIN,
    LOGGER,
    OPTION_CODE_FORMAT,
    OPTION_NOTIFY_TARGETS,
    SUBENTRY_AREA,
    SUBENTRY_CALENDAR,
    SUBENTRY_CAMERA,
    SUBENTRY_FRIGATE,
    SUBENTRY_GROUP,
    SUBENTRY_PERSON,
    SUBENTRY_USER,
    SUBENTRY_ZONE,
)
from .core.panel.config import ZoneKind
from .flows import first as forms
from .flows.alarmo import read as alarmo
from .flows.alarmo.notes import sentence
from .flows.bounds import limits_of
from .flows.companion import Companion, NotUsable, async_check, base_url
from .flows.notify import notify_errors, notify_schema
from .flows.options import AlarmBrokerOptionsFlow
from .flows.subentries.area import AreaFlow
from .flows.subentries.calendar import CalendarFlow
from .flows.subentries.camera import CameraFlow
from .flows.subentries.frigate import FrigateFlow
from .flows.subentries.group import GroupFlow
from .flows.subentries.person import PersonFlow
from .flows.subentries.user import UserFlow
from .flows.subentries.zone import ZoneFlow
from .flows.zones import kind_of
from .link.client import new_hello
from .link.protocol import Hello
from .types import AlarmBrokerConfigEntry

TAMPER_SENSORS = "tamper_sensors"
# Text, not an address: a browser takes none without a scheme for that.
_URL = TextSelector(TextSelectorConfig(type=TextSelectorType.TEXT, autocomplete="off"))
_TOKEN = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))
TOKEN_SCHEMA = vol.Schema({vol.Required(CONF_TOKEN): _TOKEN})
COMPANION_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_URL): _URL,
        vol.Required(CONF_TOKEN): _TOKEN,
    }
)


class AlarmBrokerConfigFlow(ConfigFlow, domain=DOMAIN):
    """First the companion, found, typed or none; then the panel."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Start with nothing known."""
        self._data: dict[str, str] = {}
        self._answers: dict[str, Any] = {}
        self._found_url = ""
        self._found_name = ""

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> AlarmBrokerOptionsFlow:
        return AlarmBrokerOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        return {
            SUBENTRY_AREA: AreaFlow,
            SUBENTRY_ZONE: ZoneFlow,
            SUBENTRY_USER: UserFlow,
            SUBENTRY_GROUP: GroupFlow,
            SUBENTRY_PERSON: PersonFlow,
            SUBENTRY_CALENDAR: CalendarFlow,
            SUBENTRY_FRIGATE: FrigateFlow,
            SUBENTRY_CAMERA: CameraFlow,
        }

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask whether there is a companion, or an Alarmo to take over."""
        options = ["companion", "alone"]
        if await alarmo.async_is_there(self.hass):
            options.append("alarmo")
        return self.async_show_menu(step_id="user", menu_options=options)

    async def async_step_companion(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask where the companion is."""
        errors: dict[str, str] = {}
        if user_input is not None:
            companion = await self._async_companion(user_input[CONF_URL], user_input[CONF_TOKEN], errors)
            if companion is not None:
                await self.async_set_unique_id(companion.instance, raise_on_progress=False)
                self._abort_left_behind(companion.instance)
                self._abort_if_unique_id_configured(updates={CONF_URL: self._data[CONF_URL]})
                return await self.async_step_sensors()
        return self.async_show_form(
            step_id="companion",
            data_schema=self.add_suggested_values_to_schema(COMPANION_SCHEMA, user_input),
            errors=errors,
        )

    def _abort_left_behind(self, instance: str) -> None:
        """End set-ups of this companion that somebody began by hand and left: closing a browser's page ends none."""
        same = {"unique_id": instance, "source": SOURCE_USER}
        for flow in self._async_in_progress(include_uninitialized=True, match_context=same):
            self.hass.config_entries.flow.async_abort(flow["flow_id"])

    async def async_step_alone(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Go on without a companion; one can be added later."""
        await self.async_set_unique_id(str(uuid.uuid4()))
        return await self.async_step_sensors()

    @override
    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """Take what was announced; nothing of it is believed before the token was taken there."""
        instance = discovery_info.properties.get("id")
        if not instance or discovery_info.port is None:
            return self.async_abort(reason="not_a_companion")
        path = str(discovery_info.properties.get("path") or "").strip("/")
        url = URL.build(scheme="http", host=discovery_info.host, port=discovery_info.port, path=f"/{path}")
        self._found_url = str(url).rstrip("/")
        self._found_name = str(discovery_info.properties.get("name") or discovery_info.host)
        await self.async_set_unique_id(str(instance))
        # Only told, not written into a configured entry: an announcement could send its token elsewhere.
        self._abort_if_unique_id_configured()
        self._async_abort_entries_match({CONF_URL: self._found_url})
        self.context["title_placeholders"] = {"name": self._found_name}
        return await self.async_step_zeroconf_confirm()

    async def async_step_zeroconf_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the token of the companion that was found; it joins a panel that stands alone."""
        errors: dict[str, str] = {}
        alone = [
            entry for entry in self._async_current_entries(include_ignore=False) if CONF_URL not in entry.data
        ]
        if user_input is not None:
            companion = await self._async_companion(self._found_url, user_input[CONF_TOKEN], errors)
            if companion is not None and companion.instance != self.unique_id:
                errors["base"] = "another_companion"
            elif companion is not None and len(alone) == 1:
                self.hass.config_entries.async_update_entry(
                    alone[0], data=self._data, unique_id=companion.instance
                )
                return self.async_abort(
                    reason="companion_added", description_placeholders={"title": alone[0].title}
                )
            elif companion is not None:
                return await self.async_step_sensors()
        return self.async_show_form(
            step_id="zeroconf_confirm",
            data_schema=self.add_suggested_values_to_schema(TOKEN_SCHEMA, user_input),
            errors=errors,
            description_placeholders={"name": self._found_name, "url": self._found_url},
        )

    async def async_step_alarmo(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what comes along from Alarmo and what does not, then take it."""
        tampers = frozenset((user_input or {}).get(TAMPER_SENSORS, ()))
        try:
            found = alarmo.parse(
                await alarmo.async_read(self.hass), lambda one: kind_of(self.hass, one), tampers=tampers
            )
        except alarmo.NotReadableError as err:
            LOGGER.warning("Alarmo's configuration is left alone: %s", err)
            return self.async_abort(
                reason="alarmo_not_readable", description_placeholders={"detail": str(err)}
            )
        if not found.data(SUBENTRY_AREA):
            return self.async_abort(reason="alarmo_empty")
        if user_input is not None:
            await self.async_set_unique_id(str(uuid.uuid4()))
            return self.async_create_entry(
                title=forms.system_title(self.hass.config.location_name, self.hass.config.language),
                data={},
                options=found.options,
                subentries=found.subentries,
            )
        alarmo.async_check_signals(self.hass, found)
        return self.async_show_form(
            step_id="alarmo",
            data_schema=_tampers_schema(found.doubtful_tampers),
            description_placeholders={
                "areas": found.names("area"),
                "zones": found.names("zone"),
                "users": found.names("user"),
                "groups": found.names("group"),
                "notes": "\n".join(f"- {sentence(note, self.hass.config.language)}" for note in found.notes)
                or "-",
            },
        )

    async def async_step_sensors(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what is guarded."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := forms.sensors_errors(user_input)):
            self._answers |= user_input
            return await self.async_step_delays()
        values = user_input or {
            forms.AREA_NAME: self.hass.config.location_name,
            **forms.likely_sensors(self.hass),
        }
        return self._form("sensors", forms.SENSORS_SCHEMA, values, errors)

    async def async_step_delays(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask who may take time, and how much."""
        if user_input is not None:
            self._answers |= user_input
            return await self.async_step_code()
        guarded = forms.guarded_sensors(self._answers)
        doors = [one for one in guarded if kind_of(self.hass, one) is ZoneKind.ENTRY_EXIT]
        values = {**forms.DELAYS, forms.ENTRY_SENSORS: doors}
        return self._form("delays", forms.delays_schema(guarded), values, {})

    async def async_step_code(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the code."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := forms.code_errors(user_input)):
            self._answers |= user_input
            return await self.async_step_notify()
        hidden = {forms.CODE, forms.CODE_AGAIN}
        values = {key: value for key, value in (user_input or {}).items() if key not in hidden}
        if user_input is None and (owner := await self.hass.auth.async_get_owner()) is not None:
            values = {forms.USER_NAME: owner.name or ""}
        return self._form("code", forms.CODE_SCHEMA, values, errors)

    async def async_step_notify(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask whom to notify, and be done."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := notify_errors(user_input, OPTION_NOTIFY_TARGETS)):
            code = self._answers[forms.CODE]
            return self.async_create_entry(
                title=forms.system_title(self._answers[forms.AREA_NAME].strip(), self.hass.config.language),
                data=self._data,
                options={
                    OPTION_CODE_FORMAT: forms.code_format(code).value,
                    OPTION_NOTIFY_TARGETS: user_input[OPTION_NOTIFY_TARGETS],
                },
                subentries=forms.subentries(
                    self.hass, self._answers, code_hash=await async_hash_code(self.hass, code)
                ),
            )
        return self._form("notify", notify_schema(self.hass, OPTION_NOTIFY_TARGETS), user_input or {}, errors)

    def _form(
        self, step_id: str, schema: vol.Schema, values: Mapping[str, Any], errors: dict[str, str]
    ) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, values),
            errors=errors,
            description_placeholders=limits_of(schema),
        )

    async def async_step_reauth(self, _entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Start over with a token that is taken."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the new token."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            companion = await self._async_companion(
                entry.data[CONF_URL], user_input[CONF_TOKEN], errors, entry
            )
            if companion is not None:
                return self.async_update_and_abort(entry, data=self._data, unique_id=companion.instance)
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(TOKEN_SCHEMA, user_input),
            errors=errors,
            description_placeholders={"title": entry.title, "url": entry.data[CONF_URL]},
        )

    async def async_step_reconfigure(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what to do about the companion."""
        options = ["reconfigure_companion"]
        if CONF_URL in self._get_reconfigure_entry().data:
            options.append("remove_companion")
        return self.async_show_menu(step_id="reconfigure", menu_options=options)

    async def async_step_reconfigure_companion(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add a companion, or change its address or token; an empty token is the one that is set."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            token = user_input.get(CONF_TOKEN) or entry.data.get(CONF_TOKEN, "")
            companion = await self._async_companion(user_input[CONF_URL], token, errors, entry)
            if companion is not None:
                known = self.hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, companion.instance)
                if known is not None and known.entry_id != entry.entry_id:
                    return self.async_abort(reason="already_configured")
                return self.async_update_and_abort(entry, data=self._data, unique_id=companion.instance)
        schema = vol.Schema(
            {
                vol.Required(CONF_URL): _URL,
                (vol.Optional if CONF_TOKEN in entry.data else vol.Required)(CONF_TOKEN): _TOKEN,
            }
        )
        values = user_input or {CONF_URL: entry.data.get(CONF_URL, "")}
        return self.async_show_form(
            step_id="reconfigure_companion",
            data_schema=self.add_suggested_values_to_schema(schema, values),
            errors=errors,
        )

    async def async_step_remove_companion(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Make sure, then let the panel stand alone."""
        entry = self._get_reconfigure_entry()
        if user_input is None:
            return self.async_show_form(
                step_id="remove_companion", description_placeholders={"url": entry.data[CONF_URL]}
            )
        return self.async_update_and_abort(entry, data={}, unique_id=str(uuid.uuid4()))

    async def _async_companion(
        self,
        typed_url: str,
        token: str,
        errors: dict[str, str],
        entry: AlarmBrokerConfigEntry | None = None,
    ) -> Companion | None:
        """Return the companion that answers, with `_data` set, or None with an error to show.

        The companion knows Home Assistant by one name, so asking takes the place of a link that is up. With the
        hello of that link nothing is lost by it, and a link that was replaced comes back by itself.
        """
        try:
            url = base_url(typed_url)
            companion = await async_check(
                async_get_clientsession(self.hass),
                url=url,
                token=token,
                hello=_hello_of(entry)
                or new_hello(
                    instance=str(uuid.UUID(await instance_id.async_get(self.hass))),
                    name=self.hass.config.location_name,
                ),
            )
        except NotUsable as err:
            errors["base"] = err.reason
            return None
        except Exception:  # noqa: BLE001 - a flow must end in a form; logged in full
            LOGGER.exception("Asking the companion failed in an unexpected way")
            errors["base"] = "unknown"
            return None
        self._data = {CONF_URL: url, CONF_TOKEN: token}
        return companion


def _tampers_schema(doubtful: list[str]) -> vol.Schema:
    """Return the question which of the doubtful sensors are tamper contacts; none where there is no doubt."""
    if not doubtful:
        return vol.Schema({})
    which = EntitySelector(EntitySelectorConfig(multiple=True, include_entities=doubtful))
    return vol.Schema({vol.Optional(TAMPER_SENSORS, default=list): which})


def _hello_of(entry: AlarmBrokerConfigEntry | None) -> Hello | None:
    """Return the hello of the entry's running link, None where there is none."""
    if entry is None or entry.state is not ConfigEntryState.LOADED or entry.runtime_data.link is None:
        return None
    return entry.runtime_data.link.hello()
