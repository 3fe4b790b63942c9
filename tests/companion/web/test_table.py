"""The route table holds together: what it declares is what its handlers take and return."""

from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel

from companion.web.http import openapi
from companion.web.http.route import NoQuery, Route
from companion.web.routes import ROUTES, table


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_handler_takes_the_query_and_the_body_that_the_table_reads(route: Route) -> None:
    query, body = get_args(get_type_hints(route.handler)["call"])

    assert query is route.query
    assert body is (route.body or type(None))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_handler_that_returns_a_model_is_described_by_it(route: Route) -> None:
    returned = get_type_hints(route.handler)["return"]
    models = {one for one in (get_args(returned) or (returned,)) if _is_model(one)}

    assert models <= set(route.answers.values())


def _is_model(one: Any) -> bool:
    return isinstance(one, type) and issubclass(one, BaseModel)


def test_no_two_operations_have_the_same_name_or_address() -> None:
    names = [one.name for one in table()]
    addresses = [(one.method, openapi.plain_path(one.path)) for one in table()]

    assert len(set(names)) == len(names)
    assert len(set(addresses)) == len(addresses)


def test_every_route_without_a_key_is_one_that_must_be_open() -> None:
    open_routes = {f"{route.method} {route.path}" for route in ROUTES if route.role is None}

    # /metrics and /healthz/alerting look at the key themselves: programs on this host need none.
    assert open_routes == {
        "GET /v1/yealink/alarm",
        "POST /v1/yealink/alarm",
        # The channel proves that it is its provider who calls.
        "GET /v1/channels/{channel_id}/callback",
        "POST /v1/channels/{channel_id}/callback",
        "GET /healthz",
        "GET /readyz",
        "GET /healthz/alerting",
        "GET /metrics",
    }


def test_only_what_reads_has_the_method_get() -> None:
    getting = {route.name for route in ROUTES if route.method == "GET" and route.query is NoQuery}

    assert "press" in getting  # a phone can do nothing else
    assert not {name for name in getting if name.startswith(("make", "put", "revoke", "rotate", "raise"))}
