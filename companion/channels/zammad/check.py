"""What the first alarm will need of Zammad: group, customer, states, priority, mandatory fields and tags, all by asking."""

import re
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from companion.channels.base import Outcome, Refused, Sent
from companion.channels.http import Failure, Reply, not_understood
from companion.texts.reasons import Reason

GIVEN = frozenset(
    {
        "title",
        "group_id",
        "customer_id",
        "state_id",
        "priority_id",
        "owner_id",
        "organization_id",
        "tags",
        "body",
        "article",
    }
)
"""Fields of a ticket that it has when we make it, or gets from Zammad."""


class Calls(Protocol):
    """Asks Zammad's API."""

    def __call__(
        self,
        method: Literal["GET", "POST"],
        path: str,
        body: dict[str, Any] | None = None,
        *,
        params: dict[str, str] | None = None,
    ) -> Awaitable[Reply | Failure]:
        """Return a success, or what anything else means."""
        ...


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the channel is configured to use."""

    group: str
    customer: str
    priority: str
    state: str
    closed_state: str


@dataclass(frozen=True)
class Finding:
    """One thing that will not be as the channel's owner hopes."""

    reason: Reason
    no_ticket: bool = False
    """The first alarm would not become a ticket at all."""


async def check(call: Calls, wanted: Wanted) -> Outcome:
    """Return whether alarms would become tickets and tickets be closed; nothing is written.

    What the token may not look at is believed: only what Zammad answers is a finding.
    """
    me = await call("GET", "users/me", params={"expand": "true"})
    if not isinstance(me, Reply):
        return me
    user = me.json()
    if not isinstance(user, dict):
        return not_understood(me)
    states = await _listed(call, "ticket_states")
    priorities = await _listed(call, "ticket_priorities")
    created = await _form(call, "create_middle", _ids(states, wanted.state, priorities, wanted.priority))
    closed = await _form(call, "edit", _ids(states, wanted.closed_state, priorities, wanted.priority))
    found = [
        *_group_findings(wanted.group, user, created),
        *_state_findings(states, wanted),
        *_name_findings("priority", priorities, wanted.priority),
        *_field_findings(created, Reason("zammad.creating"), no_ticket=True),
        *_field_findings(closed, Reason("zammad.closing", state=wanted.closed_state), no_ticket=False),
        *await _customer_findings(call, wanted.customer),
        *await _tag_findings(call),
    ]
    return _outcome(found, me.status)


def _outcome(found: Sequence[Finding], status: int) -> Outcome:
    fatal = [one.reason for one in found if one.no_ticket]
    if fatal:
        reason = Reason("zammad.no_tickets", findings=fatal)
        return Refused(reason=reason, status_code=status, channel_broken=True)
    warning = Reason("zammad.look", findings=[one.reason for one in found]) if found else None
    return Sent(provider_ref=None, status_code=status, warning=warning)


# --- the group ------------------------------------------------------------------------------------------


def _group_findings(
    group: str, user: Mapping[str, Any], created: Mapping[str, Any] | None
) -> Iterator[Finding]:
    # The form knows also what the user's roles allow; `users/me` only what was given to the user.
    allowed = _groups_of_form(created)
    if allowed is not None:
        if group not in allowed:
            reason = (
                Reason("zammad.group_not_allowed", group=group, allowed=sorted(allowed))
                if allowed
                else Reason("zammad.no_group_allowed", group=group)
            )
            yield Finding(reason, no_ticket=True)
        return
    own = user.get("groups")
    if not isinstance(own, dict):
        return
    access = own.get(group)
    rights = (
        {access} if isinstance(access, str) else set(map(str, access)) if isinstance(access, list) else set()
    )
    if not (rights & {"full"} or rights >= {"create", "change"}):
        yield Finding(Reason("zammad.no_right_in_group", group=group))


def _groups_of_form(form: Mapping[str, Any] | None) -> set[str] | None:
    """Return the names of the groups that the form of a new ticket offers; None when it does not say."""
    offered = _at(form, "restrict_values", "group_id")
    known = _at(form, "assets", "Group")
    if not isinstance(offered, list) or not isinstance(known, dict):
        return None
    ids = {str(one) for one in offered if str(one).isdecimal()}
    names = {key: one.get("name") for key, one in known.items() if isinstance(one, dict)}
    return {str(names[one]) for one in ids} if ids <= names.keys() else None


# --- states, priority, fields ---------------------------------------------------------------------------


