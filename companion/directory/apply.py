"""Makes the stored directory equal to a document: a plan of what changes, then all of it or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.directory.check import Check
from companion.directory.contacts import with_formed_addresses
from companion.directory.model import DirectoryPolicy
from companion.directory.reach import with_sites_of_rooms
from companion.directory.seed import Document, DocumentInvalid, Problem
from companion.directory.state import CHANNEL, DEVICE, KINDS, PERSON, POLICY, SECTION_OF, SITE, Row, State
from companion.escalation.policy import Policy
from companion.ids import new_id
from companion.store import tables
from companion.store.secrets import Secrets, WrongSecretKey

ADVISORY_LOCK = 0x6170706C79
"""Two documents applied at the same moment: the second waits and compares with what the first has left."""
TABLES = {kind: tables.metadata.tables[kind] for kind in KINDS}
UNREADABLE = "unreadable"
"""Stands for the secrets of a channel that this secret key cannot open: equal to nothing."""


class Action(StrEnum):
    """What happens to one thing."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class PlannedChange:
    """What happens to one thing, and to which of its fields; never a value, as it may be secret."""

    kind: str
    id: str
    action: Action
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What applying a document changes."""

    changes: tuple[PlannedChange, ...]
    """Of everything in the document's sections, also what stays as it is."""
    warnings: tuple[str, ...]

    def count(self, action: Action) -> int:
        """Return to how many things this happens."""
        return sum(change.action is action for change in self.changes)


def plan_document(conn: Connection, document: Document, secrets: Secrets) -> Plan:
    """Return what applying the document would change. Raises DocumentInvalid with every problem at once."""
    return _Applying(conn, document, secrets).plan


def apply_document(conn: Connection, document: Document, secrets: Secrets) -> Plan:
    """Make the stored directory equal to the document, in the transaction of `conn`, and return what changed.

    The document is the whole truth about the sections it has; sections that it does not have stay as they are.
    Raises DocumentInvalid with every problem at once.
    """
    _lock(conn)
    applying = _Applying(conn, document, secrets)
    applying.write()
    return applying.plan


def apply_policy(conn: Connection, policy: DirectoryPolicy, secrets: Secrets) -> Plan:
    """Make or replace one policy and leave the others, as `apply_document` does; its place is called `body`."""
    _lock(conn)  # before we look, so that nobody's new policy is overlooked
    state = State.empty()
    row = {"name": policy.name, "site_id": policy.site, "body": policy.body}
    state[POLICY] = stored_state(conn)[POLICY] | {policy.id: row}
    return apply_document(
        conn, Document(frozenset({"policies"}), state, {(POLICY, policy.id): "body"}), secrets
    )


def _lock(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))


