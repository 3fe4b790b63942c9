"""The YAML examples of a channel's page, with something in the place of each secret."""

import re
from pathlib import Path
from typing import Any

import yaml

DOCS = Path(__file__).parents[3] / "docs" / "channels"


def examples_of(kind: str, page: str | None = None) -> list[dict[str, Any]]:
    """Return the settings of every channel of this kind that a page shows: its own, if no other is named."""
    text = (DOCS / f"{page or kind}.md").read_text("utf-8")
    documents = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    channels = [one for document in documents for one in document.get("channels", ()) if one["kind"] == kind]
    return [{name: _filled(value) for name, value in one["config"].items()} for one in channels]


def _filled(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("${env:"):
        return "https://hooks.example/services/x" if "URL" in value else "0123456789abcdef0123456789abcdef"
    return value
