"""What hassfest and HACS look at, checked without them."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from awesomeversion import AwesomeVersion
from homeassistant.helpers.selector import validate_selector

ROOT = Path(__file__).parents[2]
INTEGRATION = ROOT / "custom_components" / "alarm_broker"

MANIFEST_KEYS = {
    "after_dependencies",
    "codeowners",
    "config_flow",
    "dependencies",
    "documentation",
    "domain",
    "integration_type",
    "iot_class",
    "issue_tracker",
    "name",
    "requirements",
    "version",
    "zeroconf",
}
HACS_KEYS = {
    "content_in_root",
    "country",
    "filename",
    "hacs",
    "hide_default_branch",
    "homeassistant",
    "name",
    "persistent_directory",
    "zip_release",
}
RULES = {
    # Home Assistant's Integration Quality Scale, all tiers.
    *("action-setup", "appropriate-polling", "brands", "common-modules", "config-flow"),
    *(
        "config-flow-test-coverage",
        "dependency-transparency",
        "docs-actions",
        "docs-conditions",
        "docs-high-level-description",
        "docs-triggers",
    ),
    *(
        "docs-installation-instructions",
        "docs-removal-instructions",
        "entity-event-setup",
        "entity-unique-id",
    ),
    *("has-entity-name", "runtime-data", "test-before-configure", "test-before-setup", "unique-config-entry"),
    *("action-exceptions", "config-entry-unloading", "docs-configuration-parameters"),
    *("docs-installation-parameters", "entity-unavailable", "integration-owner", "log-when-unavailable"),
    *("parallel-updates", "reauthentication-flow", "test-coverage", "devices", "diagnostics", "discovery"),
    *("discovery-update-info", "docs-data-update", "docs-examples", "docs-known-limitations"),
    *("docs-supported-devices", "docs-supported-functions", "docs-troubleshooting", "docs-use-cases"),
    *("dynamic-devices", "entity-category", "entity-device-class", "entity-disabled-by-default"),
    *("entity-translations", "exception-translations", "icon-translations", "reconfiguration-flow"),
    *("repair-issues", "stale-devices", "async-dependency", "inject-websession", "strict-typing"),
}


def load_json(path: Path) -> Any:
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def manifest() -> Any:
    return load_json(INTEGRATION / "manifest.json")


@pytest.fixture(scope="module")
def actions() -> Any:
    return yaml.safe_load((INTEGRATION / "services.yaml").read_text())


def test_the_manifest_says_what_home_assistant_and_hacs_need(manifest: Any) -> None:
    assert set(manifest) == MANIFEST_KEYS
    assert manifest["domain"] == INTEGRATION.name
    assert manifest["iot_class"] == "local_push"
    assert manifest["integration_type"] == "hub"
    assert manifest["documentation"].startswith("https://")
    assert manifest["issue_tracker"].startswith("https://")
    assert manifest["codeowners"] == ["@alarm-broker"]
    assert manifest["requirements"] == []


def test_the_manifest_is_in_hassfests_order(manifest: Any) -> None:
    keys = list(manifest)

    assert keys == ["domain", "name", *sorted(set(keys) - {"domain", "name"})]


def test_the_version_is_one_and_the_same_everywhere(manifest: Any) -> None:
    project = (ROOT / "pyproject.toml").read_text()

    assert AwesomeVersion(manifest["version"]).valid
    assert f'version = "{manifest["version"]}"' in project


def test_every_integration_that_the_code_imports_is_declared(manifest: Any) -> None:
    declared = {*manifest["dependencies"], *manifest["after_dependencies"]}
    base_platforms = {
        "alarm_control_panel",
        "binary_sensor",
        "button",
        "cover",
        "device_automation",
        "event",
        "logbook",
        "media_player",
        "select",
        "sensor",
        "switch",
        "diagnostics",
        "repairs",
        "system_health",
    }
    imported = {
        line.split("homeassistant.components.")[1].split()[0].split(".")[0]
        for path in INTEGRATION.rglob("*.py")
        for line in path.read_text().splitlines()
        if "homeassistant.components." in line
    }

    assert imported <= declared | base_platforms


def test_hacs_gets_only_what_it_knows() -> None:
    hacs = load_json(ROOT / "hacs.json")

    assert set(hacs) <= HACS_KEYS
    assert hacs["name"] == "Alarm Broker"
    assert hacs["homeassistant"] == "2026.10.0"


def test_the_icon_is_a_square_png_of_256() -> None:
    header = (INTEGRATION / "brand" / "icon.png").read_bytes()[:24]

    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(header[16:20]), int.from_bytes(header[20:24])) == (256, 256)


def test_every_action_has_an_icon_and_no_icon_is_left_over(actions: Any) -> None:
    icons = load_json(INTEGRATION / "icons.json")

    assert set(icons["services"]) == set(actions)


def test_every_icon_of_an_entity_belongs_to_an_entity_with_a_name() -> None:
    icons = load_json(INTEGRATION / "icons.json")["entity"]
    texts = load_json(INTEGRATION / "translations" / "en.json")["entity"]

    assert {(platform, key) for platform, keys in icons.items() for key in keys} == {
        (platform, key) for platform, keys in texts.items() for key in keys
    }


def test_every_selector_of_an_action_is_valid(actions: Any) -> None:
    selectors = [field["selector"] for action in actions.values() for field in action["fields"].values()]

    assert [validate_selector(selector) for selector in selectors]


def test_every_rule_of_the_quality_scale_is_answered_and_excuses_have_a_reason() -> None:
    rules = yaml.safe_load((INTEGRATION / "quality_scale.yaml").read_text())["rules"]

    assert set(rules) == RULES
    excused = {name: rule for name, rule in rules.items() if rule != "done"}
    assert all(rule["status"] in {"todo", "exempt"} and rule["comment"] for rule in excused.values())


def test_every_platform_says_how_many_updates_it_bears() -> None:
    platforms = ["alarm_control_panel", "binary_sensor", "event", "sensor"]

    assert all("PARALLEL_UPDATES = 0" in (INTEGRATION / f"{name}.py").read_text() for name in platforms)
