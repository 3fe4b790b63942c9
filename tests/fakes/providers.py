"""The stand-ins as one process, for the demo and the end-to-end tests: `python -m tests.fakes.providers`."""

import argparse
import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from datetime import timedelta

from tests.fakes.server import FakeServer
from tests.fakes.signal import FakeSignal
from tests.fakes.sms import FakeSms
from tests.fakes.zammad import FakeZammad


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Return which stand-ins to run and where; a port of 0 is a free one."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.providers", description=__doc__)
    parser.add_argument("--zammad-port", type=int)
    parser.add_argument("--zammad-token", default="zammad-token")
    parser.add_argument(
        "--zammad-index-lag", type=float, default=1.0, help="seconds until a search finds a ticket"
    )
    parser.add_argument("--signal-port", type=int)
    parser.add_argument("--signal-number", default="+4930123456")
    parser.add_argument("--sms-port", type=int)
    parser.add_argument("--sms-token", default="sms-token")
    return parser.parse_args(arguments)


async def run(options: argparse.Namespace) -> None:
    """Serve until a signal asks to stop; one line says where each listens, `ready` that all do."""
    servers: dict[str, FakeServer] = {}
    if options.zammad_port is not None:
        servers["zammad"] = FakeZammad(
            port=options.zammad_port,
            token=options.zammad_token,
            index_lag=timedelta(seconds=options.zammad_index_lag),
        )
    if options.signal_port is not None:
        servers["signal"] = FakeSignal(port=options.signal_port, number=options.signal_number)
    if options.sms_port is not None:
        servers["sms"] = FakeSms(port=options.sms_port, token=options.sms_token)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        for name, server in servers.items():
            await stack.enter_async_context(server)
            sys.stdout.write(f"{name} {server.url}\n")
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(run(parsed(sys.argv[1:])))
