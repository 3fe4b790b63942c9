"""What the documentation shows is true: its examples apply, its links lead somewhere."""

import doctest
import importlib
import re
import shlex
from collections.abc import Mapping
from configparser import RawConfigParser
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from companion.channels.registry import build_channel, mistakes, validated
from companion.commands.command_line import app
from companion.config import Settings
from companion.directory.apply import apply_document
from companion.directory.parsing import read_document
from companion.directory.references import References
from companion.directory.seed import SECTIONS
from companion.store.database import open_database
from companion.store.migrate import migrate
from companion.store.secrets import Secrets
from companion.wording.values import VARIABLES

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


class _Anything(yaml.SafeLoader):
    """YAML as Home Assistant and Docker read it, with tags of their own."""


_Anything.add_multi_constructor("!", lambda _loader, _suffix, node: node.value)


def examples(page: Path) -> list[tuple[str, Any]]:
    """Return each YAML example of the page, as it stands there and parsed."""
    return [(text, yaml.load(text, _Anything)) for text in blocks(str(page), "yaml")]  # noqa: S506 # a safe loader


def is_of(example: Any, model: Mapping[str, Any]) -> bool:
    return isinstance(example, dict) and set(example) <= set(model)


@pytest.mark.parametrize(
    "pages", [["companion.md", "yealink.md", "texts.md"], ["first-alarm.md"]], ids="+".join
)
async def test_the_directories_in_the_documentation_apply(pages: list[str], tmp_path: Path) -> None:
    """In the order in which a reader comes to them: a page may go on with what an earlier one has set up."""
    url = f"sqlite:///{tmp_path}/docs.db"
    await migrate(url)
    db = open_database(url)
    applied = 0
    for text, example in [found for page in pages for found in examples(ROOT / "docs" / page)]:
        if not is_of(example, SECTIONS):
            continue
        names = set(re.findall(r"\$\{env:(\w+)\}", text))
        document = read_document(
            text, References(environ={name: f"{name}-long-enough-for-it" for name in names})
        )
        plan = await db.write(partial(apply_document, document=document, secrets=Secrets(b"k" * 32)))
        assert plan.warnings == ()
        applied += 1
    await db.close()

    assert applied == len(pages)


def test_the_gateways_in_the_documentation_can_be_built() -> None:
    gateways = [example for _, example in examples(ROOT / "docs/sms.md")]

    for gateway in gateways:
        assert not list(mistakes("sms", validated("sms", gateway)))
        build_channel("sms", gateway)
    assert len(gateways) == 6


SECRETS = {
    "telegram": {"TELEGRAM_TOKEN": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"},
    "ntfy": {"NTFY_TOKEN": "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"},
}
"""By page, as each has a form of its own."""


@pytest.mark.parametrize("page", SECRETS)
def test_the_channels_in_the_documentation_can_be_built(page: str) -> None:
    shown = [
        text for text, example in examples(ROOT / f"docs/channels/{page}.md") if is_of(example, SECTIONS)
    ]

    assert shown
    for text in shown:
        assert read_document(text, References(environ=SECRETS[page])).problems == ()


def test_every_variable_of_texts_is_in_the_documentation() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", (ROOT / "docs/texts.md").read_text(), re.MULTILINE)

    assert dict(rows) == VARIABLES


def test_the_settings_files_in_the_documentation_are_accepted() -> None:
    files = [
        example for page in PAGES for _, example in examples(page) if is_of(example, Settings.model_fields)
    ]

    for file in files:
        assert Settings(**file).public_url == "https://alarm.example.org"
    assert len(files) >= 2


def commands() -> list[str]:
    lines = [line for page in PAGES for block in blocks(str(page), "sh") for line in block.splitlines()]
    found = [re.search(r"(?:^|sudo |exec alarm-broker )alarm-broker (.+)", line) for line in lines]
    return sorted({match[1] for match in found if match})


@pytest.mark.parametrize("line", commands())
def test_the_commands_in_the_documentation_exist(line: str) -> None:
    result = CliRunner().invoke(app, [*shlex.split(line, comments=True), "--help"])

    assert result.exit_code == 0, result.output


def test_the_unit_in_the_documentation_is_whole() -> None:
    unit = RawConfigParser(strict=True)
    unit.read_string(blocks("docs/install.md", "ini")[0])

    assert unit["Service"]["ExecStart"].endswith("/alarm-broker serve")
    assert unit["Service"]["User"] == unit["Service"]["StateDirectory"] == "alarm-broker"
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_every_setting_in_the_documentation_exists() -> None:
    text = (ROOT / "docs/companion.md").read_text()
    named = {name.lower() for name in re.findall(r"ALARM_BROKER_([A-Z_]+)", text)} - {"config"}

    assert named <= set(Settings.model_fields)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)\)|src=\"([^\"]+)\"", page.read_text())
    missing = [
        target
        for pair in targets
        for target in pair
        if target and "://" not in target and not (page.parent / target).exists()
    ]

    assert not missing


def test_decisions_are_numbered_one_after_the_other() -> None:
    pages = sorted((ROOT / "docs/decisions").iterdir())
    titles = [page.read_text().split(":", 1)[0] for page in pages]

    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    assert titles == [f"# {page.name[:4]}" for page in pages]


EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for folder in ("companion", "custom_components")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "\n    >>> " in path.read_text()
]


@pytest.mark.parametrize("module", EXAMPLES)
def test_the_examples_in_docstrings_are_true(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0
