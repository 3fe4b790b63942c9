"""Arrows go down only: which folder may import which, held by reading every import."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INTEGRATION = "custom_components.alarm_broker"

PURE_COMPANION = (
    "companion.alarms.dedup",
    "companion.alarms.model",
    "companion.alarms.lifecycle",
    "companion.alarms.reply_words",
    "companion.escalation",
    "companion.dispatch.retry",
    "companion.dispatch.delivery",
    "companion.channels.base",
    "companion.channels.render",
    "companion.channels.sms.automata",
    "companion.channels.gsm",
    "companion.channels.sms.re2_syntax",
    "companion.channels.plainly",
    "companion.link.events",
    "companion.link.fields",
    "companion.link.protocol",
    "companion.directory.model",
    "companion.directory.roles",
    "companion.troubles.model",
    "companion.troubles.channel_health",
    "companion.clock",
    "companion.extensions",
    "companion.ids",
    "companion.strict_json",
    "companion.texts",
    "companion.timezones",
)
"""Decide, and do nothing: the standard library, each other, and pydantic, which describes their shapes."""

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "companion.store": ("companion.store", "companion.texts", "companion.clock", "companion.ids"),
    "companion.texts": ("companion.texts", "companion.extensions"),
    "companion.channels": (
        "companion.channels",
        "companion.extensions",
        "companion.texts",
        "companion.timezones",
    ),
    "companion.wording": (
        "companion.wording",
        "companion.channels.base",
        "companion.channels.render",
        "companion.texts",
    ),
    "companion.escalation": ("companion.escalation",),
    "companion.directory": (
        "companion.directory",
        "companion.wording",
        "companion.channels",
        "companion.texts",
        "companion.escalation",
        "companion.store",
        "companion.ids",
    ),
    "companion.dispatch": (
        "companion.dispatch",
        "companion.texts",
        "companion.channels",
        "companion.wording",
        "companion.directory.model",
        "companion.directory.store",
        "companion.store",
        "companion.clock",
        "companion.ids",
    ),
    "companion.troubles": (
        "companion.troubles",
        "companion.texts",
        "companion.directory",
        "companion.dispatch",
        "companion.channels.base",
        "companion.store",
        "companion.clock",
        "companion.ids",
    ),
    "companion.alarms": (
        "companion.alarms",
        "companion.texts",
        "companion.troubles",
        "companion.escalation",
        "companion.dispatch",
        "companion.channels.base",
        "companion.channels.kind",
        "companion.directory.model",
        "companion.directory.store",
        "companion.store",
        "companion.clock",
        "companion.ids",
        "companion.rate_limit",
    ),
    "companion.triggers": (
        "companion.triggers",
        "companion.alarms",
        "companion.directory",
        "companion.escalation",
        "companion.store",
        "companion.ids",
    ),
    "companion.link": (
        "companion.link",
        "companion.texts",
        "companion.troubles",
        "companion.alarms",
        "companion.channels.base",
        "companion.dispatch",
        "companion.escalation",
        "companion.directory.model",
        "companion.directory.store",
        "companion.store",
        "companion.clock",
        "companion.ids",
        "companion.strict_json",
    ),
    "companion.timekeeping": (
        "companion.timekeeping",
        "companion.alarms.model",
        "companion.dispatch.store",
        "companion.store",
        "companion.clock",
    ),
}
"""Folder → what of our own it may import. `web`, `cli` and `app` know everybody below them."""

MAY_IMPORT_IN_THE_INTEGRATION: dict[str, tuple[str, ...]] = {
    "core": (),
    "codes": ("core",),
    "texts": (),
    "system": ("core", "codes", "texts"),
    "link": ("core", "texts", "system"),
    "verification": ("core", "system", "link.events"),
    "household": ("core", "system"),
    "push": ("core", "texts", "system", "link", "verification", "household"),
    "flows": ("core", "codes", "texts", "system", "link", "verification", "household", "push"),
    "actions": ("core", "codes", "texts", "system", "link", "flows", "alarm_control_panel"),
    "voice": ("core", "texts"),
}
"""Room → which others below it, or which single files of them, it may import."""

BESIDE_THE_STORES = {
    "companion.alarms.journal": "the queries on the record, which only ever grows",
    "companion.alarms.pictures": "the queries on pictures",
    "companion.alarms.retention": "the queries that delete an alarm and all that belongs to it",
    "companion.alarms.statistics": "the queries that count",
    "companion.directory.apply": "makes whole tables equal to a document, whichever they are",
    "companion.directory.presses": "the one query of a press, built once",
    "companion.dispatch.claim": "leases: statements and the rules that hold between them",
    "companion.dispatch.folding": "the queries on pages that wait to be told together",
    "companion.dispatch.health": "the queries of the auditor, each on its index",
    "companion.dispatch.outbox": "the statements that write deliveries and take them back",
    "companion.dispatch.readers": "the queries on whom a message is for",
    "companion.dispatch.record": "the statements that every attempt ends with, under the fence of its claim",
    "companion.dispatch.wake": "NOTIFY and LISTEN: no table",
    "companion.link.outbox": "the statements that number the events of a stream and keep them",
    "companion.timekeeping.timeline": "the clock of the database, and what is kept of it",
    "companion.timekeeping.waiting": "moves every column that holds a deadline, whoever's it is",
    "companion.web.ended_sessions": "the queries on sessions that were ended",
}
"""Modules with SQL that are no `store.py`, and what they are instead."""

COMPOSITION_ROOTS = (
    "companion.app",
    "companion.cli",
    "companion.commands.command_line",
    "companion.commands.service",
    "companion.__main__",
)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Return the full names of everything the file imports, wherever in the file."""
    module = module_name(path)
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            found |= {_module_or_name(f"{origin}.{alias.name}", origin) for alias in node.names}
    return found


