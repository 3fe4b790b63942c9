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
    # An event is its channel's, and only its channel's provider can name it.
    "companion.dispatch.store.hear",
    "companion.dispatch.store.forget_heard",
}


FOR_EVERY_SITE = {
    "store/scope.py": "where it is made",
    # What goes on by itself, for everybody.
    "app.py": "what the dispatcher and the jobs report",
    "jobs.py": "whatever is due",
    "dispatch/claim.py": "whatever is due",
    "dispatch/pool.py": "the channels that run",
    "dispatch/record.py": "what became of a delivery",
    "dispatch/worker.py": "a delivery that this worker holds",
    "link/dead_man_switch.py": "when the next entry delay is over",
    # The operators' own work, with the database in their hands.
    "commands/directory.py": "the command line",
    "commands/keys.py": "the command line",
    "commands/texts.py": "the command line",
    "export.py": "the whole record",
    "selfcheck.py": "the whole installation",
    # What is wrong with the service is the installation's, whoever's transaction it was found in.
    "troubles/channel_watch.py": "how the channels are",
    "troubles/reach_audit.py": "whom alarms would reach",
    "troubles/reporting.py": "which troubles there are, and who the operators are",
    # Decided by whoever applies the directory, whoever asks.
    "alarms/paging.py": "whom a policy tells: people of another site too",
    "alarms/last_resort.py": "the installation's last resort",
    "alarms/transaction.py": "the installation's last resort",
    "directory/store.py": "whom a site's own policy tells, and what holds for every site",
    "web/dashboard_data.py": "what the service says of itself, and whom a policy tells",
    # Who hears of an alarm is asked of the alarm, not of whoever changed it; a key for every site hears of all.
    "link/publishing.py": "the Home Assistants that hear of it, and whose a new one is",
    "link/outbox.py": "the stream to one of them",
    "link/errands.py": "which of them a channel may ask is asked of the channel",
    "link/store.py": "a narrower query only where one is needed",
    "troubles/store.py": "a narrower query only where one is needed",
    # Whose it is, is what is asked: of a key, a link, a phone's token, a Home Assistant.
    "link/session.py": "whose Home Assistant it is, and whether its key still holds",
    "alarms/ack_links.py": "a link is its holder's right",
    "alarms/flood.py": "what else its holder was told of",
    "alarms/inbound.py": "which channel it was said over, and what became of its messages",
    "web/ack.py": "a link is its holder's right",
    "web/auth.py": "whose key it is",
    "web/sessions.py": "whose key it is",
    "web/yealink.py": "whose phone it is",
    # What the service says of itself.
    "web/health_checks.py": "how it is",
    "web/metrics.py": "how much there is",
}
"""Module → what it needs every site's rows for."""


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


def test_all_sites_are_named_only_where_nobody_asks_or_who_asks_is_found_out() -> None:
    """Everywhere else the scope is handed in: with a unit of work, or from the caller."""
    named = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if any(
            isinstance(node, ast.Name) and node.id == "ALL_SITES"
            for node in ast.walk(ast.parse(path.read_text()))
        )
    }

    assert named == set(FOR_EVERY_SITE)
