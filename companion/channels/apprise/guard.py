"""What code of others may do in the worker's process: talk to addresses that a channel may call, and start nothing.

An audit hook sees every connection where Python makes it, whatever library asked for it, and cannot be taken out again. It
sees the very address that is about to be called: a name that leads elsewhere the second time, or a redirect, gains nothing.
"""

import resource
import signal
import socket
import sys
from ipaddress import ip_address
from typing import Any

from companion.channels.addresses import ForbiddenAddressError, is_forbidden

MEMORY = 512 * 1024 * 1024
"""Bytes: an answer without an end ends the process, not the host."""
LONGEST_S = 60
"""Where nobody is left who ends this process, it ends by itself."""
CALLS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
PROGRAMS = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn"}
)


class Guard:
    """Whether anything was held back."""

    def __init__(self) -> None:
        self.held_back = False

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """Raise ForbiddenAddressError or PermissionError for what must not be done."""
        if event in PROGRAMS:
            raise PermissionError("no channel may start a program")
        if event in CALLS and not is_allowed(*args):
            self.held_back = True
            raise ForbiddenAddressError


def is_allowed(used: socket.socket, address: Any) -> bool:
    """Return whether a socket may talk to an address. A name is none: nobody has looked where it leads."""
    if address is None:  # to where it is connected, which was asked before
        return True
    if used.family not in {socket.AF_INET, socket.AF_INET6} or not isinstance(address, tuple):
        return False
    try:
        return not is_forbidden(ip_address(address[0]))
    except ValueError:
        return False


def guarded() -> Guard:
    """Guard this process from now on."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(LONGEST_S)
    guard = Guard()
    sys.addaudithook(guard)
    return guard
