"""Why something could not be done, in the language of whoever hears of it."""

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.translation import async_get_translations


async def async_reason(hass: HomeAssistant, err: HomeAssistantError, language: str) -> str:
    """Return an error in a language; Home Assistant itself says it in English."""
    domain = err.translation_domain or ""
    texts = await async_get_translations(hass, language, "exceptions", {domain})
    text = texts.get(f"component.{domain}.exceptions.{err.translation_key}.message")
    return str(err) if text is None else text.format(**(err.translation_placeholders or {}))
