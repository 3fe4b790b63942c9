"""The texts that kinds of channels bring along: `texts/<language>.py` in the kind's folder, each with its `REASONS`. Pure."""

import logging
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec

from companion.extensions import is_name, offers
from companion.texts.language import FALLBACK
from companion.texts.model import Texts

_LOGGER = logging.getLogger(__name__)


def reason_texts(code: str, texts: Texts) -> Mapping[str, str]:
    """Return the texts among which that of a code is: a channel's own if it is named `<kind>.<what>`.

    A channel that does not speak the language speaks English.
    """
    kind, dot, _ = code.partition(".")
    if not dot or not is_name(kind):
        return texts.reasons
    return texts_of_kind(kind, texts.tag) or texts_of_kind(kind, FALLBACK)


def forget() -> None:
    """Look again at what is installed."""
    texts_of_kind.cache_clear()


@lru_cache(maxsize=256)  # of any kind that a code names, also one that nobody offers
def texts_of_kind(kind: str, language: str) -> Mapping[str, str]:
    """Return what a kind of channels says in a language, by code; nothing when it does not speak it."""
    offer = offers().usable.get(kind)
    if offer is None:
        return {}
    name = f"{offer.module}.texts.{language}"
    try:
        found = dict(import_module(name).REASONS) if find_spec(name) is not None else {}
    except ModuleNotFoundError:
        return {}
    except (
        Exception,
        SystemExit,
    ):  # whatever somebody else's package does: without its words there is still the code
        _LOGGER.exception("The texts of channel kind %s cannot be read", kind)
        return {}
    return {f"{kind}.{code}": str(text) for code, text in found.items()}
