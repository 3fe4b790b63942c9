"""Encryption at rest of what must be given back to a provider: passwords and tokens of channels."""

import base64
import os
from collections.abc import Mapping
from typing import Any, override

import orjson
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.engine import Connection

from companion.store.sql import insert
from companion.store.tables import meta

VERSION = "v1."
NONCE_BYTES = 12
PROOF = "secret_key_proof"
"""What in the database only the right secret key can open."""


class WrongSecretKey(Exception):
    """The secret key is not the one with which a channel's secrets were stored."""

    def __init__(self, owner: str) -> None:
        super().__init__(
            f"The secrets of channel {owner!r} cannot be read with this secret key. Put the old key back "
            "(secret_key, or the file secret.key in the data directory). If it is lost: "
            "`alarm-broker apply --new-secret-key FILE` with a document that has every channel."
        )
        self.owner = owner


class SecretKeyChanged(Exception):
    """The database belongs to another secret key."""

    def __init__(self) -> None:
        super().__init__(
            "This database was set up with another secret key. Put that key back (secret_key, or the file secret.key "
            "in the data directory; replicas share one). If it is lost: `alarm-broker apply --new-secret-key FILE` "
            "with a document that has every channel."
        )


class Secrets:
    """Seals and opens the secrets of channels with a key derived from the service's secret key."""

    def __init__(self, secret_key: bytes) -> None:
        # A key of its own for this use (RFC 5869), so that the same secret may also sign ACK links.
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"alarm-broker channel secrets v1")
        self._cipher = AESGCM(derived.derive(secret_key))

    @override
    def __repr__(self) -> str:
        return "Secrets(…)"

    def seal(self, owner: str, values: Mapping[str, Any]) -> str:
        """Return `values` encrypted, readable only as those of `owner`."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, orjson.dumps(dict(values)), owner.encode())
        return VERSION + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, owner: str, sealed: str) -> dict[str, Any]:
        """Return what was sealed for `owner`; raises WrongSecretKey."""
        try:
            raw = base64.urlsafe_b64decode(sealed.removeprefix(VERSION))
            opened = self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], owner.encode())
        except (InvalidTag, ValueError) as err:
            raise WrongSecretKey(owner) from err
        values: dict[str, Any] = orjson.loads(opened)
        return values


def secret_key_matches(conn: Connection, secrets: Secrets) -> bool:
    """Return whether the database was set up with this key; true as well if with none yet."""
    proof = conn.execute(sa.select(meta.c.value).where(meta.c.key == PROOF)).scalar()
    try:
        return proof is None or secrets.open(PROOF, proof) == {}
    except WrongSecretKey:
        return False


def confirm_secret_key(conn: Connection, secrets: Secrets) -> None:
    """Tie the database to this key if it is not tied yet; raises SecretKeyChanged if it is tied to another.

    Without this a replica, or a command on another host, would seal channels and sign links that the others cannot
    read, and nobody would notice before the next alarm.
    """
    conn.execute(
        insert(conn.dialect.name, meta)
        .values(key=PROOF, value=secrets.seal(PROOF, {}))
        .on_conflict_do_nothing()
    )
    if not secret_key_matches(conn, secrets):
        raise SecretKeyChanged


def replace_secret_key(conn: Connection, secrets: Secrets) -> None:
    """Tie the database to this key from now on."""
    conn.execute(sa.delete(meta).where(meta.c.key == PROOF))
    confirm_secret_key(conn, secrets)
