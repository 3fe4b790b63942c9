"""The API on alarms: list, show, raise, answer, note, try a delivery again."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field
from sqlalchemy.engine import Connection

from companion.alarms.errors import (
    AlarmNotFound,
    DeliveryNotFound,
    MoveRefused,
    RetryRefused,
)
from companion.alarms.journal import journal_of
from companion.alarms.model import Actor, Alarm, Picture, Source, Status
from companion.alarms.pictures import picture_of
from companion.alarms.statistics import ANSWER_BUCKETS, Span, counted
from companion.alarms.store import alarm_by_id, list_alarms
from companion.alarms.transaction import AlarmTransaction
from companion.directory.roles import Role
from companion.dispatch.store import attempts_of, deliveries_of, delivery_by_id
from companion.store.scope import Scope
from companion.web.api.fields import Identifier, Line, LongText, Moment
from companion.web.api.schemas import AlarmDetail, AlarmOut, AlarmPage, DeliveryOut
from companion.web.http.route import Call, Input, NoQuery, Output, Route
from companion.web.pages import PICTURE_TYPES, picture_response
from companion.web.problems import (
    MoveNotAllowed,
    NoPicture,
    RetryNotAllowed,
    UnknownAlarm,
    UnknownDelivery,
)

PAGE_LIMIT: Final = 200


class AlarmFilter(Input):
    """Which alarms."""

    status: tuple[Status, ...] = ()
    source: tuple[Source, ...] = ()
    site: Identifier | None = None
    test: bool | None = None
    since: Moment | None = None
    until: Moment | None = None
    before: Identifier | None = Field(default=None, description="The `next` of the page before")
    limit: Annotated[int, Field(ge=1, le=PAGE_LIMIT)] = 50


class Answering(Input):
    """Who answers, and what there is to say."""

    by: Line | None = Field(default=None, description="Who it was, if not the holder of the key")
    note: LongText | None = None


class Remark(Input):
    """A line for the journal."""

    by: Line | None = Field(default=None, description="Who it was, if not the holder of the key")
    text: LongText


class StatisticsQuery(Input):
    """Which alarms to count; tests never count."""

    site: Identifier | None = None
    since: Moment | None = None
    until: Moment | None = None


class Statistics(Output):
    """How many alarms there were and how fast they were answered. Test alarms are left out."""

    alarms: dict[Status, int]
    sources: dict[Source, int]
    exhausted: int
    acknowledged: int
    mean_seconds_to_acknowledge: float | None
    acknowledged_within_seconds: dict[str, int]
    """For each number of seconds, how many were acknowledged within it."""


async def list_them(call: Call[AlarmFilter, None]) -> AlarmPage:
    """Return one page of alarms."""
    wanted = call.query

    def work(conn: Connection) -> list[Alarm]:
        return list_alarms(
            call.caller.scope,
            conn,
            statuses=wanted.status or None,
            sources=wanted.source or None,
            site_id=wanted.site,
            test=wanted.test,
            since=wanted.since,
            until=wanted.until,
            before=wanted.before,
            limit=wanted.limit + 1,
        )

    found = await call.context.db.read(work)
    shown = found[: wanted.limit]
    return AlarmPage(
        alarms=[AlarmOut.of(alarm) for alarm in shown],
        next=shown[-1].id if len(found) > wanted.limit else None,
    )


async def show(call: Call[NoQuery, None]) -> AlarmDetail:
    """Return the alarm with its record."""
    alarm_id = call.path("alarm_id")

    def work(conn: Connection) -> AlarmDetail:
        alarm = visible(call.caller.scope, conn, alarm_id)
        lines = journal_of(call.caller.scope, conn, alarm_id)
        return AlarmDetail.with_record(alarm, lines, deliveries_of(call.caller.scope, conn, alarm_id))

    return await call.context.db.read(work)


def visible(scope: Scope, conn: Connection, alarm_id: str) -> Alarm:
    """Return the alarm; raises UnknownAlarm, also for another site's."""
    alarm = alarm_by_id(scope, conn, alarm_id)
    if alarm is None:
        raise _unknown(alarm_id)
    return alarm


def _unknown(alarm_id: str) -> UnknownAlarm:
    return UnknownAlarm(f"No alarm {alarm_id} is visible with this key. GET /v1/alarms lists those that are.")


async def acknowledge(call: Call[NoQuery, Answering]) -> AlarmOut:
    """Somebody is on it."""
    return await _move(call, lambda unit, alarm_id, who: unit.acknowledge(alarm_id, who, note=call.body.note))


async def resolve(call: Call[NoQuery, Answering]) -> AlarmOut:
    """It is over."""
    return await _move(call, lambda unit, alarm_id, who: unit.resolve(alarm_id, who, note=call.body.note))


async def cancel(call: Call[NoQuery, Answering]) -> AlarmOut:
    """It was false."""
    return await _move(call, lambda unit, alarm_id, who: unit.cancel(alarm_id, who, note=call.body.note))


async def escalate(call: Call[NoQuery, Answering]) -> AlarmOut:
    """Whoever is told next is told now; written down in every status."""
    return await _move(call, lambda unit, alarm_id, who: unit.escalate(alarm_id, who, note=call.body.note))


async def picture(call: Call[NoQuery, None]) -> web.Response:
    """Return the newest picture of the alarm."""
    alarm_id = call.path("alarm_id")

    def work(conn: Connection) -> Picture | None:
        visible(call.caller.scope, conn, alarm_id)
        return picture_of(call.caller.scope, conn, alarm_id)

    return picture_response(await call.context.db.read(work), {})


