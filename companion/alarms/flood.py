"""A source that raises one alarm after the other: each is recorded and escalates, people get one running message."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import batched
from typing import Any

from sqlalchemy.engine import Connection

from companion.alarms.due import run_each
from companion.alarms.errors import MoveRefused
from companion.alarms.model import Actor, Alarm, Change
from companion.alarms.service import AlarmService
from companion.alarms.store import told_of
from companion.alarms.transaction import AlarmTransaction
from companion.dispatch import folding, readers
from companion.store.scope import ALL_SITES

BATCH = 20
"""Running messages in one transaction: bounds how long an answer may wait for it."""
TOGETHER_LIMIT = 5000
TOGETHER_BATCH = 25
"""Alarms that are answered in one transaction: others wait for the database."""
_DISPATCH = Actor(name=None, via="dispatch")


def run_due(unit: AlarmTransaction) -> int:
    """Send every running message that is due; return how many."""
    return run_each(
        unit,
        folding.due_flows(unit.conn, unit.now, BATCH),
        lambda flow: _release(unit, flow),
        postpone=lambda flow, until: folding.postpone(unit.conn, flow, until),
        failed=lambda _: "A running message could not be written",
        again_after=timedelta(seconds=5),
    )


def _release(unit: AlarmTransaction, flow: folding.Flow) -> None:
    released = folding.release(unit.conn, flow, unit.now)
    if released is None:
        return
    carrier = released.carrier
    waited_for = {carrier.id: readers.readers_of(unit.conn, carrier)}
    readers.expect(unit.conn, waited_for, carrier.alarm_id, unit.now + unit.failover_after)
    for told in released.told:
        if told.alarm_id is not None:
            unit.journal(
                told.alarm_id,
                Change.FOLDED,
                _DISPATCH,
                channel=told.channel_id,
                recipient=told.recipient,
                told_with=carrier.alarm_id,
            )


def told_together(conn: Connection, alarm: Alarm, recipient: str) -> list[str]:
    """Return the other alarms of the same source that wait for an answer and that the recipient was told of, oldest first.

    Nothing unless some of them were told in one message: who was told of each by itself answers each by itself.
    """
    found = told_of(ALL_SITES, conn, alarm.source_key, recipient, TOGETHER_LIMIT)
    if not any(folded for _, folded in found):
        return []
    return [alarm_id for alarm_id, _ in found if alarm_id != alarm.id]


async def acknowledge_together(
    commands: AlarmService, alarm_ids: Sequence[str], actor: Actor, *, tries: int, **detail: Any
) -> None:
    """Let one answer be for each of these alarms, some at a time."""

    def acknowledge(unit: AlarmTransaction, some: Sequence[str]) -> None:
        for alarm_id in some:
            with suppress(MoveRefused):  # somebody was faster
                unit.acknowledge(alarm_id, actor, **detail)

    for some in batched(alarm_ids, TOGETHER_BATCH, strict=False):
        await commands.run_patiently(ALL_SITES, partial(acknowledge, some=some), tries=tries)