class _Applying:
    """One comparison of a document with what is stored."""

    def __init__(self, conn: Connection, document: Document, secrets: Secrets) -> None:
        self._conn = conn
        self._secrets = secrets
        self._kinds = tuple(kind for kind in KINDS if SECTION_OF[kind] in document.sections)
        self._stored = stored_state(conn, secrets)
        wanted = State(
            {kind: (document.state if kind in self._kinds else self._stored)[kind] for kind in KINDS}
        )
        self._wanted = with_formed_addresses(with_sites_of_rooms(wanted), document.paths)
        check = Check(self._wanted, document.paths, document.sections, before=self._stored)
        problems = [*document.problems, *check.problems(), *self._still_bound()]
        if problems:
            raise DocumentInvalid(problems)
        self.plan = Plan(tuple(self._changes()), check.warnings())

    def _changes(self) -> list[PlannedChange]:
        changes = []
        for kind in self._kinds:
            stored, wanted = self._stored[kind], self._wanted[kind]
            for row_id, row in wanted.items():
                if row_id not in stored:
                    changes.append(PlannedChange(kind, row_id, Action.ADDED))
                    continue
                fields = _changed_fields(stored[row_id], row)
                action = Action.CHANGED if fields else Action.UNCHANGED
                changes.append(PlannedChange(kind, row_id, action, fields))
            changes += [
                PlannedChange(kind, row_id, Action.REMOVED) for row_id in stored if row_id not in wanted
            ]
        return changes

    def _still_bound(self) -> list[Problem]:
        """Return what outside the directory holds on to a site that would be removed."""
        removed = set(self._stored[SITE]) - set(self._wanted[SITE])
        key, peer = tables.api_key, tables.link_peer
        keys = self._conn.execute(
            sa.select(key.c.site_id, key.c.name).where(key.c.site_id.in_(removed), key.c.revoked_at.is_(None))
        )
        peers = self._conn.execute(sa.select(peer.c.site_id, peer.c.name).where(peer.c.site_id.in_(removed)))
        return [
            *(
                Problem(
                    "sites",
                    f"site {site_id!r} cannot be removed: API key {name!r} is for it; revoke that first",
                )
                for site_id, name in keys
            ),
            *(
                Problem("sites", f"site {site_id!r} cannot be removed: Home Assistant {name!r} belongs to it")
                for site_id, name in peers
            ),
        ]

    # --- writing ----------------------------------------------------------------------------------------

    def write(self) -> None:
        """Carry out the plan: what is referred to is written before and removed after what refers to it."""
        by_action: dict[Action, list[PlannedChange]] = {action: [] for action in Action}
        for change in self.plan.changes:
            by_action[change.action].append(change)
        self._bind_panels()
        self._free_tokens(by_action[Action.CHANGED] + by_action[Action.REMOVED])
        order = {kind: place for place, kind in enumerate(KINDS)}
        for change in sorted(
            by_action[Action.ADDED] + by_action[Action.CHANGED], key=lambda one: order[one.kind]
        ):
            self._put(change)
        for change in sorted(by_action[Action.REMOVED], key=lambda one: -order[one.kind]):
            self._remove(change)

    def _bind_panels(self) -> None:
        """Let the panels of the only site stay with it when there are more.

        With a key for every site their alarms are the only site's; with a second one they would belong to none.
        """
        if len(self._stored[SITE]) != 1 or len(self._wanted[SITE]) < 2:
            return
        (site_id,) = self._stored[SITE]
        if site_id in self._wanted[SITE]:
            peer = tables.link_peer
            self._conn.execute(sa.update(peer).where(peer.c.site_id.is_(None)).values(site_id=site_id))

    def _free_tokens(self, changes: list[PlannedChange]) -> None:
        """Let devices swap tokens although no two may have the same at any moment."""
        for change in changes:
            if change.kind == DEVICE:
                self._update(tables.device, change.id, {"token_hash": new_id()})

    def _update(self, table: sa.Table, row_id: str, values: Mapping[str, Any]) -> None:
        self._conn.execute(sa.update(table).where(table.c.id == row_id).values(**values))

    def _put(self, change: PlannedChange) -> None:
        table, row = TABLES[change.kind], self._wanted[change.kind][change.id]
        values = self._columns(change, row)
        if change.action is Action.CHANGED:
            self._update(table, change.id, values)
        else:
            self._conn.execute(sa.insert(table).values(id=change.id, **values))
        if change.kind == PERSON:
            self._put_contacts(change.id, row["contacts"])

    def _columns(self, change: PlannedChange, row: Row) -> dict[str, Any]:
        values = dict(row)
        added = change.action is Action.ADDED
        match change.kind:
            case "policy":
                values["body"] = row["body"].model_dump(mode="json")
            case "person":
                del values["contacts"]
            case "channel":
                values["secrets"] = self._secrets.seal(change.id, row["secrets"]) if row["secrets"] else None
                values["revision"] = 1 if added else tables.channel.c.revision + 1
            case "device" if added:
                values |= {"last_context": {}, "minute_count": 0}
        return values

    def _put_contacts(self, person_id: str, contacts: list[tuple[str, str]]) -> None:
        table = tables.contact_point
        self._conn.execute(sa.delete(table).where(table.c.person_id == person_id))
        rows = [
            {
                "id": new_id(),
                "person_id": person_id,
                "channel_id": channel,
                "address": address,
                "position": position,
            }
            for position, (channel, address) in enumerate(contacts)
        ]
        if rows:
            self._conn.execute(sa.insert(table), rows)

    def _remove(self, change: PlannedChange) -> None:
        if change.kind == SITE:
            # Revoked keys are kept as a record; they open nothing, so they need not hold the site.
            key = tables.api_key
            self._conn.execute(sa.update(key).where(key.c.site_id == change.id).values(site_id=None))
        table = TABLES[change.kind]
        self._conn.execute(sa.delete(table).where(table.c.id == change.id))


def stored_state(conn: Connection, secrets: Secrets | None = None) -> State:
    """Return the directory as it is stored; the secrets of channels are left out unless `secrets` can open them."""
    state = State.empty()
    left_out = {"id", "revision", "last_seen_at", "last_context", "minute_started_at", "minute_count"}
    for kind, table in TABLES.items():
        for row in conn.execute(sa.select(table).order_by(table.c.id)).mappings():
            state[kind][row["id"]] = {name: value for name, value in row.items() if name not in left_out}
    for policy_id, policy in state[POLICY].items():
        state[POLICY][policy_id] = {**policy, "body": Policy.model_validate(policy["body"])}
    for channel_id, channel in state[CHANNEL].items():
        opened = {} if secrets is None else _opened(secrets, channel_id, channel["secrets"])
        state[CHANNEL][channel_id] = {**channel, "secrets": opened}
    contacts: dict[str, list[tuple[str, str]]] = {}
    point = tables.contact_point
    for person_id, channel_id, address in conn.execute(
        sa.select(point.c.person_id, point.c.channel_id, point.c.address).order_by(point.c.position)
    ):
        contacts.setdefault(person_id, []).append((channel_id, address))
    for person_id, person in state[PERSON].items():
        state[PERSON][person_id] = {**person, "contacts": contacts.get(person_id, [])}
    return state


def _opened(secrets: Secrets, channel_id: str, sealed: str | None) -> dict[str, Any]:
    try:
        return {} if sealed is None else secrets.open(channel_id, sealed)
    except WrongSecretKey:
        return {UNREADABLE: UNREADABLE}  # applying the document seals them anew, with the key there is now


def _changed_fields(stored: Row, wanted: Row) -> tuple[str, ...]:
    fields: list[str] = []
    for name in sorted(wanted):
        if stored[name] == wanted[name]:
            continue
        match name:
            case "config" | "secrets":
                before, after = stored[name], wanted[name]
                keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
                fields += ["secrets" if key == UNREADABLE else f"config.{key}" for key in keys]
            case "token_hash":
                fields.append("token")
            case "body":
                fields += [
                    field
                    for field in Policy.model_fields
                    if getattr(stored[name], field) != getattr(wanted[name], field) and field != "name"
                ]
            case _:
                fields.append(name.removesuffix("_id"))
    return tuple(fields)
