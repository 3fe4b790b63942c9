"""Whether a directory holds together: every reference leads somewhere, every step can tell somebody."""

from collections.abc import Iterator, Mapping
from typing import Any

from companion.channels.registry import find_kind
from companion.directory.belonging import crossings
from companion.directory.contacts import Oddity, oddities
from companion.directory.doubts import doubts
from companion.directory.reach import Cause, Unreached, channels_of, target_reaches, unreached
from companion.directory.seed import Problem
from companion.directory.state import (
    CHANNEL,
    DEVICE,
    INSTALLATION,
    MESSAGE_TEXT,
    PERSON,
    POLICY,
    ROOM,
    SECTION_OF,
    SITE,
    Key,
    Row,
    State,
)
from companion.escalation.policy import ChannelTarget, PersonTarget, Policy, Target
from companion.wording.own_texts import PARTS

type _Unreached = tuple[Problem, Cause]

REFERENCES = {
    POLICY: {"site_id": SITE},
    CHANNEL: {"site_id": SITE},
    SITE: {"policy_id": POLICY, "vacation_policy_id": POLICY},
    ROOM: {"site_id": SITE},
    PERSON: {"site_id": SITE},
    INSTALLATION: {"last_resort_id": POLICY},
    MESSAGE_TEXT: {"site_id": SITE, "channel_id": CHANNEL},
    DEVICE: {"site_id": SITE, "room_id": ROOM, "person_id": PERSON, "policy_id": POLICY},
}


