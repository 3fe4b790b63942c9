"""Which mail server, as whom, and what addresses it takes."""

import re
from collections.abc import Sequence
from email.errors import MessageError
from email.headerregistry import Address
from email.policy import default as policy
from enum import StrEnum
from typing import Annotated, Self, override

import idna
from pydantic import AfterValidator, Field, SecretStr, model_validator

from companion.channels.addresses import ForbiddenAddressError, is_forbidden_url
from companion.channels.base import AddressInvalid
from companion.channels.http import HeaderSecret
from companion.channels.kind import ShowsPictures
from companion.channels.trust import usable_ca
from companion.texts.reasons import Reason

LONGEST_ADDRESS, LONGEST_LOCAL = 254, 64
"""Characters of an address and of what stands before its @ (RFC 5321, 4.5.3.1)."""

ATOMS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+")
"""What stands before the @ nearly everywhere; letters beyond ASCII (SMTPUTF8) few servers take."""


class Security(StrEnum):
    """How the connection is encrypted."""

    STARTTLS = "starttls"
    """Plain at first, and nothing is said before it is encrypted (usually port 587)."""
    TLS = "tls"
    """Encrypted from its first byte (usually port 465)."""
    NONE = "none"
    """Never: for a relay on this host or in the house (usually port 25)."""


PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


def mailbox(text: str) -> Address:
    """Return one mailbox, with or without a name before it, its domain as mail servers read it; raises ValueError."""
    if not text.isprintable():
        raise ValueError("must be one line")
    try:
        header = policy.header_factory("To", text)
        found: Sequence[Address] = () if header.defects else header.addresses
    except IndexError, AttributeError, MessageError:  # Python's parser, at what is far from an address
        found = ()
    if len(found) != 1 or not ATOMS.fullmatch(found[0].username) or not found[0].domain:
        raise ValueError(
            "must be one e-mail address, such as alarm@house.example or Alarm <alarm@house.example>"
        )
    address = found[0]
    try:
        domain = idna.encode(address.domain, uts46=True).decode().lower()
    except idna.IDNAError:
        raise ValueError("the part after the @ must be the name of a domain") from None
    if len(address.username) > LONGEST_LOCAL or len(address.username) + len(domain) >= LONGEST_ADDRESS:
        raise ValueError("must be shorter")
    return Address(display_name=address.display_name, username=address.username, domain=domain)


def usable_mailbox(text: str) -> str:
    """Return a mailbox as it is written in a header; raises ValueError."""
    return str(mailbox(text.strip()))


def usable_host(host: str) -> str:
    """Return the name or address of a server; raises ValueError."""
    if is_forbidden_url(f"smtp://[{host}]" if ":" in host else f"smtp://{host}"):
        raise ValueError(str(ForbiddenAddressError()))
    return host


Mailbox = Annotated[str, AfterValidator(usable_mailbox)]


class EmailSettings(ShowsPictures):
    """Which mail server, and as whom."""

    host: Annotated[str, AfterValidator(usable_host)] = Field(
        pattern=r"^[A-Za-z0-9.:_-]+$", max_length=253, description="Name or address of the mail server."
    )
    port: int | None = Field(
        default=None, ge=1, le=65535, description="Its port; usually 587, 465 or 25, by `security`."
    )
    security: Security = Field(
        default=Security.STARTTLS,
        description="starttls, tls (encrypted from the first byte), or none (a relay on this host).",
    )
    username: str | None = Field(
        default=None, pattern=r"^[^\x00-\x1f]+$", description="Login, often the whole address."
    )
    password: HeaderSecret | None = Field(
        default=None, description="Its password, at many providers one for programs."
    )
    sender: Mailbox = Field(description="Whom mails are from, such as Alarm <alarm@house.example>.")
    reply_to: Mailbox | None = Field(default=None, description="Whom answers go to, if not the sender.")
    dsn: bool = Field(
        default=False,
        description="Ask the server for a report to the sender's mailbox on what became of each mail.",
    )
    ca: Annotated[str, AfterValidator(usable_ca)] | None = Field(
        default=None,
        description="Certificates (PEM) of a house CA, or the server's own: this channel trusts them and no others.",
    )
    timeout_s: float = Field(default=20, gt=0, le=25, description="Longest time of one mail, in seconds.")
    connect_timeout_s: float = Field(
        default=5, gt=0, le=25, description="Longest time to connect, in seconds."
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together")
        if self.username is not None and self.security is Security.NONE:
            raise ValueError("a password goes over no connection that is not encrypted: use starttls or tls")
        return self

    @property
    def login(self) -> tuple[str, SecretStr] | None:
        """The name and its password; None: the server takes mails without."""
        return None if self.username is None or self.password is None else (self.username, self.password)

    @classmethod
    @override
    def formed_address(cls, address: str, country: str | None) -> str:
        try:
            return mailbox(address.strip()).addr_spec
        except ValueError:
            raise AddressInvalid(Reason("email.no_address")) from None
