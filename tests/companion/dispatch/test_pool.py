"""The running channels: one instance each, as the directory says."""

import asyncio
import builtins
import threading
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from companion.channels.signal.sender import SignalChannel
from companion.channels.sms.sender import SmsChannel
from companion.clock import utc_now
from companion.dispatch.pool import REFRESH_S, RunningChannels
from companion.dispatch.wake import Wake
from companion.dispatch.worker import ChannelUnusable, KindUnusable
from companion.link.errands import LinkedHouse
from companion.store import tables
from companion.store.database import Database
from companion.store.secrets import Secrets
from tests.companion.channels.messages import KINDS
from tests.companion.conftest import Directory
from tests.fakes.clock import Seconds
from tests.fakes.packages import Packages, pager

SECRETS = Secrets(b"k" * 32)


@pytest.fixture
def seconds() -> Seconds:
    return Seconds(0.0)


@pytest.fixture
async def pool(db: Database, directory: Directory, seconds: Seconds) -> Any:
    pool = RunningChannels(db, SECRETS, house=partial(LinkedHouse, db, utc_now, Wake()), monotonic=seconds)
    await _change(
        db, "sms", config={}, secrets=SECRETS.seal("sms", {"url": "http://127.0.0.1:9/"}), timeout_s=0.01
    )
    yield pool
    await pool.close()


async def _change(db: Database, channel_id: str, **values: Any) -> None:
    table = tables.channel
    changed = sa.update(table).where(table.c.id == channel_id).values(revision=table.c.revision + 1, **values)
    await db.write(lambda conn: conn.execute(changed))


async def test_a_channel_is_built_once_with_its_limits(pool: RunningChannels) -> None:
    found = await asyncio.gather(*(pool.get("sms") for _ in range(5)))

    assert found[0] is not None
    assert isinstance(found[0].channel, SmsChannel)
    assert (found[0].concurrency, found[0].timeout_s) == (2, 0.01)
    assert len({id(item) for item in found}) == 1


async def test_a_changed_channel_is_built_anew_and_the_old_one_closed(
    pool: RunningChannels, db: Database, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = asyncio.Event()
    old = await pool.get("sms")
    assert old is not None
    monkeypatch.setattr(old.channel, "close", _sets(closed))
    await _change(db, "sms", concurrency=7)

    soon = await pool.get("sms")
    seconds.now += REFRESH_S
    new = await pool.get("sms")

    assert soon is old
    assert new is not None
    assert (new.channel is old.channel, new.concurrency) == (False, 7)
    async with asyncio.timeout(2):
        await closed.wait()


async def test_a_replaced_channel_is_closed_also_when_the_service_stops_at_once(
    pool: RunningChannels, db: Database, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = asyncio.Event()
    await _change(db, "sms", timeout_s=3600)
    old = await pool.get("sms")
    assert old is not None
    monkeypatch.setattr(old.channel, "close", _sets(closed))
    await _change(db, "sms", concurrency=7)
    seconds.now += REFRESH_S
    await pool.get("sms")
    await asyncio.sleep(0)

    await pool.close()

    assert closed.is_set()


def _sets(event: asyncio.Event) -> Any:
    async def close() -> None:
        event.set()

    return close


async def test_a_channel_that_was_switched_off_is_gone(
    pool: RunningChannels, db: Database, seconds: Seconds
) -> None:
    assert await pool.get("sms") is not None
    await _change(db, "sms", enabled=False)
    seconds.now += REFRESH_S

    assert await pool.get("sms") is None
    assert await pool.get("never heard of") is None


async def test_a_channel_that_cannot_be_built_says_what_to_do_without_its_secrets(
    pool: RunningChannels, db: Database
) -> None:
    await _change(db, "sms", config={"segments": 99})

    with pytest.raises(ChannelUnusable, match="apply the directory again") as wrong:
        await pool.get("sms")
    assert "127.0.0.1" not in str(wrong.value)


async def test_a_channel_sealed_with_another_key_says_so(pool: RunningChannels, db: Database) -> None:
    sealed = Secrets(b"x" * 32).seal("sms", {"url": "http://127.0.0.1:9/"})
    await _change(db, "sms", secrets=sealed)

    with pytest.raises(ChannelUnusable, match="secret key"):
        await pool.get("sms")


async def test_a_channel_whose_kind_is_not_there_says_which_there_are(
    pool: RunningChannels, db: Database
) -> None:
    await _change(db, "sms", kind="pigeon")

    with pytest.raises(KindUnusable, match=f"no channel kind 'pigeon', only {KINDS}"):
        await pool.get("sms")


async def test_a_channel_whose_package_takes_its_time_does_not_hold_up_another(
    pool: RunningChannels, db: Database, packages: Packages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor the event loop: the package is imported once the other channel is there."""
    begun, other_is_there = threading.Event(), threading.Event()
    monkeypatch.setattr(builtins, "begun", begun, raising=False)
    monkeypatch.setattr(builtins, "other_is_there", other_is_there, raising=False)
    waits = "import builtins\nbuiltins.begun.set()\nassert builtins.other_is_there.wait(10)\n"
    slow = pager(__init__=waits + pager()["acme_pager/__init__.py"])
    packages.install("acme-pager", slow, {"pager": "acme_pager:KIND"})
    await _change(db, "signal", kind="pager", config={}, secrets=SECRETS.seal("signal", {"key": "k"}))

    slowly = asyncio.create_task(pool.get("signal"))
    assert await asyncio.to_thread(begun.wait, 10)
    assert await pool.get("sms") is not None
    other_is_there.set()

    assert await slowly is not None


async def test_only_channels_that_hear_back_and_can_be_used_are_listened_to(
    pool: RunningChannels, db: Database
) -> None:
    await _change(db, "signal", config={"url": "http://127.0.0.1:9", "number": "+4915112345678"})

    found = await pool.listening()

    assert list(found) == ["signal"]
    assert isinstance(found["signal"], SignalChannel)
