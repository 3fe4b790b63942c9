"""Which packages offer kinds of channels: read from what is installed, without importing any of them. Pure."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from pkgutil import iter_modules

_LOGGER = logging.getLogger(__name__)

GROUP = "alarm_broker.channels"
"""Entry points of this group name a kind, and where its `ChannelKind` is: `signal = "companion.channels.signal:KIND"`."""
OURS = "companion.channels"
LONGEST_NAME = 32


@dataclass(frozen=True, order=True)
class Offer:
    """One kind that a package offers."""

    kind: str
    value: str
    """`package.module:name`, or a module alone, whose `KIND` it is."""
    package: str
    """What is installed, such as `acme-pager`."""

    @property
    def module(self) -> str:
        """Return the module; the texts of the kind are in its folder."""
        return self.value.partition(":")[0].strip()


@dataclass(frozen=True, kw_only=True)
class Offers:
    """All that is offered, and what cannot be taken of it."""

    usable: Mapping[str, Offer]
    clashing: Mapping[str, tuple[Offer, ...]]
    """Kinds that several packages offer: nobody can say which one is meant."""
    built_in: tuple[Offer, ...]
    """Those that have the name of one of ours, which is used."""
    misnamed: tuple[Offer, ...]
    undeclared: tuple[str, ...]
    """Ours that the installation does not name, as it is older than its code."""


@cache
def offers() -> Offers:
    """Return what is installed. It is read once: a package that is installed later is found by the next start."""
    folder = Path(__file__).parent / "channels"
    return sorted_out(_installed(), {one.name for one in iter_modules([str(folder)]) if one.ispkg})


def _installed() -> set[Offer]:
    """Return every offer; of a package that is installed twice those of the first, which is the one that is imported."""
    found: dict[str, set[Offer]] = {}
    for one in distributions():
        try:
            points = one.entry_points.select(group=GROUP)
            if points:
                found.setdefault(one.name, {Offer(point.name, point.value, one.name) for point in points})
        except Exception as err:  # noqa: BLE001 # what is installed besides must not keep the service from starting
            _LOGGER.warning("What an installed package offers cannot be read (%s)", type(err).__name__)
    return set().union(*found.values())


def sorted_out(found: Iterable[Offer], folders: Collection[str]) -> Offers:
    """Return which offers are used. Ours, whose names are `folders`, are always there and win."""
    of_ours = {one.kind: one for one in found if one.module == f"{OURS}.{one.kind}" and one.kind in folders}
    ours = {name: of_ours.get(name, Offer(name, f"{OURS}.{name}:KIND", "alarm-broker")) for name in folders}
    by_kind: dict[str, list[Offer]] = {}
    for one in sorted(set(found) - set(of_ours.values())):
        by_kind.setdefault(one.kind, []).append(one)
    named = {kind: several for kind, several in by_kind.items() if is_name(kind) and kind not in ours}
    return Offers(
        usable=ours | {kind: several[0] for kind, several in named.items() if len(several) == 1},
        clashing={kind: tuple(several) for kind, several in named.items() if len(several) > 1},
        built_in=tuple(one for kind, several in by_kind.items() if kind in ours for one in several),
        misnamed=tuple(one for kind, several in by_kind.items() if not is_name(kind) for one in several),
        undeclared=tuple(sorted(set(folders) - set(of_ours))),
    )


def is_name(kind: str) -> bool:
    """Return whether a kind may be called so: its name stands in reasons (`signal.captcha`) and in the directory."""
    return (
        kind.isascii()
        and kind.isidentifier()
        and kind == kind.lower()
        and not kind.startswith("_")
        and len(kind) <= LONGEST_NAME
    )
