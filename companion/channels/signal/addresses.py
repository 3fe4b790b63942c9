"""Whom Signal can be asked to tell: a number, a group, an account's id, or a username."""

import re

from companion.channels.base import AddressInvalid
from companion.channels.phone_numbers import e164
from companion.texts.reasons import Reason

GROUP = re.compile(r"group\.[A-Za-z0-9+/_-]{4,}={0,2}")
"""As `GET /v1/groups/{number}` of signal-cli-rest-api names it."""
ACCOUNT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
USERNAME = re.compile(r"(u:)?[A-Za-z_][A-Za-z0-9_]{2,31}\.[0-9]{2,9}")


def signal_address(text: str, country: str | None) -> str:
    """Return the recipient as the bridge wants it. Raises AddressInvalid."""
    if any(form.fullmatch(text) for form in (GROUP, ACCOUNT, USERNAME)):
        return text
    if text.startswith("group"):
        raise AddressInvalid(Reason("signal.no_group"))
    return e164(text, country)
