"""The form of the document that says who and what there is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Self, override
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SecretStr,
    StringConstraints,
    model_validator,
)

from companion.channels.base import MessageKind
from companion.channels.phone_numbers import is_country
from companion.directory.model import DeviceKind, DirectoryPolicy
from companion.directory.state import Key, State
from companion.texts.language import LANGUAGE_PATTERN, LANGUAGES


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as err:  # an unknown one, a path out of the folder, a folder
        raise ValueError("is not a time zone; write it like Europe/Berlin") from err
    return name


def _known_country(code: str) -> str:
    if not is_country(code):
        raise ValueError("is not a country; write it like DE (the United Kingdom is GB)")
    return code


def _known_language(tag: str) -> str:
    if not re.fullmatch(LANGUAGE_PATTERN, tag):
        raise ValueError(
            f"is no language that messages are written in: {', '.join(LANGUAGES[:-1])} or {LANGUAGES[-1]}, or like de-AT"
        )
    return tag


type Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
type Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), AfterValidator(_known_country)]
"""ISO 3166-1 alpha-2, such as DE: of phone numbers without a country code."""
type Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class RoomSeed(_Part):
    """Where in a site something hangs or stands."""

    id: Id
    name: Name


class SiteSeed(_Part):
    """A home or an office."""

    id: Id
    name: Name
    timezone: Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]
    country: Country | None = None
    """Instead of the installation's."""
    policy: Id | None = None
    vacation_policy: Id | None = None
    """Instead, while the house is in its vacation window."""
    rooms: tuple[RoomSeed, ...] = ()


class ContactSeed(_Part):
    """A person's address on a channel; the first in the list is tried first."""

    channel: Id
    address: Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)] = ""


class PersonSeed(_Part):
    """Somebody who can be told."""

    id: Id
    name: Name
    language: Annotated[str, AfterValidator(_known_language)] = "en"
    site: Id | None = None
    """None: all sites share them."""
    contacts: tuple[ContactSeed, ...] = ()


class ChannelSeed(_Part):
    """A configured way to tell people."""

    id: Id
    kind: str
    name: Name
    site: Id | None = None
    """None: all sites share it."""
    config: dict[str, JsonValue] = Field(default={}, repr=False)
    enabled: bool = True
    concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    timeout_s: Annotated[float, Field(ge=1, le=120)] = 15


class DeviceSeed(_Part):
    """A thing with a token that raises alarms."""

    id: Id
    kind: DeviceKind
    name: Name
    token: SecretStr
    site: Id | None = None
    room: Id | None = None
    person: Id | None = None
    policy: Id | None = None
    test: bool = False
    enabled: bool = True


class TextSeed(_Part):
    """What one kind of message says, instead of our words: templates."""

    id: Id
    kind: MessageKind
    language: Annotated[str, AfterValidator(_known_language)] | None = None
    """None: any."""
    site: Id | None = None
    """None: alarms of all sites."""
    channel: Id | None = None
    """None: over any channel."""
    title: str | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.title is None and self.text is None:
            raise ValueError("has neither `title` nor `text`: write one of them")
        return self


class InstallationSeed(_Part):
    """What holds for every site."""

    last_resort: Id | None = None
    """The policy of alarms that have no other."""
    operators: Annotated[tuple[Id, ...], Field(max_length=20)] = ()
    """People who are told when something is wrong with the service itself."""
    country: Country | None = None


SECTIONS: Mapping[str, type[BaseModel]] = {
    "policies": DirectoryPolicy,
    "sites": SiteSeed,
    "channels": ChannelSeed,
    "people": PersonSeed,
    "devices": DeviceSeed,
    "texts": TextSeed,
    "installation": InstallationSeed,
}
"""Each is a list of these, but `installation`, which is one."""


@dataclass(frozen=True)
class Problem:
    """One mistake: where it is, and what to do."""

    path: str
    message: str

    @override
    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class DocumentInvalid(Exception):
    """The document cannot be applied; `problems` holds every mistake that was found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Document:
    """What a document says, in the shape of the tables."""

    sections: frozenset[str]
    """Those it has: of these it is the whole truth; the others it leaves alone."""
    state: State = field(repr=False)
    paths: Mapping[Key, str]
    """Where in the document each thing stands."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with single parts; the rest of the document is here all the same, to be checked too."""
