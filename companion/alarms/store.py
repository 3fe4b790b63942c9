"""Queries on alarms. An alarm without a site is nobody's own: only who sees all sites sees it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import product
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from companion.alarms.model import LIFE, OPEN, Alarm, AlarmKind, Evidence, Severity, Source, Status
from companion.dispatch.delivery import PAGES, State
from companion.escalation.policy import Policy
from companion.ids import first_id, made_at
from companion.store.scope import OneSite, Scope, require_alarm, require_owned
from companion.store.sql import insert, skip_locked
from companion.store.statements import Statement
from companion.store.tables import ack_link, alarm, also_for, dedup, delivery


def to_alarm(row: Row[Any]) -> Alarm:
    """Return the row as what it is."""
    return _alarm(dict(row._mapping))


def _alarm(values: dict[str, Any]) -> Alarm:
    policy, evidence = values.pop("policy"), values.pop("evidence")
    return Alarm(
        **values
        | {
            "status": Status(values["status"]),
            "source": Source(values["source"]),
            "kind": AlarmKind(values["kind"]),
            "severity": Severity(values["severity"]),
        },
        policy=None if policy is None else Policy.model_validate(policy),
        evidence=None if evidence is None else Evidence.model_validate(evidence),
    )


@lru_cache
def _by_id(scope: Scope) -> Statement:
    return Statement(scope.own(sa.select(alarm).where(alarm.c.id == sa.bindparam("id")), alarm.c.site_id))


def alarm_by_id(scope: Scope, conn: Connection, alarm_id: str) -> Alarm | None:
    """Return the alarm, or None."""
    row = _by_id(scope).first(conn, {"id": alarm_id})
    return None if row is None else _alarm(dict(zip(_COLUMNS, row, strict=True)))


_INSERT_ALARM = Statement(sa.insert(alarm))
_INSERT_LINK = Statement(sa.insert(ack_link))


def add_alarm(scope: Scope, conn: Connection, new: Alarm) -> None:
    """Write a new alarm. Raises OutOfScope."""
    require_owned(scope, new.site_id)
    policy = None if new.policy is None else new.policy.model_dump(mode="json")
    _INSERT_ALARM.run(conn, vars(new) | {"policy": policy, "details": dict(new.details)})


def change_alarm(scope: Scope, conn: Connection, alarm_id: str, **values: Any) -> None:
    """Write new values of the alarm, each as its column holds it."""
    query = sa.update(alarm).where(alarm.c.id == alarm_id).values(**values)
    conn.execute(scope.own(query, alarm.c.site_id))


def count_press(scope: Scope, conn: Connection, alarm_id: str) -> Alarm:
    """Return the alarm with one press more; it is there, and the scope's own."""
    query = sa.update(alarm).where(alarm.c.id == alarm_id).values(presses=alarm.c.presses + 1)
    return to_alarm(conn.execute(scope.own(query, alarm.c.site_id).returning(*alarm.c)).one())


def free_alarms(scope: Scope, conn: Connection, alarm_ids: Collection[str]) -> list[Row[Any]]:
    """Return the rows of those alarms that nobody else is at, locked for this transaction."""
    query = scope.own(sa.select(alarm).where(alarm.c.id.in_(alarm_ids)), alarm.c.site_id)
    return list(conn.execute(skip_locked(conn, query)))


def list_alarms(
    scope: Scope,
    conn: Connection,
    *,
    statuses: Collection[Status] | None = None,
    sources: Collection[Source] | None = None,
    site_id: str | None = None,
    test: bool | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: str | None = None,
    limit: int = 50,
) -> list[Alarm]:
    """Return alarms, newest first; `before` is the id of the last alarm of the page before.

    Along an index, whatever is asked for: it reads no more than it returns, also where there is nothing to return.
    """
    if site_id is not None and not scope.owns(site_id):
        return []
    site_id = scope.site_id if isinstance(scope, OneSite) else site_id
    before_at = None if before is None else _raised_at(conn, before)
    asked = {"site_id": site_id, "since": since, "until": until, "before_at": before_at, "limit": limit}
    asked["before"] = None if before_at is None else before
    values = {name: value for name, value in asked.items() if value is not None}
    page = _page(
        tuple(sorted(Status if statuses is None else statuses)),
        tuple(sorted(Source if sources is None else sources)),
        (False, True) if test is None else (test,),
        frozenset(values),
    )
    return [_alarm(dict(zip(_COLUMNS, row, strict=True))) for row in page.rows(conn, values)]


