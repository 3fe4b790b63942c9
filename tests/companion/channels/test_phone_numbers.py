"""Numbers become what a provider understands, where it is certain which number is meant."""

import pytest

from companion.channels.base import AddressInvalid
from companion.channels.phone_numbers import e164, is_assigned
from companion.channels.signal.addresses import signal_address


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("+491701111111", None, "+491701111111"),
        ("+49 170 1111111", None, "+491701111111"),
        ("+49 (0)170 / 11 11-111", "US", "+491701111111"),
        ("+49\u00a0170\u20111111111", None, "+491701111111"),
        ("+4901701111111", None, "+491701111111"),
        ("0170 1111111", "DE", "+491701111111"),
        ("0049 170 1111111", "DE", "+491701111111"),
        ("(202) 555-0101", "US", "+12025550101"),
        ("1 202 555 0101", "US", "+12025550101"),
        ("+39 02 1234567", None, "+39021234567"),
        ("+447700900123", None, "+447700900123"),
    ],
)
def test_a_number_that_can_only_mean_one_is_brought_to_its_plain_form(
    written: str, country: str | None, number: str
) -> None:
    assert e164(written, country) == number


@pytest.mark.parametrize(
    ("written", "country", "complaint"),
    [
        ("0170 1111111", None, "has no country code"),
        ("0049 170 1111111", None, "has no country code"),
        ("+49 (0)170 / 222-33", "DE", "a digit is missing or too many"),
        ("0170 22233", "DE", "is no number of DE that anybody has"),
        ("110", "DE", "is no number of DE that anybody has"),
        ("491701234567", "DE", r"may be \+491701234567 or \+49491701234567"),
        ("+15550100", None, "a digit is missing or too many"),
        ("+999123456", None, "is no phone number that begins with a country code"),
        ("+49 170 1111111 ext. 3", None, "is no phone number"),
        ("anna@example.org", "DE", "is no phone number"),
        ("+", "DE", "is no phone number"),
        ("0800-FLOWERS", "US", "is no phone number"),
        ("0" * 300, "DE", "is no number of DE"),
    ],
)
def test_what_is_not_certain_is_refused_and_says_what_to_write(
    written: str, country: str | None, complaint: str
) -> None:
    with pytest.raises(AddressInvalid, match=complaint):
        e164(written, country)


def test_a_number_of_a_range_that_is_not_given_out_is_doubtful() -> None:
    assert is_assigned("+491701111111")
    assert not is_assigned("+447700900123")


@pytest.mark.parametrize(
    "address",
    ["group.YWJj", "group.bVNCYUxKd1E9PQ==", "9a3c1f0e-0b1d-4c2e-8f3a-1b2c3d4e5f60", "anna.01", "u:anna.01"],
)
def test_signal_also_knows_groups_accounts_and_usernames(address: str) -> None:
    assert signal_address(address, None) == address


@pytest.mark.parametrize("address", ["group YWJj", "groups.YWJj", "anna", "anna@example.org", "0170 1111111"])
def test_whom_signal_cannot_be_asked_for_is_refused(address: str) -> None:
    with pytest.raises(AddressInvalid):
        signal_address(address, None)
