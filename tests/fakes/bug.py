"""A fault in our own code."""

from typing import Any


def a_bug(*_args: Any, **_kwargs: Any) -> Any:
    """Fail as code does that nobody has tried: in the place of a function of ours."""
    raise RuntimeError("a bug")
