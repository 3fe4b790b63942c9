"""What the tests of the panel share."""

import pytest

# A step of the manual that fails says what it found, as an assertion in a test module does.
pytest.register_assert_rewrite("tests.integration.panel.manual.vocabulary")
