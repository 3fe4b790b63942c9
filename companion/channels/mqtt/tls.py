"""TLS for a library that connects by itself: it is given an address, and the certificate must be that of the name."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from tempfile import NamedTemporaryFile
from typing import Any, Self, override

HANDSHAKE_S = 5.0


class TlsOfName(ssl.SSLContext):
    """A client's context that asks every server for the certificate of one name, whatever address was connected to."""

    name: str

    @classmethod
    def of(cls, name: str, *, ca: str | None) -> Self:
        """Return a context as `ssl.create_default_context` makes them, for `name`."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.name = name
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
        if ca is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(cadata=ca)
        return context

    def present(self, certificate: str, key: str) -> None:
        """Show this certificate to servers that ask for one. Raises ValueError if the two do not belong together."""
        with _as_file(f"{certificate}\n{key}") as path:
            try:
                # A password is never asked for at a terminal: an encrypted key is told as one that cannot be used.
                self.load_cert_chain(path, password=lambda: b"")
            except OSError as err:
                raise ValueError(
                    "client_certificate and client_key must belong together, both in PEM form, the key without a password"
                ) from err

    @override
    def wrap_socket(self, sock: socket, *args: Any, **how: Any) -> ssl.SSLSocket:
        # paho would wait for the handshake as long as for a keep-alive: here it is over, one way or the other.
        sock.settimeout(HANDSHAKE_S)
        return super().wrap_socket(
            sock, *args, **how | {"server_hostname": self.name, "do_handshake_on_connect": True}
        )


@contextmanager
def _as_file(text: str) -> Iterator[str]:
    """Yield a path to read `text` from: in memory where the system can, for OpenSSL reads keys from files only."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("key"), "wb") as file:
            file.write(text.encode())
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
    else:
        with NamedTemporaryFile() as named:
            named.write(text.encode())
            named.flush()
            yield named.name
