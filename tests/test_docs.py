"""What the documentation shows is true: its examples apply, its links lead somewhere."""

import re
from pathlib import Path

import pytest

from companion.config import Settings
from companion.directory.reading import read_document
from companion.directory.references import References

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


@pytest.mark.parametrize("page", ["docs/companion.md", "docs/yealink.md"])
def test_the_directory_in_the_documentation_can_be_read(page: str) -> None:
    example = blocks(page, "yaml")[0]
    names = set(re.findall(r"\$\{env:(\w+)\}", example))

    document = read_document(example, References(environ=dict.fromkeys(names, "a-value-that-is-long-enough")))

    assert document.problems == ()


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
