"""What a form's numbers may be, said beside each: the refusal of one that is beyond comes from Home Assistant and names no bound."""

import probatio as vol
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import NumberSelector


def limits_of(schema: vol.Schema) -> dict[str, str]:
    """Return the least and the most of each number of the form, also in its sections, for `{<field>_limits}` in the texts."""
    found: dict[str, str] = {}
    for key, field in schema.schema.items():
        if isinstance(field, section):
            found |= limits_of(field.schema)
        elif isinstance(field, NumberSelector):
            least, most = field.config["min"], field.config["max"]
            unit = field.config.get("unit_of_measurement", "")
            found[f"{key}_limits"] = f"{least:g}-{most:g} {unit}".rstrip()
    return found
