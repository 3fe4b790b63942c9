"""What a phone says of itself."""

import pytest

from companion.alarms.model import AlarmKind, Source
from companion.triggers.yealink import normalised_mac, panic_key, phone_context


def test_a_phones_key_is_a_call_for_help() -> None:
    key = panic_key([("model", "T54W")])

    assert (key.source, key.kind, key.head) == (Source.YEALINK, AlarmKind.PANIC, "Panic key")
    assert key.context == {"model": "T54W"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("001565AABBCC", "00:15:65:aa:bb:cc"),
        ("00-15-65-aa-bb-cc", "00:15:65:aa:bb:cc"),
        ("$mac", None),
        ("1", None),
    ],
)
def test_a_hardware_address_is_kept_in_one_form(given: str, kept: str | None) -> None:
    assert normalised_mac(given) == kept


def test_what_a_phone_says_is_bounded_and_never_a_reason_to_refuse() -> None:
    pairs = [
        ("token", "secret"),
        ("format", "xml"),
        ("device", "me"),
        ("mac", "junk"),
        ("ip", "$ip"),
        ("model", " T54W\x00 "),
    ]
    pairs += [(f"extra{number}", "x" * 1000) for number in range(30)]
    pairs += [("bad name", "x"), ("firmware", "")]

    kept = phone_context(pairs)

    assert kept.pop("model") == "T54W"
    assert len(kept) == 20
    assert {len(value) for value in kept.values()} == {200}
    assert all(name.startswith("extra") for name in kept)
