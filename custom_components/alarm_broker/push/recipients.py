"""Who is told by push: the people who live here with their phones and rights, and targets that are nobody's."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, split_entity_id
from homeassistant.util import slugify

from ..const import SUBENTRY_PERSON
from ..core.stored import texts
from ..system.unreadable_parts import UnreadableParts
from .config import PushConfig

MOBILE_APP = "mobile_app"
ANDROID = "android"


class PushDisarm(StrEnum):
    """Whether somebody may disarm from a notification."""

    NO = "no"
    CODE = "code"
    """With the code as a text reply."""
    PHONE = "phone"
    """Without a code, on the unlocked phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One notify target, and whose it is."""

    target: str
    """`notify.mobile_app_…`, another notify service, or a notify entity."""
    name: str
    language: str | None = None
    """None is what Home Assistant speaks."""
    disarm: PushDisarm = PushDisarm.CODE
    person: str | None = None
    """The person entity that it belongs to."""

    @property
    def is_phone(self) -> bool:
        """Return whether it is an app of Home Assistant, which knows tags, buttons and clearing."""
        domain, name = split_entity_id(self.target)
        return domain == Platform.NOTIFY and name.startswith(f"{MOBILE_APP}_")


def recipients_from_entry(
    entry: ConfigEntry[Any], config: PushConfig, unreadable: UnreadableParts
) -> tuple[Recipient, ...]:
    """Return everybody who is told, each target once; a person's own word about a target comes first."""
    found: dict[str, Recipient] = {}
    persons = (one for one in entry.subentries.values() if one.subentry_type == SUBENTRY_PERSON)
    for one in _of_persons(unreadable.readable(persons, lambda person: texts(person.data.get("notify", ())))):
        found.setdefault(one.target, one)
    for target in config.notify_targets:
        found.setdefault(target, Recipient(target=target, name=target))
    return tuple(found.values())


def _of_persons(persons: Iterable[ConfigSubentry]) -> Iterator[Recipient]:
    for subentry in persons:
        data = subentry.data
        for target in data.get("notify", ()):
            yield Recipient(
                target=target,
                name=subentry.title,
                language=data.get("language") or None,
                disarm=_disarm(data.get("push_disarm", PushDisarm.CODE)),
                person=data.get("person"),
            )


def _disarm(stored: str) -> PushDisarm:
    """Return how somebody may disarm by phone: not at all where that is said in words of another version."""
    return PushDisarm(stored) if stored in list(PushDisarm) else PushDisarm.NO


def users_of(hass: HomeAssistant, recipient: Recipient) -> frozenset[str]:
    """Return the Home Assistant users whose press on this target counts: the phone's and the person's; maybe none."""
    found = {str(phone.data["user_id"]) for phone in _phones(hass, recipient) if phone.data.get("user_id")}
    if len(found) > 1:
        # Any user may register a phone of any name, and the newest of a name gets what is sent to it.
        found.clear()
    person = hass.states.get(recipient.person) if recipient.person else None
    if recipient.is_phone and person is not None and person.attributes.get("user_id"):
        found.add(str(person.attributes["user_id"]))
    return frozenset(found)


def is_android(hass: HomeAssistant, recipient: Recipient) -> bool:
    """Return whether the target is the app on Android.

    Only that one says that a notification has arrived, and it dials by another address than Apple's.
    """
    return any(str(phone.data.get("os_name", "")).casefold() == ANDROID for phone in _phones(hass, recipient))


def _phones(hass: HomeAssistant, recipient: Recipient) -> list[ConfigEntry[Any]]:
    """Return the phones that the target's name may mean: Home Assistant knows them by that alone."""
    if not recipient.is_phone:
        return []
    wanted = split_entity_id(recipient.target)[1].removeprefix(f"{MOBILE_APP}_")
    return [
        entry
        for entry in hass.config_entries.async_entries(MOBILE_APP)
        if slugify(str(entry.data.get("device_name", ""))) == wanted
    ]