async def note(call: Call[NoQuery, Remark]) -> AlarmOut:
    """Write a remark into the journal."""
    return await _move(call, lambda unit, alarm_id, who: unit.note(alarm_id, who, call.body.text))


async def _move[B: (Answering, Remark)](
    call: Call[NoQuery, B], command: Callable[[AlarmTransaction, str, Actor], Alarm]
) -> AlarmOut:
    alarm_id = call.path("alarm_id")
    actor = Actor(name=call.body.by or call.caller.name, via="api")

    def work(unit: AlarmTransaction) -> Alarm:
        return command(unit, alarm_id, actor)

    try:
        return AlarmOut.of(await call.context.commands.run(call.caller.scope, work))
    except MoveRefused as err:
        raise MoveNotAllowed(str(err), alarm_status=err.alarm.status.value) from err
    except AlarmNotFound as err:
        raise _unknown(alarm_id) from err


async def retry(call: Call[NoQuery, None]) -> DeliveryOut:
    """Send a delivery that failed once more, now."""
    alarm_id, delivery_id = call.path("alarm_id"), call.path("delivery_id")

    def work(unit: AlarmTransaction) -> DeliveryOut:
        visible(unit.scope, unit.conn, alarm_id)
        found = delivery_by_id(unit.scope, unit.conn, delivery_id)
        if found is None or found.alarm_id != alarm_id:
            raise DeliveryNotFound(delivery_id)
        again = unit.retry_delivery(delivery_id, call.caller.actor())
        return DeliveryOut.of(again, attempts_of(unit.scope, unit.conn, [delivery_id])[delivery_id])

    try:
        return await call.context.commands.run(call.caller.scope, work)
    except DeliveryNotFound as err:
        raise UnknownDelivery(
            f"Alarm {alarm_id} has no delivery {delivery_id}. GET /v1/alarms/{alarm_id} lists them."
        ) from err
    except RetryRefused as err:
        raise RetryNotAllowed(str(err)) from err


async def statistics(call: Call[StatisticsQuery, None]) -> Statistics:
    """Return counts and how fast alarms were answered."""
    span = Span(site_id=call.query.site, since=call.query.since, until=call.query.until)

    alarms = await call.context.db.read(lambda conn: counted(call.caller.scope, conn, span))
    fast = alarms.answered
    return Statistics(
        alarms=dict(alarms.by_status),
        sources=dict(alarms.by_source),
        exhausted=alarms.exhausted,
        acknowledged=fast.count,
        mean_seconds_to_acknowledge=fast.total_s / fast.count if fast.count else None,
        acknowledged_within_seconds={
            str(bound): count for bound, count in zip(ANSWER_BUCKETS, fast.counts, strict=True)
        },
    )


_ALARM: Final = "/v1/alarms/{alarm_id}"


_read = partial(Route, tag="alarms", role=Role.READ)
_operate = partial(Route, tag="alarms", role=Role.OPERATE)


def _moving(
    path: str, name: str, handler: Callable[[Call[NoQuery, Answering]], object], summary: str
) -> Route:
    return _operate(
        method="POST",
        path=f"{_ALARM}/{path}",
        handler=handler,  # type: ignore[arg-type] # the caller's handlers are all coroutine functions
        name=name,
        summary=summary,
        body=Answering,
        body_required=False,
        answers={200: AlarmOut},
        problems=(UnknownAlarm, MoveNotAllowed),
    )


ROUTES = (
    _read(
        method="GET",
        path="/v1/alarms",
        handler=list_them,
        name="list_alarms",
        summary="Alarms, newest first",
        query=AlarmFilter,
        answers={200: AlarmPage},
    ),
    _read(
        method="GET",
        path=_ALARM,
        handler=show,
        name="show_alarm",
        summary="One alarm with its journal, its deliveries and their attempts",
        answers={200: AlarmDetail},
        problems=(UnknownAlarm,),
    ),
    _moving(
        "acknowledge", "acknowledge_alarm", acknowledge, "Say that somebody is on it; stops the escalation"
    ),
    _moving("ack", "ack_alarm", acknowledge, "The same as acknowledge"),
    _moving("resolve", "resolve_alarm", resolve, "Say that it is over"),
    _moving("cancel", "cancel_alarm", cancel, "Say that it was false"),
    _moving("escalate", "escalate_alarm", escalate, "Let whoever is told next be told now"),
    _read(
        method="GET",
        path=f"{_ALARM}/picture",
        handler=picture,
        name="show_alarm_picture",
        summary="The newest picture of the alarm",
        other_answers={kind: {"type": "string", "format": "binary"} for kind in PICTURE_TYPES},
        problems=(UnknownAlarm, NoPicture),
    ),
    _operate(
        method="POST",
        path=f"{_ALARM}/notes",
        handler=note,
        name="note_alarm",
        summary="Write a remark into the journal; allowed in every status",
        body=Remark,
        answers={200: AlarmOut},
        problems=(UnknownAlarm,),
    ),
    _operate(
        method="POST",
        path=f"{_ALARM}/deliveries/{{delivery_id}}/retry",
        handler=retry,
        name="retry_delivery",
        summary="Send a delivery that failed or was given up once more, now",
        answers={200: DeliveryOut},
        problems=(UnknownAlarm, UnknownDelivery, RetryNotAllowed),
    ),
    _read(
        method="GET",
        path="/v1/statistics",
        handler=statistics,
        name="statistics",
        summary="How many alarms there were, and how fast they were answered",
        query=StatisticsQuery,
        answers={200: Statistics},
    ),
)
