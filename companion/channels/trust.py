"""Whom a channel trusts over TLS: public certificates, or those of a house CA; and why one is refused."""

import ssl
from typing import TYPE_CHECKING

from companion.texts.reasons import Reason

if TYPE_CHECKING:  # and imported where it is used: few houses have a CA of their own
    from cryptography import x509

NAME_MISMATCHES = frozenset({62, 64})
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and …_IP_ADDRESS_MISMATCH; its text for them holds the address."""


def usable_ca(pem: str) -> str:
    """Return certificates in PEM form that OpenSSL will accept an issuer from; raises ValueError that says what one lacks."""
    from cryptography import x509

    try:
        certificates = x509.load_pem_x509_certificates(pem.encode())
    except ValueError as err:
        raise ValueError(
            "must be one or more certificates in PEM form (-----BEGIN CERTIFICATE-----)"
        ) from err
    for certificate in certificates:
        if lacks := missing_of(certificate):
            name = certificate.subject.rfc4514_string() or "without a name"
            raise ValueError(
                f"the CA {name} lacks {' and '.join(lacks)}, so nothing that it has issued is accepted: make it anew with them"
            )
    return pem


def missing_of(certificate: x509.Certificate) -> list[str]:
    """Return what an issuer must have and this one has not.

    RFC 5280, 4.2.1: what OpenSSL demands with X509_V_FLAG_X509_STRICT, which Python sets since 3.13. A server's own
    certificate, which has a server's names, needs none of it, though devices like to call theirs a CA.
    """
    from cryptography import x509

    basic = extension(certificate, x509.BasicConstraints)
    if basic is None or not basic.value.ca or extension(certificate, x509.SubjectAlternativeName):
        return []
    usage = extension(certificate, x509.KeyUsage)
    wanted = {
        "keyUsage (keyCertSign)": usage is not None and usage.value.key_cert_sign,
        "a basicConstraints that is critical": basic.critical,
        "subjectKeyIdentifier": extension(certificate, x509.SubjectKeyIdentifier) is not None,
    }
    return [name for name, is_there in wanted.items() if not is_there]


def extension[T: x509.ExtensionType](
    certificate: x509.Certificate, kind: type[T]
) -> x509.Extension[T] | None:
    """Return the certificate's extension of this kind, if it has one."""
    from cryptography.x509.extensions import ExtensionNotFound

    try:
        return certificate.extensions.get_extension_for_class(kind)
    except ExtensionNotFound:
        return None


def tls_context(ca: str | None) -> ssl.SSLContext | None:
    """Return what checks servers against the house's CA and no other; None: against the public ones."""
    return None if ca is None else ssl.create_default_context(cadata=ca)


def refusal(error: Exception) -> Reason:
    """Return why a server's certificate was refused, without the address that was asked for."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return Reason("certificate_unchecked")
    if error.verify_code in NAME_MISMATCHES:
        return Reason("certificate_of_another_name")
    return Reason.quoting(error.verify_message)
