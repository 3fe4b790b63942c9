"""A house's own CA, made for one test, with or without what OpenSSL demands of one."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class HouseCa:
    """Issues certificates for servers on 127.0.0.1."""

    def __init__(self, *, usage: bool = True, identified: bool = True, critical: bool = True) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.name = named("House CA")
        builder = _builder(self.name, self.name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=critical
        )
        if usage:
            builder = builder.add_extension(SIGNS, critical=True)
        if identified:
            builder = builder.add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
            )
        self.certificate = builder.sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> str:
        """The CA's certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def server(
        self, folder: Path, *, address: str = "127.0.0.1", name: str | None = None, days: int = 1
    ) -> ssl.SSLContext:
        """Return what a server needs to prove that it is `address`, or `name`, until so many days from now."""
        proven = x509.IPAddress(ip_address(address)) if name is None else x509.DNSName(name)
        key, certificate = self._issued("Gateway", proven, days)
        return _context(folder, key, certificate)

    def client(self, name: str) -> tuple[str, str]:
        """Return a certificate and its key, in PEM form, with which a client proves that it is `name`."""
        key, certificate = self._issued(name, x509.DNSName(name), 1)
        return certificate.public_bytes(serialization.Encoding.PEM).decode(), _written(key).decode()

    def _issued(
        self, subject: str, proven: x509.GeneralName, days: int
    ) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(named(subject), self.name, key.public_key(), days=days)
            .add_extension(x509.SubjectAlternativeName([proven]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        return key, certificate


def own_certificate(folder: Path, *, is_ca: bool) -> tuple[str, ssl.SSLContext]:
    """Return a certificate that a device has made for itself, and what the device needs to use it."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(named("NAS"), named("NAS"), key.public_key())
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), _context(folder, key, certificate)


def _written(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _context(folder: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> ssl.SSLContext:
    path = folder / "server.pem"
    path.write_bytes(_written(key) + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, days: int = 1
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 30 * DAY)
        .not_valid_after(now + days * DAY)
    )
