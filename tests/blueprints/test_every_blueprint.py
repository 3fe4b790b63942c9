"""What holds for every blueprint: Home Assistant takes it, it can be imported, and somebody can find it."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.importer import _get_github_import_url
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.components.blueprint.schemas import BLUEPRINT_SCHEMA
from homeassistant.util.yaml import load_yaml_dict

from tests.blueprints.houses import BLUEPRINTS

ROOT = BLUEPRINTS.parent
REPOSITORY = "https://github.com/alarm-broker/alarm-broker/blob/main"
SCHEMAS: dict[str, Any] = {"automation": AUTOMATION_BLUEPRINT_SCHEMA, "script": BLUEPRINT_SCHEMA}
FILES = sorted(BLUEPRINTS.rglob("*.yaml"))
MINE = Path(__file__).parent

every_blueprint = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def read(path: Path) -> Blueprint:
    domain = path.relative_to(BLUEPRINTS).parts[0]
    return Blueprint(load_yaml_dict(str(path)), expected_domain=domain, schema=SCHEMAS[domain])


def imports(page: str) -> list[str]:
    """Return the addresses that the import badges of a page hand to Home Assistant."""
    badge = r"\[!\[[^\]]+\]\(https://my\.home-assistant\.io/badges/blueprint_import\.svg\)\]\((\S+?)\)"
    links = [urlsplit(link) for link in re.findall(badge, (ROOT / page).read_text())]
    assert {(link.netloc, link.path) for link in links} == {
        ("my.home-assistant.io", "/redirect/blueprint_import/")
    }
    return [parse_qs(link.query)["blueprint_url"][0] for link in links]


def address(path: Path) -> str:
    return f"{REPOSITORY}/{path.relative_to(ROOT)}"


@every_blueprint
def test_home_assistant_takes_it(path: Path) -> None:
    assert read(path).validate() is None


@every_blueprint
def test_it_knows_where_it_comes_from(path: Path) -> None:
    source = str(read(path).metadata["source_url"])

    assert source == address(path)
    assert _get_github_import_url(source).endswith(f"/main/{path.relative_to(ROOT)}")


@every_blueprint
def test_its_minimum_version_is_that_of_the_integration(path: Path) -> None:
    hacs: dict[str, Any] = load_yaml_dict(str(ROOT / "hacs.json"))

    assert read(path).metadata["homeassistant"]["min_version"] == hacs["homeassistant"]


@every_blueprint
def test_every_input_is_used_described_and_has_a_selector(path: Path) -> None:
    blueprint = read(path)
    inputs: dict[str, Any] = blueprint.inputs
    used = set(re.findall(r"!input (\w+)", path.read_text()))

    assert used == set(inputs)
    assert {name for name, one in inputs.items() if not (one or {}).get("name")} == set()
    assert {name for name, one in inputs.items() if not (one or {}).get("selector")} == set()


@every_blueprint
def test_a_run_that_meets_another_does_what_somebody_has_thought_of(path: Path) -> None:
    assert "mode" in load_yaml_dict(str(path))


@every_blueprint
def test_whatever_gets_a_code_keeps_no_traces(path: Path) -> None:
    gets_a_code = re.search(r"^\s+code:|'code':", path.read_text(), re.MULTILINE) is not None
    keeps = load_yaml_dict(str(path)).get("trace", {}).get("stored_traces", 5)

    assert keeps == 0 or not gets_a_code


@every_blueprint
def test_no_code_is_a_template_by_itself(path: Path) -> None:
    """Home Assistant makes a number of what looks like one: +12345678, 12.50. In a mapping text stays text."""
    assert re.search(r"^\s+code: ([\"'>|]|\{\{)", path.read_text(), re.MULTILINE) is None


@every_blueprint
def test_it_has_tests_of_its_own(path: Path) -> None:
    assert (MINE / f"test_{path.stem}.py").is_file()


def test_it_can_be_imported_with_one_click() -> None:
    assert sorted(imports("docs/blueprints.md")) == sorted(map(address, FILES))