def _state_findings(states: Sequence[Mapping[str, Any]] | None, wanted: Wanted) -> Iterator[Finding]:
    yield from _name_findings("state", states, wanted.state)
    yield from _name_findings("closed_state", states, wanted.closed_state, no_ticket=False)
    if _type_of(states, wanted.state).startswith("pending"):
        yield Finding(Reason("zammad.state_is_pending", state=wanted.state), no_ticket=True)
    closed = _type_of(states, wanted.closed_state)
    if closed.startswith("pending"):
        yield Finding(Reason("zammad.closed_state_is_pending", state=wanted.closed_state))
    elif closed in {"new", "open"}:
        yield Finding(Reason("zammad.closed_state_is_open", state=wanted.closed_state))


def _name_findings(
    setting: str, known: Sequence[Mapping[str, Any]] | None, name: str, *, no_ticket: bool = True
) -> Iterator[Finding]:
    if known is None:
        return
    usable = sorted(str(one.get("name")) for one in known if one.get("active", True))
    if name not in usable:
        reason = Reason("zammad.unknown_name", setting=setting, name=name, known=usable)
        yield Finding(reason, no_ticket=no_ticket)


def _type_of(states: Sequence[Mapping[str, Any]] | None, name: str) -> str:
    """Return the kind of a state; where Zammad does not tell it, its name, which usually says it."""
    for one in states or ():
        if one.get("name") == name:
            return str(one.get("state_type") or name)
    return name if states is None else ""


def _field_findings(form: Mapping[str, Any] | None, doing: Reason, *, no_ticket: bool) -> Iterator[Finding]:
    mandatory = _at(form, "mandatory")
    if not isinstance(mandatory, dict):
        return
    shown = _at(form, "visibility")
    hidden = (
        {name for name, how in shown.items() if str(how) in {"hide", "remove"}}
        if isinstance(shown, dict)
        else set()
    )
    # That a pending state wants its time is said already.
    missing = sorted(
        name
        for name, must in mandatory.items()
        if must is True and name not in GIVEN | hidden | {"pending_time"}
    )
    if missing:
        yield Finding(Reason("zammad.mandatory", doing=doing, fields=missing), no_ticket=no_ticket)


def _ids(
    states: Sequence[Mapping[str, Any]] | None,
    state: str,
    priorities: Sequence[Mapping[str, Any]] | None,
    priority: str,
) -> dict[str, Any]:
    """Return the fields of a ticket that a rule of Zammad's (core workflow) may look at."""
    found = {"state_id": _id_of(states, state), "priority_id": _id_of(priorities, priority)}
    return {name: value for name, value in found.items() if value is not None}


def _id_of(known: Sequence[Mapping[str, Any]] | None, name: str) -> int | None:
    ids = [one.get("id") for one in known or () if one.get("name") == name]
    return ids[0] if ids and isinstance(ids[0], int) else None


# --- customer and tags ----------------------------------------------------------------------------------


async def _customer_findings(call: Calls, customer: str) -> list[Finding]:
    if "@" in customer:
        if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", customer):
            return []  # Zammad: `guess:` makes the customer if there is none
        return [Finding(Reason("zammad.customer_no_address", customer=customer), no_ticket=True)]
    reply = await call("GET", "users/search", params={"query": customer, "limit": "50"})
    users = reply.json() if isinstance(reply, Reply) else None
    if not isinstance(users, list):
        return []
    logins = {str(one.get("login")).lower() for one in users if isinstance(one, dict)}
    if customer.lower() in logins:
        return []
    return [Finding(Reason("zammad.customer_unknown", customer=customer))]


async def _tag_findings(call: Calls) -> list[Finding]:
    """Return whether Zammad would drop the tag by which an alarm's ticket is found again, without a word."""
    session = await call("GET", "signshow")
    config = _at(session.json(), "config") if isinstance(session, Reply) else None
    if not isinstance(config, dict) or config.get("tag_new") is not False:
        return []
    # Whoever may administer tags makes new ones all the same.
    if isinstance(await call("GET", "tag_list"), Reply):
        return []
    return [Finding(Reason("zammad.no_new_tags"))]


# --- asking ---------------------------------------------------------------------------------------------


async def _listed(call: Calls, path: str) -> list[dict[str, Any]] | None:
    reply = await call("GET", path, params={"expand": "true"})
    found = reply.json() if isinstance(reply, Reply) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else None


async def _form(call: Calls, screen: str, fields: dict[str, Any]) -> dict[str, Any] | None:
    """Return what Zammad's form would offer and demand; by the same rules it judges tickets that come over its API.

    It is a POST that changes nothing (`checks_core_workflow.rb`, since Zammad 5).
    """
    request = {
        "event": "core_workflow",
        "request_id": "alarm-broker",
        "class_name": "Ticket",
        "screen": screen,
        "params": fields,
    }
    reply = await call("POST", "core_workflows/perform", request)
    found = reply.json() if isinstance(reply, Reply) else None
    return found if isinstance(found, dict) else None


def _at(found: Any, *names: str) -> Any:
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found
