"""The OpenAPI document, made from the route table: what is not in the table is not served, and not described."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

import orjson
from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from companion.web.http.route import ID, Call, NoQuery, Page, Route
from companion.web.problems import (
    BodyTooLarge,
    InternalProblem,
    InvalidRequest,
    KeyMissing,
    MalformedRequest,
    NoSuchPage,
    OneSiteOnly,
    Problem,
    RoleTooLow,
    StoreProblem,
    TookTooLong,
    TooManyRequests,
    UnsupportedMediaType,
)

type Document = dict[str, Any]
type Models = dict[tuple[type[Any], JsonSchemaMode], Document]

_PARAMETER: Final = re.compile(r"\{(\w+)(?::[^}]*)?\}")
_INFO: Final = (
    "Every error is `application/problem+json` (RFC 9457); its `type` is stable, its `detail` says what to do. "
    "Times are RFC 3339. Keys go into the header `Authorization: Bearer ab_…`."
)


def with_own_route(
    routes: Sequence[Route], pages: Sequence[Page], *, version: str, url: str
) -> tuple[Route, ...]:
    """Return the routes and the one that serves the document, which describes that one too."""

    # Made when it is first asked for, and in a thread: it takes a start, or the event loop, some tenths of a second.
    @cache
    def made() -> bytes:
        return orjson.dumps(document((*routes, own), pages, version=version, url=url))

    async def show(_call: Call[NoQuery, None]) -> web.Response:
        return web.Response(body=await asyncio.to_thread(made), content_type="application/json")

    own = Route(
        method="GET",
        path="/openapi.json",
        handler=show,
        name="openapi",
        summary="This document",
        tag="operation",
        other_answers={"application/json": {"type": "object"}},
        per_minute=120,
    )
    return (*routes, own)


def document(routes: Sequence[Route], pages: Sequence[Page], *, version: str, url: str) -> Document:
    """Return the OpenAPI 3.1 document of the service at `url`."""
    models, definitions = _models(routes, pages)
    paths: Document = {}
    for route in routes:
        paths.setdefault(plain_path(route.path), {})[route.method.lower()] = _operation(route, models)
    for page in pages:
        paths.setdefault(plain_path(page.path), {})[page.method.lower()] = _page(page, models)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Alarm Broker", "version": version, "description": _INFO},
        "servers": [{"url": url}],
        "paths": paths,
        "components": {
            "schemas": {**definitions, "Problem": _problem_schema()},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key: `ab_…`"},
                "deviceToken": {"type": "apiKey", "in": "query", "name": "token"},
            },
        },
    }


def plain_path(path: str) -> str:
    """Return the path without the patterns of its parameters."""
    return _PARAMETER.sub(r"{\1}", path)


def _models(routes: Sequence[Route], pages: Sequence[Page]) -> tuple[Models, Document]:
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = []
    for route in routes:
        taken = (route.query, route.documented_query, route.body)
        wanted += [(model, "validation") for model in taken if model is not None]
        wanted += [(model, "serialization") for model in route.answers.values() if model is not None]
    for page in pages:
        wanted += [(model, "validation") for model in (page.query, page.form) if model is not None]
    schemas, top = models_json_schema(
        list(dict.fromkeys(wanted)), ref_template="#/components/schemas/{model}"
    )
    return dict(schemas.items()), top.get("$defs", {})


def _problem_schema() -> Document:
    return {
        "type": "object",
        "description": "RFC 9457",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What is the matter and what to do"},
        },
        "required": ["type", "title", "status", "detail"],
    }


# --- operations -----------------------------------------------------------------------------------------


def _operation(route: Route, models: Models) -> Document:
    operation: Document = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": [
            *_path_parameters(route.path, {"type": "string", "pattern": f"^{ID}$", "maxLength": 64}),
            *_query_parameters(route.documented_query or route.query),
            *_header_parameters(route),
        ],
        "responses": {
            **_answers(route, models),
            **_problem_answers(problems_of(route), also=route.problems_also_as),
        },
        "security": [{"key": []}] if route.role is not None else [],
    }
    if route.role is not None:
        operation["description"] = f"Needs a key with the role `{route.role}`" + (
            " for all sites." if route.all_sites else "."
        )
    content = {kind: {"schema": schema} for kind, schema in route.body_types.items()}
    if route.body is not None:
        content["application/json"] = {"schema": models[route.body, "validation"]}
    if content:
        operation["requestBody"] = {"required": route.body_required, "content": content}
    return operation


def problems_of(route: Route) -> Iterator[type[Problem]]:
    """Return every problem that the route may answer with."""
    yield from route.problems
    yield from (MalformedRequest, InternalProblem, StoreProblem, TookTooLong)
    if "{" in route.path:
        yield NoSuchPage
    if route.query is not NoQuery or route.body is not None or route.documented_query is None:
        yield InvalidRequest
    if route.body is not None or route.body_types:
        yield from (BodyTooLarge, UnsupportedMediaType)
    if route.role is not None:
        yield from (KeyMissing, RoleTooLow, TooManyRequests)
    if route.all_sites:
        yield OneSiteOnly
    if route.per_minute is not None:
        yield TooManyRequests


def _path_parameters(path: str, schema: Document) -> list[Document]:
    return [
        {"name": name, "in": "path", "required": True, "schema": schema} for name in _PARAMETER.findall(path)
    ]


def _query_parameters(model: type[BaseModel]) -> list[Document]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", []),
            "schema": _without_null(value),
        }
        for name, value in schema.get("properties", {}).items()
    ]


def _without_null(schema: Document) -> Document:
    """Return the schema of a parameter: absent is how a query says null."""
    options = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name not in {"anyOf", "default"}}
    if len(options) == 1:
        return {**rest, **options[0]}
    return schema


def _header_parameters(route: Route) -> list[Document]:
    return [
        {
            "name": name,
            "in": "header",
            "required": False,
            "description": text,
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        }
        for name, text in route.header_parameters.items()
    ]


# --- answers --------------------------------------------------------------------------------------------


def _answers(route: Route, models: Models) -> Document:
    answers: Document = {}
    for status, model in route.answers.items():
        answers[str(status)] = {"description": "Done"}
        if model is not None:
            answers[str(status)]["content"] = {"application/json": {"schema": models[model, "serialization"]}}
    if route.other_answers:
        ok = answers.setdefault("200", {"description": "Done"})
        content = {kind: {"schema": schema} for kind, schema in route.other_answers.items()}
        ok["content"] = {**ok.get("content", {}), **content}
    return answers


def _problem_answers(problems: Iterable[type[Problem]], *, also: str | None) -> Document:
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in dict.fromkeys(problems):
        by_status.setdefault(problem.status, []).append(problem)
    return {str(status): _problem_answer(status, by_status[status], also) for status in sorted(by_status)}


def _problem_answer(status: int, problems: Sequence[type[Problem]], also: str | None) -> Document:
    members = {name: schema for problem in problems for name, schema in problem.member_schemas.items()}
    schema = {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {
                "type": "object",
                "properties": {
                    "type": {"enum": [problem.type_uri() for problem in problems]},
                    "status": {"const": status},
                    **members,
                },
            },
        ]
    }
    answer: Document = {
        "description": "; ".join(problem.title for problem in problems),
        "content": {"application/problem+json": {"schema": schema}},
    }
    if also is not None:
        answer["content"][also] = {"schema": {"type": "string"}}
    if TooManyRequests in problems:
        answer["headers"] = {
            "Retry-After": {"description": "Seconds", "required": True, "schema": {"type": "integer"}}
        }
    return answer


def _page(page: Page, models: Models) -> Document:
    html = {"text/html": {"schema": {"type": "string"}}}
    ok = {kind: {"schema": {"type": "string"}} for kind in page.content_types}
    operation: Document = {
        "operationId": page.name,
        "summary": page.summary,
        "tags": ["pages"],
        "parameters": [
            *_path_parameters(page.path, {"type": "string"}),
            *([] if page.query is None else _query_parameters(page.query)),
        ],
        "responses": {
            str(status): {"description": "A page", "content": ok if status == 200 else html}
            for status in sorted({*page.statuses, 429, 500, 503})
        },
        "security": [],
    }
    if page.form is not None:
        schema = models[page.form, "validation"]
        operation["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": schema}}}
    return operation
