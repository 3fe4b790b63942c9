"""The texts that kinds of channels bring along: `channels/<kind>/texts/<language>.py`, each with its `REASONS`. Pure."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec

from companion.texts.language import FALLBACK
from companion.texts.model import Texts

GROUP = "alarm_broker.channels"
"""Entry points of this group name a kind of channel, in a module `kind` beside its `texts`."""
_KIND = re.compile(r"[a-z][a-z0-9_]*")


def reason_texts(code: str, texts: Texts) -> Mapping[str, str]:
    """Return the texts among which that of a code is: a channel's own if it is named `<kind>.<what>`.

    A channel that does not speak the language speaks English.
    """
    kind, dot, _ = code.partition(".")
    if not dot or not _KIND.fullmatch(kind):
        return texts.reasons
    return _of_kind(kind, texts.tag) or _of_kind(kind, FALLBACK)


@cache
def _of_kind(kind: str, language: str) -> Mapping[str, str]:
    name = f"{_package_of(kind)}.texts"
    try:
        is_there = find_spec(f"{name}.{language}") is not None
    except ModuleNotFoundError:
        is_there = False
    if not is_there:
        return {}
    found: Mapping[str, str] = import_module(f"{name}.{language}").REASONS
    return {f"{kind}.{code}": text for code, text in found.items()}


def _package_of(kind: str) -> str:
    """Return the folder of a kind: one of ours, or that of the package which offers it."""
    offers = [one for one in entry_points(group=GROUP, name=kind) if one.module.endswith(".kind")]
    return offers[0].module.rpartition(".")[0] if offers else f"companion.channels.{kind}"
