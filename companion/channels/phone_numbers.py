"""Phone numbers as channels and their providers need them: country code and digits only (E.164), where that is certain."""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from companion.channels.base import AddressInvalid
from companion.texts.reasons import Reason

PLAIN = re.compile(r"\+[1-9][0-9]{1,14}")
WRITTEN = re.compile(r"\+?[\d\s()/.\u00ad\u2010-\u2015-]+")
"""What people put between digits; letters, extensions and e-mail addresses are no part of a number."""


def is_country(code: str) -> bool:
    """Return whether phone numbers of this country (ISO 3166-1 alpha-2) are known."""
    return code in phonenumbers.SUPPORTED_REGIONS


@lru_cache(4096)  # the whole directory is looked at again at each look at the service's health
def e164(text: str, country: str | None) -> str:
    """Return the number with country code and digits only; `country` is that of numbers without a country code.

    Raises AddressInvalid unless it is certain which number is meant.
    """
    if not WRITTEN.fullmatch(text) or not any(character.isdigit() for character in text):
        raise AddressInvalid(Reason("number_unreadable"))
    if text.startswith("+"):
        return _international(text)
    if country is None:
        raise AddressInvalid(Reason("number_without_country"))
    return _national(text, country)


@lru_cache(4096)
def is_assigned(number: str) -> bool:
    """Return whether numbers like this one (E.164) are known to be given to anybody."""
    parsed = _parsed(number, None)
    return parsed is not None and phonenumbers.is_valid_number(parsed)


def _international(text: str) -> str:
    number = _parsed(text, None)
    if number is None:
        raise AddressInvalid(Reason("number_of_no_country"))
    written = _format(number)
    if phonenumbers.is_valid_number(number):
        return written
    # New numbers are given out faster than the library hears of them: one that is written as it is dialled is believed.
    is_possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    if PLAIN.fullmatch(text) and text == written and is_possible:
        return written
    if is_possible:
        raise AddressInvalid(Reason("number_unlikely", number=written))
    raise AddressInvalid(Reason("number_impossible"))


def _national(text: str, country: str) -> str:
    """Return the number as it is dialled within the country, unless it can be read as an international one too."""
    readings = {
        _format(number)
        for number in (_parsed(text, country), _parsed(f"+{text}", None))
        if number is not None and phonenumbers.is_valid_number(number)
    }
    match sorted(readings):
        case [only]:
            return only
        case []:
            raise AddressInvalid(Reason("number_of_another_country", country=country))
        case several:
            raise AddressInvalid(Reason("number_ambiguous", first=several[0], second=several[1]))


def _parsed(text: str, country: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, country)
    except NumberParseException:
        return None


def _format(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
