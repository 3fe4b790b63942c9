"""Which languages there are, and which one somebody reads. Pure."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from companion.texts import languages
from companion.texts.model import Texts

FALLBACK: Final = "en"
"""Whoever reads none of ours, programs, and the log get this one."""


def _all() -> dict[str, Texts]:
    names = sorted((one.name for one in iter_modules(languages.__path__)), key=lambda name: name != FALLBACK)
    return {name: import_module(f"{languages.__name__}.{name}").TEXTS for name in names}


_TEXTS: Final = _all()

ENGLISH: Final = _TEXTS[FALLBACK]
LANGUAGES: Final = tuple(_TEXTS)
"""What people can be told in, English first."""
LANGUAGE_PATTERN: Final = rf"^({'|'.join(LANGUAGES)})(-[A-Z]{{2}})?$"


def primary(tag: str) -> str:
    """Return the language of a tag such as `de-AT`: `de`."""
    return tag.strip().lower().replace("_", "-").split("-")[0]


def texts_for(tag: str) -> Texts:
    """Return the texts of a language tag such as `de-AT`; English for what is not translated."""
    return _TEXTS.get(primary(tag), ENGLISH)


def preferred(accept_language: str) -> str:
    """Return the first of our languages in an Accept-Language header, else English.

    In the order it is written in: every browser writes the best one first.
    """
    known = (primary(part.partition(";")[0]) for part in accept_language.split(","))
    return next((language for language in known if language in _TEXTS), FALLBACK)
