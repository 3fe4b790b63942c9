"""Channel secrets are unreadable at rest, and only their own channel can have them back."""

import pytest

from companion.store.database import Database
from companion.store.secrets import (
    SecretKeyChanged,
    Secrets,
    WrongSecretKey,
    confirm_secret_key,
    replace_secret_key,
    secret_key_matches,
)

KEY = b"a secret key of the service, long enough"


def test_what_was_sealed_comes_back() -> None:
    sealed = Secrets(KEY).seal("zammad", {"token": "hunter22", "headers": {"x": "y"}})

    assert Secrets(KEY).open("zammad", sealed) == {"token": "hunter22", "headers": {"x": "y"}}


def test_nothing_of_it_can_be_read_at_rest() -> None:
    secrets = Secrets(KEY)

    sealed = secrets.seal("zammad", {"token": "hunter22"})

    assert "hunter22" not in sealed
    assert "token" not in sealed
    assert sealed != secrets.seal("zammad", {"token": "hunter22"})
    assert KEY.decode() not in repr(secrets)


def test_another_secret_key_is_named_as_the_cause() -> None:
    sealed = Secrets(KEY).seal("zammad", {"token": "hunter22"})

    with pytest.raises(WrongSecretKey, match="channel 'zammad' cannot be read with this secret key"):
        Secrets(KEY + b"!").open("zammad", sealed)


def test_secrets_moved_to_another_channel_do_not_open() -> None:
    secrets = Secrets(KEY)
    sealed = secrets.seal("zammad", {"token": "hunter22"})

    with pytest.raises(WrongSecretKey):
        secrets.open("sms", sealed)


@pytest.mark.parametrize("sealed", ["", "v1.", "v1.AAAA", "not base64 at all!", "v1.é"])
def test_a_damaged_value_is_refused_in_the_same_way(sealed: str) -> None:
    with pytest.raises(WrongSecretKey):
        Secrets(KEY).open("zammad", sealed)


async def test_a_database_belongs_to_the_first_key_that_it_meets(db: Database) -> None:
    await db.write(lambda conn: confirm_secret_key(conn, Secrets(KEY)))

    await db.write(lambda conn: confirm_secret_key(conn, Secrets(KEY)))
    with pytest.raises(SecretKeyChanged, match="Put that key back"):
        await db.write(lambda conn: confirm_secret_key(conn, Secrets(KEY + b"!")))


async def test_a_database_that_met_no_key_yet_takes_any(db: Database) -> None:
    assert await db.read(lambda conn: secret_key_matches(conn, Secrets(KEY)))


async def test_a_replaced_key_is_the_only_one(db: Database) -> None:
    await db.write(lambda conn: confirm_secret_key(conn, Secrets(KEY)))

    await db.write(lambda conn: replace_secret_key(conn, Secrets(KEY + b"!")))

    assert await db.read(lambda conn: secret_key_matches(conn, Secrets(KEY + b"!")))
    assert not await db.read(lambda conn: secret_key_matches(conn, Secrets(KEY)))
