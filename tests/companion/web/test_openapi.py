"""The document is true: every operation is driven from it, against the real application on a real socket."""

import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from companion.channels.base import TryAgain
from companion.store import tables
from companion.texts.reasons import Reason
from companion.web import answering
from companion.web.http import openapi
from companion.web.routes import PAGES, ROUTES
from tests.companion.conftest import Directory, seed_directory
from tests.companion.web.harness import (
    Api,
)
from tests.companion.web.people_pages import saw, token_for
from tests.companion.web.threaded import application, in_a_thread, signed_in
from tests.fakes.channel import FakeChannel, FakePool

URL = "http://127.0.0.1"
DOCUMENT = openapi.document(
    openapi.with_own_route(ROUTES, PAGES, version="1", url=URL), PAGES, version="1", url=URL
)
schema = schemathesis.openapi.from_dict(DOCUMENT)
FORM = "application/x-www-form-urlencoded"
ANSWERS = tuple(page.name for page in answering.PAGES)
ALERTING = "alerting"
"""Answers 503 here, as it should: a channel of this application is broken."""
CALLBACKS = {"called_back", "called_back_by_get"}
"""Nobody but a channel's provider gets through to them (test_callbacks)."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
    unsupported_method,
]


type Values = list[dict[str, str]]


@dataclass
class Running:
    """The application in a thread of its own, as the test's client blocks."""

    url: str
    key: str
    paths: dict[str, Values]
    """By operation: path parameters of things that exist."""
    tokens: Values
    cookie: str
    """Of a session of the dashboard, and of its login page."""
    form_tokens: dict[str, str]
    """By operation: what the hidden field of its form holds."""
    statuses: dict[str, set[int]] = field(default_factory=dict)
    """By operation: what it has answered."""


async def _things(api: Api, ids: Directory) -> dict[str, Values]:
    """Make something for every operation to work on, and return the parameters that name it."""
    alarms = [{"alarm_id": await api.raised()} for _ in range(25)]
    for alarm in alarms[:5]:
        await api.call("POST", f"/v1/alarms/{alarm['alarm_id']}/ack")
    keys = [
        await api.call("POST", "/v1/admin/keys", json={"name": "spare", "role": "read"}) for _ in range(5)
    ]
    error = (
        sa.update(tables.delivery)
        .values(state="error")
        .returning(tables.delivery.c.id, tables.delivery.c.alarm_id)
    )
    of_open = error.where(tables.delivery.c.alarm_id.in_([alarm["alarm_id"] for alarm in alarms[20:]]))
    given_up = await api.context.db.write(lambda conn: conn.execute(of_open).all())
    for alarm in alarms[:10]:
        await saw(api, alarm["alarm_id"])
    links = [{"ack_token": token_for(alarm["alarm_id"])} for alarm in alarms]
    device, policy = [{"device_id": ids.incomplete_phone}], [{"policy_id": ids.policy}]
    return {
        "show_alarm": alarms,
        "resolve_alarm": alarms[:5],
        "acknowledge_alarm": alarms[5:10],
        "ack_alarm": alarms[10:15],
        "cancel_alarm": alarms[15:20],
        "note_alarm": alarms,
        "escalate_alarm": alarms,
        "show_alarm_picture": alarms[:15],
        "retry_delivery": [{"delivery_id": one, "alarm_id": alarm} for one, alarm in given_up],
        "show_device": device,
        "rotate_token": device,
        "show_policy": policy,
        "put_policy": policy,
        "try_channel": [{"channel_id": one} for one in (ids.sms, ids.zammad, ids.signal)],
        "revoke_key": [{"key_id": one.json["about"]["id"]} for one in keys],
        "dashboard_alarm": alarms,
        "dashboard_picture": alarms[:15],
        **dict.fromkeys(ANSWERS, alarms),
        "show_ack_picture": links[:15],
        **dict.fromkeys(("show_ack_page", "head_ack_page", "answer_ack_page"), links),
    }


@asynccontextmanager
async def _served(database_url: str, folder: Path) -> AsyncIterator[Running]:
    ids = Directory()
    broken = FakeChannel(TryAgain(reason=Reason.quoting("500"), status_code=500))
    pool = FakePool({ids.sms: FakeChannel(), ids.zammad: broken})
    seed = partial(seed_directory, ids=ids)
    async with application(database_url, folder, pool, seed, other_site=ids.site) as api:
        session = await signed_in(api, lambda key: key.name == "admin key")
        yield Running(
            url=str(api.client.make_url("")).rstrip("/"),
            key=api.keys["admin"],
            paths=await _things(api, ids),
            tokens=[{"token": ids.phone_token}, {"token": ids.incomplete_phone_token}],
            cookie=f"{session.cookie}; alarm_broker_login=ours",
            form_tokens={"login": "ours", **dict.fromkeys(("logout", *ANSWERS), session.form_token)},
        )


@pytest.fixture(scope="module")
def running(lasting_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The application on it."""
    with in_a_thread(_served(lasting_database_url, tmp_path_factory.mktemp("openapi"))) as found:
        yield found
    # Else a handler that nobody ever reached would count as one that keeps its promise.
    unreached = {name for name, seen in found.statuses.items() if not any(status < 400 for status in seen)}
    assert unreached <= {ALERTING, *CALLBACKS}


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """Do without Home Assistant's look for left-over threads: the application's outlive each single test here."""


@schema.parametrize()
@settings(max_examples=25, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_promises(
    case: schemathesis.Case[Any], running: Running
) -> None:
    _aim(case, running)

    # Where no key is wanted, a bearer token would be taken for a phone's.
    secured = case.operation.definition.raw["security"]
    headers = {"Authorization": f"Bearer {running.key}"} if secured else {"Cookie": running.cookie}
    response = case.call_and_validate(base_url=running.url, headers=headers, checks=_checks(case))

    running.statuses.setdefault(_operation(case), set()).add(response.status_code)


def _checks(case: schemathesis.Case[Any]) -> list[Any]:
    # Only of bodies: a parameter that was made wrong may vanish on the wire (an empty list), and is none then.
    # Not of forms: whatever is in one is text, and what people type is cut to size rather than refused.
    content = case.operation.definition.raw.get("requestBody", {}).get("content", {})
    checks = CHECKS + ([negative_data_rejection] if content.keys() - {FORM} else [])
    return [check for check in checks if check is not not_a_server_error or _operation(case) != ALERTING]


def _operation(case: schemathesis.Case[Any]) -> str:
    return str(case.operation.definition.raw["operationId"])


def _aim(case: schemathesis.Case[Any], running: Running) -> None:
    """Let half of the well-formed requests be about things that exist: made-up ids reach no handler.

    All of them until one has got there: what is generated differs with the modules that are loaded.
    """
    name = _operation(case)
    reached = any(status < 400 for status in running.statuses.get(name, ()))
    chance = zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode()) if reached else 0
    if case.meta is None or not case.meta.generation.mode.is_positive or chance % 2:
        return
    if name in running.paths:
        case.path_parameters.update(running.paths[name][chance // 2 % len(running.paths[name])])
    if name in {"press", "press_by_post"}:
        case.headers.pop("X-Alarm-Token", None)
        case.query.update(running.tokens[chance // 2 % len(running.tokens)])
    if name in running.form_tokens:
        case.body = {"key": running.key, "form_token": running.form_tokens[name]}
    if name == "put_policy":
        body: Any = case.body
        body["id"], body["last_resort"] = case.path_parameters["policy_id"], []
        body.pop("site", None)
        for step in body["steps"]:
            step["targets"] = [{"person": "guard"}]
