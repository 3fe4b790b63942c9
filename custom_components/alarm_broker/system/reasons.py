"""Why something could not be done, in the language of whoever hears of it."""

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.translation import async_get_translations

from .effects import Refusal


async def async_reason(hass: HomeAssistant, err: HomeAssistantError, language: str) -> str:
    """Return an error in a language; Home Assistant itself says it in English."""
    domain = err.translation_domain or ""
    texts = await async_get_translations(hass, language, "exceptions", {domain})
    text = texts.get(f"component.{domain}.exceptions.{err.translation_key}.message")
    if text is None:
        return str(err)
    named = err.placeholders_in(language) if isinstance(err, Refusal) else err.translation_placeholders
    return text.format(**(named or {}))
