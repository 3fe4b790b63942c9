"""What a user can mend: each ends in one sentence, and status 1."""

from companion.config import SettingsInvalid
from companion.directory.seed import DocumentInvalid
from companion.store.database import StoreUnavailable
from companion.store.migrate import DatabaseTooNew
from companion.store.secrets import SecretKeyChanged, WrongSecretKey


class Refused(Exception):
    """What was asked for cannot be done; the message says why and what to do instead."""


USER_ERRORS = (
    Refused,
    SettingsInvalid,
    StoreUnavailable,
    DatabaseTooNew,
    DocumentInvalid,
    SecretKeyChanged,
    WrongSecretKey,
)