_COLUMNS = tuple(column.name for column in alarm.c)
_BOUNDS = {
    "site_id": alarm.c.site_id == sa.bindparam("site_id"),
    "since": alarm.c.raised_at >= sa.bindparam("since"),
    "until": alarm.c.raised_at < sa.bindparam("until"),
    "before_at": alarm.c.raised_at <= sa.bindparam("before_at"),
    "before": sa.or_(alarm.c.raised_at < sa.bindparam("before_at"), alarm.c.id < sa.bindparam("before")),
}


@lru_cache(maxsize=128)
def _page(
    statuses: Sequence[Status], sources: Sequence[Source], tests: Sequence[bool], bounds: frozenset[str]
) -> Statement:
    """Return the statement for a page of alarms within the bounds of these names.

    The indexes by status, source and test, and by site before them, are in the order of time for one value of each. So
    each is asked for its newest, and the page is the newest of those. (Without a limit of each PostgreSQL sorts them all.)
    """
    within = [_BOUNDS[name] for name in sorted(bounds - {"limit"})]
    newest_of_each = (
        _newest(
            sa.select(alarm.c.id, alarm.c.raised_at).where(
                alarm.c.status == status, alarm.c.source == source, alarm.c.test.is_(test), *within
            )
        ).subquery()
        for status, source, test in product(statuses, sources, tests)
    )
    found = sa.union_all(*(sa.select(one.c.id, one.c.raised_at) for one in newest_of_each)).subquery()
    page = _newest(sa.select(found.c.id, found.c.raised_at)).subquery()
    query = sa.select(alarm).join_from(page, alarm, alarm.c.id == page.c.id)
    return Statement(query.order_by(page.c.raised_at.desc(), page.c.id.desc()))


def _newest(found: sa.Select[tuple[str, datetime]]) -> sa.Select[tuple[str, datetime]]:
    columns = found.selected_columns
    return found.order_by(columns["raised_at"].desc(), columns["id"].desc()).limit(sa.bindparam("limit"))


def _raised_at(conn: Connection, alarm_id: str) -> datetime | None:
    """Return when the alarm was raised; of one that is gone, as its id says; None: that is no id."""
    found: datetime | None = conn.execute(sa.select(alarm.c.raised_at).where(alarm.c.id == alarm_id)).scalar()
    return made_at(alarm_id) if found is None else found


@dataclass(frozen=True, kw_only=True)
class OpenCounts:
    """How many alarms are not closed; test alarms are counted by themselves."""

    waiting: int = 0
    waiting_tests: int = 0
    answered: int = 0
    answered_tests: int = 0


# Written out, not bound: only so do the databases see that the partial index applies.
_IS_OPEN = sa.text("alarm.status IN ('acknowledged', 'triggered')")
_WAITS = sa.or_(alarm.c.status == Status.TRIGGERED, alarm.c.next_due_at.is_not(None))
"""Of an open alarm: somebody must answer. As `Alarm.needs_answer`."""
_SEVERITIES = {Severity.CRITICAL: 0, Severity.HIGH: 1, Severity.NORMAL: 2, Severity.LOW: 3}
_PLACE = (
    sa.case((alarm.c.test, 8), else_=0)
    + sa.case((_WAITS, 0), else_=4)
    + sa.case(
        {severity.value: rank for severity, rank in _SEVERITIES.items()}, value=alarm.c.severity, else_=0
    )
)
"""Where an open alarm stands: real before test, waiting before answered, then by severity. Ids do the rest: by time."""


def open_alarms(
    scope: Scope,
    conn: Connection,
    *,
    waiting: bool = False,
    sources: Collection[Source] | None = None,
    site_id: str | None = None,
    test: bool | None = None,
    after: tuple[int, str] | None = None,
    limit: int = 50,
) -> list[tuple[Alarm, tuple[int, str]]]:
    """Return open alarms in the order in which somebody should see to them, the oldest of a kind first.

    Each with its place; `after` is the place of the last one of the page before, wherever that alarm is by now.
    """
    query = sa.select(_PLACE.label("place"), alarm).where(_IS_OPEN).order_by("place", alarm.c.id).limit(limit)
    query = scope.own(query, alarm.c.site_id)
    if sources is not None:
        query = query.where(alarm.c.source.in_(sorted(sources)))
    if site_id is not None:
        query = query.where(alarm.c.site_id == site_id)
    if test is not None:
        query = query.where(alarm.c.test == test)
    if waiting:
        query = query.where(_WAITS)
    if after is not None:
        place, alarm_id = after
        same: sa.ColumnElement[bool] = sa.literal(place) == _PLACE
        query = query.where(sa.or_(place < _PLACE, sa.and_(same, alarm.c.id > alarm_id)))
    found = []
    for row in conn.execute(query):
        values = dict(row._mapping)
        place = values.pop("place")
        found.append((_alarm(values), (place, row.id)))
    return found


