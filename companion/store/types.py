"""How values are stored where a database has nothing of its own for them: on SQLite small, and in the order of their meaning."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, override

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from companion.texts.reasons import Reason

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UUID_LENGTH, _HASH_LENGTH = 36, 64


def as_microseconds(value: datetime | None) -> int | None:
    """Return what SQLite has of a moment: microseconds since 1970."""
    return None if value is None else (value - _EPOCH) // _MICROSECOND


def _as_moment(stored: int | None) -> datetime | None:
    return None if stored is None else _EPOCH + timedelta(microseconds=stored)


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware datetime in UTC: `timestamptz` on PostgreSQL, microseconds since 1970 on SQLite, which knows no times."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    @override
    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        return as_microseconds if dialect.name == "sqlite" else super().bind_processor(dialect)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    @override
    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        return _as_moment if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def as_bytes(value: str | None) -> bytes | str | None:
    """Return what SQLite has of an id or a hash: the bytes it spells. What is spelled in any other way stays as it is."""
    return value if value is None or len(value) not in {_UUID_LENGTH, _HASH_LENGTH} else _packed(value)


@lru_cache(maxsize=1024)
def _packed(value: str) -> bytes | str:
    try:
        packed = bytes.fromhex(value.replace("-", ""))
    except ValueError:
        return value
    return packed if _spelled(packed) == value else value


def _as_text(stored: bytes | str | None) -> str | None:
    return _spelled(stored) if isinstance(stored, bytes) else stored


@lru_cache(maxsize=1024)
def _spelled(packed: bytes) -> str:
    spelled = packed.hex()
    if len(spelled) == _HASH_LENGTH:
        return spelled
    return f"{spelled[:8]}-{spelled[8:12]}-{spelled[12:16]}-{spelled[16:20]}-{spelled[20:]}"


class PackedText(sa.TypeDecorator[str]):
    """A UUID or a SHA-256 as everybody writes them; on SQLite less than half as long, also in each index it is part of."""

    impl = sa.String
    cache_ok = True

    @override
    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], Any] | None:
        return as_bytes if dialect.name == "sqlite" else super().bind_processor(dialect)

    @override
    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], str | None] | None:
        return _as_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


class ReasonText(sa.TypeDecorator[Reason]):
    """A reason as code and facts; what earlier versions have written is read as a quotation."""

    impl = sa.Text
    cache_ok = True

    @override
    def process_bind_param(self, value: Reason | None, dialect: Dialect) -> str | None:
        return None if value is None else value.as_text()

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> Reason | None:
        return None if value is None else Reason.from_text(value)
