"""From the YAML text to rows: every mistake in it is found at once and told with its place."""

import copy
import math
from collections.abc import Iterator
from typing import Annotated, Any, override

import yaml
from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from companion.channels.registry import ChannelConfigError, mistakes, secret_fields, validated
from companion.directory.model import DirectoryPolicy
from companion.directory.references import References, ReferenceUnresolved
from companion.directory.seed import (
    SECTIONS,
    ChannelSeed,
    DeviceSeed,
    Document,
    DocumentInvalid,
    Id,
    InstallationSeed,
    PersonSeed,
    Problem,
    SiteSeed,
    TextSeed,
)
from companion.directory.state import (
    CHANNEL,
    DEVICE,
    INSTALLATION,
    MESSAGE_TEXT,
    PERSON,
    POLICY,
    ROOM,
    SITE,
    Key,
    State,
)
from companion.ids import token_hash
from companion.wording.faults import faults
from companion.wording.own_texts import OwnText

MAX_BYTES = 512 * 1024
MAX_INTEGER = 2**63 - 1
KIND_OF = {
    "policies": POLICY,
    "sites": SITE,
    "channels": CHANNEL,
    "people": PERSON,
    "devices": DEVICE,
    "texts": MESSAGE_TEXT,
    "installation": INSTALLATION,
}

LEAD_NOWHERE = frozenset(
    {
        "after",
        "concurrency",
        "country",
        "enabled",
        "language",
        "name",
        "repeat",
        "repeat_after",
        "test",
        "timeout_s",
        "timezone",
    }
)
"""Fields that refer to nothing: without them it can still be said what else is wrong."""
STAND_INS = {"name": "?", "timezone": "UTC"}
"""For those of them that have to be there."""

type Loc = tuple[int | str, ...]
"""Where in a part something is: names of fields and numbers of entries, outermost first."""

_ID: TypeAdapter[str] = TypeAdapter(Id)
_TOKEN: TypeAdapter[str] = TypeAdapter(
    Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~-]{16,512}$")]
)
"""The unreserved characters of RFC 3986, section 2.3: what means itself in an address that somebody types into a phone."""


def read_document(text: str | bytes, references: References) -> Document:
    """Return the document with its secret references resolved. It reads files: not for the event loop.

    Raises DocumentInvalid if it is no document at all; mistakes in its parts are in `problems`.
    """
    return _Reader(references).read(_parsed(text))


# --- YAML -----------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML without what surprises: a key twice, or a few lines that unfold into gigabytes."""

    @override
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark: Any = self.peek_event().start_mark  # type: ignore[no-untyped-call] # the stubs leave it out
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not supported", problem_mark=mark)
        return super().compose_node(parent, index)

    @override
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # refused below, as no key of ours is a list
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value!r} stands here twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _parsed(text: str | bytes) -> dict[str, Any]:
    if len(text) > MAX_BYTES:
        raise DocumentInvalid([Problem("", f"The document is larger than {MAX_BYTES // 1024} KiB.")])
    try:
        content = yaml.load(text, _Loader)  # noqa: S506 # a SafeLoader, made stricter
    except yaml.MarkedYAMLError as err:
        where = f" in line {err.problem_mark.line + 1}" if err.problem_mark else ""
        raise DocumentInvalid([Problem("", f"This is not YAML{where}: {err.problem}.")]) from None
    except RecursionError:
        raise DocumentInvalid(
            [Problem("", "This is not YAML that people write: it is nested too deep.")]
        ) from None
    except yaml.YAMLError, ValueError:  # from the reader: bytes and characters that are no text
        raise DocumentInvalid(
            [Problem("", "This is not YAML: it holds characters that no text has.")]
        ) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise DocumentInvalid([Problem("", f"The document must have sections: {', '.join(SECTIONS)}.")])
    return content


# --- from the document to rows --------------------------------------------------------------------------


