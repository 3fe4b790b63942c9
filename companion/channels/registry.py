"""Which kinds of channel there are, and how one is built from its settings. A kind is imported when it is first needed.

What is wrong with the package of a kind is a fault of this kind alone: it is found once, said once in the log, and
from then on whoever needs the kind hears of it as `KindUnavailable`, until the service is started again.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from pkgutil import resolve_name
from traceback import extract_tb
from types import ModuleType
from typing import Any, Final, get_args

from pydantic import SecretStr, ValidationError

from companion.channels.addresses import is_forbidden_url
from companion.channels.base import AddressInvalid, Channel
from companion.channels.kind import ChannelKind, ChannelSettings, Mistake
from companion.extensions import Offer, offers
from companion.texts.reasons import Reason

_LOGGER = logging.getLogger(__name__)

ERROR_LIMIT: Final = 300
"""Characters of a package's own words."""


class ChannelConfigError(ValueError):
    """Settings that no channel can be built from; the text names each field, never a value."""


class KindUnavailable(ChannelConfigError):
    """No channel of this kind can run here, until a package is installed or mended and the service started again."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def kind_names() -> tuple[str, ...]:
    """Return the kinds that installed packages offer, usable or not; none of them is imported for it."""
    return tuple(sorted(offers().usable))


def kind_named(name: str) -> ChannelKind:
    """Return the kind. Raises KindUnavailable."""
    return _raised(_kind(name))


def find_kind(name: str) -> ChannelKind | None:
    """Return the kind, or None if no channel of it can run here."""
    found = _kind(name)
    return None if isinstance(found, Reason) else found


def kind_or_stand_in(name: str) -> ChannelKind:
    """Return the kind; for one that is not available what nearly all are: messages to people, who hear how it went on."""
    return find_kind(name) or ChannelKind(name=name, title=name, summary="", settings="", sender="")


def settings_of(name: str) -> type[ChannelSettings]:
    """Return the model of the kind's settings. Raises KindUnavailable."""
    return _raised(_settings(name))


def load_every_kind() -> None:
    """Import everything that is offered, for a process that may not read where it is later on."""
    for name in kind_names():
        _settings(name)
        _sender(name)


def build_channel(name: str, config: Mapping[str, Any]) -> Channel:
    """Return a channel with these settings; it connects at its first message.

    It imports what the kind needs: not for the event loop. Raises ChannelConfigError; KindUnavailable.
    """
    settings = validated(name, config)
    sender = _raised(_sender(name))
    with _blaming(name):
        built = sender(settings)
    if not all(callable(getattr(built, method, None)) for method in ("send", "check", "close")):
        raise KindUnavailable(_misfit(offers().usable[name], kind_named(name).sender))
    return built


def mistakes(name: str, settings: ChannelSettings) -> Iterable[Mistake]:
    """Return what must be corrected before validated settings are stored. It may take a second: not for the event loop.

    Raises KindUnavailable.
    """
    with _blaming(name):
        return list(settings.mistakes())


def formed_address(name: str, address: str, country: str | None) -> str:
    """Return the address in the form that the kind's provider needs. Raises AddressInvalid; KindUnavailable."""
    model = settings_of(name)
    with _blaming(name):
        return model.formed_address(address, country)


def own_addresses(name: str, config: Mapping[str, Any]) -> Iterable[str]:
    """Return what a channel with these settings, without secrets and perhaps wrong, sends from. Raises KindUnavailable."""
    model = settings_of(name)
    with _blaming(name):
        return list(model.own_addresses(config))


def validated(name: str, config: Mapping[str, Any]) -> ChannelSettings:
    """Return the settings as the kind's model. Raises ChannelConfigError with one line a problem; KindUnavailable."""
    model = settings_of(name)
    try:
        with _blaming(name):
            settings = model.model_validate(dict(config))
    except ValidationError as err:
        problems = err.errors(include_url=False, include_input=False, include_context=False)
        lines = [f"{'.'.join(str(part) for part in one['loc']) or name}: {one['msg']}" for one in problems]
        # Not chained: the original error can show what was put in.
        raise ChannelConfigError("; ".join(lines)) from None
    if is_forbidden_url(_url_of(settings)):
        raise ChannelConfigError("url: no channel may call this address")
    return settings


def _url_of(settings: ChannelSettings) -> str:
    url = getattr(settings, "url", "")
    return url.get_secret_value() if isinstance(url, SecretStr) else str(url)


