"""No cell of an export is a formula, whatever was typed into the record."""

import pytest
from hypothesis import given, strategies as st

from companion.export import neutral

FORMULA_STARTS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


@given(st.text(st.sampled_from(f"{FORMULA_STARTS} a1'\"\u00a0\u3000"), max_size=8))
def test_no_text_begins_as_a_formula_even_behind_blanks(text: str) -> None:
    shown = neutral(text)

    assert not shown.lstrip().startswith(tuple(FORMULA_STARTS))
    assert shown.removeprefix("'") == text.removeprefix("'")


@pytest.mark.parametrize("text", ["", "Porter", "2026-11-20T12:00:00+00:00", "a=b", "'quoted'", " indented"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text
