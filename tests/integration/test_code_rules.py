"""Which codes may be set beside which; held against an oracle that knows the codes."""

import pytest
from homeassistant.core import HomeAssistant
from hypothesis import HealthCheck, given, settings, strategies as st

from custom_components.alarm_broker.codes.hashing import hashed
from custom_components.alarm_broker.codes.rules import (
    CodeRefusal,
    StoredCode,
    async_refusal,
    format_refusal,
    variants,
)
from tests.integration.house import CHEAP

DURESS = "260842"
# Near each other, or chance would hardly ever make two that can be mistaken.
CODES = st.text("01", min_size=1, max_size=3).map("000".__add__)


def stored(code: str, *, duress: bool = False) -> StoredCode:
    return StoredCode(user_id=code, code_hash=hashed(code, [CHEAP]), length=len(code), duress=duress)


@pytest.mark.parametrize(
    ("code", "digits", "least", "refused"),
    [
        ("4711", True, 4, None),
        ("471", True, 4, CodeRefusal.TOO_SHORT),
        ("4711", True, 6, CodeRefusal.TOO_SHORT),
        ("12345678901", True, 4, CodeRefusal.TOO_LONG),
        ("47a1", True, 4, CodeRefusal.NOT_DIGITS),
        ("١٢٣٤", True, 4, CodeRefusal.NOT_DIGITS),
        ("open sesame", False, 4, None),
        ("abc", False, 4, CodeRefusal.TOO_SHORT),
        ("x" * 65, False, 4, CodeRefusal.TOO_LONG),
    ],
)
def test_what_a_code_must_be_like_by_itself(
    *, code: str, digits: bool, least: int, refused: CodeRefusal | None
) -> None:
    assert format_refusal(code, digits=digits, least=least) is refused


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        (DURESS, CodeRefusal.TAKEN),
        ("260843", CodeRefusal.LIKE_DURESS),
        ("960842", CodeRefusal.LIKE_DURESS),
        ("2608421", CodeRefusal.LIKE_DURESS),
        ("2608", CodeRefusal.SHORTER_THAN_DURESS),
        ("9999", CodeRefusal.SHORTER_THAN_DURESS),
        ("260853", None),
        ("135790", None),
    ],
    ids=["equal", "last digit", "first digit", "longer", "its beginning", "shorter", "two off", "other"],
)
async def test_a_normal_code_must_not_be_like_a_duress_code(
    hass: HomeAssistant, code: str, refused: CodeRefusal | None
) -> None:
    others = [stored(DURESS, duress=True)]

    found = await async_refusal(hass, code, duress=False, others=others, digits=True, least=4)

    assert found is refused


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("4711", CodeRefusal.TAKEN),
        ("4712", CodeRefusal.LIKE_DURESS),
        ("47110", CodeRefusal.LIKE_DURESS),
        ("8523", None),
        ("85230", None),
    ],
    ids=["equal", "last digit", "longer", "other", "other and longer"],
)
async def test_nor_a_duress_code_like_a_normal_one(
    hass: HomeAssistant, code: str, refused: CodeRefusal | None
) -> None:
    found = await async_refusal(hass, code, duress=True, others=[stored("4711")], digits=True, least=4)

    assert found is refused


async def test_a_duress_code_must_not_be_the_beginning_of_a_longer_code(hass: HomeAssistant) -> None:
    others = [stored("471122"), stored("8523")]

    found = await async_refusal(hass, "4711", duress=True, others=others, digits=True, least=4)

    assert found is CodeRefusal.SHORTER_THAN_DURESS


async def test_two_normal_codes_may_be_alike(hass: HomeAssistant) -> None:
    assert (
        await async_refusal(hass, "4712", duress=False, others=[stored("4711")], digits=True, least=4) is None
    )


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(code=CODES, other=CODES)
def test_the_variants_are_just_what_could_be_mistaken(code: str, other: str) -> None:
    """An oracle with both codes in clear: a beginning of the new one, a digit off, or the next number."""
    beginning = code != other and code.startswith(other)

    assert (other in set(variants(code))) is (is_one_off(code, other) or beginning)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(users=st.lists(st.tuples(CODES, st.booleans()), max_size=6))
async def test_whatever_is_set_in_whatever_order_no_code_can_be_mistaken_for_a_duress_code(
    hass: HomeAssistant, users: list[tuple[str, bool]]
) -> None:
    """An oracle with all codes in clear, over hashes that cost little."""
    taken: dict[str, bool] = {}
    decided: list[bool] = []
    expected: list[bool] = []
    for code, duress in users:
        others = [
            StoredCode(
                user_id=other, code_hash=hashed(other, [CHEAP]), length=len(other), duress=under_duress
            )
            for other, under_duress in taken.items()
        ]
        refused = await async_refusal(hass, code, duress=duress, others=others, digits=True, least=4)
        rivals = [other for other, under_duress in taken.items() if duress or under_duress]
        expected.append(
            code in taken or any(len(other) > len(code) or mistakable(code, other) for other in rivals)
        )
        decided.append(refused is not None)
        taken |= {} if refused else {code: duress}

    assert decided == expected


def mistakable(code: str, other: str) -> bool:
    return is_one_off(code, other) or code.startswith(other) or other.startswith(code)


def is_one_off(code: str, other: str) -> bool:
    if len(code) != len(other):
        return False
    off = (int(code) - int(other)) % 10 ** len(code)
    return sum(a != b for a, b in zip(code, other, strict=True)) == 1 or off in (1, 10 ** len(code) - 1)


@pytest.mark.parametrize(
    ("code", "duress"), [("4799", "4800"), ("4800", "4799"), ("9999", "0000"), ("0999", "1000")]
)
async def test_a_code_that_is_the_next_number_is_like_a_duress_code(
    hass: HomeAssistant, code: str, duress: str
) -> None:
    others = [stored(duress, duress=True)]

    found = await async_refusal(hass, code, duress=False, others=others, digits=True, least=4)

    assert found is CodeRefusal.LIKE_DURESS


async def test_half_of_a_character_is_no_code(hass: HomeAssistant) -> None:
    others = [stored("4711", duress=True)]

    found = await async_refusal(hass, "ab\ud800cd", duress=False, others=others, digits=False, least=4)

    assert found is CodeRefusal.NOT_TEXT


@pytest.mark.parametrize(
    ("code", "duress"),
    [
        ("sesame", "SESAME"),
        ("sesame", "Sesame"),
        ("Sesame", "sesame"),
        ("sesame", "sesamE"),
        ("sesame1", "sesame2"),
    ],
)
def test_a_word_may_not_differ_in_its_case_or_a_digit_alone(code: str, duress: str) -> None:
    assert duress in set(variants(code))