def open_counts(scope: Scope, conn: Connection) -> OpenCounts:
    """Return how many alarms are open, all of them, however many a page shows."""
    waits = _WAITS.label("waits")
    query = sa.select(waits, alarm.c.test, sa.func.count()).where(_IS_OPEN).group_by(waits, alarm.c.test)
    names = {
        (True, False): "waiting",
        (True, True): "waiting_tests",
        (False, False): "answered",
        (False, True): "answered_tests",
    }
    counted = conn.execute(scope.own(query, alarm.c.site_id))
    return OpenCounts(**{names[bool(waits), bool(test)]: count for waits, test, count in counted})


def _claim_dedup(dialect: str) -> sa.Insert:
    claim = insert(dialect, dedup)
    won = {"alarm_id": claim.excluded.alarm_id, "expires_at": claim.excluded.expires_at}
    return claim.on_conflict_do_update(
        index_elements=[dedup.c.key], set_=won, where=dedup.c.expires_at <= sa.bindparam("now")
    ).returning(dedup.c.alarm_id)


_CLAIM_DEDUP = Statement(_claim_dedup)


def claim_dedup(conn: Connection, key: str, alarm_id: str, now: datetime, expires_at: datetime | None) -> str:
    """Return the alarm that `key` means now: `alarm_id` if the key was free or its window is over, else the earlier one.

    One statement decides, so of two presses at the same moment, in any process, exactly one wins.
    """
    values = {"key": key, "alarm_id": alarm_id, "expires_at": expires_at, "now": now}
    if _CLAIM_DEDUP.rows(conn, values):
        return alarm_id
    return str(conn.execute(sa.select(dedup.c.alarm_id).where(dedup.c.key == key)).scalar_one())


def take_over_dedup(conn: Connection, key: str, alarm_id: str, expires_at: datetime | None) -> None:
    """Let `key` mean `alarm_id`, after `claim_dedup` in the same transaction has locked it."""
    conn.execute(sa.update(dedup).where(dedup.c.key == key).values(alarm_id=alarm_id, expires_at=expires_at))


def alarm_id_of(scope: Scope, conn: Connection, dedup_key: str) -> str | None:
    """Return the alarm that the key stands for, or None."""
    query = sa.select(dedup.c.alarm_id).where(dedup.c.key == dedup_key)
    return conn.execute(scope.of_alarms(query, dedup.c.alarm_id)).scalar()


def dedup_keys_of(scope: Scope, conn: Connection, alarm_id: str, keys: Collection[str]) -> list[str]:
    """Return which of the keys stand for the alarm."""
    query = sa.select(dedup.c.key).where(dedup.c.key.in_(list(keys)), dedup.c.alarm_id == alarm_id)
    return list(conn.execute(scope.of_alarms(query, dedup.c.alarm_id)).scalars())


def repeats_unanswered(scope: Scope, conn: Connection, dedup_key: str, now: datetime) -> bool:
    """Return whether a trigger with the key would only say again what waits for an answer already."""
    found = sa.select(alarm.c.id).join_from(dedup, alarm, alarm.c.id == dedup.c.alarm_id)
    means = sa.or_(dedup.c.expires_at.is_(None), dedup.c.expires_at > now)
    query = found.where(dedup.c.key == dedup_key, means, _IS_OPEN, _WAITS)
    return conn.execute(scope.own(query, alarm.c.site_id).limit(1)).first() is not None


def urgent_first() -> sa.ColumnElement[int]:
    """Return what sorts alarms that a life may depend on before all others (`Alarm.is_urgent`)."""
    return sa.case((sa.and_(alarm.c.kind.in_(sorted(LIFE)), alarm.c.test.is_(False)), 0), else_=1)


def due_alarms(scope: Scope, conn: Connection, now: datetime, limit: int) -> list[Row[Any]]:
    """Return the rows of alarms whose next step is due, locked for this transaction.

    Rows, not alarms: one that cannot be read must not hold up the others.
    """
    query = (
        sa.select(alarm)
        .where(alarm.c.next_due_at <= now, alarm.c.status.in_(sorted(OPEN)))
        .order_by(urgent_first(), alarm.c.next_due_at)
        .limit(limit)
    )
    return list(conn.execute(skip_locked(conn, scope.own(query, alarm.c.site_id))))


@lru_cache
def _next_due_at(scope: Scope) -> Statement:
    query = sa.select(sa.func.min(alarm.c.next_due_at)).where(alarm.c.next_due_at.is_not(None))
    return Statement(scope.own(query, alarm.c.site_id))


def next_due_at(scope: Scope, conn: Connection) -> datetime | None:
    """Return when the earliest escalation step is due."""
    found = _next_due_at(scope).first(conn, {})
    return None if found is None else found[0]


