"""Serves the pictures of alarms to whoever is logged in, or has an address that was signed for them and expires."""

from http import HTTPStatus

from aiohttp import web
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView

from ..const import DOMAIN
from ..types import AlarmBrokerConfigEntry
from .urls import URL

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


class EvidenceView(HomeAssistantView):
    """One picture."""

    url = URL
    name = "api:alarm_broker:evidence"
    requires_auth = True

    async def get(self, request: web.Request, entry_id: str, alarm: str, name: str) -> web.Response:
        """Return the picture; 404 for one that is not, or not any more."""
        hass = request.app[KEY_HASS]
        entry: AlarmBrokerConfigEntry | None = hass.config_entries.async_get_entry(entry_id)
        if entry is None or entry.domain != DOMAIN or not hasattr(entry, "runtime_data"):
            return web.Response(status=HTTPStatus.NOT_FOUND, headers=HEADERS)
        found = await entry.runtime_data.evidence.async_picture(alarm, name)
        if found is None:
            return web.Response(status=HTTPStatus.NOT_FOUND, headers=HEADERS)
        content, media_type = found
        return web.Response(body=content, content_type=media_type, headers=HEADERS)