def _module_or_name(full: str, origin: str) -> str:
    path = ROOT / full.replace(".", "/")
    return full if path.with_suffix(".py").exists() or path.is_dir() else origin


FILES = {
    module_name(path): imports_of(path)
    for folder in ("companion", "custom_components")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
}


def below(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)


def test_every_folder_imports_only_what_is_below_it() -> None:
    wrong = [
        f"{module} imports {imported}: this arrow points up"
        for module, imported_names in FILES.items()
        for folder, allowed in MAY_IMPORT.items()
        if below(module, (folder,))
        for imported in sorted(imported_names)
        if imported.startswith("companion") and not below(imported, allowed)
    ]

    assert not wrong, "\n".join(wrong)


def test_every_room_of_the_integration_imports_only_what_is_below_it() -> None:
    """`const` and `types` are everybody's; what Home Assistant looks for at the top knows everybody."""
    at_the_top = {path.stem for path in (ROOT / "custom_components" / "alarm_broker").glob("*.py")}
    wrong = [
        f"{module} imports {imported}: this arrow points up"
        for module, imported_names in FILES.items()
        for room, allowed in MAY_IMPORT_IN_THE_INTEGRATION.items()
        if below(module, (f"{INTEGRATION}.{room}",))
        for imported in sorted(imported_names)
        if below(imported, (INTEGRATION,))
        and not below(imported, tuple(f"{INTEGRATION}.{name}" for name in (room, "const", "types", *allowed)))
    ]
    rooms = {
        path.name
        for path in (ROOT / "custom_components" / "alarm_broker").iterdir()
        if list(path.glob("*.py"))
    }

    assert not wrong, "\n".join(wrong)
    assert rooms == set(MAY_IMPORT_IN_THE_INTEGRATION)
    assert at_the_top.isdisjoint(rooms), "Home Assistant takes a folder for a platform of the same name"


def test_sql_stands_in_the_stores() -> None:
    """Whoever names a table or builds a statement is one; everybody else asks by name for what they want."""
    writes_sql = {
        module
        for module, imported in FILES.items()
        if below(module, ("companion",))
        and not below(module, ("companion.store",))
        and any(name in {"sqlalchemy", "companion.store.tables"} for name in imported)
    }
    stores = {module for module in writes_sql if module.endswith(".store")}

    assert writes_sql - stores == set(BESIDE_THE_STORES)


def test_nobody_imports_a_composition_root() -> None:
    wrong = [
        f"{module} imports {imported}"
        for module, imported_names in FILES.items()
        for imported in imported_names
        if imported in COMPOSITION_ROOTS and module not in COMPOSITION_ROOTS
    ]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("pure", "third_party"),
    [
        (PURE_COMPANION, {"pydantic"}),
        (
            (
                f"{INTEGRATION}.core",
                f"{INTEGRATION}.link.protocol",
                f"{INTEGRATION}.link.companion_events",
                f"{INTEGRATION}.link.wire",
            ),
            set[str](),
        ),
    ],
    ids=["companion", "integration"],
)
def test_the_pure_parts_do_no_io(pure: tuple[str, ...], third_party: set[str]) -> None:
    allowed = set(sys.stdlib_module_names) | third_party
    forbidden_stdlib = {"asyncio", "socket", "sqlite3", "subprocess", "threading", "urllib.request"}
    wrong = [
        f"{module} imports {imported}"
        for module, imported_names in FILES.items()
        if below(module, pure)
        for imported in sorted(imported_names)
        if not below(imported, pure)
        and imported not in {"companion", "companion.alarms", "companion.dispatch", "companion.troubles"}
        and (imported.split(".")[0] not in allowed or below(imported, tuple(forbidden_stdlib)))
    ]

    assert not wrong, "\n".join(wrong)


def test_the_halves_do_not_know_each_other() -> None:
    wrong = [
        f"{module} imports {imported}"
        for module, imported_names in FILES.items()
        for imported in imported_names
        if imported.split(".")[0] in {"companion", "custom_components"}
        and imported.split(".")[0] != module.split(".")[0]
    ]

    assert not wrong, "\n".join(wrong)


def test_the_system_does_not_know_its_entities() -> None:
    platforms = {
        f"{INTEGRATION}.{name}"
        for name in ("alarm_control_panel", "binary_sensor", "event", "sensor", "push.notifier")
    }

    assert FILES[f"{INTEGRATION}.system.system"].isdisjoint(platforms)


def test_there_are_no_cycles() -> None:
    seen: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join([*path[path.index(module) :], module])
        if module in seen:
            return
        for imported in FILES.get(module, set()):
            if imported in FILES and imported != module:
                visit(imported, (*path, module))
        seen.add(module)

    for module in FILES:
        visit(module, ())


def test_the_migrations_are_one_line() -> None:
    """Two that begin from the same tables leave every database without a way forward."""
    folder = ROOT / "companion" / "store" / "migrations" / "versions"
    numbers = [path.name[:4] for path in sorted(folder.glob("[0-9]*.py"))]

    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
