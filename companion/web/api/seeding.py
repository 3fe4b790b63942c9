"""The directory over the API: planned, checked and applied as a whole."""

import asyncio
from typing import Any, Final

import orjson
from aiohttp import web
from pydantic import Field
from sqlalchemy.engine import Connection

from companion.directory.apply import Action, Plan, apply_document, plan_document
from companion.directory.references import References
from companion.directory.roles import Role
from companion.directory.seed import Document, DocumentInvalid
from companion.dispatch.wake import Wake
from companion.store.secrets import Secrets
from companion.web.context import WebContext
from companion.web.http.parsing import SHOWN_ERRORS, read_bytes, refuse_doubled
from companion.web.http.route import Call, Input, Output, Route
from companion.web.problems import InvalidRequest, MalformedRequest, UnsupportedMediaType


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


async def seed(call: Call[SeedQuery, None]) -> PlanOut:
    """Make the directory equal to the document, or show what that would change."""
    from companion.directory.parsing import read_document  # with it comes YAML, and few houses send documents

    raw = await _document_bytes(call.request)
    dry_run, secrets, references = call.query.dry_run, call.context.secrets, _references(call.context)
    try:
        document = await asyncio.to_thread(read_document, raw, references)
        if dry_run:
            plan = await call.context.db.read(lambda conn: plan_document(conn, document, secrets))
        else:
            plan = await call.context.db.write(lambda conn: _applied(conn, document, secrets))
            call.context.wake.notify()
    except DocumentInvalid as err:
        raise document_refused(err) from err
    return _shown(plan, applied=not dry_run)


def _applied(conn: Connection, document: Document, secrets: Secrets) -> Plan:
    plan = apply_document(conn, document, secrets)
    Wake.hint(conn)  # to what listens to the channels
    return plan


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


def document_refused(err: DocumentInvalid) -> InvalidRequest:
    """Return the answer to a document with mistakes: the first SHOWN_ERRORS of them, and how many there are."""
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


_DOCUMENT: Final[dict[str, Any]] = {
    "type": ["object", "null"],
    "description": "Sections `policies`, `sites`, `channels`, `people`, `devices`, `texts`, `installation`; see docs/companion.md",
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
)
