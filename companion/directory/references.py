"""Secrets that a document only points at: `${env:NAME}` and `${file:PATH}`, resolved when it is read."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

REFERENCE = re.compile(r"\$\{(?P<kind>env|file):(?P<name>[^{}]*)\}")
ATTEMPTED = re.compile(r"\$\{[^}]*\}?")
MAX_FILE_BYTES = 16_384
OWN_SETTINGS = ("ALARM_BROKER_", "DATABASE_URL")
"""Variables that hold the service's own secrets: a document must not carry those to a provider."""


class ReferenceUnresolved(Exception):
    """A reference leads nowhere; the message names it and what to do, never a value."""


@dataclass(frozen=True)
class References:
    """Where references may lead."""

    allowed: tuple[str, ...] | None = None
    """Patterns of what may be named, `env:NAME` or `file:PATH`, `*` for anything; None: all, for whoever has a shell
    on this host anyway."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def resolve(self, text: str) -> str:
        """Return `text` with every reference replaced; raises ReferenceUnresolved."""
        for attempt in ATTEMPTED.finditer(text):
            if REFERENCE.fullmatch(attempt.group()) is None:
                raise ReferenceUnresolved("a reference is written ${env:NAME} or ${file:PATH}")
        # What was put in is not looked at again: a secret may hold `${` itself.
        return REFERENCE.sub(self._value, text)

    def _value(self, reference: re.Match[str]) -> str:
        name = reference["name"].strip()
        return self._variable(name) if reference["kind"] == "env" else self._file(name)

    def _variable(self, name: str) -> str:
        if name.startswith(OWN_SETTINGS):
            raise ReferenceUnresolved(f"${{env:{name}}} is a setting of the service itself and stays there")
        self._check(f"env:{name}")
        value = self.environ.get(name)
        if not value:
            raise ReferenceUnresolved(f"the environment variable {name} is not set: set it where this runs")
        return value

    def _check(self, reference: str) -> None:
        if self.allowed is not None and not any(fnmatchcase(reference, one) for one in self.allowed):
            raise ReferenceUnresolved(
                f"${{{reference}}} is not allowed here: use `alarm-broker apply`, write the value itself, or name it in "
                "ALARM_BROKER_HTTP_REFERENCES where the service runs"
            )

    def _file(self, name: str) -> str:
        path = Path(name)
        if not path.is_absolute():
            raise ReferenceUnresolved(f"${{file:{name}}} needs an absolute path")
        path = path.resolve()  # also what a link points at must be below a root
        self._check(f"file:{path}")
        try:
            with path.open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
            value = content.decode().strip()
        except (OSError, UnicodeDecodeError) as err:
            reason = err.strerror if isinstance(err, OSError) else "it is not text"
            raise ReferenceUnresolved(f"the file {name} cannot be read: {reason}") from err
        if not value or len(content) > MAX_FILE_BYTES:
            raise ReferenceUnresolved(f"the file {name} must hold the secret and nothing else")
        return value
