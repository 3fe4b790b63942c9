"""Home Assistant finds the companion on the network."""

import logging
from typing import Any

import pytest
from zeroconf import Zeroconf
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from companion.link.announce import SERVICE_TYPE, announced

INSTANCE = "0197a000-0000-7000-8000-000000000012"
NAME = f"Alarm Broker 00000012.{SERVICE_TYPE}"

OWN_INIT = Zeroconf.__init__
"""Kept while the tests are collected, before any Home Assistant has run in this process."""


@pytest.fixture(autouse=True)
def _own_zeroconf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a process of its own: a Home Assistant that ran here before has put its one instance in place of all."""

    def new(cls: type[Zeroconf], *_: Any, **__: Any) -> Zeroconf:
        return object.__new__(cls)

    monkeypatch.setattr(Zeroconf, "__new__", new)
    monkeypatch.setattr(Zeroconf, "__init__", OWN_INIT)


@pytest.fixture
def expected_lingering_timers() -> bool:
    """zeroconf does not take back the timer (below a second) of an answer that it had queued when it was closed."""
    return True


async def found(timeout_ms: float) -> AsyncServiceInfo | None:
    """Ask the loopback network as Home Assistant asks the house's."""
    zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"])
    try:
        info = AsyncServiceInfo(SERVICE_TYPE, NAME)
        return info if await info.async_request(zeroconf.zeroconf, timeout_ms) else None
    finally:
        await zeroconf.async_close()


async def test_the_service_is_found_with_all_that_a_config_flow_needs() -> None:
    async with announced(
        instance_id=INSTANCE, version="0.1.0", name="companion", host="127.0.0.1", port=8440
    ) as worked:
        info = await found(3000)

    assert worked
    assert info is not None
    assert (info.port, info.parsed_addresses()) == (8440, ["127.0.0.1"])
    assert info.decoded_properties == {
        "id": INSTANCE,
        "version": "0.1.0",
        "name": "companion",
        "path": "/",
    }


async def test_a_service_that_has_stopped_is_not_found() -> None:
    async with announced(
        instance_id=INSTANCE, version="0.1.0", name="companion", host="127.0.0.1", port=8440
    ):
        pass

    assert await found(300) is None


@pytest.mark.parametrize(
    "error",
    [OSError(19, "No such device"), RuntimeError("No interfaces to listen on")],
    ids=["no multicast", "no network yet"],
)
async def test_what_cannot_be_announced_is_logged_and_the_service_goes_on(
    error: Exception, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_multicast(**_: object) -> AsyncZeroconf:
        raise error

    monkeypatch.setattr("companion.link.announce.AsyncZeroconf", no_multicast)

    with caplog.at_level(logging.WARNING, logger="companion.link.announce"):
        async with announced(
            instance_id=INSTANCE, version="0.1.0", name="companion", host="127.0.0.1", port=8440
        ) as worked:
            pass

    assert not worked
    assert str(error.args[-1]) in caplog.text
