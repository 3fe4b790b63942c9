"""Everything a person reads has a text, in every language, and no text is left over."""

import ast
import json
import re
from collections.abc import Iterator
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.alarm_broker.codes.rules import CodeRefusal
from custom_components.alarm_broker.config_flow import (
    COMPANION_SCHEMA,
    TOKEN_SCHEMA,
    AlarmBrokerConfigFlow,
)
from custom_components.alarm_broker.const import CHANGES
from custom_components.alarm_broker.core.option_spec import Number, Profile
from custom_components.alarm_broker.core.panel.config import (
    Action,
    ArmMode,
    TroubleEffect,
    TroubleKind,
    ZoneKind,
)
from custom_components.alarm_broker.core.panel.effects import CodeProblem
from custom_components.alarm_broker.core.panel.profiles import (
    DEFAULTS,
    TIMES,
    code_violations,
    mode_violations,
    rule_violations,
)
from custom_components.alarm_broker.core.panel.state import Bypass, ChimeMode
from custom_components.alarm_broker.flows import first as forms
from custom_components.alarm_broker.flows.options import FORMS as OPTION_FORMS, AlarmBrokerOptionsFlow
from custom_components.alarm_broker.flows.subentries.calendar import MARGINS
from custom_components.alarm_broker.flows.subentries.group import OPTIONS as GROUP_OPTIONS
from custom_components.alarm_broker.link.issues import SERVICE_TROUBLES
from custom_components.alarm_broker.system.activity import ActivityKind
from custom_components.alarm_broker.texts.language import LANGUAGES

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "alarm_broker"
OTHERS = [language for language in LANGUAGES if language != "en"]
PANEL_FORMS = {
    "sensors": forms.SENSORS_SCHEMA,
    "delays": forms.delays_schema([]),
    "code": forms.CODE_SCHEMA,
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


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_text_that_english_has_and_none_more(language: str) -> None:
    assert dict(leaves(texts(language))).keys() == dict(leaves(texts("en"))).keys()


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_fills_in_the_same_words(language: str) -> None:
    there = dict(leaves(texts(language)))
    differing = [
        path
        for path, text in leaves(texts("en"))
        if sorted(re.findall(r"{(\w+)}", text)) != sorted(re.findall(r"{(\w+)}", there[path]))
    ]

    assert differing == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_was_left_in_english(language: str) -> None:
    """Words may be the same in two languages, sentences are not."""
    there = dict(leaves(texts(language)))
    left = [
        path
        for path, text in leaves(texts("en"))
        if len(re.findall(r"[a-z]{2,}", re.sub(r"{\w+}", "", text))) > 3 and there[path] == text
    ]

    assert left == []


def test_every_file_of_translations_is_one_of_a_language_that_is_spoken_here() -> None:
    assert {path.stem for path in (INTEGRATION / "translations").glob("*.json")} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_sorted_and_not_empty(language: str) -> None:
    tree = texts(language)

    assert (INTEGRATION / "translations" / f"{language}.json").read_text() == (
        json.dumps(tree, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    )
    assert [path for path, text in leaves(tree) if not text.strip()] == []


def test_every_error_of_the_code_has_a_text_and_no_text_is_left_over() -> None:
    raised = constants("invalid") | constants("RequestRefused") | constants("translation_key")
    raised -= {"companion_away", "homeless_zones", "unreadable_file"} | set(texts("en")["selector"])
    computed = (
        {
            "_".join(("not_ready", *blocked, *parts))
            for count in (1, 2, 3)
            for parts in combinations(("open", "blind", "trouble"), count)
            for blocked in ((), ("blocked",))
        }
        | {f"not_allowed_{action.value}" for action in Action}
        | {f"code_{problem.value}" for problem in CodeProblem}
        | {refusal.value for refusal in CodeRefusal}
    )

    assert set(texts("en")["exceptions"]) == raised | computed


def test_every_issue_has_a_text() -> None:
    assert set(texts("en")["issues"]) == {
        "companion_away",
        "duress_in_logbook",
        "homeless_zones",
        "left_out",
        "panel_from_copy",
        "panel_unknown",
        "service_trouble",
        "unreadable_file",
        *(f"service_trouble_{code}" for code in SERVICE_TROUBLES),
    }


def test_every_error_of_the_set_up_has_a_text_and_no_text_is_left_over() -> None:
    flow = (INTEGRATION / "config_flow.py").read_text() + (INTEGRATION / "flows/companion.py").read_text()
    said = "\n".join(re.findall(r'NotUsable\(.*\)|errors\["base"\] = ".*"', flow))
    of_the_companion = set(re.findall(r'"(\w+)"', said)) - {"base"}
    first = (INTEGRATION / "flows/first.py").read_text()
    of_the_panel = set(re.findall(r'return \{.*: "(\w+)"\}', first)) | {"not_a_notify_target"}
    of_codes = {"code_not_digits", "code_too_short", "code_too_long"}

    assert set(texts("en")["config"]["error"]) >= of_the_companion | of_the_panel | of_codes
    assert set(texts("en")["options"]["error"]) == {
        "not_a_notify_target",
        "not_a_phone_number",
        "profile_violated",
        "quiet_needs_both",
    }


@pytest.mark.parametrize("kind", ["area", "zone", "user", "group", "person", "calendar", "frigate", "camera"])
def test_every_error_and_step_of_a_subentry_has_a_text_and_none_is_left_over(kind: str) -> None:
    code = (INTEGRATION / "flows" / "subentries" / f"{kind}.py").read_text()
    described = texts("en")["config_subentries"][kind]
    errors = {key for key in re.findall(r'"(\w+)"', code) if key in described["error"]}
    errors |= {"name_missing", "name_taken"} | (
        {one.value for one in CodeRefusal} if kind == "user" else set()
    )
    errors |= {"not_a_notify_target"} if kind == "person" else set()

    assert set(described["error"]) == errors
    assert {"user", "reconfigure"} <= set(described["step"])
    assert set(described["initiate_flow"]) == {"user", "reconfigure"}


@pytest.mark.parametrize(
    ("selector", "options"),
    [
        ("arm_mode", ArmMode),
        ("zone_kind", ZoneKind),
        ("action", Action),
        ("profile", Profile),
        ("trouble_effect", TroubleEffect),
    ],
)
def test_every_choice_has_a_text_and_none_is_left_over(selector: str, options: Any) -> None:
    assert set(texts("en")["selector"][selector]["options"]) == {option.value for option in options}


def test_every_state_of_the_panels_entities_has_a_text() -> None:
    described = texts("en")["entity"]
    activities = described["event"]["panel"]["state_attributes"]["event_type"]["state"]
    reasons = described["switch"]["bypass"]["state_attributes"]["reason"]["state"]

    assert set(activities) == {kind.value for kind in ActivityKind}
    assert set(described["select"]["chime"]["state"]) == {mode.value for mode in ChimeMode}
    assert set(reasons) == {reason.value for reason in Bypass}
    assert {f"ready_{mode.value}" for mode in ArmMode} <= set(described["binary_sensor"])
    assert {f"trouble_{kind.value}" for kind in TroubleKind} <= set(
        texts("en")["options"]["step"]["troubles"]["data"]
    )


def test_every_abort_has_a_text() -> None:
    reasons = constants("reason") | {"already_configured"}
    of_subentries = {reason for kind in texts("en")["config_subentries"].values() for reason in kind["abort"]}
    of_repairs = set(texts("en")["issues"]["panel_unknown"]["fix_flow"]["abort"])

    assert set(texts("en")["config"]["abort"]) | of_subentries | of_repairs == reasons


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
    ],
)
def test_every_field_has_a_name_and_says_what_it_is_for(flow: str, step: str, schema: Any) -> None:
    fields = {str(field) for field in schema.schema}

    assert set(texts("en")[flow]["step"][step]["data"]) == fields
    assert set(texts("en")[flow]["step"][step]["data_description"]) == fields