# --- links ----------------------------------------------------------------------------------------------


def put_links(
    scope: Scope, conn: Connection, alarm_id: str, links: Mapping[str, str], now: datetime, *, first: bool
) -> None:
    """Keep the alarm's links, each token's hash with its recipient; `first`: none of them can be there yet. Raises OutOfScope."""
    require_alarm(scope, conn, alarm_id)
    rows = [
        {"token_hash": token_hash, "alarm_id": alarm_id, "recipient": recipient, "created_at": now}
        for token_hash, recipient in links.items()
    ]
    if first:
        _INSERT_LINK.run(conn, *rows)
    elif rows:
        conn.execute(insert(conn.dialect.name, ack_link).on_conflict_do_nothing(), rows)


def link_by_hash(scope: Scope, conn: Connection, token_hash: str) -> tuple[str, str] | None:
    """Return alarm and recipient of a link, or None."""
    query = sa.select(ack_link.c.alarm_id, ack_link.c.recipient).where(ack_link.c.token_hash == token_hash)
    row = conn.execute(scope.of_alarms(query, ack_link.c.alarm_id)).tuples().first()
    return None if row is None else (row[0], row[1])


def told_of(
    scope: Scope, conn: Connection, source_key: str, recipient: str, limit: int
) -> list[tuple[str, bool]]:
    """Return the alarms of a source that wait for an answer and that the recipient was told of, oldest first.

    Each with whether a page about it was told in one message with others.
    """
    folded = sa.func.max(sa.case((delivery.c.state == State.FOLDED, 1), else_=0))
    waiting = sa.select(alarm.c.id).where(alarm.c.status == Status.TRIGGERED)
    query = (
        sa.select(delivery.c.alarm_id, folded)
        .where(
            delivery.c.alarm_id.in_(scope.own(waiting, alarm.c.site_id)),
            # As an expression, which no index knows: by it, all that the source has ever told would be read.
            sa.func.coalesce(delivery.c.source_key, "") == source_key,
            delivery.c.recipient == recipient,
            delivery.c.kind.in_(sorted(PAGES)),
        )
        .group_by(delivery.c.alarm_id)
        .order_by(delivery.c.alarm_id)
        .limit(limit)
    )
    return [(alarm_id, bool(folded)) for alarm_id, folded in conn.execute(query)]


@dataclass(frozen=True)
class Told:
    """An alarm that somebody was told of, and as whom the first message about it named them."""

    alarm: Alarm
    recipient: str
    reached: bool
    """A message was sent. False: one is being sent just now, so they may have it, or not."""


RECENT = timedelta(hours=1)
ENDED_RECENT = timedelta(days=1)
"""How long ago an alarm may have been raised that has ended only now, to be told from those that nobody speaks of any more."""


def alarms_told_to(
    scope: Scope,
    conn: Connection,
    channel_id: str,
    address: str,
    people: Sequence[str],
    now: datetime,
    *,
    ended_since: datetime,
) -> list[Told]:
    """Return alarms whose pages reached this address or these people, or may be reaching them now; newest first.

    Those are the open ones, those raised within RECENT, and those of ENDED_RECENT that were closed at `ended_since` or later.
    """
    page = delivery.alias()
    theirs = sa.or_(
        page.c.person_id.in_(people),
        sa.exists().where(also_for.c.delivery_id == page.c.id, also_for.c.person_id.in_(people)),
        sa.and_(page.c.channel_id == channel_id, page.c.address == address),
    )
    first = (
        sa.select(page.c.recipient)
        .where(page.c.alarm_id == alarm.c.id, page.c.kind.in_(sorted(PAGES)), theirs)
        .order_by(page.c.id)
        .limit(1)
    )
    sent = sa.or_(page.c.sent_at.is_not(None), page.c.uncertain)
    reached = first.where(sent).scalar_subquery().label("reached")
    reaching = first.where(page.c.state == State.PROCESSING).scalar_subquery().label("reaching")
    ended = sa.and_(alarm.c.id >= first_id(now - ENDED_RECENT), alarm.c.closed_at >= ended_since)
    found: dict[str, Told] = {}
    for which in (_IS_OPEN, alarm.c.id >= first_id(now - RECENT), ended):
        # In no order: with one, PostgreSQL would follow it through all that there ever was.
        query = sa.select(alarm, reached, reaching).where(which)
        for row in conn.execute(scope.own(query, alarm.c.site_id)):
            values = dict(row._mapping)
            names = values.pop("reached"), values.pop("reaching")
            name = names[0] if names[0] is not None else names[1]
            if name is not None:
                found[row.id] = Told(_alarm(values), name, reached=names[0] is not None)
    return [found[alarm_id] for alarm_id in sorted(found, reverse=True)]
