"""Who asks for something, by the name that people know."""

from homeassistant.core import Context, HomeAssistant

HOME_ASSISTANT = "Home Assistant"
"""Who it is where no person is known: an automation, or a user without a name."""


async def async_caller(hass: HomeAssistant, context: Context | None) -> str | None:
    """Return the name of the user who calls; None for an automation, and for a user without a name."""
    if context is None or context.user_id is None:
        return None
    user = await hass.auth.async_get_user(context.user_id)
    return None if user is None else user.name or None
