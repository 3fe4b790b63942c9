"""Immutable values that are cheap to make: an alarm goes through a dozen of them before anybody sees it."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, dataclass_transform


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def value[T](cls: type[T]) -> type[T]:
    """Make a dataclass that nothing may assign to, held by the type checker instead of at run time.

    `frozen=True` assigns each field through `object.__setattr__`, and `dataclasses.replace` goes through all fields in
    a loop: that is several times slower than these. Copy with `copy.replace`.
    """
    made = dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)
    vars(type)["__setattr__"](made, "__replace__", _replace_for(made))
    return made


def _replace_for(cls: Any) -> Callable[..., Any]:
    """Return a copying method written out for the fields of a class."""
    copies = "".join(f"    new.{one.name} = self.{one.name}\n" for one in fields(cls))
    source = f"""
def __replace__(self, /, **changes):
    new = make(cls)
{copies}
    for name, changed in changes.items():
        setattr(new, name, changed)
    return new
"""
    scope: dict[str, Any] = {"make": object.__new__, "cls": cls}
    exec(source, scope)  # noqa: S102 - written from field names, as dataclasses itself does it
    method: Callable[..., Any] = scope["__replace__"]
    return method
