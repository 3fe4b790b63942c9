"""The service's own certificate, read again when its files change: who renews it replaces them and restarts nobody."""

import asyncio
import logging
import os
import ssl
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

_LOGGER = logging.getLogger(__name__)

LOOK_S: Final = 60.0
SOON: Final = timedelta(days=14)
"""How long before its end a certificate is late; of one that lives shortly, a quarter of its life."""


class Certificate:
    """A certificate with its key, in use."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Read both; raises OSError or ValueError."""
        self._files = (certificate, key)
        self.context = _context()
        self._seen = self._stamp()
        self._read()

    def _read(self) -> None:
        from cryptography import x509  # 2 MB that nobody needs who has no certificate here

        found = x509.load_pem_x509_certificate(self._files[0].read_bytes())
        # First elsewhere: of a pair that does not fit (the second file is not written yet) nothing may stay in use.
        _context().load_cert_chain(*self._files)
        self.context.load_cert_chain(*self._files)
        self.ends_at = found.not_valid_after_utc
        self.late_at = self.ends_at - min(SOON, (self.ends_at - found.not_valid_before_utc) / 4)

    def _stamp(self) -> list[tuple[int, int]]:
        return [(found.st_mtime_ns, found.st_ino) for found in map(os.stat, self._files)]

    def renew(self) -> bool:
        """Use the files if they have changed; return whether they have. Raises OSError or ValueError, once a change."""
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        self._read()
        return True

    async def follow(self) -> None:
        """Look for changed files until cancelled. One that cannot be used leaves the old one in use."""
        is_lost = False
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                renewed = self.renew()
            except (OSError, ValueError) as err:
                if not is_lost:
                    _LOGGER.warning("The new certificate cannot be used, the old one stays: %s", err)
                is_lost = True
            else:
                is_lost = is_lost and not renewed
                if renewed:
                    _LOGGER.info(
                        "A new certificate is in use, until %s", f"{self.ends_at:%Y-%m-%d %H:%M} UTC"
                    )

    def is_late(self, now: datetime) -> bool:
        """Return whether it should have been renewed by now."""
        return now >= self.late_at

    def is_over(self, now: datetime) -> bool:
        """Return whether nobody trusts it any more."""
        return now >= self.ends_at


def _context() -> ssl.SSLContext:
    return ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
