"""Let Home Assistant's own agent understand our sentences, without a file in anybody's configuration folder.

All sentences are one trigger: of several triggers that fit, each would act. Which sentence was said tells the intent.
"""

from typing import TYPE_CHECKING, cast

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import intent
from homeassistant.setup import async_when_setup

from ..const import DOMAIN
from .sentences import SENTENCES, SLOT_MODE

if TYPE_CHECKING:
    from hassil.expression import Sentence
    from hassil.recognize import RecognizeResult
    from homeassistant.components.conversation import ConversationInput


@callback
def async_setup_assist(hass: HomeAssistant) -> None:
    """Have the sentences understood once there is an agent, be it now or later."""
    async_when_setup(hass, "conversation", _async_listen)


async def _async_listen(hass: HomeAssistant, _component: str) -> None:
    # Late: it needs packages that a Home Assistant without Assist does not have.
    from homeassistant.components.conversation.agent_manager import get_agent_manager

    async def answer(said: ConversationInput, heard: RecognizeResult) -> str:
        return await _async_answer(hass, said, heard)

    get_agent_manager(hass).register_trigger(list(SENTENCES), answer)


async def _async_answer(hass: HomeAssistant, said: ConversationInput, heard: RecognizeResult) -> str:
    """Do what is meant, and return what is spoken."""
    meaning = SENTENCES[str(cast("Sentence", heard.intent_sentence).text)]
    slots = {name: {"value": entity.value} for name, entity in heard.entities.items()}
    if meaning.mode is not None:
        slots[SLOT_MODE] = {"value": meaning.mode.value}
    response = await intent.async_handle(
        hass,
        DOMAIN,
        meaning.intent_type,
        slots,
        text_input=said.text,
        context=said.context,
        language=said.language,
        device_id=said.device_id,
        satellite_id=said.satellite_id,
        conversation_agent_id=said.agent_id,
    )
    return str(response.speech["plain"]["speech"])
