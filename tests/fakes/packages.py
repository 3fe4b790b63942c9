"""Packages of others, as an installer leaves them: a folder of code, and beside it what the package offers."""

import sys
from collections.abc import Mapping
from pathlib import Path

from companion.channels import registry
from companion.extensions import GROUP
from companion.texts import catalogues


def write_package(folder: Path, name: str, files: Mapping[str, str], kinds: Mapping[str, str]) -> None:
    """Put a package into a folder of `sys.path`: its files by their paths, and where the kinds are that it offers."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    about = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n")
    lines = "".join(f"{kind} = {value}\n" for kind, value in kinds.items())
    (about / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}")


class Packages:
    """What this test has installed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def install(self, name: str, files: Mapping[str, str], kinds: Mapping[str, str]) -> None:
        """Install a package; it is found as by a service that starts afterwards."""
        write_package(self._folder, name, files, kinds)
        look_again()

    def imported(self) -> set[str]:
        """Return which modules of them are imported."""
        return {
            name
            for name, module in list(sys.modules.items())
            for place in (getattr(module, "__file__", None), *getattr(module, "__path__", ()))
            if str(place).startswith(str(self._folder))
        }

    def uninstall(self) -> None:
        """Forget what was imported of them."""
        for name in self.imported():
            del sys.modules[name]
        look_again()


def look_again() -> None:
    """Let the next question be answered as by a service that has just started."""
    registry.forget()
    catalogues.forget()


KIND = """
from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="pager", title="Pager", summary="A pager.", settings="{package}.settings:Settings", sender="{package}.sender:Sender"
)
"""
SETTINGS = """
from pydantic import SecretStr

from companion.channels.kind import ChannelSettings


class Settings(ChannelSettings):
    key: SecretStr
"""
SENDER = """
from companion.channels.base import Sent


class Sender:
    def __init__(self, settings):
        self.settings = settings

    async def send(self, message):
        return Sent(provider_ref="1")

    async def check(self):
        return Sent(provider_ref=None)

    async def close(self):
        pass
"""


def pager(package: str = "acme_pager", **changed: str) -> dict[str, str]:
    """Return the files of a package that offers a kind `pager`, with some of them `changed` (by name without .py)."""
    files = {"__init__": KIND.format(package=package), "settings": SETTINGS, "sender": SENDER}
    return {f"{package}/{name}.py": text for name, text in (files | changed).items()}