def secret_fields(name: str) -> frozenset[str]:
    """Return the settings that are stored encrypted and never shown. Raises KindUnavailable."""
    fields = settings_of(name).model_fields
    return frozenset(field for field, one in fields.items() if holds_secret(one.annotation))


def holds_secret(annotation: Any) -> bool:
    """Return whether a type is or contains a secret text."""
    return annotation is SecretStr or any(holds_secret(part) for part in get_args(annotation))


# --- what is wrong with kinds ---------------------------------------------------------------------------


def oddities_of_packages() -> Iterator[Reason]:
    """Yield what an operator should know of the packages that offer kinds; none of them is imported for it."""
    found = offers()
    if found.undeclared:
        yield Reason("kinds_undeclared", kinds=list(found.undeclared))
    yield from (Reason("kind_is_built_in", kind=one.kind, package=one.package) for one in found.built_in)
    yield from (Reason("kind_misnamed", kind=one.kind, package=one.package) for one in found.misnamed)
    yield from (_clash(kind, several) for kind, several in found.clashing.items())


def known_fault(name: str) -> Reason | None:
    """Return why no channel of this kind can run here, as far as it is known: nothing is imported to find out."""
    return _FAULTS.get(name) if name in offers().usable else _absent(name)


_FAULTS: Final[dict[str, Reason]] = {}


def forget() -> None:
    """Look again at what is installed."""
    for found in (offers, _kind, _settings, _sender):
        found.cache_clear()
    _FAULTS.clear()


def _raised[T](found: T | Reason) -> T:
    if isinstance(found, Reason):
        raise KindUnavailable(found)
    return found


def _absent(name: str) -> Reason:
    clashing = offers().clashing.get(name)
    return _clash(name, clashing) if clashing else Reason("kind_unknown", kind=name, known=list(kind_names()))


def _clash(kind: str, several: Iterable[Offer]) -> Reason:
    return Reason("kind_clashes", kind=kind, packages=sorted({one.package for one in several}))


@contextmanager
def _blaming(name: str) -> Iterator[None]:
    """Turn what a package must not raise into a fault of its kind; where, but not its words, which may hold a secret."""
    try:
        yield
    except ValidationError, ChannelConfigError, AddressInvalid:
        raise
    except Exception as err:  # noqa: BLE001 # whatever somebody else's package does
        offer, place = offers().usable[name], extract_tb(err.__traceback__)[-1]
        error = f"{type(err).__name__} in {Path(place.filename).name}, line {place.lineno}"
        reason = Reason("kind_fails", kind=name, package=offer.package, error=error)
        raise KindUnavailable(reason) from None


def _misfit(offer: Offer, value: str) -> Reason:
    return Reason("kind_does_not_fit", kind=offer.kind, package=offer.package, value=value)


# --- loading --------------------------------------------------------------------------------------------


@lru_cache(256)
def _kind(name: str) -> ChannelKind | Reason:
    def fitting(found: object) -> ChannelKind | None:
        kind = getattr(found, "KIND", None) if isinstance(found, ModuleType) else found
        return kind if isinstance(kind, ChannelKind) and kind.name == name else None

    offer = offers().usable.get(name)
    return _absent(name) if offer is None else _loaded(offer, offer.value, fitting)


@lru_cache(256)
def _settings(name: str) -> type[ChannelSettings] | Reason:
    def fitting(found: object) -> type[ChannelSettings] | None:
        return found if isinstance(found, type) and issubclass(found, ChannelSettings) else None

    kind = _kind(name)
    return kind if isinstance(kind, Reason) else _loaded(offers().usable[name], kind.settings, fitting)


@lru_cache(256)
def _sender(name: str) -> Callable[[ChannelSettings], Channel] | Reason:
    def fitting(found: object) -> Callable[[ChannelSettings], Channel] | None:
        return found if callable(found) else None

    kind = _kind(name)
    return kind if isinstance(kind, Reason) else _loaded(offers().usable[name], kind.sender, fitting)


def _loaded[T](offer: Offer, value: str, fitting: Callable[[object], T | None]) -> T | Reason:
    """Return what stands at `value` if it is `fitting`, else the fault, which is said in the log and kept."""
    try:
        found = fitting(resolve_name(value))
        fault = _misfit(offer, value)
    except (Exception, SystemExit) as err:  # noqa: BLE001 # whatever somebody else's package does while it is imported
        found = None
        error = f"{type(err).__name__}: {err}"[:ERROR_LIMIT]
        fault = Reason("kind_fails", kind=offer.kind, package=offer.package, error=error)
    if found is not None:
        return found
    _FAULTS[offer.kind] = fault
    _LOGGER.error("%s", fault)
    return fault
