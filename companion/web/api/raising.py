"""An alarm raised over the API."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Final

from pydantic import ConfigDict, Field, ValidationError
from sqlalchemy.engine import Connection

from companion.alarms.dedup import Dedup, WhileOpen
from companion.alarms.model import AlarmKind, Severity, Source, Trigger
from companion.alarms.store import alarm_by_id, claim_dedup, take_over_dedup
from companion.alarms.transaction import (
    AlarmTransaction,
    Raised,
)
from companion.directory import store as directory
from companion.directory.model import Room, Site
from companion.directory.roles import Role
from companion.escalation.policy import Policy
from companion.escalation.routing import Candidates, choose
from companion.ids import new_id
from companion.web.api.fields import DetailName, DetailValue, Identifier, Line
from companion.web.api.schemas import AlarmOut
from companion.web.auth import Caller
from companion.web.http.parsing import invalid
from companion.web.http.route import Answer, Call, Input, NoQuery, Route
from companion.web.problems import InvalidRequest

IDEMPOTENCY_LIFE: Final = timedelta(hours=24)
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"


class NewAlarm(Input):
    """What happened, where, and to whom."""

    model_config = ConfigDict(defer_build=False)  # the first alarm waits for nothing

    kind: AlarmKind
    title: Line
    severity: Severity = Severity.CRITICAL
    site: Identifier | None = Field(
        default=None, description="Id of a site: its policy says whom to tell; absent: the site of the room"
    )
    policy: Identifier | None = Field(default=None, description="Id of a policy, instead of the site's")
    room: Line | None = Field(default=None, description="Id or name of a room of the directory, or any text")
    person: Line | None = Field(default=None, description="Id of a person of the directory, or any text")
    details: Annotated[dict[DetailName, DetailValue], Field(max_length=30)] = Field(default_factory=dict)
    test: bool = False
    dedup_key: Line | None = Field(
        default=None,
        description="While an alarm with the same key is open, this is the same alarm: it is counted, and nobody is paged anew. After "
        "its answer, where a life may depend on it (panic, duress, medical, fire, gas) or it is critical, whoever answered is told, "
        "at most once in the time of a reaction, and without a reaction others are paged",
    )


class _IdempotencyKey(Input):
    value: Line


async def raise_alarm(call: Call[NoQuery, NewAlarm]) -> Answer:
    """Raise the alarm, or find the one that it repeats."""
    new, caller = call.body, call.caller
    again = _idempotency_key(call)

    def work(unit: AlarmTransaction) -> Raised:
        if again is None:
            return _raise_once(unit, new, caller)
        placeholder = new_id()
        expires_at = unit.now + IDEMPOTENCY_LIFE
        # Claimed before the alarm exists, so that of two requests at the same moment the second waits for the first.
        winner = claim_dedup(unit.conn, again, placeholder, unit.now, expires_at)
        known = None if winner == placeholder else alarm_by_id(unit.scope, unit.conn, winner)
        if known is not None:
            return Raised(known, created=False)
        raised = _raise_once(unit, new, caller)
        take_over_dedup(unit.conn, again, raised.alarm.id, expires_at)
        return raised

    raised = await call.context.commands.run_patiently(caller.scope, work)
    return Answer(
        body=AlarmOut.of(raised.alarm),
        status=201 if raised.created else 200,
        headers={"Location": f"/v1/alarms/{raised.alarm.id}"},
    )


def _idempotency_key(call: Call[NoQuery, NewAlarm]) -> str | None:
    given = call.request.headers.get(IDEMPOTENCY_HEADER)
    if given is None:
        return None
    try:
        _IdempotencyKey(value=given)
    except ValidationError as err:
        raise invalid(err, place=f"header.{IDEMPOTENCY_HEADER}") from err
    # The body belongs to the key: a careless client that sends another alarm under an old key must not lose it.
    return _key(call.caller, "again", given, call.body.model_dump_json())


def _key(caller: Caller, *parts: str) -> str:
    digest = hashlib.sha256("\n".join([caller.key_id, *parts]).encode(errors="replace")).hexdigest()
    return f"api:{digest}"


def _raise_once(unit: AlarmTransaction, new: NewAlarm, caller: Caller) -> Raised:
    """Raise the alarm unless one with its dedup key is open."""
    trigger = _trigger(unit.conn, new, caller)
    if new.dedup_key is not None:
        trigger = replace(trigger, dedup=Dedup(_key(caller, "dedup", new.dedup_key), WhileOpen()))
    return unit.raise_alarm(trigger, caller.actor())


def _trigger(conn: Connection, new: NewAlarm, caller: Caller) -> Trigger:
    room = _room(conn, new, caller)
    site = _site(conn, new, room, caller)
    person = None if new.person is None else directory.person_by_id(caller.scope, conn, new.person)
    return Trigger(
        source=Source.API,
        kind=new.kind,
        title=new.title,
        severity=new.severity,
        test=new.test,
        site_id=None if site is None else site.id,
        site=None if site is None else site.name,
        timezone="UTC" if site is None else site.timezone,
        room=new.room if room is None else room.name,
        person=new.person if person is None else person.name,
        details=dict(new.details),
        policy=_policy(conn, new, site, caller),
    )


def _room(conn: Connection, new: NewAlarm, caller: Caller) -> Room | None:
    """Return the room with this id, else the one that is called so; None: any text.

    A name of rooms in several sites is a text too: an alarm is not refused for what it leaves open.
    """
    site_id = new.site or caller.site_id
    known = [one for one in directory.rooms(caller.scope, conn) if site_id in {None, one.site_id}]
    meant = [one for one in known if one.id == new.room] or [one for one in known if one.name == new.room]
    return meant[0] if len({one.site_id for one in meant}) == 1 else None


def _site(conn: Connection, new: NewAlarm, room: Room | None, caller: Caller) -> Site | None:
    wanted = new.site or caller.site_id or (None if room is None else room.site_id)
    if wanted is None:
        return None
    site = directory.site_by_id(caller.scope, conn, wanted)
    if site is None:
        raise _unknown("site", wanted)
    return site


def _policy(conn: Connection, new: NewAlarm, site: Site | None, caller: Caller) -> Policy | None:
    """Return whom to tell. None is possible: then the alarm is exhausted at once, and the last resort hears of it."""
    policy_id = choose(Candidates(asked=new.policy, site=None if site is None else site.policy_id))
    if policy_id is None:
        return None
    policy = directory.policy_to_follow(caller.scope, conn, site, policy_id)
    if policy is None and new.policy is not None:
        raise _unknown("policy", new.policy)
    return policy


def _unknown(what: str, value: str) -> InvalidRequest:
    problem = f"there is no {what} {value!r} for this key"
    return InvalidRequest(f"body.{what}: {problem}", errors=[{"where": f"body.{what}", "problem": problem}])


ROUTES = (
    Route(
        method="POST",
        path="/v1/alarms",
        handler=raise_alarm,
        name="raise_alarm",
        summary="Raise an alarm; 200 instead of 201 when it is one that is known already",
        tag="alarms",
        role=Role.OPERATE,
        body=NewAlarm,
        header_parameters={
            IDEMPOTENCY_HEADER: "The same key with the same body within 24 hours is the same alarm"
        },
        answers={201: AlarmOut, 200: AlarmOut},
    ),
)
