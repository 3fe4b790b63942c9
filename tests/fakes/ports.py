"""Ports for servers of the tests: free ones that nobody else on the machine is handed meanwhile."""

import secrets
import socket
from pathlib import Path

# From this range the kernel takes the near ends of outgoing connections (ip(7), ip_local_port_range).
# A port of it that is free now may be somebody's connection by the time a process has started.
_OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_000


def free_port() -> int:
    """Return a port of the loopback interface on which nobody listens, below those of outgoing connections."""
    highest = int(_OUTGOING.read_text().split()[0]) if _OUTGOING.exists() else 0
    while True:
        # Not `random`: Hypothesis seeds it, the same in every worker. Where there is no room below, any free one.
        port = _LOWEST + secrets.randbelow(highest - _LOWEST) if highest > _LOWEST else 0
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
