"""What docs/panel.md says of options is so: every option is named as its form names it, with its default and its limits."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from custom_components.alarm_broker.core.option_spec import Choice, Flag, Number, OptionSpec, Profile
from custom_components.alarm_broker.core.panel.config import TroubleKind
from custom_components.alarm_broker.core.panel.profiles import RULES, TIMES, effect_spec
from custom_components.alarm_broker.flows.options import FORMS
from custom_components.alarm_broker.flows.subentries.zone import OPTIONS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/panel.md").read_text()
TEXTS: Any = json.loads((ROOT / "custom_components/alarm_broker/translations/en.json").read_text())
STEPS = TEXTS["options"]["step"]
ZONE = TEXTS["config_subentries"]["zone"]["step"]["reconfigure"]["sections"]
TIMES_OF_A_MODE = TEXTS["config_subentries"]["area"]["step"]["times"]["sections"]["away"]["data"]
EFFECTS = TEXTS["selector"]["trouble_effect"]["options"]


def rows(above: str) -> list[tuple[str, ...]]:
    """Return the table below the line that begins with this, without its first two lines."""
    (_, below) = re.split(rf"^{re.escape(above)}", PAGE, flags=re.MULTILINE)
    (table, *_) = re.findall(r"(?:^\|.*\n)+", below, re.MULTILINE)
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines()[2:]]


def default_of(spec: OptionSpec) -> str:
    if not spec.default and not isinstance(spec.value, Number | Flag):
        return "none"
    match spec.value:
        case Number(unit=unit) if spec.default is not None:
            return f"{spec.default} {unit or ''}".strip()
        case Flag():
            return "on" if spec.default else "off"
        case Choice(words=words):
            return str(TEXTS["selector"][words]["options"][spec.default])
    return "none"


def limits_of(spec: OptionSpec, profile: Profile = Profile.DEFAULT) -> str:
    match spec.value:
        case Number(limits=limits, unit=unit):
            least, most = limits[profile]
            return f"{least}\N{EN DASH}{most} {unit or ''}".strip()
        case Flag(must_be_on=profiles) if profiles:
            return "on" if profile in profiles else "as chosen"
    return ""


def described(specs: Iterable[OptionSpec], labels: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for spec in specs:
        yield labels[spec.key], default_of(spec), limits_of(spec) if isinstance(spec.value, Number) else ""


@pytest.mark.parametrize("form", FORMS)
def test_every_option_of_the_system_is_there_with_its_default_and_its_limits(form: str) -> None:
    said = [row[:3] for row in rows(f"**{STEPS[form]['title']}**")]

    assert said == list(described(FORMS[form], STEPS[form]["data"]))


def test_every_option_of_a_mode_is_there_with_its_default_and_its_limits() -> None:
    said = [row[:3] for row in rows("**Times of a mode**")]

    assert said == list(described(TIMES, TIMES_OF_A_MODE))


def test_every_option_of_a_zone_is_there_with_its_default() -> None:
    labels = {key: label for section in ZONE.values() for key, label in section["data"].items()}

    said = [row[:2] for row in rows("**Options of a zone**")]

    assert said == [(labels[spec.key], default_of(spec)) for specs in OPTIONS.values() for spec in specs]


def test_what_each_trouble_does_to_arming_is_there() -> None:
    said = {row[0]: row[1:3] for row in rows("**What a trouble does to arming**")}

    assert said == {
        STEPS["troubles"]["data"][f"trouble_{kind.value}"]: tuple(
            EFFECTS[effect_spec(profile, kind).default] for profile in (Profile.DEFAULT, Profile.EN_G2)
        )
        for kind in TroubleKind
    }


def test_what_each_profile_allows_is_there() -> None:
    labels = STEPS["rules"]["data"] | TIMES_OF_A_MODE
    limited = {
        labels[spec.key]: tuple(limits_of(spec, profile) for profile in Profile)
        for spec in (*TIMES, *RULES)
        if limits_of(spec)
    }

    said = {row[0]: row[1:] for row in rows("## Profiles")}

    assert {name: said.get(name) for name in limited} == limited