NUMBERS = {
    spec.key
    for spec in (*chain(*OPTION_FORMS.values()), *TIMES, *MARGINS, *GROUP_OPTIONS)
    if isinstance(spec.value, Number)
} | {"uses", "min_score", "heartbeat_hours", "hold", "trips", "trip_window"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_that_is_asked_for_says_its_limits(language: str) -> None:
    """Home Assistant's own refusal of a number that is beyond them names no limit."""
    asked = [
        (path, text)
        for path, text in leaves(texts(language))
        if path[-1] in NUMBERS and path[-2] == "data_description"
    ]

    assert {path[-1] for path, _ in asked} == NUMBERS
    assert [path for path, text in asked if f"({{{path[-1]}_limits}})" not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_has_a_key_of_every_site_reads_how_to_make_the_right_one(language: str) -> None:
    said = texts(language)["config"]["error"]["site_unknown"]

    assert "alarm-broker key create --role operate --site " in said


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
    keys = {
        entity.entity_id: entity.translation_key
        for entity in er.async_entries_for_config_entry(er.async_get(hass), linked.entry_id)
    }
    unnamed = {"alarm_control_panel.home"}
    named = {
        entity_id: described[entity_id.split(".")[0]][key]["name"]
        for entity_id, key in keys.items()
        if key is not None and entity_id not in unnamed
    }

    assert len(named) == len(keys) - len(unnamed)
    assert all(states[entity_id].endswith(name) for entity_id, name in named.items() if entity_id in states)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_calls_modes_and_settings_as_the_forms_do(language: str) -> None:
    tree = texts(language)
    steps_of = tree["config_subentries"]
    labels = {
        **tree["options"]["step"]["rules"]["data"],
        **tree["options"]["step"]["troubles"]["data"],
        **steps_of["area"]["step"]["times"]["sections"]["away"]["data"],
        "code": steps_of["user"]["step"]["user"]["data"]["code"],
    }

    said = LANGUAGES[language]
    assert said.modes == tree["selector"]["arm_mode"]["options"]
    assert said.settings == {field: labels[field] for field in said.settings}


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_a_profile_forbids_has_words(language: str) -> None:
    ignored = dict.fromkeys(TroubleKind, TroubleEffect.IGNORE.value)
    nothing_right = {**dict.fromkeys(DEFAULTS, -1), "exit_restart": False, "trouble": ignored}
    found = [
        violation
        for profile in Profile
        for violation in (
            *rule_violations(profile, nothing_right),
            *mode_violations(profile, nothing_right, 0),
            *code_violations(profile, [("Anna", 0)]),
        )
    ]

    assert {one.field for one in found} == set(LANGUAGES[language].settings)
    assert {one.allowed for one in found if re.search("[a-z]{2}", one.allowed)} == set(
        LANGUAGES[language].allowed
    )
