"""The directory, and single escalation policies, over the API: planned, checked and applied as a whole."""

import asyncio
from functools import partial
from typing import Any, Final

import orjson
from aiohttp import web
from pydantic import Field

from companion.directory import store as directory
from companion.directory.apply import Action, Plan, apply_document, apply_policy, plan_document
from companion.directory.model import DirectoryPolicy, Role
from companion.directory.parsing import read_document
from companion.directory.references import References
from companion.directory.seed import DocumentInvalid
from companion.web.context import WebContext
from companion.web.http.parsing import SHOWN_ERRORS, read_bytes, refuse_doubled
from companion.web.http.route import Answer, Call, Input, NoQuery, Output, Route
from companion.web.problems import (
    InvalidRequest,
    MalformedRequest,
    UnknownPolicy,
    UnsupportedMediaType,
)


class SeedQuery(Input):
    """Whether to do it."""

    dry_run: bool = Field(default=False, description="Only show the plan")


class PlannedChangeOut(Output):
    """What happens to one thing."""

    kind: str
    id: str
    action: Action
    fields: list[str]


class PlanOut(Output):
    """What applying the document changes, or has changed."""

    applied: bool
    changes: list[PlannedChangeOut]
    warnings: list[str]


class PolicyList(Output):
    """Every escalation policy, by name."""

    policies: list[DirectoryPolicy]


async def seed(call: Call[SeedQuery, None]) -> PlanOut:
    """Make the directory equal to the document, or show what that would change."""
    raw = await _document_bytes(call.request)
    dry_run, secrets, references = call.query.dry_run, call.context.secrets, _references(call.context)
    try:
        document = await asyncio.to_thread(read_document, raw, references)
        if dry_run:
            plan = await call.context.db.read(lambda conn: plan_document(conn, document, secrets))
        else:
            plan = await call.context.db.write(lambda conn: apply_document(conn, document, secrets))
    except DocumentInvalid as err:
        raise _invalid(err) from err
    return _shown(plan, applied=not dry_run)


async def _document_bytes(request: web.Request) -> bytes:
    """Return the document as YAML."""
    raw = await read_bytes(request)
    match request.content_type:
        case "application/yaml" | "application/x-yaml" | "text/yaml":
            return raw
        case "application/json":
            refuse_doubled(raw)
            try:
                # Written anew without escapes: YAML would take a pair of surrogates for two characters.
                return orjson.dumps(orjson.loads(raw))
            except orjson.JSONDecodeError as err:
                raise MalformedRequest("The body is not JSON.") from err
        case _:
            raise UnsupportedMediaType(
                "Send the document as YAML with the header `Content-Type: application/yaml`, or as JSON."
            )


def _references(context: WebContext) -> References:
    # Whoever holds an admin key has no shell here: files and variables of this host are none of their business, and
    # through a channel of their own they could read each.
    return References(allowed=context.settings.http_references)


def _invalid(err: DocumentInvalid) -> InvalidRequest:
    errors = [
        {"where": problem.path or "body", "problem": problem.message}
        for problem in err.problems[:SHOWN_ERRORS]
    ]
    return InvalidRequest(f"{len(err.problems)} mistakes; the first: {err.problems[0]}", errors=errors)


def _shown(plan: Plan, *, applied: bool) -> PlanOut:
    changes = [
        PlannedChangeOut(kind=one.kind, id=one.id, action=one.action, fields=list(one.fields))
        for one in plan.changes
    ]
    return PlanOut(applied=applied, changes=changes, warnings=list(plan.warnings))


async def list_policies(call: Call[NoQuery, None]) -> PolicyList:
    """Return every policy."""
    return PolicyList(policies=await call.context.db.read(partial(directory.policies, call.caller.scope)))


async def show_policy(call: Call[NoQuery, None]) -> DirectoryPolicy:
    """Return one policy."""
    policy_id = call.path("policy_id")
    found = await call.context.db.read(partial(directory.policies, call.caller.scope))
    policy = next((one for one in found if one.id == policy_id), None)
    if policy is None:
        raise UnknownPolicy(
            f"There is no policy {policy_id}. GET /v1/admin/escalation-policies lists those there are."
        )
    return policy


async def put_policy(call: Call[NoQuery, DirectoryPolicy]) -> Answer:
    """Make or replace a policy. Alarms that are running keep the one they were raised with."""
    policy, secrets = call.body, call.context.secrets
    if policy.id != call.path("policy_id"):
        problem = "must be the id in the address"
        raise InvalidRequest(f"body.id: {problem}", errors=[{"where": "body.id", "problem": problem}])
    try:
        plan = await call.context.db.write(lambda conn: apply_policy(conn, policy, secrets))
    except DocumentInvalid as err:
        raise _invalid(err) from err
    return Answer(body=policy, status=201 if plan.count(Action.ADDED) else 200)


_DOCUMENT: Final[dict[str, Any]] = {
    "type": ["object", "null"],
    "description": "Sections `policies`, `sites`, `channels`, `people`, `devices`, `installation`; see docs/companion.md",
}

ROUTES = (
    Route(
        method="POST",
        path="/v1/admin/seed",
        handler=seed,
        name="seed",
        summary="Make the directory equal to a document; the sections it does not have stay as they are",
        tag="administration",
        role=Role.ADMIN,
        all_sites=True,
        query=SeedQuery,
        body_types={"application/yaml": _DOCUMENT, "application/json": _DOCUMENT},
        answers={200: PlanOut},
        problems=(InvalidRequest,),
    ),
    Route(
        method="GET",
        path="/v1/admin/escalation-policies",
        handler=list_policies,
        name="list_policies",
        summary="Escalation policies",
        tag="administration",
        role=Role.ADMIN,
        all_sites=True,
        answers={200: PolicyList},
    ),
    Route(
        method="GET",
        path="/v1/admin/escalation-policies/{policy_id}",
        handler=show_policy,
        name="show_policy",
        summary="One escalation policy",
        tag="administration",
        role=Role.ADMIN,
        all_sites=True,
        answers={200: DirectoryPolicy},
        problems=(UnknownPolicy,),
    ),
    Route(
        method="PUT",
        path="/v1/admin/escalation-policies/{policy_id}",
        handler=put_policy,
        name="put_policy",
        summary="Make or replace an escalation policy; running alarms keep theirs",
        tag="administration",
        role=Role.ADMIN,
        all_sites=True,
        body=DirectoryPolicy,
        answers={200: DirectoryPolicy, 201: DirectoryPolicy},
    ),
)
