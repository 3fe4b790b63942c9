"""Every query knows whose it is: held by reading the signatures, and where scopes are made."""

import ast
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from sqlalchemy.engine import Connection

import companion
from companion.store.scope import Scope

ROOT = Path(companion.__file__).parent
BESIDE_THE_STORES = (
    "alarms/journal.py",
    "alarms/pictures.py",
    "alarms/statistics.py",
    "directory/presses.py",
)
NOT_ABOUT_A_SITE = {
    # Keys that only who made them can name: of an API key, a device, a Home Assistant, each of one site.
    "companion.alarms.store.claim_dedup",
    "companion.alarms.store.take_over_dedup",
}


def _queries() -> list[Callable[..., Any]]:
    files = sorted({*ROOT.glob("*/store.py"), *(ROOT / name for name in BESIDE_THE_STORES)})
    modules = [importlib.import_module(f"companion.{file.parent.name}.{file.stem}") for file in files]
    functions = [
        one
        for module in modules
        for name, one in inspect.getmembers(module, inspect.isfunction)
        if one.__module__ == module.__name__ and not name.startswith("_")
    ]
    return [
        one
        for one in functions
        if Connection in get_type_hints(one).values()
        and f"{one.__module__}.{one.__name__}" not in NOT_ABOUT_A_SITE
    ]


@pytest.mark.parametrize("query", _queries(), ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_every_query_asks_first_whose_rows_it_may_touch(query: Callable[..., Any]) -> None:
    first, second = list(inspect.signature(query).parameters.values())[:2]
    types = get_type_hints(query)

    assert (first.name, first.default, types[first.name]) == ("scope", inspect.Parameter.empty, Scope)
    assert types[second.name] is Connection


def test_every_room_with_tables_has_its_queries_looked_at() -> None:
    rooms = {one.__module__.split(".")[1] for one in _queries()}

    assert rooms == {"alarms", "directory", "dispatch", "link", "troubles"}


def test_a_scope_is_made_in_one_place() -> None:
    """From the site of a key, by `scope_of`; the engine says ALL_SITES."""
    made = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in ROOT.rglob("*.py")
        if path != ROOT / "store" / "scope.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"OneSite", "AllSites"}
    ]

    assert made == []


def test_who_asks_over_the_web_never_asks_for_all_sites_by_hand() -> None:
    """But where the key itself is looked up, what the service says of itself, and what the directory has decided."""
    named = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "web").rglob("*.py")
        if any(
            isinstance(node, ast.Name) and node.id == "ALL_SITES"
            for node in ast.walk(ast.parse(path.read_text()))
        )
    }

    assert named == {
        "web/ack.py",  # a link is its holder's right
        "web/api/raising.py",  # a site's own policy may tell people of another
        "web/auth.py",
        "web/dashboard_data.py",
        "web/health_checks.py",
        "web/metrics.py",
        "web/sessions.py",  # as for auth: whose key it is is what is asked
    }
