"""Everything a person reads has a text, in both languages, and no text is left over."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.alarm_broker import panel_forms as forms
from custom_components.alarm_broker.config_flow import (
    COMPANION_SCHEMA,
    TOKEN_SCHEMA,
    AlarmBrokerConfigFlow,
    AlarmBrokerOptionsFlow,
)
from custom_components.alarm_broker.const import CHANGES
from custom_components.alarm_broker.push_messages import TEXTS

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "alarm_broker"
LANGUAGES = ["en", "de"]
PANEL_FORMS = {
    "sensors": forms.SENSORS_SCHEMA,
    "delays": forms.delays_schema([]),
    "code": forms.code_schema(keep=False),
}


def texts(language: str) -> Any:
    return json.loads((INTEGRATION / "translations" / f"{language}.json").read_text())


def leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(tree, str):
        yield path, tree
        return
    for key, value in tree.items():
        yield from leaves(value, (*path, key))


def source() -> str:
    return "\n".join(path.read_text() for path in sorted(INTEGRATION.rglob("*.py")))


def constants(name: str) -> set[str]:
    """Return the texts that are passed to a function, or as a keyword, of this name anywhere in the code."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source())):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if called == name and node.args and isinstance(node.args[0], ast.Constant):
                found.add(str(node.args[0].value))
            found |= {
                str(keyword.value.value)
                for keyword in node.keywords
                if keyword.arg == name and isinstance(keyword.value, ast.Constant)
            }
    return found


def steps(flow: type) -> set[str]:
    return {name.removeprefix("async_step_") for name in vars(flow) if name.startswith("async_step_")}


def test_german_has_every_text_that_english_has_and_none_more() -> None:
    english, german = (dict(leaves(texts(language))) for language in LANGUAGES)

    assert german.keys() == english.keys()


def test_both_languages_fill_in_the_same_words() -> None:
    english, german = (dict(leaves(texts(language))) for language in LANGUAGES)
    differing = [
        path
        for path, text in english.items()
        if set(re.findall(r"{(\w+)}", text)) != set(re.findall(r"{(\w+)}", german[path]))
    ]

    assert differing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_sorted_and_not_empty(language: str) -> None:
    tree = texts(language)

    assert (INTEGRATION / "translations" / f"{language}.json").read_text() == (
        json.dumps(tree, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    )
    assert [path for path, text in leaves(tree) if not text.strip()] == []


def test_every_error_of_the_code_has_a_text_and_no_text_is_left_over() -> None:
    raised = constants("_error") | (constants("translation_key") - {"companion_away"})

    assert set(texts("en")["exceptions"]) == raised


def test_every_issue_has_a_text() -> None:
    assert set(texts("en")["issues"]) == {"companion_away"}


def test_every_error_of_a_form_has_a_text_and_no_text_is_left_over() -> None:
    in_config = texts("en")["config"]["error"]
    in_options = texts("en")["options"]["error"]
    of_the_panel_forms = set(
        re.findall(r'": "(\w+)"|: "(\w+)"}', (INTEGRATION / "panel_forms.py").read_text())
    )
    panel_errors = {key for pair in of_the_panel_forms for key in pair if key}
    flow = (INTEGRATION / "config_flow.py").read_text() + (INTEGRATION / "companion_check.py").read_text()
    said = "\n".join(re.findall(r'NotUsable\(.*\)|errors\["base"\] = ".*"', flow))
    flow_errors = set(re.findall(r'"(\w+)"', said)) - {"base"}

    assert set(in_options) == panel_errors
    assert set(in_config) == flow_errors | panel_errors


def test_every_abort_has_a_text() -> None:
    reasons = constants("reason") | {"already_configured"}

    assert set(texts("en")["config"]["abort"]) == reasons


def test_every_step_of_the_flows_has_a_text() -> None:
    config_steps = steps(AlarmBrokerConfigFlow) - {"alone", "zeroconf", "reauth"}

    assert set(texts("en")["config"]["step"]) == config_steps
    assert set(texts("en")["options"]["step"]) == steps(AlarmBrokerOptionsFlow)


@pytest.mark.parametrize(
    ("flow", "step", "schema"),
    [
        ("config", "companion", COMPANION_SCHEMA),
        ("config", "zeroconf_confirm", TOKEN_SCHEMA),
        ("config", "reauth_confirm", TOKEN_SCHEMA),
        ("config", "reconfigure_companion", COMPANION_SCHEMA),
        *(("config", step, schema) for step, schema in PANEL_FORMS.items()),
        *(("options", step, schema) for step, schema in PANEL_FORMS.items()),
    ],
)
def test_every_field_has_a_name_and_says_what_it_is_for(flow: str, step: str, schema: Any) -> None:
    fields = {str(field) for field in schema.schema}

    assert set(texts("en")[flow]["step"][step]["data"]) == fields
    assert set(texts("en")[flow]["step"][step]["data_description"]) == fields


def test_every_action_and_each_of_its_fields_has_a_text_and_none_is_left_over() -> None:
    actions = yaml.safe_load((INTEGRATION / "services.yaml").read_text())
    described = texts("en")["services"]

    assert {name: set(action["fields"]) for name, action in actions.items()} == {
        name: set(action["fields"]) for name, action in described.items()
    }


def test_every_change_of_an_alarm_has_a_text() -> None:
    said = texts("en")["entity"]["event"]["alarm"]["state_attributes"]["event_type"]["state"]

    assert set(said) == set(CHANGES)


async def test_every_entity_is_named_by_its_key(hass: HomeAssistant, linked: MockConfigEntry) -> None:
    described = texts("en")["entity"]
    states = {
        state.entity_id: state.name
        for state in hass.states.async_all()
        if state.entity_id.split(".")[0] in described
    }
    ours = {entity_id: name for entity_id, name in states.items() if "home_alarm" in entity_id}

    assert ours == {
        "alarm_control_panel.home_alarm": "Home alarm",
        "binary_sensor.home_alarm_alarm_active": "Home alarm Alarm active",
        "binary_sensor.home_alarm_companion_connected": "Home alarm Companion connected",
        "event.home_alarm_alarm": "Home alarm Alarm",
        "sensor.home_alarm_latest_alarm": "Home alarm Latest alarm",
    }


def test_a_phone_is_told_the_same_things_in_both_languages() -> None:
    assert set(TEXTS) == set(LANGUAGES)
    assert TEXTS["de"].keys() == TEXTS["en"].keys()
