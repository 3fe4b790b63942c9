"""A whole, valid document to start from, and a way to read one."""

import copy
from collections.abc import Mapping
from typing import Any

import orjson

from companion.directory.apply import Action, Plan, apply_document
from companion.directory.parsing import read_document
from companion.directory.references import References
from companion.directory.seed import Document
from companion.store.database import Database
from companion.store.secrets import Secrets

KEY = Secrets(b"the secret key of these tests ....")
SECRETS = {"ZAMMAD_TOKEN": "hunter22", "PHONE_TOKEN": "phone-token-0123456789"}

OFFICE: dict[str, Any] = {
    "policies": [
        {
            "id": "standard",
            "name": "Standard",
            "steps": [
                {"targets": [{"channel": "zammad"}, {"person": "porter"}]},
                {"after": 60, "targets": [{"person": "guard", "via": "sms"}]},
            ],
            "repeat": 1,
        }
    ],
    "sites": [
        {
            "id": "office",
            "name": "Office",
            "timezone": "Europe/Berlin",
            "policy": "standard",
            "rooms": [{"id": "reception", "name": "Reception"}, {"id": "cellar", "name": "Cellar"}],
        }
    ],
    "channels": [
        {
            "id": "zammad",
            "kind": "zammad",
            "name": "Tickets",
            "config": {
                "url": "http://127.0.0.1:8080",
                "token": "${env:ZAMMAD_TOKEN}",
                "group": "Users",
                "customer": "alarm@example.org",
            },
        },
        {"id": "sms", "kind": "sms", "name": "SMS", "config": {"url": "http://127.0.0.1:8081/send"}},
    ],
    "people": [
        {
            "id": "porter",
            "name": "Porter",
            "site": "office",
            "contacts": [{"channel": "sms", "address": "+4930111111"}],
        },
        {
            "id": "guard",
            "name": "Guard",
            "language": "de",
            "contacts": [{"channel": "sms", "address": "+4930222222"}],
        },
    ],
    "devices": [
        {
            "id": "desk-phone",
            "kind": "yealink",
            "name": "Desk phone",
            "site": "office",
            "room": "reception",
            "person": "porter",
            "token": "${env:PHONE_TOKEN}",
        }
    ],
}


def office() -> dict[str, Any]:
    """Return the document, to be changed by the test."""
    return copy.deepcopy(OFFICE)


def read(content: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Document:
    """Return the document as it is read; JSON is YAML."""
    return read_document(
        orjson.dumps(dict(content)), References(environ=SECRETS if environ is None else environ)
    )


async def applied(db: Database, content: dict[str, Any]) -> Plan:
    """Apply a document as the operators do, and return what that changed."""
    return await db.write(lambda conn: apply_document(conn, read(content), KEY))


def changes_nothing(plan: Plan) -> bool:
    """Return whether everything is already as the document says."""
    return plan.count(Action.UNCHANGED) == len(plan.changes)