class _Reader:
    """Goes through a document once and collects rows, paths and problems."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._state = State.empty()
        self._paths: dict[Key, str] = {}
        self._problems: list[Problem] = []

    def read(self, content: dict[str, Any]) -> Document:
        for name in content:
            if name not in SECTIONS:
                self._problem(str(name), f"there is no such section, only {', '.join(SECTIONS)}")
        present = {name: items for name in SECTIONS if (items := content.get(name)) is not None}
        for name, items in present.items():
            if name == INSTALLATION:
                self._item(name, name, items)
                continue
            if not isinstance(items, list):
                self._problem(name, "must be a list: every entry begins with `- id: …`")
                continue
            for index, item in enumerate(items):
                self._item(name, f"{name}[{index}]", item)
        return Document(frozenset(present), self._state, self._paths, tuple(self._problems))

    def _problem(self, path: str, message: str) -> None:
        self._problems.append(Problem(path, message))

    def _item(self, section: str, path: str, item: Any) -> None:
        unfit = list(_unfit(item, path))
        self._problems += unfit
        if unfit:
            return
        if section in {"channels", "devices"} and isinstance(item, dict):
            resolved = "config" if section == "channels" else "token"
            if resolved in item:
                item = {**item, resolved: self._resolved(item[resolved], f"{path}.{resolved}")}
        try:
            part = SECTIONS[section].model_validate(item)
        except ValidationError as err:
            errors = _own_errors(item, err)
            for error in errors:
                self._problem(_joined(path, error["loc"]), _sentence(error["type"], error["msg"]))
            self._add_rest(section, path, item, errors)
            return
        self._add(part, path)

    def _add_rest(self, section: str, path: str, item: Any, errors: list[ErrorDetails]) -> None:
        """Look also at where a broken part leads, if what is wrong in it leads nowhere itself."""
        try:
            part = SECTIONS[section].model_validate(_without_values(item, [error["loc"] for error in errors]))
        except ValidationError:
            self._keep_id(section, path, item)
        else:
            self._add(part, path)

    def _keep_id(self, section: str, path: str, item: Any) -> None:
        """Remember that a broken part is there, so that whoever refers to it is not blamed."""
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            self._paths.setdefault((KIND_OF[section], item["id"]), path)

    def _resolved(self, value: Any, path: str) -> Any:
        match value:
            case str():
                try:
                    return self._references.resolve(value)
                except ReferenceUnresolved as err:
                    self._problem(path, str(err))
                    return value
            case dict():
                return {key: self._resolved(inner, f"{path}.{key}") for key, inner in value.items()}
            case list():
                return [self._resolved(inner, f"{path}[{index}]") for index, inner in enumerate(value)]
            case _:
                return value

    def _put(self, kind: str, row_id: str, path: str, row: dict[str, Any]) -> None:
        earlier = self._paths.setdefault((kind, row_id), path)
        if earlier != path:
            self._problem(
                f"{path}.id", f"{row_id!r} is used by {earlier} already: every {kind} needs its own"
            )
            return
        self._state[kind][row_id] = row

    def _add(self, part: BaseModel, path: str) -> None:
        match part:
            case DirectoryPolicy():
                try:
                    _ID.validate_python(part.id)
                except ValidationError as err:
                    self._problem(f"{path}.id", _sentence("string_pattern_mismatch", err.errors()[0]["msg"]))
                self._put(POLICY, part.id, path, {"name": part.name, "site_id": part.site, "body": part.body})
            case SiteSeed():
                site = {"name": part.name, "timezone": part.timezone, "country": part.country}
                policies = {"policy_id": part.policy, "vacation_policy_id": part.vacation_policy}
                self._put(SITE, part.id, path, site | policies)
                for index, room in enumerate(part.rooms):
                    row = {"name": room.name, "site_id": part.id}
                    self._put(ROOM, room.id, f"{path}.rooms[{index}]", row)
            case PersonSeed():
                contacts = [(contact.channel, contact.address) for contact in part.contacts]
                person = {"name": part.name, "language": part.language, "site_id": part.site}
                self._put(PERSON, part.id, path, {**person, "contacts": contacts})
            case ChannelSeed():
                self._add_channel(part, path)
            case DeviceSeed():
                self._add_device(part, path)
            case TextSeed():
                self._add_text(part, path)
            case InstallationSeed():
                everywhere = part.model_dump(mode="json", exclude={"last_resort"})
                self._put(
                    INSTALLATION, INSTALLATION, path, {**everywhere, "last_resort_id": part.last_resort}
                )

    def _add_channel(self, part: ChannelSeed, path: str) -> None:
        secret: frozenset[str] = frozenset()
        try:
            secret = secret_fields(part.kind)
            for one in mistakes(part.kind, validated(part.kind, part.config)):
                self._problem(f"{path}.config{one.where}", one.message)
        except ChannelConfigError as err:
            self._problem(f"{path}.config", str(err))
        row = part.model_dump(include={"kind", "name", "enabled", "concurrency", "timeout_s"})
        row["site_id"] = part.site
        row["config"] = {name: value for name, value in part.config.items() if name not in secret}
        row["secrets"] = {name: value for name, value in part.config.items() if name in secret}
        self._put(CHANNEL, part.id, path, row)

    def _add_text(self, part: TextSeed, path: str) -> None:
        row = part.model_dump(mode="json", include={"kind", "language", "title", "text"})
        row |= {"site_id": part.site, "channel_id": part.channel}
        for name, problem in faults(OwnText(id=part.id, **row | {"kind": part.kind})):
            self._problem(f"{path}.{name}", problem)
        self._put(MESSAGE_TEXT, part.id, path, row)

    def _add_device(self, part: DeviceSeed, path: str) -> None:
        token = part.token.get_secret_value()
        try:
            _TOKEN.validate_python(token)
        except ValidationError:
            self._problem(
                f"{path}.token",
                "needs 16 to 512 characters, only letters, digits and `-`, `.`, `_`, `~`: it is typed into a phone's address, "
                "where others mean something else (percent-encoding is not for phones). Make a new one, "
                "`openssl rand -hex 16`, and give it to the phone too",
            )
        hashed = token_hash(token)
        twin = next(
            (
                key
                for key, row in self._state[DEVICE].items()
                if row["token_hash"] == hashed and key != part.id
            ),
            None,
        )
        if twin is not None:
            self._problem(f"{path}.token", f"is that of device {twin!r} too: every device needs its own")
        row = part.model_dump(mode="json", include={"kind", "name", "test", "enabled"})
        row |= {
            "site_id": part.site,
            "room_id": part.room,
            "person_id": part.person,
            "policy_id": part.policy,
        }
        self._put(DEVICE, part.id, path, row | {"token_hash": hashed})


def _own_errors(item: Any, err: ValidationError) -> list[ErrorDetails]:
    """Return what is wrong with the part, without what only follows from that."""
    errors = err.errors(include_url=False, include_input=False, include_context=False)
    return [
        one
        for one in errors
        if not _is_of_other_target(item, one["loc"])
        and not (one["type"] == "too_short" and any(_is_inside(other["loc"], one["loc"]) for other in errors))
    ]


def _is_inside(inner: Loc, outer: Loc) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _without_values(item: Any, places: list[Loc]) -> Any:
    """Return the part without the wrong values at these places, or as it is where one of them leads somewhere."""
    if not all(place and place[-1] in LEAD_NOWHERE for place in places):
        return item
    rest = copy.deepcopy(item)
    for place in places:
        owner = rest
        for step in place[:-1]:
            owner = owner[step]
        owner.pop(place[-1], None)
        if (needed := STAND_INS.get(str(place[-1]))) is not None:
            owner[place[-1]] = needed
    return rest


def _is_of_other_target(item: Any, loc: Loc) -> bool:
    """Return whether the error is about the kind of target that this one was never meant to be."""
    for index, part in enumerate(loc):
        if part in {"PersonTarget", "ChannelTarget"}:
            for step in loc[:index]:
                item = item[step]
            return (isinstance(item, dict) and "channel" in item) != (part == "ChannelTarget")
    return False


def _joined(path: str, loc: Loc) -> str:
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part not in {"PersonTarget", "ChannelTarget"}:  # names of our classes mean nothing to the reader
            path += f".{part}"
    return path


def _sentence(kind: str, message: str) -> str:
    match kind:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "there is no such key here; is it spelled right?"
        case "string_type":
            return "must be text; put it in quotes"
        case "string_pattern_mismatch" if "^[A-Z]{2}$" in message:
            return "must be two capital letters, such as DE"
        case "string_pattern_mismatch":
            return (
                "may only hold letters, digits, `.`, `_` and `-`, at most 64"
                if "A-Za-z0-9" in message
                else message
            )
        case _:
            return message.removeprefix("Value error, ")


def _unfit(value: Any, path: str) -> Iterator[Problem]:
    """Yield what no database can keep."""
    match value:
        case str() if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            yield Problem(path, "holds a character that cannot be stored")
        case float() if not math.isfinite(value):
            yield Problem(path, "must be a finite number")
        case int() if abs(value) > MAX_INTEGER:
            yield Problem(path, "is too large a number")
        case dict():
            for key, inner in value.items():
                yield from _unfit(key, path)
                yield from _unfit(inner, f"{path}.{key}")
        case list():
            for index, inner in enumerate(value):
                yield from _unfit(inner, f"{path}[{index}]")
