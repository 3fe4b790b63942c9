"""The disk below Home Assistant's storage, where its own test harness stands between as well."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from homeassistant.helpers.storage import Store

type Write = Callable[[Store[Any], dict[str, Any]], Awaitable[None]]


@contextmanager
def written_by(instead: Callable[[Write, Store[Any], dict[str, Any]], Awaitable[None]]) -> Iterator[None]:
    """Let every store be written by `instead`, which is told what really writes one."""
    really: Write = Store._async_write_data  # noqa: SLF001 # there is no other place where all of them pass

    async def write(store: Store[Any], data: dict[str, Any]) -> None:
        await instead(really, store, data)

    with patch.object(Store, "_async_write_data", write):
        yield
