"""What the import of an Alarmo configuration has to say: what does not come along, or means something else here. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ...texts.language import texts_for


class Note(StrEnum):
    """One kind of remark; its sentence is in `Texts.alarmo`."""

    SIREN_ENDLESS = "siren_endless"
    AREA_WITHOUT_MODES = "area_without_modes"
    SENSOR_ORPHANED = "sensor_homeless"
    SENSOR_DISABLED = "sensor_disabled"
    SENSOR_GONE = "sensor_gone"
    SENSOR_SILENT = "sensor_silent"
    SENSOR_UNGUARDED = "sensor_unguarded"
    TAMPER_DOUBTED = "tamper_doubted"
    UNAVAILABLE_IS_TROUBLE = "blind_is_trouble"
    BYPASS_IN_ALL_MODES = "bypass_in_all_modes"
    FOLLOWER = "follower"
    ALWAYS_GUARDED = "always_guarded"
    CLOSED_AT_ARMING = "closed_at_arming"
    OPENED_WHILE_LEAVING = "opened_while_leaving"
    FINAL_DOOR_ONLY_ENTRY = "final_door_only_entry"
    GROUP_SAVES_LIVES = "group_saves_lives"
    GROUP_TOO_SMALL = "group_too_small"
    GROUP_OVER_AREAS = "group_over_areas"
    GROUP_ON_THE_WAY_IN = "group_on_the_way_in"
    USER_WITHOUT_CODE = "user_without_code"
    USER_WITHOUT_AREA = "user_without_area"
    USER_LOSES_AREA = "user_loses_area"
    USER_OVERRIDE = "user_override"
    USER_CODE_LENGTH = "user_code_length"
    USER_TEXT_CODE = "user_text_code"
    DISARMING_TAKES_CODE = "disarming_takes_code"
    CHANGING_TAKES_CODE = "changing_takes_code"
    STAYS_ARMED = "stays_armed"
    MQTT = "mqtt"
    AUTOMATIONS = "automations"


@dataclass(frozen=True, slots=True)
class ImportNote:
    """Something that was not taken over as it was: a text of `translations`, and what fills it."""

    note: Note
    about: Mapping[str, str] = field(default_factory=dict)
    """What its sentence names."""


def sentence(one: ImportNote, language: str) -> str:
    """Return a remark as a person reads it."""
    return texts_for(language).alarmo[one.note].format(**one.about)
