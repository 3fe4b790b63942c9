"""Where a browser or a phone finds the pictures of alarms."""

from datetime import timedelta

from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant, callback

URL = "/api/alarm_broker/evidence/{entry_id}/{alarm}/{name}"
SIGNED_FOR = timedelta(hours=24)


def picture_path(entry_id: str, alarm: str, name: str) -> str:
    """Return the address of a picture, for whoever is logged in."""
    return URL.format(entry_id=entry_id, alarm=alarm, name=name)


@callback
def signed_picture_path(hass: HomeAssistant, entry_id: str, alarm: str, name: str) -> str:
    """Return the address of a picture that shows it without a login, for a day: for a phone's notification."""
    return async_sign_path(hass, picture_path(entry_id, alarm, name), SIGNED_FOR, use_content_user=True)
