"""What the tests of verification share."""

import pytest


@pytest.fixture(autouse=True)
def nothing_looks_on(unloaded: None) -> None:
    """Let nothing go on looking behind a test's end."""
