"""Which languages there are, and which one somebody reads. Pure."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from . import languages
from .model import Texts

FALLBACK: Final = "en"
"""Whoever reads none of ours gets this one."""


def _all() -> dict[str, Texts]:
    names = sorted((one.name for one in iter_modules(languages.__path__)), key=lambda name: name != FALLBACK)
    return {name: import_module(f"{languages.__name__}.{name}").TEXTS for name in names}


LANGUAGES: Final[Mapping[str, Texts]] = _all()
"""By their tags, English first."""


def texts_for(tag: str) -> Texts:
    """Return the texts of a language tag such as `de-AT`; English for what is not translated."""
    return LANGUAGES.get(tag.lower().replace("_", "-").split("-")[0], LANGUAGES[FALLBACK])