class Check:
    """Goes through the directory as it would be after the document."""

    def __init__(
        self, state: State, paths: Mapping[Key, str], sections: frozenset[str], *, before: State
    ) -> None:
        """`paths` says where in the document something stands; what is not there is stored already."""
        self._state = state
        self._before = before
        self._paths = paths
        self._sections = sections
        self._odd_before = frozenset(oddities(before))
        self._odd_now = tuple(one for one in oddities(state) if self._is_placed(one))

    def problems(self) -> list[Problem]:
        """Return everything that must be corrected before this can be stored."""
        found = [
            *self._broken_references(),
            *self._wrong_rooms(),
            *(
                Problem(f"{self._path(one.kind, one.id)}{one.where}", one.message)
                for one in crossings(self._state)
            ),
            *self._contact_problems(),
            *(self._told(one) for one in self._odd_now if self._must_be_mended(one)),
            *self._policy_problems(),
            *self._operator_problems(),
            *self._doubled_texts(),
        ]
        new, _known = self._unreached()
        # Where something leads to is not looked at while it leads nowhere for a reason that is told already.
        return found + [problem for problem, cause in new if cause is Cause.NO_POLICY or not found]

    def warnings(self) -> tuple[str, ...]:
        """Return what can be stored but will not do what its owner hopes for."""
        _new, known = self._unreached()
        return (
            *(f"{self._path(one.kind, one.id)}{one.where}: {one.message}" for one in doubts(self._state)),
            *(str(self._told(one)) for one in self._odd_now if not self._must_be_mended(one)),
            *(str(problem) for problem, _cause in known),
        )

    def _path(self, kind: str, row_id: str) -> str:
        return self._paths.get((kind, row_id), f"{kind} {row_id!r} (stored already, not in this document)")

    def _exists(self, kind: str, row_id: str) -> bool:
        # A part of the document that is wrong in itself has its own problem already.
        return row_id in self._state[kind] or (kind, row_id) in self._paths

    def _unknown(self, kind: str, row_id: str) -> str:
        section = SECTION_OF[kind]
        if section in self._sections:
            return f"there is no {kind} {row_id!r} in {section}: add it there, or correct this"
        return f"there is no {kind} {row_id!r}: add it in a section {section}, or correct this"

    def _broken_references(self) -> Iterator[Problem]:
        for kind, columns in REFERENCES.items():
            for row_id, row in self._state[kind].items():
                for column, target in columns.items():
                    named = row[column]
                    if named is not None and not self._exists(target, named):
                        path = f"{self._path(kind, row_id)}.{column.removesuffix('_id')}"
                        yield Problem(path, self._unknown(target, named))

    def _wrong_rooms(self) -> Iterator[Problem]:
        for device_id, device in self._state[DEVICE].items():
            room = self._state[ROOM].get(device["room_id"] or "")
            if room is not None and device["site_id"] not in {None, room["site_id"]}:
                yield Problem(
                    f"{self._path(DEVICE, device_id)}.room",
                    f"room {device['room_id']!r} is in site {room['site_id']!r}, not in {device['site_id']!r}",
                )

    def _contact_problems(self) -> Iterator[Problem]:
        for person_id, person in self._state[PERSON].items():
            seen: set[tuple[str, str]] = set()
            for index, contact in enumerate(person["contacts"]):
                path = f"{self._path(PERSON, person_id)}.contacts[{index}]"
                channel_id, address = contact
                if not self._exists(CHANNEL, channel_id):
                    yield Problem(f"{path}.channel", self._unknown(CHANNEL, channel_id))
                elif not address and self._needs_address(channel_id):
                    yield Problem(f"{path}.address", f"is missing: channel {channel_id!r} needs one")
                if contact in seen:
                    yield Problem(path, "stands here twice")
                seen.add(contact)

    def _needs_address(self, channel_id: str) -> bool:
        row = self._state[CHANNEL].get(channel_id)
        kind = None if row is None else find_kind(row["kind"])
        return kind is not None and kind.addressed

    def _is_placed(self, one: Oddity) -> bool:
        """Return whether the country of the address is known: not while its site is broken, which is told already."""
        site_id = self._state[PERSON][one.at.id]["site_id"] if one.at.kind == PERSON else None
        return site_id is None or site_id in self._state[SITE]

    def _must_be_mended(self, one: Oddity) -> bool:
        """Return whether an address keeps the document from being applied: hopeless, and not so already elsewhere."""
        is_named = (one.at.kind, one.at.id) in self._paths
        return one.hopeless and (is_named or one not in self._odd_before)

    def _told(self, one: Oddity) -> Problem:
        return Problem(f"{self._path(one.at.kind, one.at.id)}{one.at.where}", str(one.reason))

    # --- policies ---------------------------------------------------------------------------------------

    def _policy_problems(self) -> Iterator[Problem]:
        for policy_id, row in self._state[POLICY].items():
            policy: Policy = row["body"]
            path = self._path(POLICY, policy_id)
            for index, step in enumerate(policy.steps):
                yield from self._step_problems(f"{path}.steps[{index}]", step.targets)
            if policy.last_resort:
                yield from self._step_problems(f"{path}.last_resort", policy.last_resort)

    def _step_problems(self, path: str, targets: tuple[Target, ...]) -> Iterator[Problem]:
        inner = path if path.endswith("last_resort") else f"{path}.targets"
        problems = [
            Problem(f"{inner}[{index}]{where}", message)
            for index, target in enumerate(targets)
            for where, message in self._target_problems(target)
        ]
        yield from problems
        if not problems and not any(self._reaches(target) for target in targets):
            yield Problem(
                path, "can never tell anybody: every channel it uses is switched off (`enabled: false`)"
            )

    def _target_problems(self, target: Target) -> Iterator[tuple[str, str]]:
        match target:
            case PersonTarget(person=person) if not self._exists(PERSON, person):
                yield ".person", self._unknown(PERSON, person)
            case PersonTarget(person=person, via=via) if person in self._state[PERSON]:
                channels = [channel_id for channel_id, _address in self._state[PERSON][person]["contacts"]]
                if not channels:
                    yield (
                        ".person",
                        f"person {person!r} has no contacts and can never be told: add one in people",
                    )
                elif via not in {None, "all"} and via not in channels:
                    yield (
                        ".via",
                        f"person {person!r} has no contact on channel {via!r}, only on {', '.join(channels)}",
                    )
            case ChannelTarget(channel=channel) if not self._exists(CHANNEL, channel):
                yield ".channel", self._unknown(CHANNEL, channel)
            case ChannelTarget(channel=channel, address="") if self._needs_address(channel):
                yield ".address", f"is missing: channel {channel!r} needs one"

    def _reaches(self, target: Target) -> bool:
        channels = channels_of(self._state, target)
        # What is broken elsewhere in the document is not blamed here once more.
        is_broken = not channels or any(channel_id not in self._state[CHANNEL] for channel_id in channels)
        return is_broken or target_reaches(self._state, target)

    # --- texts ------------------------------------------------------------------------------------------

    def _doubled_texts(self) -> Iterator[Problem]:
        seen: dict[tuple[Any, ...], str] = {}
        for text_id, row in self._state[MESSAGE_TEXT].items():
            for part in PARTS:
                if row[part] is None:
                    continue
                place = (part, row["kind"], row["language"], row["site_id"], row["channel_id"])
                earlier = seen.setdefault(place, text_id)
                if earlier != text_id:
                    message = f"stands in text {earlier!r} too, for the same messages: leave one of them out"
                    yield Problem(f"{self._path(MESSAGE_TEXT, text_id)}.{part}", message)

    # --- the installation -------------------------------------------------------------------------------

    def _operator_problems(self) -> Iterator[Problem]:
        for row in self._state[INSTALLATION].values():
            for index, person_id in enumerate(row["operators"]):
                path = f"{self._path(INSTALLATION, INSTALLATION)}.operators[{index}]"
                target = PersonTarget(person=person_id)
                problems = [message for _where, message in self._target_problems(target)]
                yield from (Problem(path, message) for message in problems)
                if not problems and not self._reaches(target):
                    yield Problem(
                        path,
                        f"person {person_id!r} can never be told: every channel they have is switched off",
                    )
                if person_id in row["operators"][:index]:
                    yield Problem(path, "stands here twice")

    # --- whose alarms would tell nobody -----------------------------------------------------------------

    def _unreached(self) -> tuple[list[_Unreached], list[_Unreached]]:
        """Return what would tell nobody: by this document, and as it did before without being in the document."""
        before = {(one.kind, one.id) for one in unreached(self._before)}
        new: list[_Unreached] = []
        known: list[_Unreached] = []
        for one in unreached(self._state):
            row = self._state[one.kind][one.id]
            if self._is_broken(one, row):  # which has its own problem already
                continue
            is_known = (one.kind, one.id) in before and SECTION_OF[one.kind] not in self._sections
            (known if is_known else new).append((self._nobody_told(one, row), one.cause))
        return new, known

    def _is_broken(self, one: Unreached, row: Row) -> bool:
        site_id = row["site_id"] if one.kind == DEVICE else None
        return any(
            named is not None and named not in self._state[kind]
            for kind, named in ((POLICY, row["policy_id"]), (SITE, site_id))
        )

    def _nobody_told(self, one: Unreached, row: Row) -> Problem:
        path = f"{self._path(one.kind, one.id)}.policy"
        if one.cause is Cause.NO_CONTACT:
            return Problem(
                path,
                "leads to no contact on a channel that is switched on: its alarms would tell nobody. Switch a channel "
                "on (`enabled: true`), or name another policy here or as `last_resort` of `installation`",
            )
        whose = (
            "is missing" if one.kind == SITE or row["site_id"] is None else "is missing, here and at its site"
        )
        return Problem(
            path,
            f"{whose}: its alarms would tell nobody. Name a policy, or one as `last_resort` of `installation`",
        )
